//! `mqx sub`: its arguments.

use super::connection::{ClientIdArgs, ConnectionArgs, Target, in_url, no_topic};
use super::values;
use crate::error::{Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{QoS, RetainHandling, SubscribeOptions, SubscriptionId};
use crate::output;
use crate::subscribe::{Config, Format, Layout, Look, Retained};
use clap::Args;
use std::num::{NonZeroU16, NonZeroU64};
use std::time::Duration;

/// Below this number of wanted messages the broker is told not to send more
/// at once, so that those not wanted stay with it.
const FEW: u64 = 20;

/// The arguments of `mqx sub`.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct SubscribeArgs {
    /// Topic filter to subscribe to (repeatable)
    #[arg(
        short, long = "topic", value_name = "FILTER", required_unless_present = "broker",
        value_parser = values::filter
    )]
    topics: Vec<TopicFilter>,

    /// Leave out messages whose topic matches this filter (repeatable)
    #[arg(short = 'T', long, value_name = "FILTER", value_parser = values::filter)]
    filter_out: Vec<TopicFilter>,

    /// Highest quality of service wanted: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// End after this many messages
    #[arg(short = 'C', long, value_name = "NUMBER", value_parser = values::count)]
    count: Option<NonZeroU64>,

    /// End after this time, as in 10, 500ms or 2m, with exit code 27
    #[arg(short = 'W', long, value_name = "TIME", value_parser = values::duration)]
    timeout: Option<Duration>,

    /// End as soon as the broker has answered the subscription
    #[arg(short = 'E', long)]
    exit_after_sub: bool,

    /// Leave out retained messages
    #[arg(short = 'R', long, conflicts_with = "retained_only")]
    no_retained: bool,

    /// Print retained messages only and end at the first that is not
    #[arg(long)]
    retained_only: bool,

    /// Leave out what this client published itself (MQTT 5)
    #[arg(long, alias = "no_local")]
    no_local: bool,

    /// Show whether a message was published to be retained (MQTT 5)
    #[arg(long)]
    retain_as_published: bool,

    /// Number that messages of this subscription will carry (MQTT 5)
    #[arg(long, value_name = "NUMBER", value_parser = values::subscription_id)]
    subscription_identifier: Option<SubscriptionId>,

    /// User property of SUBSCRIBE, as in name=value (repeatable, MQTT 5)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::user_property)]
    user_property: Vec<(String, String)>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// How messages are printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Print the topic before the payload
    #[arg(short, long)]
    verbose: bool,

    /// Print each message in this format, the one of mosquitto: %t topic,
    /// %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...
    #[arg(short = 'F', long)]
    format: Option<Format>,

    /// Print each message as one line of JSON
    #[arg(short = 'J', long, alias = "json-output", conflicts_with = "format")]
    json: bool,

    /// Print no line feed behind each message
    #[arg(short = 'N')]
    no_newline: bool,
}

impl SubscribeArgs {
    /// What is to be subscribed to and how it is printed.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let mut target = self.connection.into_target()?;
        let numbered = self.subscription_identifier.map(|_| "--subscription-identifier");
        let named = (!self.user_property.is_empty()).then_some("--user-property");
        target.require_v5(numbered.or(named))?;
        let Target { options: mut connect, topic } = target;
        let topic = topic.map(|topic| in_url(&topic, values::filter)).transpose()?;
        let topics: Vec<_> = self.topics.into_iter().chain(topic).collect();
        if topics.is_empty() {
            return Err(no_topic());
        }
        self.id.apply(&mut connect.session)?;
        if (self.no_local || self.retain_as_published) && !connect.session.version.is_v5() {
            let what = "--no-local and --retain-as-published need MQTT 5";
            return Err(Error::usage(what).hint("leave out -V"));
        }
        let few = self.count.map(NonZeroU64::get).filter(|count| *count < FEW);
        let few = few.and_then(|count| u16::try_from(count).ok());
        let few = few.and_then(NonZeroU16::new);
        connect.session.receive_maximum = connect.session.receive_maximum.or(few);
        let retained = match (self.no_retained, self.retained_only) {
            (true, _) => Retained::Never,
            (_, true) => Retained::Only,
            _ => Retained::Too,
        };
        let retain_handling = match retained {
            Retained::Never => RetainHandling::DoNotSend,
            Retained::Only | Retained::Too => RetainHandling::Send,
        };
        Ok(Config {
            connect,
            topics,
            filter_out: self.filter_out,
            options: SubscribeOptions {
                qos: self.qos,
                no_local: self.no_local,
                retain_as_published: self.retain_as_published,
                retain_handling,
            },
            identifier: self.subscription_identifier,
            user_properties: values::user_properties(&self.user_property)?,
            count: self.count,
            timeout: self.timeout,
            exit_after_sub: self.exit_after_sub,
            retained,
            look: self.output.into_look(),
        })
    }
}

