//! The options that say which messages are wanted.

use crate::cli::values;
use crate::error::{Error, Result};
use crate::mqtt::topic::{Filter, TopicFilter};
use crate::mqtt::{QoS, RetainHandling, SubscribeOptions, SubscriptionId};
use crate::subscribe::{Retained, Sample, Subscription};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

/// Which topics, and how.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Topic filter to subscribe to (repeatable); $share/GROUP/FILTER shares it
    #[arg(
        short, long = "topic", value_name = "FILTER", value_parser = values::filter,
        required_unless_present_any = ["broker", "unsubscribe"]
    )]
    topics: Vec<TopicFilter>,

    /// Leave out messages whose topic matches this filter (repeatable)
    #[arg(short = 'T', long, value_name = "FILTER", value_parser = values::filter)]
    pub(super) filter_out: Vec<TopicFilter>,

    /// End this subscription of a kept session (repeatable, see -c)
    #[arg(short = 'U', long, value_name = "FILTER", value_parser = values::filter)]
    pub(super) unsubscribe: Vec<TopicFilter>,

    /// Highest quality of service wanted: 0, 1 or 2; one for all topics, or as
    /// many as there are topics [default: 0]
    #[arg(short, long, value_name = "LEVEL", value_delimiter = ',', value_parser = values::qos)]
    qos: Vec<QoS>,

    /// Leave out retained messages
    #[arg(short = 'R', long, conflicts_with = "retained_only")]
    no_retained: bool,

    /// Print retained messages only and end with the last, or at the first
    /// message that is not one
    #[arg(long)]
    retained_only: bool,

    /// Print the retained messages, remove them from the broker, and end
    #[arg(long, conflicts_with = "no_retained")]
    remove_retained: bool,

    /// When a subscription brings the retained messages: always, new (if there
    /// was none like it) or never (MQTT 5)
    #[arg(
        long, value_name = "WHEN", hide_possible_values = true, conflicts_with = "no_retained",
        value_parser = PossibleValuesParser::new([
            PossibleValue::new("always").alias("0"),
            PossibleValue::new("new").alias("1"),
            PossibleValue::new("never").alias("2"),
        ]).map(|name| retain_handling(&name))
    )]
    retain_handling: Option<RetainHandling>,

    /// Leave out what this client published itself (MQTT 5)
    #[arg(long, alias = "no_local")]
    no_local: bool,

    /// Show whether a message was published to be retained (MQTT 5)
    #[arg(long)]
    retain_as_published: bool,

    /// Number that messages of this subscription will carry (MQTT 5)
    #[arg(long, value_name = "NUMBER", value_parser = values::subscription_id)]
    pub(super) subscription_identifier: Option<SubscriptionId>,

    /// User property of UNSUBSCRIBE, as in name=value (repeatable, MQTT 5)
    #[arg(
        long, value_name = "NAME=VALUE", value_parser = values::user_property,
        requires = "unsubscribe"
    )]
    pub(super) unsubscribe_user_property: Vec<(String, String)>,

    /// Take only so many per cent of the messages, drawn at random; the others do not count
    #[arg(long, value_name = "PERCENT", value_parser = sample)]
    random_filter: Option<Sample>,

    /// Let the messages that --random-filter leaves out count for -C all the same, as they do
    /// with `mosquitto_sub`
    #[arg(long)]
    count_left_out: bool,

    /// User property of SUBSCRIBE, as in name=value (repeatable, MQTT 5)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::user_property)]
    pub(super) user_property: Vec<(String, String)>,
}

/// Reads a share in per cent.
fn sample(text: &str) -> Result<Sample, String> {
    let percent = text.strip_suffix('%').unwrap_or(text).parse().ok();
    percent.and_then(Sample::of_percent).ok_or_else(|| "give per cent, up to 100".to_owned())
}

fn retain_handling(name: &str) -> RetainHandling {
    match name {
        "new" | "1" => RetainHandling::SendIfNew,
        "never" | "2" => RetainHandling::DoNotSend,
        _ => RetainHandling::Send,
    }
}

impl FilterArgs {
    /// The share of the messages that is taken.
    pub(super) fn sample(&self) -> Option<Sample> {
        let counts_rest = self.count_left_out;
        self.random_filter.map(|share| Sample { counts_rest, ..share })
    }

    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        let rows = [
            (self.subscription_identifier.is_some(), "--subscription-identifier"),
            (!self.user_property.is_empty(), "--user-property"),
            (!self.unsubscribe_user_property.is_empty(), "--unsubscribe-user-property"),
        ];
        rows.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }

    /// An option that MQTT 5 alone knows and that does little harm without it.
    pub(super) fn likes_v5(&self) -> Option<&'static str> {
        let rows = [
            (self.no_local, "--no-local"),
            (self.retain_as_published, "--retain-as-published"),
            (self.retain_handling.is_some(), "--retain-handling"),
        ];
        rows.iter().find(|(given, _)| *given).map(|(_, name)| *name)
    }

    pub(super) const fn retained(&self) -> Retained {
        match (self.no_retained, self.retained_only, self.remove_retained) {
            (true, _, _) => Retained::Never,
            (_, _, true) => Retained::Clear,
            (_, true, _) => Retained::Only,
            _ => Retained::Too,
        }
    }

    /// The subscriptions, with the one that the URL names.
    ///
    /// # Errors
    /// When the options do not fit together.
    pub(super) fn subscriptions(&self, in_url: Option<TopicFilter>) -> Result<Vec<Subscription>> {
        let filters: Vec<_> = self.topics.iter().cloned().chain(in_url).collect();
        let share = |filter: &&TopicFilter| {
            Filter::parse(filter.as_str()).is_ok_and(|filter| filter.share.is_some())
        };
        if let Some(shared) = filters.iter().find(share).filter(|_| self.no_local) {
            let what = format!("--no-local cannot hold for the shared subscription {shared}");
            return Err(Error::usage(what).hint("leave out --no-local"));
        }
        let levels = self.levels(filters.len())?;
        let subscribe = |(filter, qos)| Subscription { filter, options: self.options(qos) };
        Ok(filters.into_iter().zip(levels).map(subscribe).collect())
    }

    /// One quality of service for each of `count` filters.
    fn levels(&self, count: usize) -> Result<Vec<QoS>> {
        match *self.qos.as_slice() {
            [] => Ok(vec![QoS::AtMostOnce; count]),
            [all] => Ok(vec![all; count]),
            ref levels if levels.len() == count => Ok(levels.to_vec()),
            ref levels => {
                let what = format!("-q has {} levels for {count} topics", levels.len());
                Err(Error::usage(what).hint("give one level for all topics, or one for each"))
            }
        }
    }

    fn options(&self, qos: QoS) -> SubscribeOptions {
        let unless_given = match self.retained() {
            Retained::Never => RetainHandling::DoNotSend,
            _ => RetainHandling::Send,
        };
        SubscribeOptions {
            qos,
            no_local: self.no_local,
            retain_as_published: self.retain_as_published,
            retain_handling: self.retain_handling.unwrap_or(unless_given),
        }
    }
}
