//! What the certificates of the server say, and what would fit them: a CA, a name, a
//! later date.

use super::shelf::{self, Item};
use super::{Case, PATIENCE, Way, with_tls_options};
use crate::doctor::steps::certificate_line;
use crate::net::facts::Facts;
use crate::net::{self, Checker, Endpoint, Place, Trust};
use crate::output::{escape, shell_path, shell_word};
use jiff::Timestamp;
use tokio::time::Instant;

/// What is wrong with the certificate of a server, whoever has signed it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It has ended or has not begun.
    Date,
    /// Its key is too short.
    ShortKey,
    /// It is not for servers, or a CA's.
    Purpose,
}

/// What the server shows, whoever believes it.
pub(super) async fn shown(case: &Case<'_>) -> Vec<Way> {
    let facts = facts(case).await;
    let lines = facts.iter().zip(1..).map(|(facts, number)| certificate_line(number, facts));
    lines.map(Way::fact).collect()
}

/// What the certificates of the server say.
async fn facts(case: &Case<'_>) -> Vec<Facts> {
    let now = Timestamp::now();
    case.chain().await.iter().filter_map(|one| Facts::of(one, now).ok()).collect()
}

/// Who has signed the last of the certificates.
pub(super) async fn issuer(case: &Case<'_>) -> Option<String> {
    facts(case).await.pop().map(|last| last.issuer)
}

/// Whether a client that trusts these CAs believes that the server is `host`.
async fn fits(case: &Case<'_>, trust: &Trust, host: &str) -> bool {
    let chain = case.chain().await;
    net::verify(chain, Checker::ClientOf(host), trust, None, Timestamp::now()).is_ok()
}

/// Whether the client believes the server: then it is the server that does not believe
/// the client.
pub(super) async fn is_believed(case: &Case<'_>) -> bool {
    match &case.endpoint.tls {
        None => false,
        Some(tls) => {
            let options = tls.options();
            options.insecure || fits(case, &options.ca, case.endpoint.server_name()).await
        }
    }
}

/// A CA at hand that makes the server believed.
pub(super) async fn fitting(case: &Case<'_>) -> Option<Trust> {
    let files = shelf::items(case).into_iter().filter(|item| item.facts.is_ca);
    let all = std::iter::once(Trust::System).chain(files.map(|item| Trust::File(item.path)));
    for trust in all {
        if fits(case, &trust, case.endpoint.server_name()).await {
            return Some(trust);
        }
    }
    None
}

/// Another CA than the one that was named.
pub(super) async fn another_ca(case: &Case<'_>) -> Vec<Way> {
    if case.chain().await.is_empty() || is_believed(case).await {
        return Vec::new();
    }
    let Some(trust) = fitting(case).await else {
        return Vec::new();
    };
    let said = match &trust {
        Trust::File(path) => format!("the CA of the server is in {}", path.display()),
        _ => "this system trusts the CA of the server".to_owned(),
    };
    let there = with_tls_options(&case.endpoint, |options| options.ca = trust);
    there.map(|there| Way::new(said, case.line(&there))).into_iter().collect()
}

/// A name that the certificate is for, and that leads to the same server.
pub(super) async fn another_name(case: &Case<'_>) -> Vec<Way> {
    let Some(tls) = case.endpoint.tls.as_ref().filter(|tls| !tls.options().insecure) else {
        return Vec::new();
    };
    let asked = case.endpoint.server_name();
    for name in names(case).await.into_iter().filter(|name| name != asked) {
        if fits(case, &tls.options().ca, &name).await && !is_believed(case).await {
            return named(case, &name).await.into_iter().collect();
        }
    }
    Vec::new()
}

/// The hosts in the certificate of the server, but for patterns.
async fn names(case: &Case<'_>) -> Vec<String> {
    let own = facts(case).await.into_iter().next().map(|own| own.names).unwrap_or_default();
    let hosts = own
        .iter()
        .filter_map(|name| name.strip_prefix("DNS:").or_else(|| name.strip_prefix("IP:")));
    hosts.filter(|host| !host.contains('*')).map(str::to_owned).collect()
}

/// The way to the server under this name: by it if it stands for the same address.
async fn named(case: &Case<'_>, name: &str) -> Option<Way> {
    let shown = escape(name);
    if let Place::Tcp { host, port } = &case.endpoint.place
        && is_same_host(host, name, *port).await
    {
        let place = Place::Tcp { host: name.to_owned(), port: *port };
        let there = with_tls_options(&case.endpoint, |options| options.server_name = None)?;
        let there = Endpoint { place, ..there };
        return Some(Way::new(format!("its name {shown} leads there too"), case.line(&there)));
    }
    let there =
        with_tls_options(&case.endpoint, |options| options.server_name = Some(name.into()))?;
    Some(Way::new(format!("the certificate is for {shown}"), case.line(&there)))
}

async fn is_same_host(one: &str, other: &str, port: u16) -> bool {
    let deadline = Instant::now() + PATIENCE;
    let (Ok(one), Ok(other)) =
        (net::resolve(one, port, deadline).await, net::resolve(other, port, deadline).await)
    else {
        return false;
    };
    one.iter().any(|address| other.contains(address))
}

/// What is wrong with the certificate of the server itself.
pub(super) async fn fault(case: &Case<'_>) -> Option<Fault> {
    let now = Timestamp::now();
    let own = facts(case).await.into_iter().next()?;
    let begin: Timestamp = own.not_before.parse().unwrap_or(now);
    let for_servers = own.extended_key_usage.is_empty()
        || own.extended_key_usage.iter().any(|usage| usage == "serverAuth");
    let faults = [
        (own.days_left < 0 || begin > now, Fault::Date),
        (own.key.is_too_short(), Fault::ShortKey),
        (own.is_ca || !for_servers, Fault::Purpose),
    ];
    faults.into_iter().find(|(is_so, _)| *is_so).map(|(_, fault)| fault)
}

/// A better certificate, where the file of this one is at hand and so is its CA.
pub(super) async fn renewal(case: &Case<'_>) -> Vec<Way> {
    let (Some(fault), Some(own)) = (fault(case).await, case.chain().await.first()) else {
        return Vec::new();
    };
    let items = shelf::items(case);
    let file = items.iter().find(|item| item.certificate == *own);
    let Some(file) = file.filter(|file| file.folder().join("ca.key").is_file()) else {
        return Vec::new();
    };
    let said = format!("the server shows what is in {}", file.path.display());
    vec![Way::new(said, new_certificate(fault, file, host(case)))]
}

/// The command that replaces the certificate in `file`.
fn new_certificate(fault: Fault, file: &Item, host: &str) -> String {
    let path = shell_path(&file.path);
    match fault {
        Fault::Date => format!("mqx certs renew {path}"),
        Fault::ShortKey => format!("mqx certs renew {path} --new-key"),
        Fault::Purpose => {
            let stem = file.path.file_stem().unwrap_or_default().to_string_lossy();
            format!(
                "mqx certs server {} --name {} --dir {} --force",
                shell_word(host),
                shell_word(&stem),
                shell_path(file.folder())
            )
        }
    }
}

/// The host as a certificate has to name it.
pub(super) fn host<'a>(case: &'a Case<'_>) -> &'a str {
    match &case.endpoint.place {
        Place::Tcp { host, .. } => host,
        Place::Unix(_) => "localhost",
    }
}
