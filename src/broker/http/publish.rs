//! Publishing a message by HTTP.

use super::answer::{Answer, Fault};
use super::route::Call;
use crate::broker::core::{Core, Worker};
use crate::mqtt::{Message, PropertyBuf, Publish, PublishProperties, QoS};
use crate::text_or_base64;
use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;

/// What is to be published, as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    topic: String,
    payload: Option<String>,
    payload_b64: Option<String>,
    #[serde(default)]
    qos: u8,
    #[serde(default)]
    retain: bool,
    #[serde(default)]
    properties: Carried,
}

/// The properties of MQTT 5.0 §3.3.2.3 that a publisher has a say in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Carried {
    payload_format_indicator: Option<bool>,
    message_expiry_interval: Option<u32>,
    content_type: Option<String>,
    response_topic: Option<String>,
    correlation_data: Option<String>,
    user_properties: Vec<(String, String)>,
}

/// Publishes what the body says; the answer says how many sessions it was for.
pub(super) fn publish(call: &Call<'_>, core: &Core, worker: &mut Worker) -> Result<Answer, Fault> {
    call.query.finish()?;
    let wanted = Wanted::read(&call.body)?;
    let payload = wanted.payload()?;
    let pairs = wanted.pairs()?;
    let publish = Publish {
        dup: false,
        qos: QoS::from_u8(wanted.qos).ok_or_else(|| Fault::bad("qos is 0, 1 or 2"))?,
        retain: wanted.retain,
        topic: &wanted.topic,
        packet_id: None,
        properties: wanted.properties.borrow(&pairs),
        payload: &payload,
    };
    let refused = |why: &str| Fault::bad(format!("this cannot be published: {why}"));
    // Properties that no packet can carry are found here.
    Message::new(&publish).map_err(|error| refused(&error.to_string()))?;
    let routed = core.publish_from_outside(worker, &publish);
    let routed = routed.map_err(|denial| refused(&denial.words))?;
    Ok(Answer::json(&json!({ "matched": routed.matched, "refused": routed.refused })))
}

impl Wanted {
    fn read(body: &[u8]) -> Result<Self, Fault> {
        serde_json::from_slice(body).map_err(|error| Fault::bad(format!("the body: {error}")))
    }

    fn payload(&self) -> Result<Cow<'_, [u8]>, Fault> {
        let (text, base64) = (self.payload.as_deref(), self.payload_b64.as_deref());
        let payload = text_or_base64::read("payload", text, base64).map_err(Fault::bad)?;
        Ok(payload.unwrap_or_default())
    }

    fn pairs(&self) -> Result<PropertyBuf, Fault> {
        let mut pairs = PropertyBuf::default();
        for (name, value) in &self.properties.user_properties {
            let wrong = |error| Fault::bad(format!("user_properties: {error}"));
            pairs.push_user(name, value).map_err(wrong)?;
        }
        Ok(pairs)
    }
}

impl Carried {
    fn borrow<'a>(&'a self, pairs: &'a PropertyBuf) -> PublishProperties<'a> {
        PublishProperties {
            payload_format_indicator: self.payload_format_indicator,
            message_expiry_interval: self.message_expiry_interval,
            content_type: self.content_type.as_deref(),
            response_topic: self.response_topic.as_deref(),
            correlation_data: self.correlation_data.as_deref().map(str::as_bytes),
            user_properties: pairs.user_properties(),
            ..PublishProperties::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        let read = |text: &str| {
            let wanted = Wanted::read(text.as_bytes())?;
            wanted.payload().map(Cow::into_owned)
        };
        assert_eq!(read(r#"{"topic":"a","payload":"x"}"#), Ok(b"x".to_vec()));
        assert_eq!(read(r#"{"topic":"a","payload_b64":"AP8="}"#), Ok(vec![0, 255]));
        for wrong in [
            r#"{"topic":"a","payload":"x","payload_b64":"AP8="}"#,
            r#"{"topic":"a","payload_b64":"?"}"#,
            r#"{"topic":1}"#,
            r#"{"topic":"a","QoS":1}"#,
            "",
            "{}",
            "[]",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_much(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(wanted) = Wanted::read(&body) {
                let _ = (wanted.payload(), wanted.pairs().is_ok());
            }
        }
    }
}
