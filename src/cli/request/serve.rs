//! The options of whoever answers requests.

use super::{Shared, no_name};
use crate::cli::values;
use crate::error::{Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::request::serve::{Answer, Config, Reply};
use clap::Args;
use std::num::NonZeroUsize;

/// What is answered, and how.
#[allow(clippy::doc_markdown, reason = "these are texts for the terminal")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Answer")]
pub(super) struct ServeArgs {
    /// Answer the requests that come here (repeatable), until Ctrl-C or -C; $share/GROUP/FILTER
    /// shares them with others
    #[arg(
        long, value_name = "FILTER", value_parser = values::filter,
        conflicts_with_all = [
            "topic", "payload", "encode", "template", "verbose", "format", "json", "pretty",
            "no_newline", "any_reply", "fail_if_no_subscriber", "latency", "correlation_data",
            "decode",
        ]
    )]
    serve: Vec<TopicFilter>,

    /// Answer with this text: % stands for something of the request, as in sub -F, and
    /// {{seq}}, {{now}}, {{uuid}} ... are filled in, as in pub --template
    #[arg(long, value_name = "TEMPLATE")]
    reply: Option<Reply>,

    /// Answer with what this command of the shell prints; its stdin is the payload of the
    /// request, and MQTT_TOPIC, MQTT_QOS, MQTT_PROPERTIES ... say the rest. Where it fails
    /// there is no reply, and exit code 14 in the end
    #[arg(long, value_name = "COMMAND", conflicts_with = "reply")]
    exec: Option<String>,

    /// So many of these commands run at once
    #[arg(
        long, value_name = "NUMBER", default_value = "1", requires = "exec",
        conflicts_with = "reply", value_parser = values::jobs
    )]
    exec_jobs: NonZeroUsize,
}

impl ServeArgs {
    /// Whether requests are to be answered.
    pub(super) fn is_asked_for(&self) -> bool {
        !self.serve.is_empty()
    }

    /// Checks that nothing is said of answers where none are to be given.
    pub(super) fn check(&self) -> Result<()> {
        if !self.is_asked_for() && (self.reply.is_some() || self.exec.is_some()) {
            return Err(Error::usage("--reply and --exec are of use with --serve only"));
        }
        Ok(())
    }

    /// What is answered.
    pub(super) fn into_config(self, shared: Shared) -> Result<Config> {
        let Shared { target, retries, response_topic, qos, retain, count, timeout, content } =
            shared;
        let reply_to = response_topic
            .as_ref()
            .map(|filter| values::topic(filter.as_str()).map_err(|_| no_name(filter)));
        let answer = match (self.reply, self.exec) {
            (Some(reply), _) => Answer::Reply(reply),
            (None, Some(command)) => Answer::Exec(command.into()),
            (None, None) => {
                return Err(Error::usage("--serve needs an answer").hint("add --reply or --exec"));
            }
        };
        Ok(Config {
            connect: target.options,
            retries,
            filters: self.serve,
            qos,
            answer,
            retain,
            properties: content.read()?,
            reply_to: reply_to.transpose()?,
            concurrency: self.exec_jobs,
            count,
            timeout,
        })
    }
}
