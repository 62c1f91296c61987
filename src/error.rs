//! Failures as the user meets them: a class that decides the exit code, one
//! line that says what and why, and a hint with the cure where it is known.
//!
//! [`Error`] is made where the cause is known; the command layer may wrap it
//! in `anyhow` context. Only this module decides exit codes.

use std::fmt;
use std::io;
use std::num::NonZeroU8;
use std::path::Path;

/// What kind of failure ended a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// None of the kinds below.
    Other,
    /// The command line asks for something that cannot be.
    Usage,
    /// No connection: name resolution, refused port, unreachable host.
    Connect,
    /// The TLS handshake failed or a certificate or key is unusable.
    Tls,
    /// The broker refused the connection (CONNACK with a failure code).
    Refused,
    /// The broker denied every subscription.
    SubscribeDenied,
    /// The broker denied some of what was subscribed to.
    PartlyDenied,
    /// A message was rejected or cannot be sent to this broker.
    PublishRejected,
    /// An established connection was lost.
    ConnectionLost,
    /// An expectation or assertion did not hold.
    Expectation,
    /// A payload could not be decoded or encoded.
    Decode,
    /// A command that was run for a message failed.
    CommandFailed,
    /// A local file cannot be read or written.
    File,
    /// An address cannot be listened on.
    Listen,
    /// Time ran out.
    Timeout,
    /// Ended by SIGINT before the work was done.
    Interrupted,
    /// Ended by SIGTERM before the work was done.
    Terminated,
    /// The reader of stdout went away; not a failure.
    BrokenPipe,
    /// The command that ran in a broker's company ended with this exit code,
    /// and has said itself why.
    Command(NonZeroU8),
}

impl Class {
    /// Whether the user knows already, and is told nothing more.
    #[must_use]
    pub const fn is_quiet(self) -> bool {
        matches!(self, Self::BrokenPipe | Self::Command(_))
    }
}

/// The exit codes, in order, with the sentence the documentation prints.
pub const EXIT_CODES: &[(u8, Class, &str)] = &[
    (0, Class::BrokenPipe, "success, or the reader of the output went away"),
    (1, Class::Other, "a failure that no other code names"),
    (2, Class::Usage, "the command line is wrong"),
    (3, Class::Connect, "no connection: unknown host, refused port, no answer"),
    (4, Class::Tls, "TLS failed: certificate, key, host name or handshake"),
    (5, Class::Refused, "the broker refused the connection (CONNACK)"),
    (6, Class::SubscribeDenied, "the broker denied every subscription"),
    (7, Class::PublishRejected, "a message was rejected or is too large for the broker"),
    (8, Class::ConnectionLost, "the connection was lost before the work was done"),
    (9, Class::Expectation, "an expectation did not hold"),
    (10, Class::Decode, "a payload could not be decoded or encoded"),
    (11, Class::File, "a file could not be read or written"),
    (12, Class::Listen, "an address could not be listened on"),
    (13, Class::PartlyDenied, "the broker denied some subscriptions and granted others"),
    (14, Class::CommandFailed, "a command that was run for a message failed"),
    (27, Class::Timeout, "the time given with --timeout or --idle-timeout ran out"),
    (130, Class::Interrupted, "interrupted (SIGINT) before the work was done"),
    (143, Class::Terminated, "terminated (SIGTERM) before the work was done"),
];

/// The exit codes that are none of `mqx`, as the documentation prints it.
pub const COMMAND_CODES: &str = "mqx broker --exec ends with the exit code of its command, \
    or with 128 and the number of the signal that has ended it";

/// The exit codes of mosquitto's clients where they are not 1.
const MOSQUITTO_CODES: &[(Class, u8)] = &[
    (Class::BrokenPipe, 0),
    (Class::ConnectionLost, 7),
    (Class::SubscribeDenied, 12),
    (Class::PublishRejected, 12),
    (Class::Timeout, 27),
    (Class::Interrupted, 255),
    (Class::Terminated, 255),
];

/// What helps when a file cannot be read or written.
const FILE_CURES: &[(io::ErrorKind, &str)] = &[
    (io::ErrorKind::NotFound, "check the spelling of the path and the directory it starts from"),
    (io::ErrorKind::PermissionDenied, "`ls -l` says who may use it; chmod and chown change that"),
    (io::ErrorKind::IsADirectory, "name a file in that directory"),
    (io::ErrorKind::StorageFull, "make room on the disk, or choose another"),
];

