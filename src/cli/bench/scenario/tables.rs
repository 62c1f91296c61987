//! What may stand in the tables of a scenario, as options that clap reads.

use super::super::clients::ClientArgs;
use super::super::span::SpanArgs;
use crate::bench::load::{Certificates, Group, Pattern, Stage, Storm, Subscription, Wanted};
use crate::cli::connection::PersonArgs;
use crate::cli::values;
use crate::client::ConnectOptions;
use crate::error::Result;
use crate::mqtt::QoS;
use clap::{ArgAction, Args};
use std::sync::Arc;
use std::time::Duration;

/// Outside of tables.
#[derive(Debug, Args)]
pub(super) struct Top {
    #[command(flatten)]
    pub(super) span: SpanArgs,
}

/// In `[[group]]`.
#[derive(Debug, Args)]
pub(super) struct GroupTable {
    /// What the group is called; part of the client identifiers
    #[arg(long, default_value = "c")]
    name: String,

    /// How many clients
    #[arg(long, default_value_t = 1)]
    count: u32,

    /// Client identifier, with the places of a topic
    #[arg(long)]
    id: Option<String>,

    /// Whether sessions begin anew with each connection
    #[arg(long, action = ArgAction::Set, value_parser = values::boolean)]
    clean: Option<bool>,

    /// PEM file of the certificate to show where TLS is spoken, with the places of a topic
    #[arg(long, requires = "key")]
    cert: Option<String>,

    /// That of its key
    #[arg(long, requires = "cert")]
    key: Option<String>,

    /// Answer what arrives instead of measuring it
    #[arg(long)]
    answers: bool,

    #[command(flatten)]
    clients: ClientArgs,

    #[command(flatten)]
    person: PersonArgs,
}

impl GroupTable {
    /// The group, without what it publishes and subscribes to.
    pub(super) fn into_group(self, common: &ConnectOptions) -> Result<Group> {
        let mut connect = common.clone();
        if let Some(id) = self.id {
            connect.session.client_id = id;
        }
        if let Some(clean) = self.clean {
            connect.session.clean_start = clean;
        }
        self.person.apply(&mut connect)?;
        let files = self.cert.zip(self.key);
        let own = files.map(|(cert, key)| {
            let [cert, key] = [cert, key].map(|file| Pattern::read(&file));
            Arc::new(Certificates { cert, key, password: None })
        });
        self.clients.apply(Group {
            certificates: own,
            name: self.name,
            clients: self.count,
            connect: Some(Arc::new(connect)),
            answers: self.answers,
            ..Group::default()
        })
    }
}

/// In `[[group.subscribe]]`.
#[derive(Debug, Args)]
pub(super) struct SubscribeTable {
    /// What to; without it whatever the scenario publishes
    #[arg(long)]
    topic: Vec<String>,

    /// Quality of service
    #[arg(long, default_value = "0", value_parser = values::qos)]
    qos: QoS,

    /// The name of the shared subscription it is part of
    #[arg(long)]
    share: Option<String>,
}

impl SubscribeTable {
    /// A subscription for each topic.
    pub(super) fn into_subscriptions(self) -> Vec<Subscription> {
        let (qos, share) = (self.qos, self.share);
        let of = |wanted| Subscription { wanted, qos, share: share.clone() };
        if self.topic.is_empty() {
            return vec![of(Wanted::Published)];
        }
        self.topic.iter().map(|topic| of(Wanted::Filter(Pattern::read(topic)))).collect()
    }
}

/// In `[[stage]]`.
#[derive(Debug, Args)]
pub(super) struct StageTable {
    /// What it is called
    #[arg(long, default_value = "")]
    name: String,

    /// How long it takes
    #[arg(long, value_parser = values::duration)]
    duration: Duration,

    /// What all rates are multiplied with at its beginning
    #[arg(long, default_value_t = 1.0)]
    from: f64,

    /// The same at its end; without it as at its beginning
    #[arg(long)]
    to: Option<f64>,

    /// What the churn of the groups is multiplied with
    #[arg(long, default_value_t = 1.0)]
    churn: f64,

    /// Whether all connections are cut at its beginning
    #[arg(long)]
    storm: bool,

    /// The groups whose connections are cut at its beginning
    #[arg(long, conflicts_with = "storm")]
    storm_of: Vec<String>,
}

impl From<StageTable> for Stage {
    fn from(table: StageTable) -> Self {
        let (from, to) = (table.from, table.to.unwrap_or(table.from));
        let storm = match table.storm_of {
            names if !names.is_empty() => Storm::Of(names),
            _ if table.storm => Storm::All,
            _ => Storm::None,
        };
        let StageTable { name, duration, churn, .. } = table;
        Self { name, duration, from, to, churn, storm }
    }
}
