//! The members of the document by their names, which where `mqx sub -J` has
//! them too are the same.

use crate::broker::core::Moment;
use crate::mqtt::PacketId;
use crate::session::Stage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version that this program writes and reads.
pub(super) const PRESENT: u32 = 1;

/// What of a document of any version can be read.
#[derive(Debug, Deserialize)]
pub(super) struct Cover {
    #[serde(rename = "mqx-store")]
    pub(super) version: u32,
}

/// Everything a broker remembers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "mqx-store")]
    pub(super) version: u32,
    #[serde(default)]
    pub(super) messages: Vec<NumberedEntry>,
    /// Numbers of messages, each the retained one of its topic.
    #[serde(default)]
    pub(super) retained: Vec<u64>,
    #[serde(default)]
    pub(super) sessions: Vec<SessionEntry>,
}

/// A message under the number that others name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberedEntry {
    pub(super) id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Date>,
    pub(super) message: MessageEntry,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageEntry {
    pub(super) topic: String,
    pub(super) qos: u8,
    #[serde(default)]
    pub(super) retain: bool,
    /// The payload as text; none if it is empty, or none.
    #[serde(default)]
    pub(super) payload: Option<String>,
    /// The payload in Base64, if it is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payload_b64: Option<String>,
    #[serde(default, skip_serializing_if = "PropertyEntries::is_empty")]
    pub(super) properties: PropertyEntries,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct PropertyEntries {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payload_format_indicator: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_expiry_interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation_data: Option<String>,
    #[serde(rename = "correlation-data_b64", skip_serializing_if = "Option::is_none")]
    pub(super) correlation_data_b64: Option<String>,
    /// One pair in each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) user_properties: Vec<BTreeMap<String, String>>,
}

impl PropertyEntries {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SessionEntry {
    pub(super) client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    /// The name of the rules that hold for it, if a listener has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<String>,
    /// What stands before its client's topics, here in all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mount_point: Option<String>,
    /// Seconds; 4294967295 is for ever.
    pub(super) session_expiry_interval: u32,
    /// Whether its client was there when the broker stopped.
    #[serde(default)]
    pub(super) connected: bool,
    /// When it ends if its client does not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) will: Option<WillEntry>,
    #[serde(default)]
    pub(super) subscriptions: Vec<SubscriptionEntry>,
    /// What it is owed, in order: with `mid` in flight, without queued.
    #[serde(default)]
    pub(super) deliveries: Vec<DeliveryEntry>,
    /// Identifiers of QoS 2 messages from the client that are not released.
    #[serde(default)]
    pub(super) received: Vec<PacketId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WillEntry {
    /// Seconds after the end of the connection.
    #[serde(default)]
    pub(super) will_delay_interval: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<Date>,
    pub(super) message: MessageEntry,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SubscriptionEntry {
    pub(super) filter: String,
    pub(super) qos: u8,
    #[serde(default)]
    pub(super) no_local: bool,
    #[serde(default)]
    pub(super) retain_as_published: bool,
    /// 0, 1 or 2.
    #[serde(default)]
    pub(super) retain_handling: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subscription_identifier: Option<u32>,
    /// Whether it brings retained messages that are not among the deliveries.
    #[serde(default)]
    pub(super) replaying: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DeliveryEntry {
    /// The number of the message; none when only PUBREL is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<u64>,
    pub(super) qos: u8,
    #[serde(default)]
    pub(super) retain: bool,
    /// Whether a subscription brought it rather than a publisher.
    #[serde(default)]
    pub(super) replayed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) subscription_identifier: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mid: Option<PacketId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waits_for: Option<Waiting>,
}

/// What a delivery in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Waiting {
    #[serde(rename = "puback")]
    Acknowledgement,
    #[serde(rename = "pubrec")]
    Receipt,
    #[serde(rename = "pubcomp")]
    Completion,
}

impl Waiting {
    /// `None` for what no delivery waits for.
    pub(super) const fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::PubAck => Some(Self::Acknowledgement),
            Stage::PubRec => Some(Self::Receipt),
            Stage::PubComp => Some(Self::Completion),
            Stage::Answer => None,
        }
    }

    pub(super) const fn stage(self) -> Stage {
        match self {
            Self::Acknowledgement => Stage::PubAck,
            Self::Receipt => Stage::PubRec,
            Self::Completion => Stage::PubComp,
        }
    }
}

/// A moment as `2026-11-21T10:00:00.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Date(pub(super) Moment);

impl From<Date> for String {
    /// A moment that no calendar has becomes the last that it has.
    fn from(date: Date) -> Self {
        let millis = i64::try_from(date.0).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let date = text.parse::<Timestamp>().map_err(|error| error.to_string())?;
        let moment = u64::try_from(date.as_millisecond());
        moment.map(Self).map_err(|_| format!("{text} is before 1970"))
    }
}
