//! Subscriptions: wildcards, overlaps, options, shares, reason codes.

use super::answer::Answer;
use super::scene::{Scene, publish, subscribe, subscribe_with};
use crate::error::Result;
use crate::mqtt::{QoS, ReasonCode, SubscribeOptions, SubscribeProperties, SubscriptionId};

/// Whether a message on a topic with this end comes by a filter with that one.
async fn matches(scene: &Scene, filter: &str, topic: &str) -> Result<bool> {
    let own = scene.topic();
    let mut client = scene.client().await?;
    subscribe(&mut client, &format!("{own}{filter}"), QoS::AtMostOnce).await?;
    publish(&mut client, &format!("{own}{topic}"), b"", QoS::AtLeastOnce).await?;
    let came = !scene.gather(&mut client).await?.is_empty();
    client.close().await?;
    Ok(came)
}

/// Filters with topics that they match, or do not.
const MATCHES: &[(&str, &str, bool)] = &[
    ("/+", "/a", true),
    ("/+", "/", true),
    ("/+", "/a/b", false),
    ("/+/b", "/a/b", true),
    ("/#", "/a/b/c", true),
    ("/#", "", true),
    ("/a/#", "/ab", false),
    ("/A", "/a", false),
];

pub(super) async fn wildcards(scene: &Scene) -> Result<Answer> {
    for (filter, topic, wanted) in MATCHES {
        if matches(scene, filter, topic).await? != *wanted {
            let verb = if *wanted { "does not match" } else { "matches" };
            let said = format!("...{filter} {verb} ...{topic}");
            return Ok(Answer::wrong(said, "§4.7.1"));
        }
    }
    Ok(Answer::yes("+ and #"))
}

pub(super) async fn dollar(scene: &Scene) -> Result<Answer> {
    let mut client = scene.client().await?;
    subscribe(&mut client, "#", QoS::AtMostOnce).await?;
    let came = scene.gather(&mut client).await?;
    client.close().await?;
    let leaked = came.iter().any(|message| message.topic().starts_with('$'));
    Ok(Answer::must(!leaked, "# leaves out $ topics", "# brings $ topics", "MQTT-4.7.2-1"))
}

pub(super) async fn sys(scene: &Scene) -> Result<Answer> {
    let mut client = scene.client().await?;
    subscribe(&mut client, "$SYS/#", QoS::AtMostOnce).await?;
    let came = scene.gather(&mut client).await?.len();
    client.close().await?;
    Ok(if came > 0 { Answer::yes("there") } else { Answer::no("nothing at once") })
}

pub(super) async fn overlap(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut client = scene.client().await?;
    subscribe(&mut client, &topic, QoS::AtMostOnce).await?;
    subscribe(&mut client, &format!("{topic}/#"), QoS::AtLeastOnce).await?;
    publish(&mut client, &topic, b"", QoS::AtLeastOnce).await?;
    let came = scene.gather(&mut client).await?;
    client.close().await?;
    let mut levels: Vec<_> = came.iter().map(|message| (message.qos as u8).to_string()).collect();
    levels.sort_unstable();
    let said = format!("{} copies, QoS {}", came.len(), levels.join(" and "));
    Ok(match levels.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["1"] => Answer::yes("one copy, with the highest QoS"),
        ["0", "1"] => Answer::yes("a copy for each, with its QoS"),
        _ => Answer::wrong(said, "MQTT-3.3.4-2"),
    })
}

pub(super) async fn identifiers(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut client = scene.client().await?;
    let properties = SubscribeProperties {
        subscription_identifier: SubscriptionId::new(77),
        ..SubscribeProperties::default()
    };
    subscribe_with(&mut client, &topic, SubscribeOptions::default(), properties).await?;
    publish(&mut client, &topic, b"", QoS::AtMostOnce).await?;
    let message = client.message().await?;
    client.close().await?;
    let ids: Vec<_> = message.properties().subscription_identifiers.iter().collect();
    let same = ids.len() == 1 && ids.first().is_some_and(|id| id.value() == 77);
    Ok(Answer::must(same, "comes with the message", "does not come", "MQTT-3.3.4-3"))
}

pub(super) async fn no_local(scene: &Scene) -> Result<Answer> {
    let options = SubscribeOptions { no_local: true, ..SubscribeOptions::default() };
    let topic = scene.topic();
    let mut client = scene.client().await?;
    subscribe_with(&mut client, &topic, options, SubscribeProperties::default()).await?;
    publish(&mut client, &topic, b"", QoS::AtLeastOnce).await?;
    let came = scene.gather(&mut client).await?.len();
    client.close().await?;
    Ok(Answer::must(came == 0, "yes", "one's own comes back", "MQTT-3.8.3-3"))
}

pub(super) async fn shared(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let filter = format!("$share/group/{topic}");
    let mut members = [scene.client().await?, scene.client().await?];
    for member in &mut members {
        subscribe(member, &filter, QoS::AtLeastOnce).await?;
    }
    let mut writer = scene.client().await?;
    for _ in 0..20 {
        publish(&mut writer, &topic, b"", QoS::AtLeastOnce).await?;
    }
    let mut counts = Vec::new();
    for member in &mut members {
        counts.push(scene.gather(member).await?.len());
    }
    writer.close().await?;
    let each = counts.iter().all(|count| *count > 0);
    Ok(match counts.iter().sum() {
        20 if each => Answer::yes("each member gets some"),
        20 => Answer::yes("one member gets all"),
        other => Answer::wrong(format!("{other} of 20 come"), "MQTT-4.8.2-4"),
    })
}

pub(super) async fn shared_before_v5(scene: &Scene) -> Result<Answer> {
    let topic = scene.topic();
    let mut client = scene.client_of(crate::mqtt::Version::V311).await?;
    subscribe(&mut client, &format!("$share/group/{topic}"), QoS::AtMostOnce).await?;
    publish(&mut client, &topic, b"", QoS::AtLeastOnce).await?;
    let came = scene.gather(&mut client).await?.len();
    client.close().await?;
    Ok(if came > 0 { Answer::yes("yes") } else { Answer::no("an ordinary topic") })
}

pub(super) async fn unknown_filter(scene: &Scene) -> Result<Answer> {
    let mut client = scene.client().await?;
    let reasons = client.unsubscribe(&[&scene.topic()]).await?;
    client.close().await?;
    let told = reasons.first() == Some(&ReasonCode::NO_SUBSCRIPTION_EXISTED);
    Ok(Answer::must(told, "0x11 No subscription existed", "not told", "MQTT-3.11.3-2"))
}