impl OutputArgs {
    fn into_look(self) -> Look {
        let layout = match self.format {
            Some(format) => Layout::Format(format),
            None if self.json => Layout::Json,
            None if self.verbose => Layout::TopicAndPayload,
            None => Layout::Payload,
        };
        Look { layout, newline: !self.no_newline, terminal: output::stdout_is_terminal() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, parse_from};

    /// The config of `mqx sub` with these words, or what is wrong with them.
    fn parse(words: &str) -> std::result::Result<Config, String> {
        let words = ["mqx", "sub"].into_iter().chain(words.split(' '));
        let cli = parse_from(words).map_err(|error| error.to_string())?;
        match cli.command {
            Command::Sub(args) => args.into_config().map_err(|error| error.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_option_reaches_the_config() {
        let config = parse("-t a/# -t +/b -T a/x -q 1 -C 5 -W 1.5 -E --no-local -F %t -N").unwrap();
        let topics: Vec<_> = config.topics.iter().map(TopicFilter::as_str).collect();
        assert_eq!(topics, ["a/#", "+/b"]);
        assert_eq!(config.filter_out.len(), 1);
        assert_eq!(config.options.qos, QoS::AtLeastOnce);
        assert!(config.options.no_local && config.exit_after_sub);
        assert_eq!(config.count, NonZeroU64::new(5));
        assert_eq!(config.timeout, Some(Duration::from_millis(1_500)));
        assert_eq!(config.look.layout, Layout::Format("%t".parse().unwrap()));
        assert!(!config.look.newline);
    }

    #[test]
    fn a_few_messages_are_all_the_broker_is_let_send_at_once() {
        let window = |words| parse(words).unwrap().connect.session.receive_maximum;
        assert_eq!(window("-t a -C 3"), NonZeroU16::new(3));
        assert_eq!(window("-t a -C 20"), None);
        assert_eq!(window("-t a"), None);
    }

    #[test]
    fn the_layout_is_what_the_last_word_of_it_says() {
        let layout = |words| parse(words).unwrap().look.layout;
        assert_eq!(layout("-t a"), Layout::Payload);
        assert_eq!(layout("-t a -v"), Layout::TopicAndPayload);
        assert_eq!(layout("-t a -J -v"), Layout::Json);
        assert_eq!(layout("-t a -v -F %p"), Layout::Format("%p".parse().unwrap()));
    }

    #[test]
    fn retained_messages_can_be_left_out_or_be_all() {
        let config = parse("-t a -R").unwrap();
        assert_eq!(config.retained, Retained::Never);
        assert_eq!(config.options.retain_handling, RetainHandling::DoNotSend);
        assert_eq!(parse("-t a --retained-only").unwrap().retained, Retained::Only);
    }

    #[test]
    fn what_does_not_fit_together_is_refused_with_the_reason() {
        for (words, wanted) in [
            ("-v", "--topic"),
            ("-t a/#/b", "# must be the last level"),
            ("-t $share/g", "$share/{name}/{filter}"),
            ("-t a -C 0", "from 1 on"),
            ("-t a -W soon", "give seconds"),
            ("-t a -F %z", "%z is not a conversion"),
            ("-t a -F %p -J", "cannot be used with"),
            ("-t a -R --retained-only", "cannot be used with"),
            ("-t a --no-local -V 3.1.1", "--no-local"),
        ] {
            let error = parse(words).unwrap_err();
            assert!(error.contains(wanted), "{words}: {error}");
        }
    }
}
