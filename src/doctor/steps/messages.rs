//! Whether a message that is published comes back to one who is subscribed.

use super::super::finding::Finding;
use super::super::patient::Patient;
use crate::error::{Class, Error, Result};
use crate::mqtt::{
    Message, Publish, QoS, ReasonCode, SubscribeOptions, SubscribeProperties, SubscribeRequest,
};
use crate::output::escape;

/// What helps where a broker says no to a topic.
const OTHER_TOPIC: &str = "name a topic that is allowed with --topic, or ask the operator for read and write access to it";

pub(super) async fn at_most_once(patient: &mut Patient) -> Result<Finding> {
    there_and_back(patient, QoS::AtMostOnce).await
}

pub(super) async fn at_least_once(patient: &mut Patient) -> Result<Finding> {
    there_and_back(patient, QoS::AtLeastOnce).await
}

pub(super) async fn exactly_once(patient: &mut Patient) -> Result<Finding> {
    there_and_back(patient, QoS::ExactlyOnce).await
}

async fn there_and_back(patient: &mut Patient, qos: QoS) -> Result<Finding> {
    let level = qos as u8;
    let most = patient.conversation()?.announced().maximum_qos;
    if level > most {
        return Ok(Finding::skipped(format!("the broker takes QoS up to {most} only")));
    }
    let topic = format!("{}/qos{level}", patient.topic);
    subscribe(patient, &topic, qos).await?;
    publish(patient, &topic, qos, false).await?;
    let arrived = arrived(patient, &topic).await?;
    patient.conversation()?.unsubscribe(&[&topic]).await?;
    let finding = Finding::of(format!("published to {} and received", escape(&topic)));
    let granted = arrived.qos as u8;
    Ok(if granted < level {
        finding.concern(format!("it came with QoS {granted}: the broker lowers it"))
    } else {
        finding
    })
}

/// Subscribes to `filter`.
pub(super) async fn subscribe(patient: &mut Patient, filter: &str, qos: QoS) -> Result<()> {
    let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
    let requests = [SubscribeRequest { filter, options }];
    let answers = patient.conversation()?.subscribe(&requests, SubscribeProperties::default());
    let reason = answers.await?.first().copied().unwrap_or(ReasonCode::SUCCESS);
    if !reason.is_error() {
        return Ok(());
    }
    let what = format!("the broker denies the subscription to {}: {reason}", escape(filter));
    Err(Error::new(Class::SubscribeDenied, what).hint(OTHER_TOPIC))
}

/// What is published.
const PAYLOAD: &[u8] = b"mqx doctor";

/// Publishes something to `topic`.
pub(super) async fn publish(
    patient: &mut Patient,
    topic: &str,
    qos: QoS,
    retain: bool,
) -> Result<()> {
    let message = Publish { qos, retain, topic, payload: PAYLOAD, ..Publish::default() };
    let reason = patient.conversation()?.publish(&message).await?;
    if !reason.is_error() {
        return Ok(());
    }
    let what = format!("the broker rejects what is published to {}: {reason}", escape(topic));
    Err(Error::new(Class::PublishRejected, what).hint(OTHER_TOPIC))
}

/// What comes back on `topic`.
pub(super) async fn arrived(patient: &mut Patient, topic: &str) -> Result<Message> {
    loop {
        let message = patient.conversation()?.message().await.map_err(|error| {
            let hint = "the broker may drop what this client may not read or write, without a \
                        word: check its rules for the topic (--topic names another)";
            error.hint(hint)
        })?;
        if message.topic() != topic {
            continue;
        }
        if message.payload() == PAYLOAD {
            return Ok(message);
        }
        let what = format!("what comes back on {} is not what was sent", escape(topic));
        return Err(Error::new(Class::Expectation, what)
            .hint("somebody else publishes there: name another topic with --topic"));
    }
}
