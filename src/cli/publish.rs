//! `mqx pub`: its arguments.

use super::connection::{ClientIdArgs, ConnectionArgs};
use super::values;
use crate::error::{Error, Result};
use crate::mqtt::QoS;
use crate::mqtt::topic::TopicName;
use crate::publish::{Config, Source};
use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// The arguments of `mqx pub`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("payload")
    .required(true)
    .args(["message", "file", "stdin_file", "stdin_line", "null_message"]))]
pub struct PublishArgs {
    /// Topic to publish to
    #[arg(short, long)]
    topic: TopicName,

    /// Publish this text
    #[arg(short, long, alias = "msg", value_name = "TEXT")]
    message: Option<String>,

    /// Publish the content of this file; - is stdin
    #[arg(short, long, aliases = ["file-read", "message-file"], value_name = "FILE")]
    file: Option<PathBuf>,

    /// Publish all of stdin as one message
    #[arg(short, long, alias = "stdin")]
    stdin_file: bool,

    /// Publish each line of stdin as a message
    #[arg(short = 'l', long, alias = "line-mode")]
    stdin_line: bool,

    /// Publish an empty message; with -r it clears the retained one
    #[arg(short, long, alias = "message-empty")]
    null_message: bool,

    /// Quality of service: 0, 1 or 2
    #[arg(short, long, default_value = "0", value_name = "LEVEL", value_parser = values::qos)]
    qos: QoS,

    /// Ask the broker to keep the message for later subscribers
    #[arg(short, long)]
    retain: bool,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl PublishArgs {
    /// What is to be published and where; a payload file is read here.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let source = match (self.message, self.file) {
            (Some(text), _) => Source::Message(text.into_bytes()),
            (None, Some(path)) if path.as_os_str() == "-" => Source::Stdin,
            (None, Some(path)) => Source::Message(read(&path)?),
            (None, None) if self.stdin_file => Source::Stdin,
            (None, None) if self.stdin_line => Source::Lines,
            (None, None) => Source::Message(Vec::new()),
        };
        let mut connect = self.connection.into_options()?;
        connect.session.client_id = self.id.id;
        Ok(Config {
            connect,
            topic: self.topic,
            source,
            qos: self.qos,
            retain: self.retain,
        })
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| Error::file("read", path, cause))
}
