//! What the probes are done with: clients, topics, and a way to know that nothing more
//! comes.

use crate::client::{ConnectOptions, Conversation, failure_of};
use crate::error::{Class, Error, Result};
use crate::mqtt::{
    Message, Publish, QoS, ReasonCode, SubscribeOptions, SubscribeProperties, SubscribeRequest,
    Version,
};
use crate::session::{ClientConfig, Failure};
use std::cell::Cell;
use std::time::Duration;

/// How long a probe waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A broker, and room for probes.
pub(super) struct Scene {
    options: ConnectOptions,
    topic: String,
    /// A topic that this user may neither write nor read, if one is known.
    denied: Option<String>,
    /// How many topics and clients there were.
    count: Cell<u32>,
}

impl Scene {
    /// Finds out which version of MQTT the broker speaks.
    pub(super) async fn set(
        options: &ConnectOptions,
        topic: String,
        denied: Option<String>,
    ) -> Result<Self> {
        let mut options = ConnectOptions { others: Vec::new(), ..options.clone() };
        let first = Conversation::open(options.clone()).await?;
        options.session.version = first.version();
        first.close().await?;
        Ok(Self { options, topic, denied, count: Cell::new(0) })
    }

    pub(super) const fn is_v5(&self) -> bool {
        self.protocol().is_v5()
    }

    /// The version that the clients speak.
    pub(super) const fn protocol(&self) -> Version {
        self.options.session.version
    }

    /// A topic that this user may neither write nor read, if one is known.
    pub(super) fn denied(&self) -> Option<&str> {
        self.denied.as_deref()
    }

    /// Whether the clients say who they are.
    pub(super) const fn has_user(&self) -> bool {
        self.options.session.username.is_some()
    }

    /// The newest version that the broker speaks.
    pub(super) fn version(&self) -> String {
        self.options.session.version.to_string()
    }

    /// A topic that nobody else has.
    pub(super) fn topic(&self) -> String {
        format!("{}/{}", self.topic, self.next())
    }

    /// A client identifier that nobody else has.
    pub(super) fn client_id(&self) -> String {
        let id: String = self.topic.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{id}{}", self.next())
    }

    fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// A client.
    pub(super) async fn client(&self) -> Result<Conversation> {
        self.client_as(|_| ()).await
    }

    /// A client that says of itself what `change` makes of the usual.
    pub(super) async fn client_as(
        &self,
        change: impl FnOnce(&mut ClientConfig),
    ) -> Result<Conversation> {
        let mut options = self.options.clone();
        options.session.client_id = self.client_id();
        options.fall_back = false;
        change(&mut options.session);
        let mut conversation = Conversation::open(options).await?;
        conversation.set_patience(PATIENCE);
        Ok(conversation)
    }

    /// A client that speaks this version.
    pub(super) async fn client_of(&self, version: Version) -> Result<Conversation> {
        self.client_as(|session| session.version = version).await
    }

    /// All messages that come to `client` up to now.
    pub(super) async fn gather(&self, client: &mut Conversation) -> Result<Vec<Message>> {
        let fence = self.topic();
        subscribe(client, &fence, QoS::AtLeastOnce).await?;
        publish(client, &fence, b"", QoS::AtLeastOnce).await?;
        let mut gathered = Vec::new();
        loop {
            let message = client.message().await?;
            if message.topic() == fence {
                return Ok(gathered);
            }
            gathered.push(message);
        }
    }
}

/// What the broker has said when it refused or ended a connection.
pub(super) fn last_word(error: &Error) -> String {
    match failure_of(error) {
        Some(Failure::Refused(reason, _) | Failure::Disconnected(reason, _)) => reason.to_string(),
        _ => "closed without a word".to_owned(),
    }
}

/// Subscribes, and fails if the broker denies it.
pub(super) async fn subscribe(client: &mut Conversation, filter: &str, qos: QoS) -> Result<()> {
    let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
    subscribe_with(client, filter, options, SubscribeProperties::default()).await
}

/// The same with all there is to say.
pub(super) async fn subscribe_with(
    client: &mut Conversation,
    filter: &str,
    options: SubscribeOptions,
    properties: SubscribeProperties<'_>,
) -> Result<()> {
    let answers = client.subscribe(&[SubscribeRequest { filter, options }], properties).await?;
    match answers.first() {
        Some(reason) if reason.is_error() => {
            Err(Error::new(Class::SubscribeDenied, format!("the broker denies it: {reason}")))
        }
        _ => Ok(()),
    }
}

/// Publishes, and returns what the broker says of it.
pub(super) async fn publish(
    client: &mut Conversation,
    topic: &str,
    payload: &[u8],
    qos: QoS,
) -> Result<ReasonCode> {
    client.publish(&Publish { qos, topic, payload, ..Publish::default() }).await
}

/// Publishes a message that is kept.
pub(super) async fn retain(client: &mut Conversation, topic: &str, payload: &[u8]) -> Result<()> {
    let qos = QoS::AtLeastOnce;
    client.publish(&Publish { qos, retain: true, topic, payload, ..Publish::default() }).await?;
    Ok(())
}
