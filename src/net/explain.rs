//! What went wrong with a stream, in plain words and with its cure.

use super::alert;
use super::certificate_problem::{Asked, words_for};
use super::{Endpoint, TlsClient};
use crate::error::{Class, Error};
use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};
use std::io;

/// The error of reading from or writing to the stream of `endpoint`, put into words.
///
/// A TLS error is [`Class::Tls`] however late it comes: with TLS 1.3 a server
/// says only after the handshake that it wants a client certificate. Anything
/// else is [`Class::ConnectionLost`].
#[must_use]
pub fn explain(error: io::Error, endpoint: &Endpoint) -> Error {
    match tls_error(&error) {
        Some(tls) => explain_tls(tls, endpoint),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::new(Class::ConnectionLost, format!("{endpoint} closed the connection"))
        }
        None => {
            let what = format!("the connection to {endpoint} was lost");
            Error::new(Class::ConnectionLost, what).because(error)
        }
    }
}

/// Whether TLS and not the socket below it failed.
#[must_use]
pub fn is_tls(error: &io::Error) -> bool {
    tls_error(error).is_some()
}

/// What is at the other end behaves (`behaviour`) as if it did not know TLS.
pub(super) fn no_tls(endpoint: &Endpoint, behaviour: &str) -> Error {
    let what = format!(
        "TLS with {endpoint} failed: the port does not seem to speak TLS \
         (it {behaviour} instead of doing the handshake)"
    );
    Error::new(Class::Tls, what).hint(
        "leave out --tls for a plain MQTT port (usually 1883), \
         or use the broker's TLS port (usually 8883)",
    )
}

pub(super) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn explain_tls(error: &rustls::Error, endpoint: &Endpoint) -> Error {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            let tls = endpoint.tls.as_ref();
            let issuer = tls.and_then(TlsClient::unknown_issuer);
            let trust = tls.map(|tls| &tls.options().ca);
            let words = words_for(problem, &Asked { host: endpoint.server_name(), trust, issuer });
            let failed = tls_failed(endpoint, &words.what);
            match words.hint {
                Some(hint) => failed.hint(hint),
                None => failed,
            }
        }
        rustls::Error::AlertReceived(alert) => explain_alert(*alert, endpoint),
        rustls::Error::InvalidMessage(message) if is_not_tls(*message) => {
            no_tls(endpoint, "answered with something else")
        }
        rustls::Error::PeerIncompatible(reason) => incompatible(reason, endpoint),
        other => tls_failed(endpoint, &other.to_string()),
    }
}

/// Whether a record this malformed comes from a peer that never meant TLS.
pub(super) const fn is_not_tls(message: InvalidMessage) -> bool {
    matches!(
        message,
        InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload
    )
}

fn explain_alert(alert: AlertDescription, endpoint: &Endpoint) -> Error {
    let showed_certificate = endpoint.tls.as_ref().is_some_and(TlsClient::has_identity);
    match alert::meaning(alert, showed_certificate) {
        Some(meaning) => tls_failed(endpoint, meaning.what).hint(meaning.hint),
        None => tls_failed(endpoint, &format!("the server sent the alert {alert:?}")),
    }
}

fn incompatible(reason: &PeerIncompatible, endpoint: &Endpoint) -> Error {
    let what = format!("the server's TLS is too old or too different ({reason:?})");
    tls_failed(endpoint, &what).hint("allow TLS 1.2 or TLS 1.3 on the server")
}

/// A failure of TLS with this endpoint.
fn tls_failed(endpoint: &Endpoint, what: &str) -> Error {
    Error::new(Class::Tls, format!("TLS with {endpoint} failed: {what}"))
}
