//! What was found, as people read it.

use super::list::List;
use super::request::Request;
use super::{Certificate, Document, Key, SignedBy};
use crate::net::date;
use crate::output::escape;
use jiff::Timestamp;
use std::io::{self, Write};

/// Writes everything; nothing of it can move the cursor of a terminal.
pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let count = document.certificates.len();
    for (place, certificate) in document.certificates.iter().enumerate() {
        let of = if count > 1 { format!(" {} of {count}", place + 1) } else { String::new() };
        writeln!(out, "{}: certificate{of}", escape(&document.source))?;
        rows(&of_certificate(certificate), out)?;
    }
    for request in &document.requests {
        writeln!(out, "{}: request that no CA has signed yet", escape(&document.source))?;
        rows(&of_request(request), out)?;
    }
    for list in &document.lists {
        writeln!(out, "{}: revocation list", escape(&document.source))?;
        rows(&of_list(list), out)?;
    }
    document.keys.iter().try_for_each(|key| writeln!(out, "private key: {}", of_key(key)))
}

/// Writes the rows whose second column is not empty.
fn rows(rows: &[(&str, String)], out: &mut dyn Write) -> io::Result<()> {
    let said = rows.iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| (name, escape(value)))
        .try_for_each(|(name, value)| writeln!(out, "  {name:<12} {value}"))
}

fn of_certificate(certificate: &Certificate) -> Vec<(&'static str, String)> {
    let facts = &certificate.facts;
    let id = |id: &Option<String>| id.as_deref().map(with_colons).unwrap_or_default();
    vec![
        ("subject", facts.subject.clone()),
        ("issuer", facts.issuer.clone()),
        ("names", facts.names.join(", ")),
        ("valid", format!("{} to {}", day(&facts.not_before), day(&facts.not_after))),
        ("left", left(facts.days_left)),
        ("key", format!("{}, {} bits", facts.key.kind, facts.key.bits)),
        ("key usage", facts.key_usage.join(", ")),
        ("for", facts.extended_key_usage.join(", ")),
        ("CA", authority(facts.is_ca, facts.path_length)),
        ("serial", facts.serial.clone()),
        ("signature", facts.signature.clone()),
        ("signed by", signed_by(certificate.signed_by).to_owned()),
        ("key id", id(&facts.subject_key_id)),
        ("issuer's id", id(&facts.authority_key_id)),
        ("version", if facts.version == 3 { String::new() } else { facts.version.to_string() }),
        ("SHA-256", with_colons(&facts.sha256)),
        ("SHA-1", with_colons(&facts.sha1)),
    ]
}

fn of_request(request: &Request) -> Vec<(&'static str, String)> {
    let holds = if request.signature_holds { "holds" } else { "does NOT hold" };
    vec![
        ("subject", request.subject.clone()),
        ("names", request.names.join(", ")),
        ("key", format!("{}, {} bits", request.key.kind, request.key.bits)),
        ("signature", holds.to_owned()),
    ]
}

fn of_list(list: &List) -> Vec<(&'static str, String)> {
    vec![
        ("issuer", list.issuer.clone()),
        ("from", day(&list.this_update)),
        ("until", list.next_update.as_deref().map(day).unwrap_or_default()),
        (
            "revoked",
            if list.revoked.is_empty() { "nothing".into() } else { list.revoked.join(", ") },
        ),
    ]
}

const fn of_key(key: &Key) -> &'static str {
    match (key.encrypted, key.belongs) {
        (_, Some(true)) => "it belongs to the certificate",
        (_, Some(false)) => "it does NOT belong to the certificate",
        (true, None) => "it is encrypted",
        (false, None) => "it is there",
    }
}

const fn signed_by(whom: SignedBy) -> &'static str {
    match whom {
        SignedBy::Itself => "itself",
        SignedBy::Next => "the next one",
        SignedBy::Unknown => "none of these",
    }
}

fn authority(is_ca: bool, path_length: Option<u32>) -> String {
    match (is_ca, path_length) {
        (false, _) => "no".to_owned(),
        (true, None) => "yes".to_owned(),
        (true, Some(0)) => "yes, with no CA below it".to_owned(),
        (true, Some(count)) => format!("yes, with CAs below it: {count} in a row"),
    }
}

fn left(days: i64) -> String {
    match days {
        1 => "1 day".to_owned(),
        0.. => format!("{days} days"),
        _ => format!("none: it expired {} days ago", days.saturating_neg()),
    }
}

fn day(moment: &str) -> String {
    moment.parse::<Timestamp>().map_or_else(|_| moment.to_owned(), date)
}

/// `0A:1B` of `0A1B`.
fn with_colons(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            text.push(':');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_foreign_cannot_move_the_cursor() {
        let mut out = Vec::new();
        rows(&[("subject", "CN=a\u{1b}[2J\n".into()), ("names", String::new())], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  subject      CN=a\\u{1b}[2J\\n\n");
    }

    #[test]
    fn digits_stand_in_pairs_and_days_are_counted() {
        assert_eq!(with_colons("0A1B2C"), "0A:1B:2C");
        assert_eq!(left(-3), "none: it expired 3 days ago");
        assert_eq!((left(1), left(2)), ("1 day".into(), "2 days".into()));
    }
}
