//! What the broker says of a topic that the user may neither write nor read.

use super::answer::Answer;
use super::scene::{Scene, last_word, publish};
use crate::error::Result;
use crate::mqtt::{QoS, ReasonCode, SubscribeOptions, SubscribeProperties, SubscribeRequest};

/// The answer where no such topic is known.
fn unknown() -> Answer {
    Answer::no("no topic is named (--denied)")
}

pub(super) async fn subscribing(scene: &Scene) -> Result<Answer> {
    let Some(filter) = scene.denied() else {
        return Ok(unknown());
    };
    let mut client = scene.client().await?;
    let requests = [SubscribeRequest { filter, options: SubscribeOptions::default() }];
    let answers = client.subscribe(&requests, SubscribeProperties::default()).await;
    let answer = judged(answers.map(|all| all.first().copied().unwrap_or_default()), "granted");
    // It may have ended the connection.
    let _ = client.close().await;
    Ok(answer)
}

pub(super) async fn publishing(scene: &Scene) -> Result<Answer> {
    let Some(topic) = scene.denied() else {
        return Ok(unknown());
    };
    let mut client = scene.client().await?;
    let answer =
        judged(publish(&mut client, topic, b"", QoS::AtLeastOnce).await, "taken without a word");
    let _ = client.close().await;
    Ok(answer)
}

/// What it says, or `otherwise` if nothing is wrong with it.
fn judged(reason: Result<ReasonCode>, otherwise: &str) -> Answer {
    match reason {
        Ok(reason) if reason.is_error() => Answer::yes(reason.to_string()),
        Ok(_) => Answer::no(otherwise),
        Err(error) => Answer::yes(last_word(&error)),
    }
}
