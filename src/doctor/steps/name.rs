//! Which addresses the name of the host stands for.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::Result;
use crate::net::{self, Place};
use std::net::{IpAddr, SocketAddr};

/// Finds all addresses of the host that is connected to first.
pub(super) async fn take(patient: &mut Patient) -> Result<Finding> {
    let Some((host, port)) = patient.endpoint().first_hop() else {
        return Ok(Finding::skipped("a socket of this machine"));
    };
    let host = host.to_owned();
    let addresses = net::resolve(&host, port, patient.deadline).await?;
    let all: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let whose = match (&patient.endpoint().proxy, &patient.endpoint().place) {
        (Some(_), Place::Tcp { .. }) => format!("the proxy {host} is "),
        _ if host.parse::<IpAddr>().is_ok() => String::new(),
        _ => format!("{host} is "),
    };
    let finding = Finding::of(format!("{whose}{}", all.join(", "))).with("addresses", all);
    patient.addresses = unique(addresses);
    Ok(finding)
}

/// Each address once, in the order of the resolver, which is that of clients.
fn unique(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut unique = Vec::new();
    for address in addresses {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    unique
}
