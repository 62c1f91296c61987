//! `mqx doctor` and `mqx ping`: their arguments.

use super::broker::own_certificates;
use super::connection::{ClientIdArgs, ConnectionArgs, Target, topic_prefix};
use super::retyped::Retyped;
use super::values;
use crate::doctor::{Config, Extent, Form};
use crate::error::Result;
use crate::mqtt::topic::TopicName;
use clap::Args;

/// Where messages go unless a topic is named.
const TOPIC: &str = "mqx/doctor/%r";

/// The arguments of `mqx doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    ping: PingArgs,

    /// What the topics begin with that are published to [default: mqx/doctor/ and
    /// something random]
    #[arg(short, long, value_name = "TOPIC", value_parser = values::topic)]
    topic: Option<TopicName>,
}

/// The arguments of `mqx ping`.
#[derive(Debug, Args)]
pub struct PingArgs {
    #[command(flatten)]
    retyped: Retyped,

    /// Say it in JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    id: ClientIdArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl DoctorArgs {
    /// What is to be examined.
    ///
    /// # Errors
    /// When a file cannot be read or the options do not fit together.
    pub fn into_config(self) -> Result<Config> {
        let form = if self.ping.json { Form::Json } else { Form::Table };
        let config = self.ping.examined(self.topic)?;
        Ok(Config { form, extent: Extent::Messages, ..config })
    }
}

impl PingArgs {
    /// What is to be examined.
    ///
    /// # Errors
    /// As [`DoctorArgs::into_config`].
    pub fn into_config(self) -> Result<Config> {
        let form = if self.json { Form::Json } else { Form::Line };
        Ok(Config { form, ..self.examined(None)? })
    }

    /// The broker of these options as far as a ping, told in a line.
    fn examined(self, topic: Option<TopicName>) -> Result<Config> {
        let Target { options: mut connect, topic: in_the_url } = self.connection.into_target()?;
        self.id.apply(&mut connect.session)?;
        let topic = topic_prefix(topic, in_the_url, TOPIC)?;
        let Retyped { kept, login } = self.retyped;
        let folders = own_certificates().into_iter().collect();
        let (extent, form) = (Extent::Ping, Form::Line);
        Ok(Config { connect, topic, extent, form, kept, login, folders })
    }
}
