//! What the broker publishes for a client that is gone.

use super::answer::Answer;
use super::scene::{Scene, retain, subscribe};
use crate::client::Conversation;
use crate::error::Result;
use crate::mqtt::{Message, Publish, QoS};

/// A client with a will on `topic` that comes after so many seconds, and one who reads
/// that.
async fn pair(scene: &Scene, topic: &str, delay: u32) -> Result<(Conversation, Conversation)> {
    let mut reader = scene.client().await?;
    subscribe(&mut reader, topic, QoS::AtMostOnce).await?;
    let publish = Publish { topic, payload: b"gone", ..Publish::default() };
    let will = Message::new(&publish).ok().map(|will| (will, delay));
    let owner = scene.client_as(|session| {
        session.will = will;
        session.session_expiry_interval = (delay > 0).then_some(60);
    });
    Ok((owner.await?, reader))
}

pub(super) async fn lost(scene: &Scene) -> Result<Answer> {
    let (owner, mut reader) = pair(scene, &scene.topic(), 0).await?;
    drop(owner);
    let came = reader.message().await?;
    reader.close().await?;
    Ok(Answer::must(came.payload() == b"gone", "published", "another message", "MQTT-3.1.2-8"))
}

pub(super) async fn left(scene: &Scene) -> Result<Answer> {
    let (owner, mut reader) = pair(scene, &scene.topic(), 0).await?;
    owner.close().await?;
    let came = scene.gather(&mut reader).await?.len();
    reader.close().await?;
    Ok(Answer::must(came == 0, "not published", "published", "MQTT-3.1.2-10"))
}

pub(super) async fn kept(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut reader = scene.client().await?;
    subscribe(&mut reader, &topic, QoS::AtMostOnce).await?;
    let publish = Publish { topic: &topic, payload: b"gone", retain: true, ..Publish::default() };
    let will = Message::new(&publish).ok().map(|will| (will, 0));
    drop(scene.client_as(|session| session.will = will).await?);
    reader.message().await?;
    let mut late = scene.client().await?;
    subscribe(&mut late, &topic, QoS::AtMostOnce).await?;
    let came = scene.gather(&mut late).await?;
    retain(&mut late, &topic, b"").await?;
    late.close().await?;
    reader.close().await?;
    let is_kept = came.iter().any(|message| message.retain && message.payload() == b"gone");
    Ok(Answer::must(is_kept, "for those who come later", "not kept", "MQTT-3.1.2-15"))
}

pub(super) async fn delayed(scene: &Scene) -> Result<Answer> {
    let (owner, mut reader) = pair(scene, &scene.topic(), 1).await?;
    drop(owner);
    let early = scene.gather(&mut reader).await?.len();
    let late = if early == 0 { reader.message().await.is_ok() } else { false };
    reader.close().await?;
    Ok(match (early, late) {
        (0, true) => Answer::yes("published later"),
        (0, false) => Answer::wrong("not published", "MQTT-3.1.3-9"),
        _ => Answer::wrong("published at once", "§3.1.3.2.2"),
    })
}
