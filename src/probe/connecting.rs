//! Who may connect, and what becomes of two of the same name.

use super::answer::Answer;
use super::scene::Scene;
use crate::error::{Class, Error, Result};
use crate::mqtt::Version;

pub(super) async fn v5(scene: &Scene) -> Result<Answer> {
    version(scene, Version::V5).await
}

pub(super) async fn v311(scene: &Scene) -> Result<Answer> {
    version(scene, Version::V311).await
}

pub(super) async fn v31(scene: &Scene) -> Result<Answer> {
    version(scene, Version::V31).await
}

async fn version(scene: &Scene, version: Version) -> Result<Answer> {
    scene.client_of(version).await?.close().await?;
    Ok(Answer::yes("yes"))
}

pub(super) async fn no_identifier(scene: &Scene) -> Result<Answer> {
    let client = scene.client_as(|session| session.client_id = String::new()).await?;
    let is_told = client.announced().assigned_client_identifier.is_some();
    client.close().await?;
    Ok(Answer::must(is_told, "it gets one", "it gets none", "MQTT-3.2.2-16"))
}

pub(super) async fn no_identifier_v311(scene: &Scene) -> Result<Answer> {
    let client = scene.client_as(|session| {
        (session.version, session.client_id) = (Version::V311, String::new());
    });
    client.await?.close().await?;
    Ok(Answer::yes("yes"))
}

pub(super) async fn take_over(scene: &Scene) -> Result<Answer> {
    let id = scene.client_id();
    let mut first = scene.client_as(|session| session.client_id.clone_from(&id)).await?;
    let mut second = scene.client_as(|session| session.client_id.clone_from(&id)).await?;
    let end = first.ping().await;
    second.ping().await?;
    second.close().await?;
    Ok(match end {
        Ok(()) => Answer::wrong("both stay", "MQTT-3.1.4-3"),
        Err(error) => Answer::yes(last_word(&error)),
    })
}

/// What the broker has said when it ended a connection.
fn last_word(error: &Error) -> String {
    let line = error.line();
    match line.split_once("ended the connection: ") {
        Some((_, why)) if error.class() == Class::ConnectionLost => {
            why.split(" (").next().unwrap_or(why).to_owned()
        }
        _ => "closed without a word".to_owned(),
    }
}
