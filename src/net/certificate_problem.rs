//! Why the certificate of a server was not accepted, and what to do about it.

use super::issuer::{ShortKey, UnknownIssuer};
use super::{Trust, date, facts};
use crate::output::escape;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, OtherError};
use std::fmt;

/// How many names of a certificate an error lists.
const NAMES_SHOWN: usize = 8;

const CLOCK_HINT: &str = "put a new certificate on the server, or set this machine's clock";

/// Problems that rustls has no variant for, by the name its verifier gives them.
const BY_NAME: &[(&str, &str, &str)] = &[
    (
        "CaUsedAsEndEntity",
        "the server uses a CA certificate as its own",
        "give the server a certificate signed by that CA, as `mqx certs init` makes them, \
         or skip the check with --insecure",
    ),
    (
        "UnsupportedCertVersion",
        "the server's certificate is of X.509 version 1, which cannot hold host names",
        "give the server a certificate with subjectAltName, as `mqx certs init` makes them",
    ),
];

/// What was asked for when a certificate was shown.
pub(super) struct Asked<'a> {
    /// The host it has to be for.
    pub(super) host: &'a str,
    /// Whose signature it needs.
    pub(super) trust: Option<&'a Trust>,
    /// Whose signature it has, if that is not known.
    pub(super) issuer: Option<UnknownIssuer>,
}

/// What is wrong and what to do about it.
pub(super) struct Words {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

fn words(what: impl Into<String>, hint: impl Into<String>) -> Words {
    Words { what: what.into(), hint: Some(hint.into()) }
}

/// Why a server's certificate was not accepted, in words.
pub(super) fn words_for(problem: &CertificateError, asked: &Asked<'_>) -> Words {
    use CertificateError as Problem;
    match problem {
        Problem::UnknownIssuer => unknown_issuer(asked),
        Problem::BadSignature => words(
            "the server's certificate is signed by another key than that of the CA given, \
             though the CA's name is the same",
            "copy the CA certificate from the server again",
        ),
        Problem::ExpiredContext { not_after, .. } => {
            let what = format!("the server's certificate expired on {}", day(*not_after));
            words(what, CLOCK_HINT)
        }
        Problem::NotValidYetContext { not_before, .. } => {
            let when = day(*not_before);
            words(format!("the server's certificate is not valid before {when}"), CLOCK_HINT)
        }
        Problem::NotValidForNameContext { presented, .. } => wrong_name(presented, asked.host),
        Problem::InvalidPurposeContext { .. } => words(
            "the server's certificate is not meant for servers",
            "give the server a certificate with the extended key usage serverAuth",
        ),
        Problem::Revoked => {
            words("the server's certificate has been revoked", "put a new one on the server")
        }
        Problem::UnknownRevocationStatus | Problem::ExpiredRevocationListContext { .. } => words(
            "no list in force says whether the server's certificate has been revoked",
            "get a new list of its CA; `mqx certs crl` makes one",
        ),
        Problem::Other(OtherError(other)) if other.is::<ShortKey>() => short_key(other),
        other => rare(&other.to_string()),
    }
}

fn short_key(said: &impl fmt::Display) -> Words {
    let hint = "`mqx certs renew server.crt --new-key` gives the server a better one";
    words(format!("the server's certificate is not usable: {said}"), hint)
}

fn unknown_issuer(asked: &Asked<'_>) -> Words {
    let (place, hint) = match asked.trust {
        Some(Trust::File(path)) => (
            format!("a CA in {}", path.display()),
            "give the CA certificate that the server's certificate was signed with",
        ),
        Some(Trust::Folder(path)) => (
            format!("a CA in {}", path.display()),
            "put the CA certificate that the server's certificate was signed with there",
        ),
        _ => (
            "a CA this system trusts".to_owned(),
            "give the CA of the server with --tls CA or --cafile CA",
        ),
    };
    let whose = match &asked.issuer {
        Some(own) if own.is_self_signed() => " but by itself".to_owned(),
        Some(own) => format!(" but by {}", escape(&own.issuer)),
        None => String::new(),
    };
    let what = format!("the server's certificate is not signed by {place}{whose}");
    words(what, format!("{hint}; --insecure skips the check"))
}

fn wrong_name(presented: &[String], host: &str) -> Words {
    let host = escape(host);
    let new_one = format!("make one for {host} with `mqx certs init --host {host}`");
    let Some(names) = list(presented) else {
        let what = format!(
            "the server's certificate names no host (no subjectAltName), so it cannot be for {host}"
        );
        return words(what, new_one);
    };
    let what = format!("the server's certificate is for {names}, not for {host}");
    words(what, format!("connect to a host name that the certificate has, or {new_one}"))
}

fn list(presented: &[String]) -> Option<String> {
    let mut names: Vec<_> = presented.iter().take(NAMES_SHOWN).map(|name| bare(name)).collect();
    if let Some(hidden) = presented.len().checked_sub(NAMES_SHOWN).filter(|more| *more > 0) {
        names.push(format!("{hidden} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// `localhost` of `DnsName("localhost")`, which is how the verifier writes names.
fn bare(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    escape(inner.unwrap_or(name).trim_matches('"'))
}

fn rare(text: &str) -> Words {
    match BY_NAME.iter().find(|(name, ..)| text.contains(name)) {
        Some((_, what, hint)) => words(*what, *hint),
        None => {
            Words { what: format!("the server's certificate is not usable: {text}"), hint: None }
        }
    }
}

fn day(moment: UnixTime) -> String {
    date(facts::moment(i64::try_from(moment.as_secs()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_bare_escaped_and_not_without_end() {
        assert_eq!(list(&[]), None);
        let two = ["DnsName(\"a\u{7}.b\")".to_owned(), "IpAddress(127.0.0.1)".to_owned()];
        assert_eq!(list(&two).unwrap(), "a\\u{7}.b, 127.0.0.1");
        let many = vec!["DnsName(\"x\")".to_owned(); NAMES_SHOWN + 3];
        assert!(list(&many).unwrap().ends_with("x, 3 more"));
    }
}
