//! The certificate authority: a certificate and the key that signs everything
//! else, made here or read from files, of openssl too.

use super::MAX_DAYS;
use super::copy;
use super::key;
use super::signer::Signer;
use crate::error::{Class, Error, Result};
use crate::net::facts::{self, Facts};
use crate::net::pem;
use crate::output;
use jiff::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, IsCa, Issuer, KeyIdMethod, KeyPair, PublicKeyData,
    SerialNumber,
};
use rustls::pki_types::CertificateDer;
use std::path::Path;
use time::{Duration, OffsetDateTime};
use x509_parser::extensions::ParsedExtension;
use x509_parser::parse_x509_certificate;

/// How far before now a certificate begins, for machines whose clock is behind.
const CLOCK_SKEW: Duration = Duration::hours(1);

/// Bytes of a serial number; RFC 5280 §4.1.2.2 allows up to 20.
const SERIAL_LENGTH: usize = 16;

/// An authority that can sign.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, then those of the CAs above it that its file has.
    chain: Vec<CertificateDer<'static>>,
    facts: Facts,
}

/// A certificate that was just signed.
pub(super) struct Signed {
    /// It, then what it has to be sent with: all CAs above it but the root.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) facts: Facts,
}

impl Signed {
    /// The chain as a file holds it.
    pub(super) fn pem(&self) -> String {
        self.chain.iter().map(|each| key::pem_text("CERTIFICATE", each)).collect()
    }
}

impl Authority {
    /// A new authority that signs itself, described by `params`.
    pub(super) fn root(mut params: CertificateParams, key: KeyPair, days: u16) -> Result<Self> {
        date(&mut params, days, None)?;
        let certificate = super::made(params.self_signed(&key))?;
        Self::new(vec![certificate.into()], key)
    }

    /// A new authority that this one has signed.
    pub(super) fn below(&self, params: CertificateParams, key: KeyPair, days: u16) -> Result<Self> {
        let signed = self.sign(params, &key, days)?;
        Self::new(signed.chain, key)
    }

    /// The authority whose files `signer` names.
    ///
    /// # Errors
    /// For files that cannot be read, that do not belong together or that are
    /// no CA's.
    pub(super) fn load(signer: &Signer) -> Result<Self> {
        let (path, key_path) = (signer.certificate(), signer.key());
        let chain = pem::certificates(&path).map_err(not_there)?;
        let key = signer.read_key()?;
        let authority = Self::new(chain, key).map_err(|error| error.at(&shown(&path)))?;
        authority.check(&path, &key_path)?;
        Ok(authority)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: KeyPair) -> Result<Self> {
        let own = chain.first().expect("an authority has a certificate");
        let facts = Facts::of(own, Timestamp::now())?;
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(own)?;
        if let Some(id) = key_id(own) {
            params.key_identifier_method = KeyIdMethod::PreSpecified(id);
        }
        Ok(Self { issuer: Issuer::new(params, key), chain, facts })
    }

    fn check(&self, path: &Path, key: &Path) -> Result<()> {
        let wrong = |what: &str| Error::new(Class::Tls, format!("{} {what}", path.display()));
        if !self.facts.is_ca {
            return Err(wrong("is no CA's certificate: it may not sign others")
                .hint("`mqx certs ca` makes a CA; --ca says which one is to sign"));
        }
        let usage = &self.facts.key_usage;
        if !usage.is_empty() && !usage.iter().any(|usage| usage == "keyCertSign") {
            return Err(wrong("may not sign certificates: its key usage lacks keyCertSign"));
        }
        if self.facts.days_left < 0 {
            return Err(wrong(&format!("has expired on {}", self.facts.not_after))
                .hint("`mqx certs renew` makes it valid again, with the same key"));
        }
        let own = self.certificate();
        let (_, parsed) = parse_x509_certificate(own).map_err(|_| wrong("is damaged"))?;
        if parsed.public_key().subject_public_key.data != self.issuer.key().der_bytes() {
            let what = format!(
                "the key {} does not belong to the certificate {}",
                shown(key),
                shown(path)
            );
            return Err(Error::new(Class::Tls, what).hint("give two files that were made together"));
        }
        Ok(())
    }

    /// The certificate described by `params` for the key `public`, valid for `days`
    /// from now, but not longer than the authority itself and, unless it is a CA's,
    /// in all not longer than [`MAX_DAYS`].
    pub(super) fn sign(
        &self,
        mut params: CertificateParams,
        public: &impl PublicKeyData,
        days: u16,
    ) -> Result<Signed> {
        let end = self.facts.not_after()?;
        if date(&mut params, days, Some(end))? {
            let day = &self.facts.not_after;
            output::warn(format!("the CA is valid until {day} only, and so is what it signs"));
        }
        self.sign_dated(params, public)
    }

