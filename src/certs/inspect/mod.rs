//! `mqx certs inspect`: all that is in a file or that a server shows, for people
//! and, in JSON, for programs.

mod list;
mod request;
mod text;

use super::look::Config;
use super::source::Found;
use crate::error::{Class, Error, Result};
use crate::net::facts::Facts;
use crate::net::pem;
use crate::output;
use jiff::Timestamp;
use list::List;
use rcgen::{KeyPair, PublicKeyData as _};
use request::Request;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;
use std::io::Write;
use x509_parser::parse_x509_certificate;

/// Who has signed a certificate, as far as it can be seen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum SignedBy {
    /// Its own key.
    Itself,
    /// The certificate that follows.
    Next,
    /// None that is there.
    Unknown,
}

/// A certificate and what it has to do with the others.
#[derive(Serialize)]
struct Certificate {
    #[serde(flatten)]
    facts: Facts,
    signed_by: SignedBy,
}

/// A private key that was found.
#[derive(Serialize)]
struct Key {
    encrypted: bool,
    /// Whether it is the key of the first certificate, if that can be said.
    belongs: Option<bool>,
}

/// All that was found.
#[derive(Serialize)]
struct Document {
    source: String,
    certificates: Vec<Certificate>,
    requests: Vec<Request>,
    lists: Vec<List>,
    keys: Vec<Key>,
}

/// Writes what was found in a file or at a server.
pub(super) fn run(config: &Config, found: &Found, out: &mut dyn Write) -> Result<()> {
    let document = document(config, found)?;
    let written = if config.json {
        serde_json::to_writer(&mut *out, &document).map_err(Into::into).and_then(|()| writeln!(out))
    } else {
        text::write(&document, out)
    };
    output::check(written.and_then(|()| out.flush()))?;
    if document.keys.iter().any(|key| key.belongs == Some(false)) {
        let what = "the private key does not belong to the certificate";
        return Err(Error::new(Class::Tls, what));
    }
    Ok(())
}

fn document(config: &Config, found: &Found) -> Result<Document> {
    let now = Timestamp::now();
    let chain = &found.certificates;
    let following = chain.iter().skip(1).map(Some).chain([None]);
    let certificates = chain.iter().zip(following).map(|(own, next)| {
        Ok(Certificate { facts: Facts::of(own, now)?, signed_by: signed_by(own, next) })
    });
    let mut keys: Vec<_> = found.keys.iter().map(|der| key(der, chain.first())).collect();
    keys.extend(found.encrypted_key.then_some(Key { encrypted: true, belongs: None }));
    if let Some(path) = &config.key {
        let der = pem::private_key(path, config.key_password.as_ref())?;
        let encrypted = pem::is_encrypted(path);
        keys.push(Key { encrypted, ..key(der.secret_der(), chain.first()) });
    }
    Ok(Document {
        source: config.source.to_string(),
        certificates: certificates.collect::<Result<_>>()?,
        requests: found.requests.iter().map(|der| Request::of(der)).collect::<Result<_>>()?,
        lists: found.lists.iter().map(|der| List::of(der)).collect::<Result<_>>()?,
        keys,
    })
}

/// Reads everything that was found, and shows none of it.
pub(super) fn look_at(found: &Found) {
    let chain = &found.certificates;
    for (place, own) in chain.iter().enumerate() {
        let facts = Facts::of(own, Timestamp::UNIX_EPOCH);
        let next = chain.get(place + 1);
        let _ = facts.map(|facts| Certificate { facts, signed_by: signed_by(own, next) });
    }
    let _: Vec<_> = found.requests.iter().map(|der| Request::of(der)).collect();
    let _: Vec<_> = found.lists.iter().map(|der| List::of(der)).collect();
    let _: Vec<_> = found.keys.iter().map(|der| key(der, chain.first())).collect();
}

fn signed_by(own: &CertificateDer<'_>, next: Option<&CertificateDer<'_>>) -> SignedBy {
    let parsed = |der| parse_x509_certificate(der).ok().map(|(_, parsed)| parsed);
    let Some(own) = parsed(own) else {
        return SignedBy::Unknown;
    };
    if own.verify_signature(None).is_ok() {
        return SignedBy::Itself;
    }
    let next = next.and_then(|next| parsed(next));
    let signed = next.is_some_and(|next| own.verify_signature(Some(next.public_key())).is_ok());
    if signed { SignedBy::Next } else { SignedBy::Unknown }
}

fn key(der: &[u8], certificate: Option<&CertificateDer<'_>>) -> Key {
    Key { encrypted: false, belongs: certificate.and_then(|own| belongs(der, own)) }
}

/// Whether a private key is that of a certificate, if that can be said.
pub(super) fn belongs(key: &[u8], certificate: &CertificateDer<'_>) -> Option<bool> {
    let key = PrivateKeyDer::try_from(key).ok()?;
    let key = KeyPair::try_from(&key).ok()?;
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    Some(parsed.public_key().subject_public_key.data == key.der_bytes())
}
