//! Whether the properties of a message arrive as they were sent.

use super::answer::Answer;
use super::scene::{Scene, subscribe};
use crate::error::Result;
use crate::mqtt::{Message, PropertyBuf, Publish, PublishProperties, QoS, TopicAlias};
use std::num::NonZeroU16;

/// What comes of a message with these properties.
async fn sent(scene: &Scene, properties: PublishProperties<'_>) -> Result<Message> {
    let topic = scene.topic();
    let mut client = scene.client().await?;
    subscribe(&mut client, &topic, QoS::AtMostOnce).await?;
    client.publish(&Publish { topic: &topic, properties, ..Publish::default() }).await?;
    let came = client.message().await?;
    client.close().await?;
    Ok(came)
}

pub(super) async fn of_application(scene: &Scene) -> Result<Answer> {
    let properties = PublishProperties {
        payload_format_indicator: Some(true),
        content_type: Some("text/plain"),
        response_topic: Some("reply/here"),
        correlation_data: Some(&[0, 255]),
        ..PublishProperties::default()
    };
    let came = sent(scene, properties).await?;
    let found = came.properties();
    let rows = [
        (found.payload_format_indicator == Some(true), "payload format indicator"),
        (found.content_type == properties.content_type, "content type"),
        (found.response_topic == properties.response_topic, "response topic"),
        (found.correlation_data == properties.correlation_data, "correlation data"),
    ];
    Ok(match rows.iter().find(|(same, _)| !same) {
        None => Answer::yes("unchanged"),
        Some((_, what)) => Answer::wrong(format!("{what} is changed"), "§3.3.2.3"),
    })
}

pub(super) async fn of_users(scene: &Scene) -> Result<Answer> {
    let mut kept = PropertyBuf::default();
    for (name, value) in [("b", "1"), ("a", "2"), ("b", "3")] {
        // Short texts fit.
        let _ = kept.push_user(name, value);
    }
    let user_properties = kept.user_properties();
    let came = sent(scene, PublishProperties { user_properties, ..Default::default() }).await?;
    let found: Vec<_> = came.properties().user_properties.iter().collect();
    let same = found.iter().copied().eq(user_properties.iter());
    Ok(Answer::must(same, "unchanged, in their order", "changed", "MQTT-3.3.2-18"))
}

pub(super) async fn alias(scene: &Scene) -> Result<Answer> {
    let mut client = scene.client().await?;
    if client.announced().topic_alias_maximum == 0 {
        client.close().await?;
        return Ok(Answer::no("none taken"));
    }
    let topic = scene.topic();
    subscribe(&mut client, &topic, QoS::AtMostOnce).await?;
    let properties =
        PublishProperties { topic_alias: Some(TopicAlias(NonZeroU16::MIN)), ..Default::default() };
    client.publish(&Publish { topic: &topic, properties, ..Publish::default() }).await?;
    let came = client.message().await?;
    client.close().await?;
    Ok(Answer::must(came.topic() == topic, "taken", "confused", "§3.3.2.3.4"))
}