/// A failure with its class, its words and, where known, its cure.
#[derive(Debug)]
pub struct Error {
    class: Class,
    what: String,
    hint: Option<String>,
    reason_code: Option<u8>,
    cause: Option<anyhow::Error>,
}

/// The result of everything above the protocol layers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of this class; `what` is one line without a final stop.
    #[must_use]
    pub fn new(class: Class, what: impl Into<String>) -> Self {
        Self { class, what: what.into(), hint: None, reason_code: None, cause: None }
    }

    /// A failure of the command line.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Class::Usage, what)
    }

    /// A failure to `verb` (read, write, create ...) a local file, with the
    /// usual cure.
    #[must_use]
    pub fn file(verb: &str, path: &Path, cause: io::Error) -> Self {
        let cure = FILE_CURES.iter().find(|(kind, _)| *kind == cause.kind());
        let error =
            Self::new(Class::File, format!("cannot {verb} {}", path.display())).because(cause);
        Self { hint: cure.map(|(_, cure)| (*cure).to_owned()), ..error }
    }

    /// The same failure with the command or step that would cure it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with the Reason Code that the broker gave for it, if any
    /// (MQTT 5.0 §2.4); what older brokers say is told as such a one.
    #[must_use]
    pub fn reason_code(mut self, reason_code: impl Into<Option<u8>>) -> Self {
        self.reason_code = reason_code.into();
        self
    }

    /// The same failure, at this place.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        self.what = format!("{place}: {}", self.what);
        self
    }

    /// The same failure with what caused it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// It and its causes on one line, as [`line()`] has them.
    #[must_use]
    pub fn line(&self) -> String {
        joined(anyhow::Chain::new(self))
    }

    /// What would cure it, if that is known: as [`hint()`] finds it.
    #[must_use]
    pub fn cure(&self) -> Option<&str> {
        errors_in(anyhow::Chain::new(self)).find_map(|error| error.hint.as_deref())
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(AsRef::as_ref)
    }
}

/// The class of `error`: of the first [`Error`] in its chain.
#[must_use]
pub fn class(error: &anyhow::Error) -> Class {
    errors(error).next().map_or(Class::Other, Error::class)
}

/// The exit code that `error` ends the process with.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let class = class(error);
    if let Class::Command(code) = class {
        return code.get();
    }
    let row = EXIT_CODES.iter().find(|row| row.1 == class);
    row.map_or(1, |row| row.0)
}

/// The exit code that a client of mosquitto ends with for a failure of this
/// class; a refusal has that of the broker instead.
#[must_use]
pub fn mosquitto_exit_code(class: Class) -> u8 {
    let row = MOSQUITTO_CODES.iter().find(|row| row.0 == class);
    row.map_or(1, |row| row.1)
}

/// The cure for `error`, where one is known: the first in its chain.
#[must_use]
pub fn hint(error: &anyhow::Error) -> Option<&str> {
    errors(error).find_map(|error| error.hint.as_deref())
}

/// The Reason Code that the broker gave for `error`, if it gave one.
#[must_use]
pub fn reason_code(error: &anyhow::Error) -> Option<u8> {
    errors(error).find_map(|error| error.reason_code)
}

/// `error` and its causes on one line, joined by `: `, saying nothing twice.
#[must_use]
pub fn line(error: &anyhow::Error) -> String {
    joined(error.chain())
}

fn joined(chain: anyhow::Chain<'_>) -> String {
    let mut line = String::new();
    for cause in chain {
        let text = cause.to_string();
        if line.ends_with(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line
}

fn errors(error: &anyhow::Error) -> impl Iterator<Item = &Error> {
    errors_in(error.chain())
}

fn errors_in(chain: anyhow::Chain<'_>) -> impl Iterator<Item = &Error> {
    chain.filter_map(|cause| cause.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn context_above_an_error_keeps_its_class_and_hint() {
        let error = Error::new(Class::Tls, "no").hint("do").reason_code(135).because(fmt::Error);
        let wrapped = Err::<(), _>(error).context("publishing").unwrap_err();
        assert_eq!(exit_code(&wrapped), 4);
        assert_eq!(hint(&wrapped), Some("do"));
        assert_eq!(reason_code(&wrapped), Some(135));
        assert!(line(&wrapped).starts_with("publishing: no: "));
    }

    #[test]
    fn every_class_has_one_code_and_codes_ascend() {
        assert!(EXIT_CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
