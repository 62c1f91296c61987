//! What a session reports, as the failure the user sees.

use crate::error::{Class, Error};
use crate::mqtt::ReasonCode;
use crate::net::Endpoint;
use crate::session::Failure;

/// The refusals (CONNACK) and ends (DISCONNECT) whose cure is known.
const CURES: &[(ReasonCode, &str)] = &[
    (ReasonCode::UNSUPPORTED_PROTOCOL_VERSION, "try another version of MQTT: -V 3.1.1 or -V 5"),
    (
        ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
        "give a client identifier the broker accepts with -i",
    ),
    (ReasonCode::BAD_USER_NAME_OR_PASSWORD, "give the right user name and password with -u and -P"),
    (
        ReasonCode::NOT_AUTHORIZED,
        "check the user name and password (-u, -P) and what the broker allows them",
    ),
    (
        ReasonCode::BAD_AUTHENTICATION_METHOD,
        "the broker wants another kind of authentication than user name and password",
    ),
    (
        ReasonCode::SESSION_TAKEN_OVER,
        "another client connected with the same identifier; give each its own with -i",
    ),
    (ReasonCode::KEEP_ALIVE_TIMEOUT, "the network or this machine was too slow; raise --keepalive"),
];

/// `failure` with its class and, where it is known, its cure.
#[must_use]
pub fn explain(failure: Failure) -> Error {
    let reason = match &failure {
        Failure::Refused(reason, _) | Failure::Disconnected(reason, _) => Some(*reason),
        _ => None,
    };
    let cure = CURES.iter().find(|(known, _)| Some(*known) == reason);
    let cure = match (cure, &failure) {
        (Some((_, cure)), _) => Some(*cure),
        (None, Failure::Protocol(_)) => Some("is this an MQTT broker?"),
        (None, _) => None,
    };
    let error = Error::new(class(&failure), failure.to_string())
        .reason_code(reason.map(ReasonCode::value))
        .because(failure);
    match cure {
        Some(cure) => error.hint(cure),
        None => error,
    }
}

/// What the session has reported, if that is what `error` comes of.
#[must_use]
pub fn failure_of(error: &Error) -> Option<&Failure> {
    std::error::Error::source(error)?.downcast_ref()
}

/// The failure of a connection that ended with `error` before CONNACK came.
#[must_use]
pub fn not_accepted(error: Error, endpoint: &Endpoint) -> Error {
    if error.class() != Class::ConnectionLost {
        return error;
    }
    Error::new(Class::Connect, format!("{endpoint} did not accept the connection"))
        .because(error)
        .hint("is this an MQTT port? a TLS port needs --tls, an old broker -V 3.1.1")
}

/// The failure of a connection on which CONNACK did not come in time.
#[must_use]
pub fn no_answer(endpoint: &Endpoint) -> Error {
    Error::new(Class::Connect, format!("{endpoint} does not answer CONNECT"))
        .hint("is this an MQTT port? a TLS port needs --tls")
}

/// Whether `error` is a broker's refusal of the version of MQTT.
#[must_use]
pub fn is_about_version(error: &Error) -> bool {
    let refused = ReasonCode::UNSUPPORTED_PROTOCOL_VERSION;
    matches!(failure_of(error), Some(Failure::Refused(reason, _)) if *reason == refused)
}

/// Whether `error` may come of what CONNECT says of the version, which it says
/// in a way of its own for a bridge: the broker refused it or hung up.
#[must_use]
pub fn is_about_mark(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Error>());
    let hung_up = cause.is_some_and(|cause| cause.class() == Class::ConnectionLost);
    is_about_version(error) || hung_up
}

/// Whether `error` says something about this broker rather than about the
/// client, so that another broker may do.
pub(super) fn is_of_one_broker(error: &Error) -> bool {
    match failure_of(error) {
        Some(Failure::Refused(reason, _)) => NOT_HERE.contains(reason),
        _ => matches!(error.class(), Class::Connect | Class::ConnectionLost | Class::Tls),
    }
}

/// Whether `error` is a broker's refusal that it may take back in a while.
pub(super) fn is_about_now(error: &Error) -> bool {
    matches!(failure_of(error), Some(Failure::Refused(reason, _)) if NOT_NOW.contains(reason))
}

/// Refusals that pass.
const NOT_NOW: &[ReasonCode] = &[
    ReasonCode::SERVER_UNAVAILABLE,
    ReasonCode::SERVER_BUSY,
    ReasonCode::CONNECTION_RATE_EXCEEDED,
];

/// Refusals that are not about the client.
const NOT_HERE: &[ReasonCode] = &[
    ReasonCode::SERVER_UNAVAILABLE,
    ReasonCode::SERVER_BUSY,
    ReasonCode::USE_ANOTHER_SERVER,
    ReasonCode::SERVER_MOVED,
    ReasonCode::CONNECTION_RATE_EXCEEDED,
];

const fn class(failure: &Failure) -> Class {
    match failure {
        Failure::Refused(..) | Failure::Authentication(_) => Class::Refused,
        Failure::TooLarge(..) | Failure::Unsupported(_) => Class::PublishRejected,
        Failure::Disconnected(reason, _) if is_about_a_publish(*reason) => Class::PublishRejected,
        Failure::Disconnected(reason, _) if is_about_a_subscribe(*reason) => Class::SubscribeDenied,
        Failure::Protocol(_)
        | Failure::Disconnected(..)
        | Failure::Silent
        | Failure::NotConnected => Class::ConnectionLost,
        Failure::WindowFull => Class::Other,
        Failure::Invalid(_) => Class::Usage,
    }
}

/// Whether a broker ends a connection with this reason because of what was
/// published, so that connecting again would only end the same way.
const fn is_about_a_publish(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::NOT_AUTHORIZED
            | ReasonCode::TOPIC_NAME_INVALID
            | ReasonCode::PACKET_TOO_LARGE
            | ReasonCode::QUOTA_EXCEEDED
            | ReasonCode::PAYLOAD_FORMAT_INVALID
            | ReasonCode::RETAIN_NOT_SUPPORTED
            | ReasonCode::QOS_NOT_SUPPORTED
    )
}

/// The same, because of what was subscribed to.
const fn is_about_a_subscribe(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::TOPIC_FILTER_INVALID
            | ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
            | ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED
            | ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hint;

    #[test]
    fn a_refusal_names_its_reason_and_its_cure() {
        let failure = Failure::Refused(ReasonCode::NOT_AUTHORIZED, Some("go away".to_owned()));
        let error = anyhow::Error::from(explain(failure));
        assert_eq!(crate::error::exit_code(&error), 5);
        assert!(hint(&error).unwrap().contains("-u"));
        assert!(crate::error::line(&error).contains("0x87 Not authorized (go away)"));
    }

    #[test]
    fn a_packet_the_broker_does_not_take_is_a_rejected_message() {
        assert_eq!(explain(Failure::TooLarge(11, 10)).class(), Class::PublishRejected);
        let ended = Failure::Disconnected(ReasonCode::PACKET_TOO_LARGE, None);
        assert_eq!(explain(ended).class(), Class::PublishRejected);
    }

    #[test]
    fn a_subscription_the_broker_ends_the_connection_for_is_denied() {
        let ended = Failure::Disconnected(ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED, None);
        assert_eq!(explain(ended).class(), Class::SubscribeDenied);
    }
}
