//! The arguments of a run of one of the modes.

use super::super::connection::{ConnectionArgs, Target, one_topic};
use super::super::values;
use super::clients::{self, ClientArgs};
use super::messages::MessageArgs;
use super::output::OutputArgs;
use super::span::SpanArgs;
use crate::bench::load::{Group, Pattern, Scenario};
use crate::bench::{Config, HEADER_SIZE, Load, Mode};
use crate::error::{Error, Result};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{ArgAction, Args};

/// What is to be measured and how.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// What is measured
    #[arg(
        value_name = "MODE", default_value = Mode::default().name(),
        value_parser = modes(), hide_default_value = true
    )]
    mode: Mode,

    /// Clients: those that publish, of sub and fanout those that receive, of conn all
    #[arg(short, long, alias = "clients", value_name = "NUMBER", help_heading = "Clients")]
    count: Option<u32>,

    /// Clients that publish, of rr those that ask
    #[arg(long, value_name = "NUMBER", help_heading = "Clients")]
    publishers: Option<u32>,

    /// Clients that receive what every publisher sends, of rr those that answer
    #[arg(long, value_name = "NUMBER", help_heading = "Clients")]
    subscribers: Option<u32>,

    #[command(flatten)]
    clients: ClientArgs,

    #[command(flatten)]
    messages: MessageArgs,

    #[command(flatten)]
    span: SpanArgs,

    #[command(flatten)]
    output: OutputArgs,

    /// Client identifier, with the places of a topic, or what every one begins with
    /// [default: mqx-bench and the run]
    #[arg(
        long, aliases = ["prefix", "client-id"], value_name = "ID",
        default_value = "", hide_default_value = true, help_heading = "Connection"
    )]
    id: String,

    /// Client identifiers of --id and the number of the client, and nothing else
    #[arg(long, help_heading = "Connection")]
    shortids: bool,

    /// Use TLS, the same as --tls
    #[arg(short = 'S', help_heading = "TLS", conflicts_with_all = ["no_tls", "embedded"])]
    secure: bool,

    /// Whether sessions begin anew with each connection
    #[arg(
        short = 'C', long, action = ArgAction::Set, value_name = "BOOL",
        value_parser = values::boolean,
        default_value = "true", help_heading = "Connection"
    )]
    clean: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) const AFTER_HELP: &str = "\
In --cert and --key there may be the places of a topic: with --cert dev-%i.crt \
--key dev-%i.key each client shows a certificate of its own.\n\n\
Latency is counted from the moment a message was due at the given rate, so a \
broker that stalls shows it; service time is counted from when it was sent. \
Without a rate each publisher waits while too much of what it sent (800 \
messages or 1 MiB of all publishers together) has not reached the \
subscribers; otherwise the broker would have to drop messages.";

/// The modes with what they measure.
const MODES: &[(Mode, &str)] = &[
    (Mode::PubSub, "Publishers, and subscribers that receive everything; this is the default"),
    (Mode::Pub, "Publishing alone"),
    (Mode::Sub, "Receiving what others publish"),
    (Mode::Conn, "Opening connections: how many per second, how long each step takes"),
    (Mode::FanOut, "One publisher and many subscribers"),
    (Mode::FanIn, "Many publishers and one subscriber"),
    (Mode::RequestResponse, "Requests and their answers"),
    (Mode::Shared, "How evenly a shared subscription is spread over its members"),
];

fn modes() -> impl clap::builder::TypedValueParser<Value = Mode> {
    let values = MODES.iter().map(|(mode, about)| PossibleValue::new(mode.name()).help(*about));
    PossibleValuesParser::new(values).map(|name| {
        Mode::all().find(|mode| mode.name() == name).expect("only names of modes are possible")
    })
}

impl RunArgs {
    /// Whether the broker to measure is to be started first.
    pub(super) const fn embedded(&self) -> bool {
        self.output.embedded
    }