    /// As [`Self::sign`], with the validity that `params` has.
    pub(super) fn sign_dated(
        &self,
        mut params: CertificateParams,
        public: &impl PublicKeyData,
    ) -> Result<Signed> {
        params.serial_number = Some(random_serial()?);
        params.use_authority_key_identifier_extension = true;
        let own = super::made(params.signed_by(public, &self.issuer))?.into();
        self.check_name(&own)?;
        let facts = Facts::of(&own, Timestamp::now())?;
        let above = self.chain.iter().filter(|each| !is_self_signed(each)).cloned();
        Ok(Signed { chain: std::iter::once(own).chain(above).collect(), facts })
    }

    /// Names of unusual CAs cannot all be copied by rcgen; a certificate that names
    /// its issuer otherwise than the issuer does itself would not be trusted.
    fn check_name(&self, signed: &CertificateDer<'_>) -> Result<()> {
        let name = |der| parse_x509_certificate(der).ok().map(|(_, parsed)| parsed);
        let (own, signed) = (name(self.certificate()), name(signed));
        let own = own.as_ref().map(|own| own.subject().as_raw());
        if own == signed.as_ref().map(|signed| signed.issuer().as_raw()) {
            return Ok(());
        }
        let what = "the name of this CA has parts that mqx cannot write into what it signs";
        Err(Error::new(Class::Tls, what).hint("sign with openssl x509 -req, or use another CA"))
    }

    /// How many CAs may be below it, if that is limited.
    pub(super) const fn path_length(&self) -> Option<u32> {
        self.facts.path_length
    }

    /// What its own certificate says.
    pub(super) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What signs.
    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// Its certificate and what that has to be sent with.
    pub(super) fn signed(&self) -> Signed {
        Signed { chain: self.chain.clone(), facts: self.facts.clone() }
    }

    /// Its own certificate.
    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        self.chain.first().expect("an authority has a certificate")
    }
}

/// The name in a certificate, for another to say the same.
fn subject(certificate: &CertificateDer<'_>) -> Result<DistinguishedName> {
    let parsed = parse_x509_certificate(certificate);
    let (_, parsed) = parsed.map_err(|_| Error::new(Class::Tls, "the certificate is damaged"))?;
    copy::name(parsed.subject())
}

/// The identifier of the key of a certificate, if it has one.
pub(super) fn key_id(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

/// Whether a certificate names itself as its issuer.
pub(super) fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    let parsed = parse_x509_certificate(certificate).ok();
    parsed.is_some_and(|(_, parsed)| parsed.subject().as_raw() == parsed.issuer().as_raw())
}

/// Makes what `params` describes valid from now on; whether `end` came too soon.
pub(super) fn date(
    params: &mut CertificateParams,
    days: u16,
    end: Option<OffsetDateTime>,
) -> Result<bool> {
    let now = now()?;
    params.serial_number = Some(random_serial()?);
    params.not_before = now - CLOCK_SKEW;
    let mut wanted = now + Duration::days(days.into());
    if !matches!(params.is_ca, IsCa::Ca(_)) {
        wanted = wanted.min(params.not_before + Duration::days(MAX_DAYS.into()));
    }
    params.not_after = end.map_or(wanted, |end| wanted.min(end));
    Ok(params.not_after < wanted)
}

impl Facts {
    /// The last second in which the certificate is valid.
    fn not_after(&self) -> Result<OffsetDateTime> {
        let moment: Option<Timestamp> = self.not_after.parse().ok();
        let second = moment.map_or(i64::MAX, Timestamp::as_second);
        super::made(OffsetDateTime::from_unix_timestamp(second).map_err(|_| rcgen::Error::Time))
    }
}

/// This second.
pub(super) fn now() -> Result<OffsetDateTime> {
    let second = Timestamp::now().as_second();
    super::made(OffsetDateTime::from_unix_timestamp(second).map_err(|_| rcgen::Error::Time))
}

/// A serial number that no other certificate has.
pub(super) fn random_serial() -> Result<SerialNumber> {
    let mut bytes: [u8; SERIAL_LENGTH] = super::random()?;
    // A positive number of the full length, so that it reads the same everywhere.
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7F) | 0x40;
    }
    Ok(SerialNumber::from_slice(&bytes))
}

/// A new name for a CA: clients tell two apart by name, and complain about a bad
/// signature instead of a wrong CA if they cannot.
pub(super) fn own_name() -> Result<String> {
    let id: [u8; 4] = super::random()?;
    Ok(format!("mqx CA {}", facts::hex(&id).to_ascii_lowercase()))
}

/// The error of reading the CA's certificate, with what helps if there is none.
fn not_there(error: Error) -> Error {
    match error.class() {
        Class::File => error.hint(
            "`mqx certs ca` makes a CA; --dir names its folder, --ca the certificate of another",
        ),
        _ => error,
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
