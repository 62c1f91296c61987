//! What to do where nothing was found that works: the command for the likely cause, with
//! a note where to run it or what its words in capitals stand for.

use super::certificates::{self, Fault};
use super::{Case, REFUSAL};
use crate::client::failure_of;
use crate::doctor::line::Line;
use crate::doctor::steps::{MQTT, NAME, PROXY, TCP, TLS, WEBSOCKET};
use crate::mqtt::ReasonCode;
use crate::net::{Endpoint, Place};
use crate::output::{escape, shell_path, shell_word};
use crate::session::Failure;
use std::net::IpAddr;

/// A command and its note.
type Cure = (String, String);

/// What to do.
pub(super) async fn cure(case: &Case<'_>, step: &str) -> Cure {
    match step {
        NAME => another_host(case),
        TCP => start_broker(case),
        PROXY => without_proxy(case),
        TLS => better_tls(case).await,
        WEBSOCKET => another_path(case),
        MQTT => another_port(case),
        REFUSAL => another_login(case),
        _ => another_topic(case),
    }
}

fn cured(command: impl Into<String>, note: impl Into<String>) -> Cure {
    (command.into(), note.into())
}

fn another_host(case: &Case<'_>) -> Cure {
    let note =
        "ADDRESS stands for the IP address of the broker, or for a name that this machine knows";
    match &case.endpoint.place {
        Place::Tcp { port, .. } => {
            let place = Place::Tcp { host: "ADDRESS".to_owned(), port: *port };
            cured(case.line(&Endpoint { place, ..case.endpoint.clone() }), note)
        }
        Place::Unix(_) => cured(case.line(&case.endpoint), note),
    }
}

/// Nobody listens there, or nobody gets through.
fn start_broker(case: &Case<'_>) -> Cure {
    let (host, port) = match &case.endpoint.place {
        Place::Unix(path) => {
            let command = format!("mqx broker --unix {}", shell_path(path));
            return cured(command, "this starts a broker there");
        }
        Place::Tcp { host, port } => (host, port),
    };
    let bind = bind_for(host);
    let mut words = vec!["mqx broker".to_owned()];
    if case.endpoint.tls.is_some() {
        words.push(format!("--tls auto -p 0 --tls-port {port}"));
        words.extend(bind.map(|_| format!("--tls-host {}", shell_word(host))));
    } else {
        words.push(format!("-p {port}"));
    }
    words.extend(bind.map(|bind| format!("--bind {bind}")));
    let note = match bind {
        Some(ANYWHERE) => format!(
            "to be run on {}: nobody listens there for other machines, or a firewall is between",
            escape(host)
        ),
        _ => "this starts a broker there".to_owned(),
    };
    cured(words.join(" "), note)
}

/// The address to listen on for clients of everywhere.
const ANYWHERE: &str = "0.0.0.0";

/// The address that a broker has to listen on for clients of `host`, unless it does so
/// anyway.
fn bind_for(host: &str) -> Option<&str> {
    match host {
        "localhost" | "127.0.0.1" | "::1" => None,
        _ if host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) => Some(host),
        _ => Some(ANYWHERE),
    }
}

fn without_proxy(case: &Case<'_>) -> Cure {
    let direct = Endpoint { proxy: None, ..case.endpoint.clone() };
    cured(case.line(&direct).with("--proxy", "none"), "this goes to the broker without the proxy")
}

/// Where a new certificate is made for the broker.
const AT_BROKER: &str = "to be run on the machine of the broker, in the folder with its \
    certificate and its CA; server.crt stands for that certificate";

async fn better_tls(case: &Case<'_>) -> Cure {
    if case.chain().await.is_empty() {
        return another_port(case);
    }
    let host = shell_word(certificates::host(case));
    if certificates::is_believed(case).await {
        let note = "to be run in the folder of the CA that the broker gives to --cafile; then add \
                    --cert mqx-client.crt --key mqx-client.key";
        return cured("mqx certs client mqx-client", note);
    }
    match certificates::fault(case).await {
        Some(Fault::Date) => cured("mqx certs renew server.crt", AT_BROKER),
        Some(Fault::ShortKey) => cured("mqx certs renew server.crt --new-key", AT_BROKER),
        Some(Fault::Purpose) => {
            cured(format!("mqx certs server {host} --name server --force"), AT_BROKER)
        }
        None => another_ca(case).await,
    }
}

async fn another_ca(case: &Case<'_>) -> Cure {
    let issuer = certificates::issuer(case).await.unwrap_or_default();
    let note = format!(
        "CA stands for the file with the certificate of {}, which whoever runs the broker has",
        escape(&issuer)
    );
    cured(case.line(&case.endpoint).with("--tls", "CA"), note)
}

fn another_path(case: &Case<'_>) -> Cure {
    let note = "PATH stands for the path that the broker has for WebSocket";
    cured(case.line(&case.endpoint).with("--ws-path", "PATH"), note)
}

fn another_login(case: &Case<'_>) -> Cure {
    if let Some(Failure::Refused(ReasonCode::CLIENT_IDENTIFIER_NOT_VALID, _)) =
        failure_of(case.error)
    {
        let note = "ID stands for a client identifier that the broker accepts";
        return cured(case.line(&case.endpoint).with("-i", "ID"), note);
    }
    let (user, note) = match case.config.connect.session.username.as_deref() {
        Some(user) => (user, "this asks for the password"),
        None => {
            ("USER", "USER stands for a user that the broker knows; this asks for the password")
        }
    };
    let line = Line::with_login(case.config, &["-u", user, "--ask-password"]);
    cured(line, format!("{note}; `mqx broker passwd FILE USER` sets it for mqx broker"))
}

fn another_port(case: &Case<'_>) -> Cure {
    let note = "PORT stands for the port of the broker; it speaks something else here";
    cured(case.line(&case.endpoint).with("-p", "PORT"), note)
}

fn another_topic(case: &Case<'_>) -> Cure {
    let note = "TOPIC stands for a topic that this user may publish to and subscribe to";
    cured(case.line(&case.endpoint).with("-t", "TOPIC"), note)
}
