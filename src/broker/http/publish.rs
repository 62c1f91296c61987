//! Publishing a message by HTTP.

use super::answer::{Answer, Fault};
use super::route::Call;
use crate::broker::core::{Core, Worker};
use crate::mqtt::{Message, PropertyBuf, Publish, PublishProperties, QoS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

/// What is to be published, as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    topic: String,
    payload: Option<String>,
    payload_base64: Option<String>,
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

    fn payload(&self) -> Result<Vec<u8>, Fault> {
        match (&self.payload, &self.payload_base64) {
            (Some(_), Some(_)) => Err(Fault::bad("give payload or payload_base64, not both")),
            (Some(text), None) => Ok(text.clone().into_bytes()),
            (None, Some(text)) => {
                let wrong = |error| Fault::bad(format!("payload_base64: {error}"));
                STANDARD.decode(text).map_err(wrong)
            }
            (None, None) => Ok(Vec::new()),
        }
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
        let read = |text: &str| Wanted::read(text.as_bytes()).map(|wanted| wanted.payload());
        assert_eq!(read(r#"{"topic":"a","payload":"x"}"#).unwrap(), Ok(b"x".to_vec()));
        assert_eq!(read(r#"{"topic":"a","payload_base64":"AP8="}"#).unwrap(), Ok(vec![0, 255]));
        assert!(read(r#"{"topic":"a","payload":"x","payload_base64":"AP8="}"#).unwrap().is_err());
        assert!(read(r#"{"topic":"a","payload_base64":"?"}"#).unwrap().is_err());
        for wrong in ["", "{}", "[]", r#"{"topic":1}"#, r#"{"topic":"a","QoS":1}"#] {
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
