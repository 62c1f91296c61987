//! The name that a certificate gives its owner.

use rustls::pki_types::CertificateDer;
use std::fmt::Write as _;
use x509_parser::asn1_rs::ToDer as _;
use x509_parser::parse_x509_certificate;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// The longest name that fits into MQTT, in bytes.
const LONGEST: usize = 65_535;

/// The short names of the attributes a subject usually has, as openssl writes
/// them.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// Which name a certificate stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateName {
    /// The first common name of its subject.
    CommonName,
    /// The whole subject as RFC 2253 writes it: `CN=ann,O=Example`.
    Subject,
}

impl CertificateName {
    /// The name in `certificate`; `None` if it has none that a user of MQTT can
    /// have: readable text without control characters.
    #[must_use]
    pub fn of(self, certificate: &CertificateDer<'_>) -> Option<String> {
        let (_, parsed) = parse_x509_certificate(certificate).ok()?;
        let name = match self {
            Self::CommonName => parsed.subject().iter_common_name().next()?.as_str().ok()?.into(),
            Self::Subject => distinguished_name(parsed.subject(), NameStyle::Ascii),
        };
        let usable = !name.is_empty() && name.len() <= LONGEST && !name.contains(char::is_control);
        usable.then_some(name)
    }
}

/// How much of a name is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameStyle {
    /// All that is not ASCII too, as openssl's `RFC2253` does.
    Ascii,
    /// Only what has a meaning of its own or moves a cursor.
    Readable,
}

/// A distinguished name as RFC 2253 writes it: its attributes from the last to
/// the first.
#[must_use]
pub fn distinguished_name(subject: &X509Name<'_>, style: NameStyle) -> String {
    let sets: Vec<_> = subject.iter_rdn().collect();
    let mut name = String::new();
    for set in sets.into_iter().rev() {
        let attributes: Vec<_> = set.iter().collect();
        for (place, attribute) in attributes.into_iter().rev().enumerate() {
            match (name.is_empty(), place) {
                (true, _) => {}
                (false, 0) => name.push(','),
                (false, _) => name.push('+'),
            }
            put_attribute(&mut name, attribute, style);
        }
    }
    name
}

fn put_attribute(name: &mut String, attribute: &AttributeTypeAndValue<'_>, style: NameStyle) {
    let kind = attribute.attr_type().to_id_string();
    let known = ATTRIBUTES.iter().find(|(id, _)| *id == kind).map(|(_, short)| *short);
    name.push_str(known.unwrap_or(&kind));
    name.push('=');
    match (known, attribute.as_str()) {
        (Some(_), Ok(value)) => put_escaped(name, value, style),
        // What is not known to be text is written as it is encoded (§2.4).
        _ => put_hex(name, "#", &attribute.attr_value().to_der_vec().unwrap_or_default()),
    }
}

/// Escapes what RFC 2253 §2.4 says, and what the style says.
fn put_escaped(name: &mut String, value: &str, style: NameStyle) {
    let last = value.chars().count().saturating_sub(1);
    for (place, letter) in value.chars().enumerate() {
        let special = matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || (letter == ' ' && (place == 0 || place == last))
            || (letter == '#' && place == 0);
        if special {
            name.push('\\');
        }
        let shown = letter.is_ascii() || style == NameStyle::Readable;
        if shown && !letter.is_control() {
            name.push(letter);
        } else {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                put_hex(name, "\\", &[byte]);
            }
        }
    }
}

fn put_hex(name: &mut String, mark: &str, bytes: &[u8]) {
    name.push_str(mark);
    for byte in bytes {
        // A string takes whatever is written.
        let _ = write!(name, "{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    fn certificate(subject: &[(DnType, &str)]) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().into()
    }

    #[test]
    fn a_subject_is_written_as_openssl_writes_it() {
        // Compared with `openssl x509 -noout -subject -nameopt RFC2253`.
        for (subject, name) in [
            (vec![(DnType::CommonName, "ann")], "CN=ann"),
            (
                vec![
                    (DnType::CountryName, "DE"),
                    (DnType::OrganizationName, "A, B & \"C\" <x>;y"),
                    (DnType::CommonName, " #1 é\\+ "),
                    (DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]), "a@b"),
                ],
                "emailAddress=a@b,CN=\\ #1 \\C3\\A9\\\\\\+\\ ,O=A\\, B & \\\"C\\\" \\<x\\>\\;y,C=DE",
            ),
            (
                vec![
                    (DnType::CommonName, "#x"),
                    (DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 99_999, 1]), "secret"),
                ],
                "1.3.6.1.4.1.99999.1=#0C06736563726574,CN=\\#x",
            ),
        ] {
            let written = CertificateName::Subject.of(&certificate(&subject));
            assert_eq!(written.as_deref(), Some(name));
        }
    }

    #[test]
    fn the_common_name_is_taken_as_it_is_and_only_if_it_can_be_a_user() {
        for (name, user) in [
            ("sensor 1/é", Some("sensor 1/é")),
            ("", None),
            ("ann\0", None),
            ("ann\nuser root", None),
        ] {
            let certificate = certificate(&[(DnType::CommonName, name)]);
            assert_eq!(CertificateName::CommonName.of(&certificate).as_deref(), user);
        }
        let nameless = certificate(&[(DnType::OrganizationName, "Example")]);
        assert_eq!(CertificateName::CommonName.of(&nameless), None);
        assert_eq!(CertificateName::Subject.of(&nameless).as_deref(), Some("O=Example"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange_to_be_looked_at(bytes: Vec<u8>) {
            let damaged = CertificateDer::from(bytes);
            prop_assert_eq!(CertificateName::Subject.of(&damaged), None);
            prop_assert_eq!(CertificateName::CommonName.of(&damaged), None);
        }

        #[test]
        fn a_damaged_certificate_is_no_panic(place: prop::sample::Index, byte: u8) {
            let mut bytes = certificate(&[(DnType::CommonName, "ann")]).to_vec();
            *place.get_mut(&mut bytes) = byte;
            let damaged = CertificateDer::from(bytes);
            let _ = CertificateName::Subject.of(&damaged);
            let _ = CertificateName::CommonName.of(&damaged);
        }
    }
}
