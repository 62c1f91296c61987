//! What TLS comes to: version, cipher, protocol, and the certificates.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::Result;
use crate::net::facts::Facts;
use crate::net::{self, Agreed, KeyFacts, TlsClient, date};
use crate::output::escape;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A certificate that ends within so many days is a concern.
const SOON: i64 = 30;

/// Does the handshake, if TLS is wanted.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let Some(tls) = patient.endpoint().tls.clone() else {
        return Ok(Finding::skipped("not asked for"));
    };
    let stream = patient.take_stream()?;
    let stream = net::encrypt(patient.endpoint(), stream, patient.deadline).await?;
    let agreed = Agreed::of(&stream);
    let name = patient.endpoint().server_name().to_owned();
    patient.stream = Some(stream);
    let Some(agreed) = agreed else {
        return Ok(Finding::of("done"));
    };
    let finding = certificates(agreed_on(&tls, &agreed, &name), &agreed)?;
    Ok(client_certificate(finding, &tls))
}

fn agreed_on(tls: &TlsClient, agreed: &Agreed, name: &str) -> Finding {
    let exchange = agreed.key_exchange.as_deref().unwrap_or("a key of the server");
    let alpn = agreed.alpn.as_deref().unwrap_or("none");
    let offered = tls.options().alpn.clone();
    let protocols = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    Finding::of(format!("{}, {}, {exchange}", agreed.version, agreed.cipher))
        .line(format!("offered TLS {}; ALPN offered: {protocols}, chosen: {alpn}", tls.versions()))
        .with("offered_versions", tls.versions())
        .with("version", agreed.version.as_str())
        .with("cipher", agreed.cipher.as_str())
        .with("key_exchange", agreed.key_exchange.clone())
        .with("alpn_offered", offered)
        .with("alpn", agreed.alpn.clone())
        .with("server_name", name)
}

/// The chain of the server, with what ends soon.
fn certificates(mut finding: Finding, agreed: &Agreed) -> Result<Finding> {
    let now = Timestamp::now();
    let mut rows: Vec<Value> = Vec::new();
    for (place, certificate) in agreed.chain.iter().enumerate() {
        let facts = Facts::of(certificate, now)?;
        finding = finding.line(certificate_line(place + 1, &facts));
        if facts.days_left < SOON {
            let what = format!(
                "the certificate of {} ends in {} days: `mqx certs renew` gives it more",
                escape(&facts.subject),
                facts.days_left
            );
            finding = finding.concern(what);
        }
        rows.push(json!(facts));
    }
    Ok(finding.with("chain", rows))
}

/// A certificate in a line.
pub(in super::super) fn certificate_line(number: usize, facts: &Facts) -> String {
    let names = facts.names.iter().filter_map(|name| Some(name.split_once(':')?.1));
    let names: Vec<_> = names.collect();
    let whom = if names.is_empty() {
        String::new()
    } else {
        format!(" for {}", escape(&names.join(", ")))
    };
    let until = facts.not_after.parse().map(date).unwrap_or_default();
    format!(
        "certificate {number}: {} ({}){whom}, by {}, until {until}",
        escape(&facts.subject),
        key_words(&facts.key),
        escape(&facts.issuer)
    )
}

/// The key, with its size where that is not a part of its kind.
fn key_words(key: &KeyFacts) -> String {
    if key.kind == "RSA" { format!("RSA {}", key.bits) } else { key.kind.clone() }
}

fn client_certificate(finding: Finding, tls: &TlsClient) -> Finding {
    let (asked, shown) = (tls.was_asked(), tls.has_identity());
    let said = match (asked, shown) {
        (true, true) => "the server asked for a client certificate and was shown the one of --cert",
        (true, false) => "the server asked for a client certificate, and there is none to show",
        (false, true) => "the server did not ask for a client certificate",
        (false, false) => "no client certificate was asked for",
    };
    let finding = finding
        .line(said)
        .with("client_certificate", json!({"asked": asked, "shown": shown && asked}));
    if asked || !shown {
        return finding;
    }
    finding.concern("--cert is given, and the server does not want to see it")
}
