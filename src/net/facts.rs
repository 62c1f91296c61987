//! What a certificate says, taken out of its DER for people and programs.

use super::certificate_name::{NameStyle, distinguished_name};
use super::key_facts::{self, KeyFacts};
use crate::error::{Class, Error, Result};
use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use std::fmt::Write as _;
use std::net::IpAddr;
use x509_parser::asn1_rs::Oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::parse_x509_certificate;

/// What a certificate says. Names are as RFC 2253 writes them, moments as RFC 3339
/// does, numbers and identifiers in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Whose certificate it is.
    pub subject: String,
    /// Who has signed it.
    pub issuer: String,
    /// Its subjectAltName, each with its kind: `DNS:localhost`.
    pub names: Vec<String>,
    /// Its number with its issuer.
    pub serial: String,
    /// The first second in which it is valid.
    pub not_before: String,
    /// The last second in which it is valid.
    pub not_after: String,
    /// Whole days until then, negative when it is over.
    pub days_left: i64,
    /// The version of X.509: 3, or 1 for what is very old.
    pub version: u32,
    /// How it is signed.
    pub signature: String,
    /// Its public key.
    pub key: KeyFacts,
    /// Whether it may sign certificates, by its basic constraints.
    pub is_ca: bool,
    /// How many CAs may be below it, if that is limited.
    pub path_length: Option<u32>,
    /// What its key may do; nothing here allows everything.
    pub key_usage: Vec<String>,
    /// What for; nothing here allows everything.
    pub extended_key_usage: Vec<String>,
    /// The identifier of its key.
    pub subject_key_id: Option<String>,
    /// The identifier of its issuer's key.
    pub authority_key_id: Option<String>,
    /// The SHA-256 of all of it.
    pub sha256: String,
    /// The SHA-1 of all of it.
    pub sha1: String,
}

impl Facts {
    /// What `certificate` says, seen at `now`.
    ///
    /// # Errors
    /// [`Class::Tls`] for bytes that are no certificate.
    pub fn of(certificate: &CertificateDer<'_>, now: Timestamp) -> Result<Self> {
        let (_, parsed) = parse_x509_certificate(certificate).map_err(|cause| {
            let cause = anyhow::Error::msg(cause.to_string());
            Error::new(Class::Tls, "the certificate is damaged").because(cause)
        })?;
        Ok(Self::of_parsed(&parsed, certificate, now))
    }

    fn of_parsed(parsed: &X509Certificate<'_>, der: &[u8], now: Timestamp) -> Self {
        let not_after = moment(parsed.validity().not_after.timestamp());
        let constraints = parsed.basic_constraints().ok().flatten().map(|found| found.value);
        let (subject_key_id, authority_key_id) = key_ids(parsed);
        Self {
            subject: distinguished_name(parsed.subject(), NameStyle::Readable),
            issuer: distinguished_name(parsed.issuer(), NameStyle::Readable),
            names: names(parsed),
            serial: serial(parsed.raw_serial()),
            not_before: moment(parsed.validity().not_before.timestamp()).to_string(),
            not_after: not_after.to_string(),
            days_left: days_between(now, not_after),
            version: parsed.version().0.saturating_add(1),
            signature: key_facts::signature(&parsed.signature_algorithm),
            key: KeyFacts::of(parsed.public_key()),
            is_ca: constraints.is_some_and(|found| found.ca),
            path_length: constraints.and_then(|found| found.path_len_constraint),
            key_usage: key_usage(parsed),
            extended_key_usage: extended_key_usage(parsed),
            subject_key_id,
            authority_key_id,
            sha256: hex(digest::digest(&SHA256, der).as_ref()),
            sha1: hex(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
        }
    }
}

/// Whole days from `now` to `then`.
#[must_use]
pub fn days_between(now: Timestamp, then: Timestamp) -> i64 {
    then.as_second().saturating_sub(now.as_second()).div_euclid(86_400)
}

/// The moment so many seconds after 1970, or the nearest one there is.
#[must_use]
pub fn moment(second: i64) -> Timestamp {
    let nearest = if second < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(second).unwrap_or(nearest)
}

/// Bytes as capital hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A string takes whatever is written.
        let _ = write!(digits, "{byte:02X}");
    }
    digits
}

