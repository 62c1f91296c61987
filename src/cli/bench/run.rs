//! The arguments of a run.

use super::super::connection::{ConnectionArgs, Target, one_topic};
use super::super::values;
use super::conclusion::ConclusionArgs;
use crate::bench::{Config, HEADER_SIZE, Load};
use crate::error::Result;
use crate::mqtt::QoS;
use clap::Args;
use std::time::Duration;

/// What is to be measured and how.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Messages per second of all publishers together [default: as many as possible]
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,

    /// Clients that publish
    #[arg(
        short, long, aliases = ["clients", "publishers"], value_name = "NUMBER",
        default_value_t = Load::default().publishers
    )]
    count: u32,

    /// Clients that receive what every publisher sends
    #[arg(long, value_name = "NUMBER", default_value_t = Load::default().subscribers)]
    subscribers: u32,

    /// Quality of service of publishes and subscriptions: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// Bytes of each payload, as in 64, 4k or 1MB; at least 32
    #[arg(
        short, long, alias = "payload-size", default_value = "64", value_name = "BYTES",
        value_parser = values::size
    )]
    size: usize,

    /// Publish to this topic, in which %i is the number of the publisher
    /// [default: one for each publisher that no other run has]
    #[arg(short, long)]
    topic: Option<String>,

    /// End after this time, as in 10, 500ms or 2m [default: run until Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    duration: Option<Duration>,

    /// End after this many messages of all publishers together
    #[arg(short = 'L', long, value_name = "NUMBER")]
    limit: Option<u64>,

    /// Messages of QoS 1 and 2 that each publisher has unacknowledged at once
    #[arg(
        short = 'F', long, value_name = "NUMBER",
        default_value_t = Load::default().inflight
    )]
    inflight: u16,

    /// Start a broker inside this process, on a free port, and measure that
    #[arg(long, conflicts_with_all = [
        "host", "port", "broker", "unix", "ws", "ws_path", "ws_header", "proxy", "bind", "tls",
        "cafile", "capath", "cert", "insecure",
    ])]
    embedded: bool,

    /// What every client identifier begins with [default: mqx-bench and the run]
    #[arg(
        short = 'i', long, aliases = ["prefix", "client-id"], value_name = "PREFIX",
        default_value = "", hide_default_value = true, help_heading = "Connection"
    )]
    id: String,

    #[command(flatten)]
    conclusion: ConclusionArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) const AFTER_HELP: &str = "\
Latency is counted from the moment a message was due at the given rate, so a \
broker that stalls shows it; service time is counted from when it was sent. \
Without --rate each publisher waits while too much of what it sent (800 \
messages or 1 MiB of all publishers together) has not reached the \
subscribers; otherwise the broker would have to drop messages.";

impl RunArgs {
    /// Whether the broker to measure is to be started first.
    pub(super) const fn embedded(&self) -> bool {
        self.embedded
    }

    /// What is to be measured and how; where the broker is to be started first, its
    /// address is not known yet.
    ///
    /// # Errors
    /// When a file of the connection is not what it should be.
    pub(super) fn into_config(self) -> Result<Config> {
        let Target { options: mut connect, topic } = self.connection.into_target()?;
        connect.session.client_id = self.id;
        Ok(Config {
            connect,
            load: Load {
                publishers: self.count,
                subscribers: self.subscribers,
                qos: self.qos,
                size: self.size,
                topic: one_topic(self.topic, topic)?,
                rate: self.rate,
                limit: self.limit,
                duration: self.duration,
                inflight: self.inflight,
            },
            conclusion: self.conclusion.into_config(),
            ..Config::default()
        })
    }
}

/// The help names the smallest size in words.
const _: () = assert!(HEADER_SIZE == 32);

#[cfg(test)]
mod tests {
    use crate::cli::bench::Task;
    use crate::cli::{Command, parse_from};

    fn config(options: &[&str]) -> crate::bench::Config {
        let words = ["mqx", "bench"].iter().chain(options);
        let Command::Bench(args) = parse_from(words).unwrap().command else {
            panic!("another command was read");
        };
        let Task::Run { config, .. } = args.into_task().unwrap() else {
            panic!("another task was read");
        };
        *config
    }

    #[test]
    fn the_options_of_the_other_load_generators_are_understood() {
        let config = config(&[
            "-c",
            "20",
            "-L",
            "1000",
            "-s",
            "1k",
            "-F",
            "10",
            "-q",
            "1",
            "-t",
            "a/%i",
            "-h",
            "b",
            "-p",
            "99",
            "--rate",
            "12.5",
            "--duration",
            "2m",
            "-i",
            "x",
        ]);
        let load = &config.load;
        assert_eq!((load.publishers, load.limit, load.size), (20, Some(1_000), 1_000));
        assert_eq!((load.inflight, load.qos as u8, load.rate), (10, 1, Some(12.5)));
        assert_eq!(load.duration.unwrap().as_secs(), 120);
        assert_eq!(load.topic.as_deref(), Some("a/%i"));
        assert_eq!(config.connect.endpoint.to_string(), "b:99");
        assert_eq!(config.connect.session.client_id, "x");
    }

    #[test]
    fn a_broker_of_its_own_is_nowhere_else() {
        assert!(parse_from(["mqx", "bench", "--embedded", "-p", "1883"]).is_err());
        assert!(parse_from(["mqx", "bench", "--embedded", "--rate", "5"]).is_ok());
    }
}
