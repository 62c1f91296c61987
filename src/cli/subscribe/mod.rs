//! `mqx sub`: its arguments.

mod filters;
mod output;
mod reading;

use super::connection::{ClientIdArgs, ConnectionArgs, ReachArgs, Target, in_url, no_topic};
use super::values;
use crate::error::{Error, Result};
use crate::output as terminal;
use crate::subscribe::Config;
use clap::Args;
use filters::FilterArgs;
use output::OutputArgs;
use reading::ReadingArgs;
use std::num::{NonZeroU16, NonZeroU64};
use std::time::Duration;

/// Below this number of wanted messages the broker is told not to send more
/// at once, so that those not wanted stay with it.
const FEW: u64 = 20;

/// The arguments of `mqx sub`.
#[derive(Debug, Args)]
pub struct SubscribeArgs {
    #[command(flatten)]
    filters: FilterArgs,

    /// End after this many messages
    #[arg(short = 'C', long, value_name = "NUMBER", value_parser = values::count)]
    count: Option<NonZeroU64>,

    /// Messages with QoS 1 and 2 that the broker may have under way at once (MQTT 5, as
    /// --receive-maximum)
    #[arg(short = 'M', long, value_name = "NUMBER", conflicts_with = "receive_maximum")]
    max_inflight: Option<NonZeroU16>,

    /// End after this time, as in 10, 500ms or 2m, with exit code 27
    #[arg(short = 'W', long, value_name = "TIME", value_parser = values::duration)]
    timeout: Option<Duration>,

    /// End when no message came for this time, with exit code 27
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    idle_timeout: Option<Duration>,

    /// End as soon as the broker has answered the subscriptions
    #[arg(short = 'E', long)]
    exit_after_sub: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    reading: ReadingArgs,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    reach: ReachArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl SubscribeArgs {
    /// What is to be subscribed to and how it is printed.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let mut target = self.connection.into_target()?;
        target.require_v5(self.filters.needs_v5().or(self.output.needs_v5()))?;
        let Target { options: mut connect, topic } = target;
        let topic = topic.map(|topic| in_url(&topic, values::filter)).transpose()?;
        let subscriptions = self.filters.subscriptions(topic)?;
        if subscriptions.is_empty() && self.filters.unsubscribe.is_empty() {
            return Err(no_topic());
        }
        self.id.apply(&mut connect.session)?;
        self.reach.apply(&mut connect)?;
        if let Some(option) = self.filters.likes_v5()
            && !connect.session.version.is_v5()
        {
            return Err(Error::usage(format!("{option} needs MQTT 5")).hint("leave out -V"));
        }
        if self.max_inflight.is_some() && !connect.session.version.is_v5() {
            terminal::note("-M has no effect before MQTT 5: the broker decides");
        }
        let window = connect.session.receive_maximum.or(self.max_inflight);
        connect.session.receive_maximum = window.or_else(|| few(self.count));
        let reading = self.reading.read()?;
        let selects = reading.select.is_some();
        Ok(Config {
            connect,
            retries: self.reach.retries(),
            subscriptions,
            retained: self.filters.retained(),
            sample: self.filters.sample(),
            unsubscribe: self.filters.unsubscribe,
            filter_out: self.filters.filter_out,
            identifier: self.filters.subscription_identifier,
            user_properties: values::user_properties(&self.filters.user_property)?,
            unsubscribe_properties: values::user_properties(
                &self.filters.unsubscribe_user_property,
            )?,
            count: self.count,
            timeout: self.timeout,
            idle_timeout: self.idle_timeout,
            exit_after_sub: self.exit_after_sub,
            decoder: reading.decoder,
            filter: reading.filter,
            select: reading.select,
            expect: reading.expect,
            record: self.output.record.clone(),
            out_dir: self.output.out_dir(),
            watch: self.output.watch,
            message_rate: self.output.message_rate,
            exec: self.output.exec(),
            look: self.output.into_look(selects),
        })
    }
}

/// How many messages the broker may send at once, if only a few are wanted.
fn few(count: Option<NonZeroU64>) -> Option<NonZeroU16> {
    let few = count.map(NonZeroU64::get).filter(|count| *count < FEW)?;
    u16::try_from(few).ok().and_then(NonZeroU16::new)
}

#[cfg(test)]
mod tests;
