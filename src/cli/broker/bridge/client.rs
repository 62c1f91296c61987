//! Who a bridge is at both brokers.

use crate::broker::bridge::Bridge;
use crate::cli::values::{self, NamedVersion};
use crate::mqtt::Version;
use crate::session::{ClientConfig, Secret};
use std::num::{NonZeroU16, NonZeroU32};

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct ClientArgs {
    /// Client identifier at the other broker [default: NAME.HOSTNAME]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// User name at the other broker
    #[arg(long, value_name = "USER")]
    username: Option<String>,

    /// Password at the other broker
    #[arg(long, value_name = "PASSWORD")]
    password: Option<Secret>,

    /// Version of MQTT that is spoken
    #[arg(long, value_name = "VERSION", default_value = "3.1.1", value_parser = values::version)]
    mqtt_version: NamedVersion,

    /// The other broker keeps nothing while the bridge is not connected
    #[arg(long)]
    clean_start: bool,

    /// Seconds between signs of life
    #[arg(
        long, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u16).range(5..)
    )]
    keepalive: u16,

    /// How long the other broker keeps the session, in version 5 [default: for ever]
    #[arg(long, value_name = "SECONDS", value_parser = values::expiry)]
    session_expiry: Option<u32>,

    /// QoS 1 and 2 messages taken at once, in version 5
    #[arg(long, value_name = "NUMBER")]
    receive_maximum: Option<NonZeroU16>,

    /// Topic aliases the other broker may use, in version 5
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    topic_alias_maximum: u16,

    /// Bytes of the largest packet sent; larger messages are not carried
    #[arg(long, value_name = "BYTES")]
    max_packet_size: Option<NonZeroU32>,

    /// Do not say to be a bridge, which is no part of MQTT before version 5
    #[arg(long)]
    no_private: bool,

    /// Client identifier at this broker [default: local.ID]
    #[arg(long, value_name = "ID")]
    local_client_id: Option<String>,

    /// User name at this broker, whose rules hold for the bridge; without one
    /// none do
    #[arg(long, value_name = "USER")]
    local_username: Option<String>,

    /// Whether this broker keeps nothing while the bridge is not connected
    /// [default: as --clean-start]
    #[arg(long, value_name = "BOOLEAN", value_parser = values::boolean)]
    local_clean_start: Option<bool>,
}

impl ClientArgs {
    /// The client identifier at the other broker of the bridge `name`.
    pub(super) fn identifier(&self, name: &str) -> String {
        self.client_id.clone().unwrap_or_else(|| {
            let machine = rustix::system::uname();
            format!("{name}.{}", machine.nodename().to_string_lossy())
        })
    }

    /// `bridge` with what is said here.
    pub(super) fn apply(self, bridge: Bridge) -> Bridge {
        let kept = (!self.clean_start).then_some(u32::MAX);
        Bridge {
            remote: ClientConfig {
                version: self.mqtt_version.version,
                clean_start: self.clean_start,
                keep_alive: self.keepalive,
                session_expiry_interval: self.session_expiry.or(kept),
                receive_maximum: self.receive_maximum,
                topic_alias_maximum: match self.mqtt_version.version {
                    Version::V5 => self.topic_alias_maximum,
                    Version::V31 | Version::V311 => 0,
                },
                largest_sent: self.max_packet_size,
                username: self.username,
                password: self.password,
                ..bridge.remote
            },
            private: !self.no_private,
            local_client_id: self.local_client_id.unwrap_or(bridge.local_client_id),
            local_username: self.local_username,
            local_clean_start: self.local_clean_start.unwrap_or(self.clean_start),
            ..bridge
        }
    }
}
