//! Messages that are worth something for a while only.

use super::answer::Answer;
use super::scene::{Scene, subscribe};
use super::sessions::{forget, lasting};
use crate::error::Result;
use crate::mqtt::{Message, Publish, PublishProperties, QoS};
use std::time::Duration;

/// What a client gets that was away, of a message that is worth so many seconds,
/// after two of them.
async fn after_a_while(scene: &Scene, seconds: u32) -> Result<Vec<Message>> {
    let (id, topic) = (scene.client_id(), scene.topic());
    let mut reader = lasting(scene, &id, 60).await?;
    subscribe(&mut reader, &topic, QoS::AtLeastOnce).await?;
    reader.close().await?;
    let properties = PublishProperties {
        message_expiry_interval: Some(seconds),
        ..PublishProperties::default()
    };
    let message =
        Publish { topic: &topic, qos: QoS::AtLeastOnce, properties, ..Publish::default() };
    let mut writer = scene.client().await?;
    writer.publish(&message).await?;
    writer.close().await?;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let mut again = lasting(scene, &id, 60).await?;
    let came = scene.gather(&mut again).await?;
    again.close().await?;
    forget(scene, &id).await?;
    Ok(came)
}

pub(super) async fn expired(scene: &Scene) -> Result<Answer> {
    let came = after_a_while(scene, 1).await?.len();
    Ok(Answer::must(came == 0, "not delivered", "delivered", "MQTT-3.3.2-5"))
}

pub(super) async fn remaining(scene: &Scene) -> Result<Answer> {
    let came = after_a_while(scene, 100).await?;
    let left = came.first().and_then(|one| one.properties().message_expiry_interval);
    Ok(match left {
        Some(90..=98) => Answer::yes("counts down"),
        Some(_) => Answer::wrong("stays as it was", "MQTT-3.3.2-6"),
        None => Answer::wrong("is lost", "MQTT-3.3.2-6"),
    })
}
