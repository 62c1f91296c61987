//! `mqx certs inspect`, `verify` and `needs-renewal`: certificates are looked at,
//! in a file or as a server shows them.

use super::inspect;
use super::issue::{Purpose, plain_names};
use super::source::{Found, Source};
use crate::error::{Class, Error, Result};
use crate::net::facts::{Facts, days_between};
use crate::net::{Checker, Trust, date, verify};
use crate::net::{KeyFacts, SHORTEST_RSA};
use crate::output::{self, escape};
use crate::secret::Secret;
use crate::signals::Signal;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// What is looked at, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the certificates are.
    pub source: Source,
    /// The name to ask a server for; without it its host.
    pub server_name: Option<String>,
    /// How long a server may take.
    pub limit: Duration,
    /// A private key that should belong to the first certificate.
    pub key: Option<PathBuf>,
    /// The password of that key.
    pub key_password: Option<Secret>,
    /// Say it in JSON.
    pub json: bool,
    /// What is asked.
    pub question: Question,
}

/// What is asked about certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// What they say.
    What,
    /// Whether they are believed.
    Valid(Checks),
    /// Whether one of them ends within this time.
    NeedsRenewal(Duration),
}

/// What has to hold for a certificate to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    /// What it has to be for.
    pub purpose: Purpose,
    /// The host that a server's has to be for; without one any of its own.
    pub host: Option<String>,
    /// Whose signature it needs.
    pub trust: Trust,
    /// The file with lists of what was revoked.
    pub revocations: Option<PathBuf>,
}

/// Looks, and writes to `out` what was seen; ends early when `stop` does.
///
/// # Errors
/// When there is nothing to look at; [`Class::Tls`] for what is not believed,
/// [`Class::Expectation`] for what needs renewal.
pub(super) async fn run(
    config: &Config,
    out: &mut dyn Write,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    let read = config.source.read(config.server_name.as_deref(), config.limit);
    let found = tokio::select! {
        found = read => found?,
        signal = stop => return Err(signal.error()),
    };
    match &config.question {
        Question::What => inspect::run(config, &found, out),
        Question::Valid(checks) => is_valid(config, checks, found, out),
        Question::NeedsRenewal(within) => needs_renewal(config, *within, found, out),
    }
}

fn is_valid(config: &Config, checks: &Checks, found: Found, out: &mut dyn Write) -> Result<()> {
    let chain = found.chain(&config.source)?;
    let now = Timestamp::now();
    let facts = first(&chain, now)?;
    let own_host = usable_host(&facts);
    let host = checks.host.as_deref().or(config.source.host()).or(own_host.as_deref());
    let checker = match checks.purpose {
        Purpose::Client => Checker::Server,
        Purpose::Server => Checker::ClientOf(host.unwrap_or("localhost")),
    };
    let result = verify(&chain, checker, &checks.trust, checks.revocations.as_deref(), now)
        .and_then(|()| strong_enough(&facts.key));
    if config.json {
        let problem = result.as_ref().err().map(ToString::to_string);
        let told = json!({
            "source": config.source.to_string(), "valid": result.is_ok(), "problem": problem,
            "subject": facts.subject, "names": facts.names, "not_after": facts.not_after,
        });
        tell(out, &told.to_string())?;
        return result;
    }
    result.map_err(|error| error.at(&config.source.to_string()))?;
    let whom = match checks.purpose {
        Purpose::Server => escape(&plain_names(&facts.names)),
        Purpose::Client => format!("the client {}", escape(&facts.subject)),
    };
    tell(out, &format!("{}: valid until {} for {whom}", config.source, until(&facts)))
}

/// Refuses keys that TLS refuses only once they sign a handshake.
fn strong_enough(key: &KeyFacts) -> Result<()> {
    if !key.is_too_short() {
        return Ok(());
    }
    let what = format!("its RSA key has {} bits, and TLS wants {SHORTEST_RSA}", key.bits);
    Err(Error::new(Class::Tls, what).hint("`mqx certs renew --new-key` gives it a better one"))
}

/// Writes a line and all that waits before it.
fn tell(out: &mut dyn Write, line: &str) -> Result<()> {
    output::check(writeln!(out, "{line}").and_then(|()| out.flush()))
}

/// A host that the certificate is for: its first, with something for a `*`.
fn usable_host(facts: &Facts) -> Option<String> {
    let hosts = facts
        .names
        .iter()
        .filter_map(|name| name.strip_prefix("DNS:").or_else(|| name.strip_prefix("IP:")));
    hosts.map(|host| host.replacen('*', "any", 1)).next()
}

fn needs_renewal(
    config: &Config,
    within: Duration,
    found: Found,
    out: &mut dyn Write,
) -> Result<()> {
    let now = Timestamp::now();
    let chain = found.chain(&config.source)?;
    let all: Vec<_> = chain.iter().map(|each| Facts::of(each, now)).collect::<Result<_>>()?;
    let soonest = all.iter().min_by_key(|facts| facts.days_left);
    let facts = soonest.ok_or_else(|| Error::usage("there is no certificate"))?;
    let end: Timestamp = facts.not_after.parse().unwrap_or(Timestamp::MAX);
    let seconds = i64::try_from(within.as_secs()).unwrap_or(i64::MAX);
    let due = end.as_second().saturating_sub(now.as_second()) <= seconds;
    if config.json {
        let told = json!({
            "source": config.source.to_string(), "needs_renewal": due, "subject": facts.subject,
            "not_after": facts.not_after, "days_left": facts.days_left,
        });
        tell(out, &told.to_string())?;
    }
    let what = format!(
        "{}: the certificate of {} is valid until {} ({} days)",
        config.source,
        escape(&facts.subject),
        until(facts),
        days_between(now, end)
    );
    match (due, config.json) {
        (true, _) => Err(Error::new(Class::Expectation, format!("{what} and needs renewal"))
            .hint("`mqx certs renew FILE` makes it valid again, with the same key")),
        (false, true) => Ok(()),
        (false, false) => tell(out, &what),
    }
}

fn first(chain: &[CertificateDer<'_>], now: Timestamp) -> Result<Facts> {
    let own = chain.first().ok_or_else(|| Error::usage("there is no certificate"))?;
    Facts::of(own, now)
}

fn until(facts: &Facts) -> String {
    facts.not_after.parse().map(date).unwrap_or_default()
}
