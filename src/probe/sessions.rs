//! What is kept for a client that is away.

use super::answer::Answer;
use super::scene::{Scene, publish, subscribe};
use crate::client::Conversation;
use crate::error::Result;
use crate::mqtt::QoS;
use std::time::Duration;

/// A client whose session is kept for so many seconds.
pub(super) async fn lasting(scene: &Scene, id: &str, seconds: u32) -> Result<Conversation> {
    let v5 = scene.is_v5();
    scene
        .client_as(|session| {
            id.clone_into(&mut session.client_id);
            session.clean_start = false;
            session.session_expiry_interval = v5.then_some(seconds);
        })
        .await
}

/// Ends the session of this name.
pub(super) async fn forget(scene: &Scene, id: &str) -> Result<()> {
    scene.client_as(|session| id.clone_into(&mut session.client_id)).await?.close().await
}

pub(super) async fn kept(scene: &Scene) -> Result<Answer> {
    let (id, topic) = (scene.client_id(), scene.topic());
    let mut reader = lasting(scene, &id, 60).await?;
    subscribe(&mut reader, &topic, QoS::AtLeastOnce).await?;
    reader.close().await?;
    let mut writer = scene.client().await?;
    publish(&mut writer, &topic, b"1", QoS::AtLeastOnce).await?;
    writer.close().await?;
    let mut again = lasting(scene, &id, 60).await?;
    let present = again.announced().session_present;
    let came = scene.gather(&mut again).await?.len();
    again.close().await?;
    forget(scene, &id).await?;
    Ok(match (present, came) {
        (true, 1) => Answer::yes("with what was published meanwhile"),
        (false, _) => Answer::no("not kept"),
        (true, count) => Answer::wrong(format!("with {count} messages"), "MQTT-4.5.0-1"),
    })
}

pub(super) async fn clean_start(scene: &Scene) -> Result<Answer> {
    let id = scene.client_id();
    lasting(scene, &id, 60).await?.close().await?;
    forget(scene, &id).await?;
    let again = lasting(scene, &id, 60).await?;
    let present = again.announced().session_present;
    again.close().await?;
    forget(scene, &id).await?;
    Ok(Answer::must(!present, "ends what was kept", "changes nothing", "MQTT-3.1.2-4"))
}

pub(super) async fn expiry(scene: &Scene) -> Result<Answer> {
    let id = scene.client_id();
    lasting(scene, &id, 1).await?.close().await?;
    // Longer than it is kept by more than brokers are late.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let again = lasting(scene, &id, 1).await?;
    let present = again.announced().session_present;
    again.close().await?;
    Ok(if present { Answer::no("late or never") } else { Answer::yes("in time") })
}
