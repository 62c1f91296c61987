//! Whether the other side of a connection would believe a chain of certificates:
//! the checks of a handshake without the handshake.

use super::certificate_problem::{Asked, words_for};
use super::client_fault::certificate_fault;
use super::issuer::UnknownIssuer;
use super::tls_server::of_clients;
use super::{Trust, pem, provider};
use crate::error::{Class, Error, Result};
use crate::output::escape;
use jiff::Timestamp;
use rustls::CertificateError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::VerifierBuilderError;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who looks at a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checker<'a> {
    /// A client that has connected to this host.
    ClientOf(&'a str),
    /// A server.
    Server,
}

/// Checks `chain`, the certificate itself first, as a client or a server does whose
/// CAs are `trust`; `revocations` is a PEM file with lists of these CAs.
///
/// # Errors
/// [`Class::Tls`] with the first thing that is wrong and its cure; also when a
/// file cannot be used.
pub fn verify(
    chain: &[CertificateDer<'_>],
    checker: Checker<'_>,
    trust: &Trust,
    revocations: Option<&Path>,
    now: Timestamp,
) -> Result<()> {
    let lists = revocations.map(pem::revocations).transpose()?.unwrap_or_default();
    let chain = chain.split_first().ok_or_else(|| unusable("there is no certificate"))?;
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    match checker {
        Checker::ClientOf(host) => of_server(chain, host, trust, lists, now),
        Checker::Server => of_client(chain, trust, lists, now),
    }
}

/// A certificate and those above it.
type Chain<'a> = (&'a CertificateDer<'a>, &'a [CertificateDer<'a>]);

type Lists = Vec<CertificateRevocationListDer<'static>>;

fn of_server(
    (own, above): Chain<'_>,
    host: &str,
    trust: &Trust,
    lists: Lists,
    now: UnixTime,
) -> Result<()> {
    let name = ServerName::try_from(host).map_err(|cause| {
        Error::usage(format!("TLS cannot check the host name {}", escape(host))).because(cause)
    })?;
    let roots = Arc::new(trust.roots()?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider())
        .with_crls(lists)
        .only_check_end_entity_revocation()
        .enforce_revocation_expiration()
        .build()
        .map_err(no_verifier)?;
    verifier.verify_server_cert(own, above, &name, &[], now).map(drop).map_err(|error| {
        in_words(error, |problem| {
            let issuer = UnknownIssuer::of(above.last().unwrap_or(own));
            let words = words_for(problem, &Asked { host, trust: Some(trust), issuer });
            (words.what, words.hint)
        })
    })
}

fn of_client((own, above): Chain<'_>, trust: &Trust, lists: Lists, now: UnixTime) -> Result<()> {
    let verifier = of_clients(trust.roots()?, lists).build().map_err(no_verifier)?;
    verifier.verify_client_cert(own, above, now).map(drop).map_err(|error| {
        in_words(error, |problem| {
            let fault = certificate_fault(problem);
            (fault.what.to_owned(), fault.hint.map(str::to_owned))
        })
    })
}

/// The error with `words` for what is wrong with the certificate: what and cure.
fn in_words(
    error: rustls::Error,
    words: impl Fn(&CertificateError) -> (String, Option<String>),
) -> Error {
    let rustls::Error::InvalidCertificate(problem) = error else {
        return unusable("the certificate cannot be checked").because(error);
    };
    match words(&problem) {
        (what, Some(hint)) => unusable(&what).hint(hint),
        (what, None) => unusable(&what),
    }
}

fn no_verifier(cause: VerifierBuilderError) -> Error {
    unusable("the CAs or the revocation lists cannot be used").because(cause)
}

fn unusable(what: &str) -> Error {
    Error::new(Class::Tls, what)
}
