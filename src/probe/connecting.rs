//! Who may connect, and what becomes of two of the same name.

use super::answer::Answer;
use super::scene::{Scene, last_word};
use crate::error::Result;
use crate::mqtt::Version;
use crate::session::{ClientConfig, Secret};

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

pub(super) async fn wrong_password(scene: &Scene) -> Result<Answer> {
    if !scene.has_user() {
        return Ok(Answer::no("nobody is named (-u)"));
    }
    refused(scene, |session| session.password = Some(Secret::new("wrong"))).await
}

pub(super) async fn nobody(scene: &Scene) -> Result<Answer> {
    refused(scene, |session| (session.username, session.password) = (None, None)).await
}

/// How the broker refuses a client that `change` makes of the usual.
async fn refused(scene: &Scene, change: impl FnOnce(&mut ClientConfig)) -> Result<Answer> {
    match scene.client_as(change).await {
        Ok(client) => {
            client.close().await?;
            Ok(Answer::no("let in"))
        }
        Err(error) => Ok(Answer::yes(last_word(&error))),
    }
}