    /// What is to be measured and how; where the broker is to be started first, its
    /// address is not known yet.
    ///
    /// # Errors
    /// When a file of the connection is not what it should be.
    pub(super) fn into_config(mut self) -> Result<Config> {
        let (publishers, subscribers) = self.crowd()?;
        if self.secure {
            self.connection.want_tls();
        }
        let certificates = clients::certificates(&mut self.connection)?;
        let addresses = self.connection.take_addresses();
        let needs_v5 = self.messages.needs_v5();
        let mut target = self.connection.into_target()?;
        target.require_v5(needs_v5)?;
        let Target { options: mut connect, topic } = target;
        let numbered = if self.shortids { "%i" } else { "" };
        connect.session.client_id = self.id + numbered;
        connect.session.clean_start = self.clean;
        let topics = std::mem::take(&mut self.messages.topic);
        let mut load = Load { mode: self.mode, publishers, subscribers, ..Load::default() };
        let (topic, filters) = topics_of(self.mode, topics, topic)?;
        load.filters = filters;
        load.stream = self.messages.into_stream(topic.as_deref())?;
        load.clients = self.clients.apply(Group { certificates, ..Group::default() })?;
        load.run = self.span.apply(Scenario { binds: addresses, ..Scenario::default() });
        self.output.apply(Config { connect, load: load.into(), ..Config::default() })
    }

    /// Publishers and subscribers.
    fn crowd(&self) -> Result<(u32, u32)> {
        let counts_receivers = matches!(self.mode, Mode::Sub | Mode::FanOut);
        let (count, other) = (self.count, None);
        let (publishing, receiving) =
            if counts_receivers { (other, count) } else { (count, other) };
        let given = [(publishing, self.publishers), (receiving, self.subscribers)];
        let needed = self.publishers.filter(|_| self.mode != Mode::Sub);
        if let Some((option, _)) = [("--count", count), ("--publishers", needed)]
            .iter()
            .find(|(_, number)| *number == Some(0))
        {
            let what = format!("{option} 0: a run needs somebody who does something");
            return Err(Error::usage(what));
        }
        if given.iter().any(|(count, named)| count.is_some() && named.is_some()) {
            return Err(Error::usage("how many clients there are is said twice, with --count too"));
        }
        let [publishers, subscribers] = given.map(|(count, named)| count.or(named));
        let (mode, none) = (self.mode, Some(0));
        let publishers = if mode == Mode::Sub { none } else { publishers };
        let subscribers = if matches!(mode, Mode::Pub | Mode::Conn) { none } else { subscribers };
        Ok((
            publishers.unwrap_or_else(|| mode.publishers()),
            subscribers.unwrap_or_else(|| mode.subscribers()),
        ))
    }
}

/// The topic that is published to and the filters that are subscribed to.
fn topics_of(
    mode: Mode,
    mut topics: Vec<String>,
    in_url: Option<String>,
) -> Result<(Option<String>, Vec<Pattern>)> {
    if mode == Mode::Sub {
        topics.extend(in_url);
        if topics.is_empty() {
            return Err(super::super::connection::no_topic());
        }
        return Ok((None, topics.iter().map(|topic| Pattern::read(topic)).collect()));
    }
    if topics.len() > 1 {
        return Err(Error::usage("--topic is given more than once; only bench sub takes several")
            .hint("%i in a topic gives each publisher its own"));
    }
    Ok((one_topic(topics.pop(), in_url)?, Vec::new()))
}

/// The help names the smallest size in words.
const _: () = assert!(HEADER_SIZE == 32);

#[cfg(test)]
mod tests {
    use crate::bench::load::{Pattern, Scenario, Tempo};
    use crate::cli::bench::Task;
    use crate::cli::{Command, parse_from};
    use std::time::Duration;

    fn try_config(line: &str) -> crate::error::Result<crate::bench::Config> {
        let words = ["mqx", "bench"].into_iter().chain(line.split_whitespace());
        let Command::Bench(args) = parse_from(words).unwrap().command else {
            panic!("another command was read");
        };
        args.into_task().map(|task| match task {
            Task::Run { config, .. } => *config,
            other @ (Task::Merge(_) | Task::Compare(_) | Task::Show(_)) => panic!("{other:?}"),
        })
    }

    fn config(line: &str) -> crate::bench::Config {
        try_config(line).unwrap()
    }

    fn crowd(load: &Scenario) -> Vec<(&str, u32)> {
        load.groups.iter().map(|group| (group.name.as_str(), group.clients)).collect()
    }

