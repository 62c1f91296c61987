//! `mqx certs revoke` and `mqx certs crl`: what is not to be trusted any more, in
//! the index of the CA and in the list that it signs for brokers.

use super::authority::{self, Authority};
use super::folder::{self, NewFile};
use super::index::{self, Entry, Event};
use super::key;
use super::signer::Signer;
use crate::error::{Class, Error, Result};
use crate::net::facts::{self, Facts};
use crate::net::{date, pem};
use crate::output;
use jiff::Timestamp;
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use serde_json::json;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use time::{Duration, OffsetDateTime};

/// Why a certificate is revoked (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason(RevocationReason);

/// The reasons that a certificate of MQTT can have, as openssl calls them.
const REASONS: &[(&str, RevocationReason)] = &[
    ("unspecified", RevocationReason::Unspecified),
    ("keyCompromise", RevocationReason::KeyCompromise),
    ("affiliationChanged", RevocationReason::AffiliationChanged),
    ("superseded", RevocationReason::Superseded),
    ("cessationOfOperation", RevocationReason::CessationOfOperation),
    ("privilegeWithdrawn", RevocationReason::PrivilegeWithdrawn),
];

impl FromStr for Reason {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let row = REASONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        row.map(|(_, reason)| Self(*reason)).ok_or_else(|| {
            let names: Vec<_> = REASONS.iter().map(|(name, _)| *name).collect();
            Error::usage(format!("known reasons are {}", names.join(", ")))
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = REASONS.iter().find(|(_, reason)| *reason == self.0);
        f.write_str(row.map_or("unspecified", |(name, _)| name))
    }
}

/// What is revoked, and how long the new list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The CA.
    pub signer: Signer,
    /// Files of certificates, or serial numbers in hexadecimal; none only makes a
    /// new list.
    pub certificates: Vec<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// In how many days the list has to be replaced by a new one.
    pub days: u16,
    /// Say it in JSON.
    pub json: bool,
}

/// Notes what is revoked and writes the list.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let authority = Authority::load(&config.signer)?;
    let folder = config.signer.folder();
    let mut entries = index::read(&folder)?;
    let new = config.certificates.iter().map(|which| revoked(which, &authority, &entries, config));
    let new: Vec<_> = new.collect::<Result<_>>()?;
    index::append(&folder, &new)?;
    entries.extend(new);
    let of_this = |entry: &&Entry| {
        entry.event == Event::Revoked && entry.authority_key_id == authority.facts().subject_key_id
    };
    let mut listed: Vec<&Entry> = entries.iter().filter(of_this).collect();
    listed.sort_by(|a, b| a.serial.cmp(&b.serial));
    listed.dedup_by(|a, b| a.serial == b.serial);
    let next = write_list(&authority, &listed, config)?;
    output::check(say(config, &listed, next, out).and_then(|()| out.flush()))
}

/// The line of the index that revokes `which`.
fn revoked(which: &str, authority: &Authority, index: &[Entry], config: &Config) -> Result<Entry> {
    let reason = config.reason.map(|reason| reason.to_string());
    let path = Path::new(which);
    if path.exists() {
        let chain = pem::certificates(path)?;
        let facts = match chain.first() {
            Some(own) => Facts::of(own, Timestamp::now())?,
            None => return Err(Error::usage("there is no certificate")),
        };
        if facts.authority_key_id != authority.facts().subject_key_id {
            let what = format!("{which} was not signed by {}", authority.facts().subject);
            return Err(Error::new(Class::Tls, what).hint("--ca names the CA that has signed it"));
        }
        return Ok(Entry { reason, ..Entry::now(Event::Revoked, &facts) });
    }
    let serial = which.replace(':', "").to_ascii_uppercase();
    let known = index.iter().find(|entry| entry.event == Event::Issued && entry.serial == serial);
    let known = known.ok_or_else(|| {
        let what = format!("{which} is neither a file nor a serial number in {}", index::NAME);
        Error::new(Class::File, what)
    })?;
    let at = Timestamp::now().to_string();
    Ok(Entry { event: Event::Revoked, at, reason, file: None, ..known.clone() })
}

/// Writes the list, and says when the next one is due.
fn write_list(authority: &Authority, listed: &[&Entry], config: &Config) -> Result<Timestamp> {
    let now = authority::now()?;
    let next_update = now + Duration::days(config.days.into());
    let id = authority::key_id(authority.certificate());
    let number = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    let list = CertificateRevocationListParams {
        this_update: now - Duration::hours(1),
        next_update,
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: listed.iter().map(|entry| row(entry)).collect(),
        key_identifier_method: id.map_or(KeyIdMethod::Sha256, KeyIdMethod::PreSpecified),
    };
    let list = list.signed_by(authority.issuer()).map_err(|cause| {
        Error::new(Class::Tls, "the revocation list cannot be made").because(cause)
    })?;
    let path = config.signer.revocations();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = NewFile::public(name, key::pem_text("X509 CRL", list.der()));
    folder::write(&config.signer.folder(), &[file], true)?;
    Ok(facts::moment(next_update.unix_timestamp()))
}

fn row(entry: &Entry) -> RevokedCertParams {
    let at: Option<Timestamp> = entry.at.parse().ok();
    let at = at.map_or(0, Timestamp::as_second);
    let reason = entry.reason.as_deref().and_then(|reason| reason.parse::<Reason>().ok());
    // The standard asks to leave out a reason that says nothing.
    let reason = reason.map(|reason| reason.0).filter(|one| *one != RevocationReason::Unspecified);
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(&facts::unhex(&entry.serial)),
        revocation_time: OffsetDateTime::from_unix_timestamp(at)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        reason_code: reason,
        invalidity_date: None,
    }
}

fn say(
    config: &Config,
    listed: &[&Entry],
    next: Timestamp,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let path = config.signer.revocations();
    if config.json {
        let serials: Vec<_> = listed.iter().map(|entry| &entry.serial).collect();
        let told = json!({ "kind": "list", "file": path, "next_update": next.to_string(),
            "revoked": serials });
        return writeln!(out, "{told}");
    }
    let count = listed.len();
    let end = date(next);
    writeln!(out, "wrote {}  {count} revoked, in force until {end}", path.display())?;
    writeln!(
        out,
        "\nmqx broker checks clients by it with --crlfile {}, a newer one from the next client on",
        output::shell_path(&path)
    )
}
