//! The options that say how hard `mqx pub` tries.

use super::stdin::is_file;
use crate::client::Retries;
use crate::error::{Error, Result};
use crate::mqtt::QoS;
use crate::publish::{Delivery, OnDisconnect, Source};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::ffi::OsString;
use std::num::NonZeroU16;

/// What is done for the messages to arrive.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub(super) struct DeliveryArgs {
    /// Messages with QoS 0 that wait while there is no connection; of more the oldest are
    /// lost, and counted
    #[arg(long, value_name = "NUMBER", default_value_t = Delivery::default().buffer)]
    buffer: usize,

    /// While there is no connection: buffer QoS 0, wait with reading, fail if QoS 0 may be
    /// lost, or drop it without a failure [default: wait where the input is a file, else buffer]
    #[arg(
        long, value_name = "WAY",
        value_parser = PossibleValuesParser::new(OnDisconnect::ALL.map(|way| way.0))
            .map(|name| way(&name)),
        hide_possible_values = true
    )]
    on_disconnect: Option<OnDisconnect>,

    /// Keep messages in this directory until the broker has answered, so that a publisher
    /// that was killed goes on where it stopped; or at a Redis server,
    /// `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out
    #[arg(long, value_name = "PLACE")]
    pub(super) store: Option<OsString>,

    /// Messages with QoS 1 and 2 that are in flight at once, at most [default: 1024 or as many as
    /// the broker takes; 20 before MQTT 5, in which it cannot say]
    #[arg(short = 'M', long, alias = "send-max", value_name = "NUMBER")]
    max_inflight: Option<NonZeroU16>,

    /// Use so many topic aliases, or auto for as many as the broker takes: a topic is then
    /// spelled out once for each connection (MQTT 5)
    #[arg(long, value_name = "NUMBER|auto", value_parser = aliases)]
    pub(super) topic_alias: Option<u16>,

    /// Fail when nobody is subscribed to a topic (QoS 1 and 2, MQTT 5, if the broker tells)
    #[arg(long)]
    fail_if_no_subscriber: bool,
}

fn aliases(text: &str) -> Result<u16, String> {
    match text {
        "auto" => Ok(u16::MAX),
        text => text.parse().map_err(|_| "give a number up to 65535, or auto".to_owned()),
    }
}

fn way(name: &str) -> OnDisconnect {
    let way = OnDisconnect::ALL.into_iter().find(|way| way.0 == name);
    way.map_or_else(OnDisconnect::default, |way| way.1)
}

impl DeliveryArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let aliases = self.topic_alias.map(|_| "--topic-alias");
        aliases.or(self.fail_if_no_subscriber.then_some("--fail-if-no-subscriber"))
    }

    /// What is done for messages of this quality of service from such a source.
    pub(super) fn read(self, qos: QoS, source: &Source, retries: Retries) -> Result<Delivery> {
        if self.fail_if_no_subscriber && qos == QoS::AtMostOnce {
            return Err(Error::usage("--fail-if-no-subscriber needs an answer to every message")
                .hint("add -q 1"));
        }
        // A file does not run away.
        let usual = if is_file(source) { OnDisconnect::Wait } else { OnDisconnect::Buffer };
        Ok(Delivery {
            retries,
            buffer: self.buffer,
            on_disconnect: self.on_disconnect.unwrap_or(usual),
            max_in_flight: self.max_inflight,
            wants_subscriber: self.fail_if_no_subscriber,
        })
    }
}
