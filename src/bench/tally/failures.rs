//! Failures of a run by their class, which says what failed and how; what was said of
//! them is kept as examples.

use crate::error::{Class, Error};
use crate::mqtt::ReasonCode;
use crate::net;
use crate::session::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

/// Texts that are kept of each class.
const EXAMPLES: usize = 3;

/// Failures by their class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Failures(BTreeMap<String, Faults>);

/// Failures of one class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Faults {
    /// How many.
    pub count: u64,
    /// What was said of some of them, each text once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Failures {
    /// Notes a failure.
    pub(in crate::bench) fn note(&mut self, error: &Error) {
        self.add_to(class(error), Faults { count: 1, examples: vec![error.line()] });
    }

    /// Notes a message that the broker has rejected.
    pub(in crate::bench) fn note_rejection(&mut self, reason: ReasonCode) {
        let class = format!("message rejected: {reason}");
        self.add_to(class, Faults { count: 1, examples: Vec::new() });
    }

    /// Adds all of `others`.
    pub(in crate::bench) fn add(&mut self, others: Self) {
        for (class, faults) in others.0 {
            self.add_to(class, faults);
        }
    }

    fn add_to(&mut self, class: String, more: Faults) {
        let known = self.0.entry(class).or_default();
        known.count += more.count;
        for text in more.examples {
            if known.examples.len() < EXAMPLES && !known.examples.contains(&text) {
                known.examples.push(text);
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().map(|faults| faults.count).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The classes with their failures, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Faults)> {
        self.0.iter().map(|(class, faults)| (class.as_str(), faults))
    }
}

/// What a failure is counted as: what the broker or the system said, if either did.
fn class(error: &Error) -> String {
    if error.class() == Class::Tls {
        return of_class(Class::Tls).to_owned();
    }
    if net::is_unresolved(error) {
        return "unknown host".to_owned();
    }
    let mut causes = anyhow::Chain::new(error);
    let said = causes.find_map(|cause| {
        let broker = cause.downcast_ref().and_then(of_broker);
        broker.or_else(|| cause.downcast_ref().and_then(of_system))
    });
    said.unwrap_or_else(|| of_class(error.class()).to_owned())
}

fn of_broker(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Refused(reason, _) => Some(format!("refused: {reason}")),
        Failure::Disconnected(reason, _) => Some(format!("ended by the broker: {reason}")),
        Failure::Authentication(_) => Some("refused: authentication".to_owned()),
        Failure::Silent => Some(TIMEOUT.to_owned()),
        Failure::Protocol(_) => Some("broken protocol".to_owned()),
        _ => None,
    }
}

const TIMEOUT: &str = "timeout";
const RESET: &str = "connection reset";
const UNREACHABLE: &str = "unreachable";
const NO_PORT: &str = "no free port of this machine";

/// What the failures of sockets are called.
const SYSTEM: [(ErrorKind, &str); 10] = [
    (ErrorKind::ConnectionRefused, "connection refused"),
    (ErrorKind::ConnectionReset, RESET),
    (ErrorKind::ConnectionAborted, RESET),
    (ErrorKind::BrokenPipe, RESET),
    (ErrorKind::TimedOut, TIMEOUT),
    (ErrorKind::UnexpectedEof, CLOSED),
    (ErrorKind::HostUnreachable, UNREACHABLE),
    (ErrorKind::NetworkUnreachable, UNREACHABLE),
    (ErrorKind::AddrNotAvailable, NO_PORT),
    (ErrorKind::AddrInUse, NO_PORT),
];

const CLOSED: &str = "connection closed";

fn of_system(error: &io::Error) -> Option<String> {
    let row = SYSTEM.iter().find(|(kind, _)| *kind == error.kind());
    row.map(|(_, name)| (*name).to_owned())
}

const fn of_class(class: Class) -> &'static str {
    match class {
        Class::Tls => "TLS",
        Class::Connect => "not connected",
        Class::ConnectionLost => CLOSED,
        Class::SubscribeDenied => "subscription denied",
        Class::PublishRejected => "message rejected",
        Class::Timeout => TIMEOUT,
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::explain;

    fn lost(kind: ErrorKind) -> Error {
        Error::new(Class::ConnectionLost, "lost").because(io::Error::from(kind))
    }

    #[test]
    fn a_failure_has_the_class_of_what_the_broker_or_the_system_said() {
        let refused = explain(Failure::Refused(ReasonCode::NOT_AUTHORIZED, Some("no".to_owned())));
        for (error, wanted) in [
            (refused, "refused: 0x87 Not authorized"),
            (lost(ErrorKind::BrokenPipe), "connection reset"),
            (lost(ErrorKind::TimedOut), "timeout"),
            (Error::new(Class::Connect, "x").because(lost(ErrorKind::ConnectionReset)), RESET),
            (Error::new(Class::ConnectionLost, "x"), "connection closed"),
            (Error::new(Class::Tls, "x").because(io::Error::from(ErrorKind::TimedOut)), "TLS"),
        ] {
            assert_eq!(class(&error), wanted);
        }
    }

    #[test]
    fn a_few_different_texts_are_kept_and_all_failures_counted() {
        let mut failures = Failures::default();
        for number in [1, 1, 2, 3, 4, 5] {
            failures.note(&Error::new(Class::Connect, format!("no {number}")));
        }
        failures.note_rejection(ReasonCode::QUOTA_EXCEEDED);
        let mut sum = failures.clone();
        sum.add(failures);
        assert_eq!(sum.count(), 14);
        let classes: Vec<_> = sum.iter().map(|(name, _)| name).collect();
        assert_eq!(classes, ["message rejected: 0x97 Quota exceeded", "not connected"]);
        let (_, faults) = sum.iter().last().unwrap();
        assert_eq!(faults.examples, ["no 1", "no 2", "no 3"]);
    }
}
