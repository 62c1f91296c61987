//! Why TLS with a client has failed, in words for whoever runs the server.

use super::alert;
use super::explain::{is_not_tls, tls_error};
use rustls::CertificateError as Problem;
use std::io;

/// Why TLS with a client has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientFault {
    /// What has happened.
    pub what: &'static str,
    /// What would help, where that is known.
    pub hint: Option<&'static str>,
}

impl ClientFault {
    const fn new(what: &'static str, hint: &'static str) -> Self {
        Self { what, hint: Some(hint) }
    }
}

/// What the error of a handshake, or of the first bytes behind it, says about
/// the client.
#[must_use]
pub fn client_fault(error: &io::Error) -> ClientFault {
    use rustls::Error;
    match tls_error(error) {
        None => ClientFault::new(
            "the client has left in the TLS handshake",
            "its own log says why; often it does not trust the certificate",
        ),
        Some(Error::AlertReceived(alert)) => match alert::by_client(*alert) {
            Some(meaning) => ClientFault::new(meaning.what, meaning.hint),
            None => ClientFault { what: "the client has ended the TLS handshake", hint: None },
        },
        Some(Error::InvalidMessage(message)) if is_not_tls(*message) => ClientFault::new(
            "the client does not speak TLS, and at this port it has to",
            "let the client use TLS, or a port without (usually 1883)",
        ),
        Some(Error::NoCertificatesPresented) => ClientFault::new(
            "the client has shown no certificate, and here it has to",
            "give the client one that a CA in --cafile has signed",
        ),
        Some(Error::InvalidCertificate(problem)) => certificate_fault(problem),
        Some(Error::PeerIncompatible(_)) => ClientFault::new(
            "the TLS of the client is too old or too different",
            "allow TLS 1.2 or TLS 1.3 in the client",
        ),
        Some(_) => ClientFault { what: "the TLS handshake has failed", hint: None },
    }
}

/// What is wrong with the certificate of a client.
pub(super) fn certificate_fault(problem: &Problem) -> ClientFault {
    match problem {
        Problem::UnknownIssuer | Problem::BadSignature => ClientFault::new(
            "no CA in --cafile has signed the certificate of the client",
            "give the client one that such a CA has signed, or its CA to --cafile",
        ),
        Problem::Expired | Problem::ExpiredContext { .. } => ClientFault::new(
            "the certificate of the client has expired",
            "give the client a new one, or set the clock of this machine",
        ),
        Problem::NotValidYet | Problem::NotValidYetContext { .. } => ClientFault::new(
            "the certificate of the client is not valid yet",
            "set the clock of this machine or of the one that has made it",
        ),
        Problem::Revoked => {
            ClientFault::new("the certificate of the client has been revoked", "give it a new one")
        }
        Problem::UnknownRevocationStatus
        | Problem::ExpiredRevocationList
        | Problem::ExpiredRevocationListContext { .. } => ClientFault::new(
            "no list in force says whether the certificate of the client has been revoked",
            "put a new list of its CA into --crlfile",
        ),
        Problem::InvalidPurpose | Problem::InvalidPurposeContext { .. } => ClientFault::new(
            "the certificate of the client is not meant for clients",
            "give it one with the extended key usage clientAuth",
        ),
        _ => ClientFault { what: "the certificate of the client is not usable", hint: None },
    }
}