/// The bytes of hexadecimal digits, without those that are none.
#[must_use]
pub fn unhex(digits: &str) -> Vec<u8> {
    let nibbles: Vec<_> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let pairs = nibbles.chunks_exact(2).filter_map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    pairs.collect()
}

/// A serial number without the zero that only says that it is positive.
#[must_use]
pub fn serial(raw: &[u8]) -> String {
    match raw {
        [0, rest @ ..] if !rest.is_empty() => hex(rest),
        all => hex(all),
    }
}

fn key_ids(parsed: &X509Certificate<'_>) -> (Option<String>, Option<String>) {
    let mut ids = (None, None);
    for extension in parsed.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => ids.0 = Some(hex(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                ids.1 = id.key_identifier.as_ref().map(|id| hex(id.0));
            }
            _ => {}
        }
    }
    ids
}

fn names(parsed: &X509Certificate<'_>) -> Vec<String> {
    let found = parsed.subject_alternative_name().ok().flatten();
    let names = found.map(|found| found.value.general_names.as_slice()).unwrap_or_default();
    names.iter().map(general_name).collect()
}

/// The name with its kind, as openssl calls it.
#[must_use]
pub fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::IPAddress(bytes) => match address(bytes) {
            Some(address) => format!("IP:{address}"),
            None => format!("IP:#{}", hex(bytes)),
        },
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::DirectoryName(name) => {
            format!("DirName:{}", distinguished_name(name, NameStyle::Readable))
        }
        GeneralName::RegisteredID(id) => format!("RID:{}", id.to_id_string()),
        GeneralName::OtherName(id, _) => format!("otherName:{}", id.to_id_string()),
        GeneralName::X400Address(_) => "X400Name".to_owned(),
        GeneralName::EDIPartyName(_) => "EdiPartyName".to_owned(),
        GeneralName::Invalid(_, bytes) => format!("invalid:#{}", hex(bytes)),
    }
}

/// The IP address that is encoded in 4 or 16 bytes.
#[must_use]
pub fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// The names of the bits of key usage in their order (RFC 5280 §4.2.1.3).
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

fn key_usage(parsed: &X509Certificate<'_>) -> Vec<String> {
    let flags = parsed.key_usage().ok().flatten().map_or(0, |found| found.value.flags);
    let set = KEY_USAGES.iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0);
    set.map(|(_, name)| (*name).to_owned()).collect()
}

fn extended_key_usage(parsed: &X509Certificate<'_>) -> Vec<String> {
    let Some(usage) = parsed.extended_key_usage().ok().flatten().map(|found| found.value) else {
        return Vec::new();
    };
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let named = known.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned());
    named.chain(usage.other.iter().map(Oid::to_id_string)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_days_that_are_left_are_whole_ones() {
        let days = |left| days_between(moment(0), moment(left));
        assert_eq!((days(86_399), days(86_400), days(-1)), (0, 1, -1));
    }

    #[test]
    fn a_serial_number_loses_only_the_zero_of_its_sign() {
        assert_eq!(serial(&[0, 0x80, 1]), "8001");
        assert_eq!(serial(&[0]), "00");
        assert_eq!(serial(&[0x0A]), "0A");
        assert_eq!(unhex("0A80ff"), [0x0A, 0x80, 0xFF]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange_to_be_looked_at(bytes: Vec<u8>) {
            prop_assert!(Facts::of(&CertificateDer::from(bytes), moment(0)).is_err());
        }

        #[test]
        fn a_damaged_certificate_is_no_panic(place: prop::sample::Index, byte: u8) {
            let key = rcgen::KeyPair::generate().unwrap();
            let names = ["a.example".to_owned(), "10.0.0.1".to_owned()];
            let params = rcgen::CertificateParams::new(names).unwrap();
            let mut bytes = params.self_signed(&key).unwrap().der().to_vec();
            *place.get_mut(&mut bytes) = byte;
            let _ = Facts::of(&CertificateDer::from(bytes), moment(0));
        }
    }
}
