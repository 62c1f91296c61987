//! What the broker announces in CONNACK.

use super::answer::Answer;
use super::scene::Scene;
use crate::client::Announced;
use crate::error::Result;

/// What it announces, as `read` has it.
async fn announced(scene: &Scene, read: fn(&Announced) -> Answer) -> Result<Answer> {
    let client = scene.client().await?;
    let answer = read(client.announced());
    client.close().await?;
    Ok(answer)
}

fn offered(has: bool) -> Answer {
    if has { Answer::yes("yes") } else { Answer::no("no") }
}

pub(super) async fn maximum_qos(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| Answer::yes(said.maximum_qos.to_string())).await
}

pub(super) async fn receive_maximum(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| Answer::yes(said.receive_maximum.to_string())).await
}

pub(super) async fn packet_size(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| match said.maximum_packet_size {
        Some(size) => Answer::yes(size.to_string()),
        None => Answer::yes("not limited"),
    })
    .await
}

pub(super) async fn aliases(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| match said.topic_alias_maximum {
        0 => Answer::no("none"),
        count => Answer::yes(count.to_string()),
    })
    .await
}

pub(super) async fn keep_alive(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| match said.server_keep_alive {
        Some(seconds) => Answer::yes(format!("{seconds} s")),
        None => Answer::yes("as the client wishes"),
    })
    .await
}

pub(super) async fn session_expiry(scene: &Scene) -> Result<Answer> {
    let client = scene.client_as(|session| session.session_expiry_interval = Some(u32::MAX));
    let client = client.await?;
    let answer = match client.announced().session_expiry_interval {
        Some(seconds) => Answer::yes(format!("{seconds} s at most")),
        None => Answer::yes("for ever if wished"),
    };
    client.close().await?;
    Ok(answer)
}

pub(super) async fn retained(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| offered(said.retain_available)).await
}

pub(super) async fn wildcards(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| offered(said.wildcard_subscriptions)).await
}

pub(super) async fn identifiers(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| offered(said.subscription_identifiers)).await
}

pub(super) async fn shared(scene: &Scene) -> Result<Answer> {
    announced(scene, |said| offered(said.shared_subscriptions)).await
}
