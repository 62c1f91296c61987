//! The usual verifier of servers, which remembers for the most usual failure which CA
//! it was that is not known here, and says of a key that is too short that it is.

use super::KeyFacts;
use super::certificate_name::{NameStyle, distinguished_name};
use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use std::fmt;
use std::sync::Arc;
use x509_parser::parse_x509_certificate;

/// Remembers of a server whose CA is unknown who that is.
#[derive(Debug)]
pub(super) struct Remembering {
    usual: Arc<WebPkiServerVerifier>,
    unknown: Mutex<Option<UnknownIssuer>>,
}

/// The end of a chain whose CA is not among those trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownIssuer {
    /// What the certificate is called that is the last of the chain.
    pub(super) subject: String,
    /// Who has signed it.
    pub(super) issuer: String,
}

impl UnknownIssuer {
    /// Whether no CA has signed it at all.
    pub(super) fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// What the last certificate of a chain says.
    pub(super) fn of(last: &CertificateDer<'_>) -> Option<Self> {
        let (_, last) = parse_x509_certificate(last).ok()?;
        Some(Self {
            subject: distinguished_name(last.subject(), NameStyle::Readable),
            issuer: distinguished_name(last.issuer(), NameStyle::Readable),
        })
    }
}

/// The key of a server is shorter than the signatures that are verified here may be.
#[derive(Debug)]
pub(super) struct ShortKey {
    /// Its size in bits.
    pub(super) bits: usize,
}

impl fmt::Display for ShortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the RSA key of {} bits is too short", self.bits)
    }
}

impl std::error::Error for ShortKey {}

/// The error of a signature that cannot be verified because the key is too short, which
/// nobody says.
fn short_key(certificate: &CertificateDer<'_>) -> Option<Error> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let key = KeyFacts::of(parsed.public_key());
    let short = ShortKey { bits: key.bits };
    let problem = CertificateError::Other(OtherError(Arc::new(short)));
    key.is_too_short().then_some(Error::InvalidCertificate(problem))
}

impl Remembering {
    pub(super) fn new(usual: Arc<WebPkiServerVerifier>) -> Self {
        Self { usual, unknown: Mutex::new(None) }
    }

    /// The last CA that was not known.
    pub(super) fn unknown(&self) -> Option<UnknownIssuer> {
        self.unknown.lock().clone()
    }
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        if let Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) = &verified {
            *self.unknown.lock() = UnknownIssuer::of(intermediates.last().unwrap_or(end_entity));
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.usual.verify_tls12_signature(message, cert, dss);
        verified.map_err(|error| short_key(cert).unwrap_or(error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.usual.verify_tls13_signature(message, cert, dss);
        verified.map_err(|error| short_key(cert).unwrap_or(error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
