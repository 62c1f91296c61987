//! Where a certificate is looked at: in a file, or as a server shows it.

use crate::error::{Class, Error, Result};
use crate::net::facts::Facts;
use crate::net::peer_chain;
use crate::net::pem::{self, Held};
use crate::net::url::Url;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::SectionKind;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// The schemes of servers with TLS, with their usual ports.
const SCHEMES: &[(&str, u16)] =
    &[("mqtts", 8883), ("ssl", 8883), ("tls", 8883), ("wss", 443), ("https", 443)];

/// Where certificates are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a file, as PEM or DER.
    File(PathBuf),
    /// At a server that speaks TLS.
    Server {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
    },
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let url = Url::parse(text).map_err(|why| Error::usage(format!("this is no URL: {why}")))?;
        let scheme = SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme);
        match scheme {
            Some((_, port)) if !url.host.is_empty() => {
                Ok(Self::Server { host: url.host, port: url.port.unwrap_or(*port) })
            }
            _ => {
                let known: Vec<_> = SCHEMES.iter().map(|(scheme, _)| *scheme).collect();
                let known = known.join(", ");
                Err(Error::usage(format!("give a file or scheme://host:port, schemes: {known}")))
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Server { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl Source {
    /// What is there, from a server within `limit`.
    pub(super) async fn read(&self, sni: Option<&str>, limit: Duration) -> Result<Found> {
        match self {
            Self::File(path) => in_file(path),
            Self::Server { host, port } => {
                let chain = peer_chain(host, *port, sni.map(str::to_owned), limit).await?;
                Ok(Found { certificates: chain, ..Found::default() })
            }
        }
    }

    /// The host that a certificate there has to be for, if that is known.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Server { host, .. } => Some(host),
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// Requests that no CA has signed yet, in DER.
    pub(super) requests: Vec<Vec<u8>>,
    /// Revocation lists, in DER.
    pub(super) lists: Vec<Vec<u8>>,
    /// Private keys that are not encrypted, in DER.
    pub(super) keys: Vec<Vec<u8>>,
    /// Whether a private key is there that is encrypted.
    pub(super) encrypted_key: bool,
}

impl Found {
    /// The certificates, at least one.
    pub(super) fn chain(self, source: &Source) -> Result<Vec<CertificateDer<'static>>> {
        if !self.certificates.is_empty() {
            return Ok(self.certificates);
        }
        let held = match (self.requests.is_empty(), self.lists.is_empty()) {
            (false, _) => "a request that no CA has signed yet",
            (_, false) => "a revocation list",
            _ => "a private key",
        };
        let what = format!("{source} should hold a certificate, but holds {held}");
        Err(Error::new(Class::Tls, what))
    }

    fn is_empty(&self) -> bool {
        self.certificates.is_empty()
            && self.requests.is_empty()
            && self.lists.is_empty()
            && self.keys.is_empty()
            && !self.encrypted_key
    }

    fn add(&mut self, kind: SectionKind, der: Vec<u8>) {
        match kind {
            SectionKind::Certificate => self.certificates.push(der.into()),
            SectionKind::Csr => self.requests.push(der),
            SectionKind::Crl => self.lists.push(der),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                self.keys.push(der);
            }
            _ => {}
        }
    }
}

/// The certificates and what goes with them in a file, at least one thing.
pub(super) fn in_file(path: &Path) -> Result<Found> {
    in_bytes(path, pem::bytes(path)?)
}

/// The certificates and what goes with them in the bytes of the file at `path`.
pub(super) fn in_bytes(path: &Path, bytes: Vec<u8>) -> Result<Found> {
    let encrypted_key = pem::holds_encrypted_key(&bytes);
    let mut found = Found { encrypted_key, ..Found::default() };
    match pem::held(path, bytes)? {
        Held::Sections(sections) => {
            for (kind, der) in sections {
                found.add(kind, der);
            }
        }
        Held::Bytes(bytes) => {
            if let Some(kind) = kind_of(&bytes) {
                found.add(kind, bytes);
            } else if !found.encrypted_key {
                return Err(pem::no_certificate(path, &bytes));
            }
        }
    }
    if found.is_empty() {
        return Err(pem::no_certificate(path, &[]));
    }
    Ok(found)
}

/// What is in DER, as far as this program knows it.
fn kind_of(der: &[u8]) -> Option<SectionKind> {
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer as _;
    use x509_parser::revocation_list::CertificateRevocationList;

    if Facts::of(&der.into(), Timestamp::UNIX_EPOCH).is_ok() {
        Some(SectionKind::Certificate)
    } else if X509CertificationRequest::from_der(der).is_ok() {
        Some(SectionKind::Csr)
    } else if CertificateRevocationList::from_der(der).is_ok() {
        Some(SectionKind::Crl)
    } else {
        rustls::pki_types::PrivateKeyDer::try_from(der).is_ok().then_some(SectionKind::PrivateKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_makes_it_a_server_and_the_rest_are_files() {
        let server = |text: &str| text.parse::<Source>().unwrap().to_string();
        assert_eq!(server("mqtts://broker.lan"), "broker.lan:8883");
        assert_eq!(server("wss://[::1]/mqtt"), "[::1]:443");
        assert_eq!("a:b".parse::<Source>().unwrap(), Source::File("a:b".into()));
        for wrong in ["mqtt://a", "mqtts://", "mqtts://a:x"] {
            assert!(wrong.parse::<Source>().is_err(), "{wrong}");
        }
    }
}
