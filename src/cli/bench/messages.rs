//! The options that say what is published, and how often.

use super::super::message::ContentArgs;
use super::super::values;
use super::values::{Headers, Sizes, emqtt_headers, millis, sizes};
use crate::bench::load::{Content, Pattern, Stream, Tempo};
use crate::error::{Error, Result};
use crate::mqtt::QoS;
use clap::{ArgAction, Args};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is published.
#[allow(clippy::doc_markdown, reason = "these are texts for the terminal")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
pub(super) struct MessageArgs {
    /// Messages per second of all publishers together [default: as many as possible]
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,

    /// Time from one message of a publisher to its next, as in 100 (milliseconds) or 2s
    #[arg(
        short = 'I', long, aliases = ["message-interval", "interval_of_msg"],
        value_name = "TIME", value_parser = millis, conflicts_with = "rate"
    )]
    interval_of_msg: Option<Duration>,

    /// Let each message be due up to so much later, at random
    #[arg(long, value_name = "TIME", value_parser = millis)]
    jitter: Option<Duration>,

    /// Publish to this topic, or subscribe to it where others publish: %i is the number of
    /// the client, %c its identifier, %u its user, %s the number of the message, %rand_8
    /// something random, {row.NAME} a column of --rows [default: topics no other run has]
    #[arg(short, long, value_name = "TOPIC")]
    pub(super) topic: Vec<String>,

    /// Quality of service of publishes and subscriptions: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    pub(super) qos: QoS,

    /// Let the broker keep the last message of each topic
    #[arg(
        short, long, action = ArgAction::Set, value_name = "BOOL", value_parser = values::boolean,
        num_args = 0..=1, require_equals = true, default_value = "false",
        default_missing_value = "true", hide_default_value = true
    )]
    retain: bool,

    /// Bytes of each payload, as in 64, 4k, 1MB, or 32-4k for all sizes between; at least 32
    #[arg(
        short, long, alias = "payload-size", default_value = "64", value_name = "BYTES",
        value_parser = sizes
    )]
    size: Sizes,

    /// Publish this text, with the places of a topic and those of `mqx pub --template`;
    /// template://FILE takes it from a file
    #[arg(short, long, value_name = "TEXT", conflicts_with = "size")]
    message: Option<String>,

    /// Publish the content of this file
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["size", "message"])]
    file: Option<PathBuf>,

    /// Publish what is in this file, with places as in --message
    #[arg(long, value_name = "FILE", conflicts_with_all = ["size", "message", "file"])]
    template: Option<PathBuf>,

    /// Begin payloads as emqtt-bench does, and recognise them by that: cnt64, ts or cnt64,ts
    #[arg(long, value_name = "LIST", value_parser = emqtt_headers)]
    payload_hdrs: Option<Headers>,

    /// End after this many messages of all publishers together
    #[arg(short = 'L', long, value_name = "NUMBER")]
    limit: Option<u64>,

    /// End after this many messages of each publisher
    #[arg(long, value_name = "NUMBER")]
    per_client_limit: Option<u64>,

    /// Messages of QoS 1 and 2 that each publisher has unacknowledged at once
    #[arg(short = 'F', long, value_name = "NUMBER", default_value_t = Stream::default().inflight)]
    inflight: u16,

    /// Messages each publisher keeps while it cannot send them; of more the oldest are given
    /// up [default: all]
    #[arg(long, value_name = "NUMBER")]
    buffer: Option<u64>,

    #[command(flatten)]
    properties: ContentArgs,
}

impl MessageArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        self.properties.needs_v5()
    }

    /// What they come to, for publishers whose topic is given elsewhere too.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn into_stream(self, topic: Option<&str>) -> Result<Stream> {
        Ok(Stream {
            topic: topic.map(Pattern::read),
            qos: self.qos,
            retain: self.retain,
            tempo: self.tempo(),
            jitter: self.jitter.unwrap_or_default(),
            limit: self.limit,
            limit_per_client: self.per_client_limit,
            inflight: self.inflight,
            buffer: self.buffer,
            answered: false,
            content: self.content()?,
            properties: self.properties.read()?,
        })
    }

    fn tempo(&self) -> Tempo {
        let every = self.interval_of_msg.map(Tempo::Every);
        every.or(self.rate.map(Tempo::Rate)).unwrap_or(Tempo::Free)
    }

    fn content(&self) -> Result<Content> {
        let in_message = self.message.as_deref().and_then(|text| text.strip_prefix(IN_FILE));
        if let Some(path) = self.template.as_deref().or(in_message.map(Path::new)) {
            let text =
                fs::read_to_string(path).map_err(|cause| Error::file("read", path, cause))?;
            return Ok(Content::Text(Pattern::read(&in_our_words(&text))));
        }
        if let Some(text) = &self.message {
            return Ok(Content::Text(Pattern::read(&in_our_words(text))));
        }
        if let Some(path) = &self.file {
            let bytes = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
            return Ok(Content::Bytes(bytes));
        }
        let headers = self.payload_hdrs.unwrap_or_default();
        Ok(Content::Filling { sizes: self.size, headers })
    }
}

/// How emqtt-bench names a template in place of a text.
const IN_FILE: &str = "template://";

/// The places of emqtt-bench's templates, and those that mqx has for them.
const PLACES: &[(&str, &str)] = &[
    ("%TIMESTAMP%", "{{unix}}"),
    ("%TIMESTAMPMS%", "{{unix_ms}}"),
    ("%TIMESTAMPUS%", "{{unix_us}}"),
    ("%TIMESTAMPNS%", "{{unix_ns}}"),
    ("%UNIQUE%", "{{uuid}}"),
    ("%RANDOM%", "{{rand 0 9223372036854775807}}"),
];

/// A template with the places of mqx.
fn in_our_words(text: &str) -> String {
    let replace = |text: String, (theirs, ours): &(&str, &str)| text.replace(theirs, ours);
    PLACES.iter().fold(text.to_owned(), replace)
}