    #[test]
    fn the_options_of_the_other_load_generators_are_understood() {
        let config = config(
            "-c 20 -L 1000 -s 1k -F 10 -q 1 -t a/%i -h b -p 99 --rate 12.5 --duration 2m \
             --prefix x -C false -R 50 -n 7",
        );
        let (load, group) = (&config.load, &config.load.groups[0]);
        let stream = &group.streams[0];
        assert_eq!((group.clients, group.first, group.connect_rate), (20, 7, Some(50.0)));
        assert_eq!((stream.limit, stream.inflight, stream.qos as u8), (Some(1_000), 10, 1));
        assert_eq!(stream.tempo, Tempo::Rate(12.5));
        assert_eq!(stream.topic, Some(Pattern::read("a/%i")));
        assert_eq!(load.duration.unwrap().as_secs(), 120);
        assert_eq!(config.connect.endpoint.to_string(), "b:99");
        assert_eq!(config.connect.session.client_id, "x");
        assert!(!config.connect.session.clean_start);
    }

    #[test]
    fn intervals_are_in_milliseconds_as_elsewhere() {
        let config = config("pub -c 10 -i 20 -I 500");
        let group = &config.load.groups[0];
        assert_eq!(group.connect_rate, Some(50.0));
        assert_eq!(group.streams[0].tempo, Tempo::Every(Duration::from_millis(500)));
    }

    #[test]
    fn clients_may_come_over_a_time_from_several_addresses_with_short_names() {
        let config = config("conn -c 40 --ramp 8 -A 127.0.0.1,127.0.0.2 --id dev --shortids");
        assert_eq!(config.load.groups[0].ramp, Some(Duration::from_secs(8)));
        assert_eq!(config.load.binds.len(), 2);
        assert_eq!(config.connect.session.client_id, "dev%i");
        assert_eq!(config.connect.endpoint.bind, None);
        assert!(parse_from(["mqx", "bench", "--ramp", "8", "-R", "5"]).is_err());
    }

    #[test]
    fn messages_may_have_properties_which_need_mqtt_5() {
        let config = config("pub --user-property a=b -e 60 --content-type text/plain");
        let properties = &config.load.groups[0].streams[0].properties;
        assert_eq!(properties.message_expiry_interval, Some(60));
        assert_eq!(properties.content_type.as_deref(), Some("text/plain"));
        assert!(!config.connect.fall_back);
        assert!(try_config("pub -V 3.1.1 --content-type x").is_err());
    }

    #[test]
    fn each_mode_counts_its_clients() {
        for (line, wanted) in [
            ("", vec![("p", 1), ("s", 1)]),
            ("pubsub --subscribers 3", vec![("p", 1), ("s", 3)]),
            ("pub -c 5", vec![("p", 5)]),
            ("sub -c 5 -t a", vec![("s", 5)]),
            ("conn -c 7", vec![("c", 7)]),
            ("fanout -c 9", vec![("p", 1), ("s", 9)]),
            ("fanin", vec![("p", 100), ("s", 1)]),
            ("rr --publishers 2 --subscribers 3", vec![("p", 2), ("s", 3)]),
            ("shared", vec![("p", 1), ("s", 4)]),
        ] {
            assert_eq!(crowd(&config(line).load), wanted, "{line}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in ["-c 5 --publishers 6", "sub", "-t a -t b"] {
            assert!(try_config(line).is_err(), "{line}");
        }
        for (line, option) in [("-c 0", "--count 0"), ("pub --publishers 0", "--publishers 0")] {
            assert!(try_config(line).unwrap_err().to_string().starts_with(option), "{line}");
        }
        let words = ["mqx", "bench", "--rate", "1", "-I", "5"];
        assert!(parse_from(words).is_err());
    }

    #[test]
    fn prometheus_is_served_on_this_machine_unless_an_address_says_otherwise() {
        let address =
            |text| config(&format!("--prometheus {text}")).prometheus.unwrap().to_string();
        assert_eq!(address("9100"), "127.0.0.1:9100");
        assert_eq!(address("0.0.0.0:9100"), "0.0.0.0:9100");
        assert_eq!(address("[::1]:9100"), "[::1]:9100");
        assert!(parse_from(["mqx", "bench", "--prometheus", "here"]).is_err());
    }

    #[test]
    fn a_broker_of_its_own_is_nowhere_else() {
        assert!(parse_from(["mqx", "bench", "--embedded", "-p", "1883"]).is_err());
        assert!(parse_from(["mqx", "bench", "--embedded", "--rate", "5"]).is_ok());
    }
}
