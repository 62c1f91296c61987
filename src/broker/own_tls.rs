//! What is said of the ports whose certificates were made for this broker: whom to
//! trust there, or what a client has to do at each port of a lab.

use super::address::Address;
use super::config::{Listen, OwnCertificate};
use super::listener::{self, Listener};
use crate::output;
use std::net::SocketAddr;
use std::path::Path;

/// A port with a certificate of the broker's own.
#[derive(Debug)]
pub(super) struct OwnTls {
    socket: SocketAddr,
    certificate: OwnCertificate,
}

impl OwnTls {
    /// The one of `listen`, which is `bound`, if it has one.
    pub(super) fn of(listen: &Listen, bound: &[Listener]) -> Option<Self> {
        let certificate = listen.own_certificate.clone()?;
        let socket = listener::addresses(bound).into_iter().find_map(|address| match address {
            Address::Mqtt { tls: true, .. } => address.into_reachable().socket(),
            _ => None,
        })?;
        Some(Self { socket, certificate })
    }
}

/// Says it on stderr.
pub(super) fn say(all: &[OwnTls]) {
    for own in all.iter().filter(|own| own.certificate.lab.is_none()) {
        let line = client_line(&own.certificate.ca, own.socket);
        output::note(format!("the certificate is by a CA of this broker's own; try {line}"));
    }
    let lab: Vec<_> = all.iter().filter_map(lab_row).collect();
    if let (Some(first), false) = (all.last(), lab.is_empty()) {
        output::note(format!("a lab for clients that trust {}:", first.certificate.ca.display()));
        lab.iter().for_each(output::note);
    }
}

fn lab_row(own: &OwnTls) -> Option<String> {
    let port = own.certificate.lab.as_ref()?;
    Some(format!("  port {:<6} {:<16} {}", own.socket.port(), port.name, port.duty))
}

/// The command of a client that trusts the CA.
fn client_line(ca: &Path, socket: SocketAddr) -> String {
    let host =
        if socket.ip().is_loopback() { "localhost".to_owned() } else { socket.ip().to_string() };
    let ca = output::shell_path(ca);
    format!("mqx sub --tls {ca} -h {host} -p {} -t '#'", socket.port())
}
