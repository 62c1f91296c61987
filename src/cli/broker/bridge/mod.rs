//! The options of a bridge: of a table `[[bridge]]` of a TOML file, and of a
//! `connection` of mosquitto.conf.

mod client;
mod course;
mod notices;
mod place;
mod tls;
mod topic;

use super::sources::Section;
use crate::broker::bridge::{Bridge, Routes};
use crate::error::{Error, Result};
use crate::net::Endpoint;
use client::ClientArgs;
use course::CourseArgs;
use notices::NoticeArgs;
use place::HostPort;
use std::net::IpAddr;
use std::time::Duration;
use tls::TlsArgs;
use topic::Topic;

/// What is said of one bridge.
#[derive(Debug, clap::Args)]
pub(super) struct BridgeArgs {
    /// Name of the bridge, which no other has
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Host of the other broker, a colon and its port behind it if need be; of several the next is tried when one
    /// fails [default port: 1883, with TLS 8883]
    #[arg(long, value_name = "ADDRESS")]
    address: Vec<HostPort>,

    /// All addresses are alike; otherwise the first is gone back to
    #[arg(long)]
    round_robin: bool,

    /// What is carried, as in mosquitto.conf: PATTERN, then out, in or both, the
    /// QoS, the prefix here and the prefix there
    #[arg(long, value_name = "TOPIC")]
    topic: Vec<Topic>,

    /// Address of this machine to connect from
    #[arg(long, value_name = "ADDRESS", value_parser = crate::cli::values::address)]
    bind: Option<IpAddr>,

    /// Seconds that connecting may take, from the name to CONNACK
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    connect_timeout: u16,

    #[command(flatten)]
    client: ClientArgs,

    #[command(flatten)]
    notices: NoticeArgs,

    #[command(flatten)]
    course: CourseArgs,

    #[command(flatten)]
    tls: TlsArgs,
}

/// The bridges that `sections` describe.
///
/// # Errors
/// When an option is wrong or missing, or a file cannot be read or used; the
/// error says where.
pub(super) fn read(sections: &[Section]) -> Result<Vec<Bridge>> {
    let mut bridges: Vec<Bridge> = Vec::new();
    for section in sections {
        let bridge = section.entries.parse::<BridgeArgs>()?.into_bridge();
        let bridge = bridge.map_err(|error| error.at(&section.place))?;
        if bridges.iter().any(|other| other.name == bridge.name) {
            let what = format!("there is another bridge {}", bridge.name);
            return Err(Error::usage(what).at(&section.place));
        }
        bridges.push(bridge);
    }
    Ok(bridges)
}

impl BridgeArgs {
    fn into_bridge(self) -> Result<Bridge> {
        let name = self.name.ok_or_else(|| Error::usage("a bridge has a name"))?;
        let tls = self.tls.into_client()?;
        let endpoints = self.address.into_iter().map(|at| Endpoint {
            tls: tls.clone(),
            bind: self.bind,
            ..Endpoint::tcp(at.host, at.port.unwrap_or(if tls.is_some() { 8883 } else { 1883 }))
        });
        let endpoints: Vec<_> = endpoints.collect();
        let Some(first) = endpoints.first() else {
            return Err(Error::usage(format!("the bridge {name} has no address")));
        };
        let routes = self.topic.into_iter().map(Topic::into_route).collect();
        let bridge = Bridge {
            round_robin: self.round_robin,
            routes: Routes::new(routes),
            connect_timeout: Duration::from_secs(self.connect_timeout.max(1).into()),
            ..Bridge::new(&name, first.clone(), &self.client.identifier(&name))
        };
        let bridge = self.client.apply(Bridge { endpoints, ..bridge });
        Ok(self.course.apply(self.notices.apply(bridge)))
    }
}
