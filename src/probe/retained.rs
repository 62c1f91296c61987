//! Messages that are kept for those who come later.

use super::answer::Answer;
use super::scene::{Scene, retain, subscribe, subscribe_with};
use crate::error::Result;
use crate::mqtt::{QoS, RetainHandling, SubscribeOptions, SubscribeProperties};

/// How many kept messages a subscription to `topic` with these options brings, the
/// second of two.
async fn brought(scene: &Scene, topic: &str, handling: RetainHandling) -> Result<usize> {
    let options = SubscribeOptions { retain_handling: handling, ..SubscribeOptions::default() };
    let mut client = scene.client().await?;
    subscribe(&mut client, topic, QoS::AtMostOnce).await?;
    scene.gather(&mut client).await?;
    subscribe_with(&mut client, topic, options, SubscribeProperties::default()).await?;
    let came = scene.gather(&mut client).await?.len();
    client.close().await?;
    Ok(came)
}

pub(super) async fn kept(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut client = scene.client().await?;
    retain(&mut client, &topic, b"kept").await?;
    subscribe(&mut client, &topic, QoS::AtMostOnce).await?;
    let came = scene.gather(&mut client).await?;
    retain(&mut client, &topic, b"").await?;
    client.close().await?;
    Ok(match came.as_slice() {
        [one] if one.retain && one.payload() == b"kept" => Answer::yes("yes"),
        [_] => Answer::wrong("it comes as if it were new", "MQTT-3.3.1-8"),
        _ => Answer::wrong(format!("{} messages come", came.len()), "MQTT-3.3.1-6"),
    })
}

pub(super) async fn cleared(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut client = scene.client().await?;
    retain(&mut client, &topic, b"kept").await?;
    retain(&mut client, &topic, b"").await?;
    subscribe(&mut client, &topic, QoS::AtMostOnce).await?;
    let came = scene.gather(&mut client).await?.len();
    client.close().await?;
    Ok(Answer::must(came == 0, "by an empty payload", "not at all", "MQTT-3.3.1-6"))
}

/// The flag of a kept message as one gets it who was subscribed before.
async fn flag(scene: &Scene, as_published: bool) -> Result<bool> {
    let topic = scene.topic();
    let options =
        SubscribeOptions { retain_as_published: as_published, ..SubscribeOptions::default() };
    let mut client = scene.client().await?;
    subscribe_with(&mut client, &topic, options, SubscribeProperties::default()).await?;
    retain(&mut client, &topic, b"kept").await?;
    let flag = client.message().await?.retain;
    retain(&mut client, &topic, b"").await?;
    client.close().await?;
    Ok(flag)
}

pub(super) async fn live(scene: &Scene) -> Result<Answer> {
    let flag = flag(scene, false).await?;
    Ok(Answer::must(!flag, "without the flag", "with the flag", "MQTT-3.3.1-12"))
}

pub(super) async fn as_published(scene: &Scene) -> Result<Answer> {
    let flag = flag(scene, true).await?;
    Ok(Answer::must(flag, "yes", "no", "MQTT-3.3.1-13"))
}

pub(super) async fn handling(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut client = scene.client().await?;
    retain(&mut client, &topic, b"kept").await?;
    let mut counts = Vec::new();
    for handling in [RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend] {
        counts.push(brought(scene, &topic, handling).await?);
    }
    retain(&mut client, &topic, b"").await?;
    client.close().await?;
    let said = format!("{counts:?} instead of [1, 0, 0]");
    Ok(Answer::must(counts == [1, 0, 0], "as asked for", &said, "§3.8.3.1"))
}
