//! The certificate authority: a self-signed certificate and the key that signs
//! everything else.

use super::MAX_DAYS;
use super::issue::{self, Issued};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, Error, IsCa, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// How long the authority is valid: ten years with their leap days.
const VALIDITY: Duration = Duration::days(3652);

/// How far before now a certificate begins, for machines whose clock is behind.
const CLOCK_SKEW: Duration = Duration::hours(1);

/// An authority that can sign; lives as long as one run.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    now: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Authority {
    /// A new authority with a new key.
    pub(super) fn generate() -> Result<Self, Error> {
        let now = now()?;
        let not_after = now + VALIDITY;
        let params = params(now, not_after)?;
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer, now, not_after })
    }

    /// A new key and the certificate described by `params` for it, valid for
    /// `days` from now, but in all not longer than [`MAX_DAYS`] and not longer
    /// than the authority itself.
    pub(super) fn issue(&self, mut params: CertificateParams, days: u16) -> Result<Issued, Error> {
        params.not_before = self.now - CLOCK_SKEW;
        params.not_after = (self.now + Duration::days(days.into()))
            .min(params.not_before + Duration::days(MAX_DAYS.into()))
            .min(self.not_after);
        params.serial_number = Some(issue::random_serial()?);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued::new(certificate.pem(), &key, params.not_after))
    }

    /// The authority's own certificate and key.
    pub(super) fn into_issued(self) -> Issued {
        Issued::new(self.issuer.pem(), self.issuer.key(), self.not_after)
    }
}

fn params(now: OffsetDateTime, not_after: OffsetDateTime) -> Result<CertificateParams, Error> {
    let serial = issue::random_serial()?;
    // A name of its own for each authority: clients tell two apart by name, and
    // complain about a bad signature instead of a wrong CA if they cannot.
    let id: String = serial.to_string().replace(':', "").chars().take(8).collect();
    let mut params = issue::named(&format!("mqx CA {id}"));
    params.serial_number = Some(serial);
    params.not_before = now - CLOCK_SKEW;
    params.not_after = not_after;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn now() -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp(Timestamp::now().as_second()).map_err(|_| Error::Time)
}
