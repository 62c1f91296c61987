//! Messages there and back: quality, size, topics, order, reason codes.

use super::answer::Answer;
use super::scene::{Scene, publish, subscribe};
use crate::error::Result;
use crate::mqtt::{MAX_REMAINING_LENGTH, Message, QoS, ReasonCode};

pub(super) async fn qos0(scene: &Scene) -> Result<Answer> {
    there_and_back(scene, QoS::AtMostOnce).await
}

pub(super) async fn qos1(scene: &Scene) -> Result<Answer> {
    there_and_back(scene, QoS::AtLeastOnce).await
}

pub(super) async fn qos2(scene: &Scene) -> Result<Answer> {
    there_and_back(scene, QoS::ExactlyOnce).await
}

async fn there_and_back(scene: &Scene, qos: QoS) -> Result<Answer> {
    let topic = scene.topic();
    let arrived = echo(scene, &topic, b"x", qos).await?;
    Ok(match arrived.qos {
        same if same == qos => Answer::yes("yes"),
        lower => Answer::no(format!("comes with QoS {}", lower as u8)),
    })
}

/// What comes back of a message.
async fn echo(scene: &Scene, topic: &str, payload: &[u8], qos: QoS) -> Result<Message> {
    let mut client = scene.client().await?;
    subscribe(&mut client, topic, qos).await?;
    publish(&mut client, topic, payload, qos).await?;
    let arrived = client.message().await?;
    client.close().await?;
    Ok(arrived)
}

/// Sizes of payloads in bytes.
const SIZES: &[usize] = &[1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24];

pub(super) async fn largest_payload(scene: &Scene) -> Result<Answer> {
    let mut largest = 0;
    for size in SIZES.iter().filter(|size| **size < MAX_REMAINING_LENGTH) {
        let payload = vec![b'x'; *size];
        match echo(scene, &scene.topic(), &payload, QoS::AtMostOnce).await {
            Ok(arrived) if arrived.payload() == payload => largest = *size,
            _ => break,
        }
    }
    Ok(at_least(largest, SIZES.last(), "bytes"))
}

/// The largest of the sizes that were tried and worked.
fn at_least(largest: usize, last: Option<&usize>, unit: &str) -> Answer {
    if last == Some(&largest) {
        Answer::yes(format!("{largest} {unit} and more"))
    } else {
        Answer::yes(format!("{largest} {unit}"))
    }
}

/// Lengths of topics in bytes.
const LENGTHS: &[usize] = &[64, 256, 1024, 4096, 16_384, 65_535];

pub(super) async fn longest_topic(scene: &Scene) -> Result<Answer> {
    let mut longest = 0;
    for length in LENGTHS {
        let mut topic = scene.topic() + "/";
        topic.extend(std::iter::repeat_n('x', length.saturating_sub(topic.len())));
        match echo(scene, &topic, b"", QoS::AtMostOnce).await {
            Ok(arrived) if arrived.topic() == topic => longest = *length,
            _ => break,
        }
    }
    Ok(at_least(longest, LENGTHS.last(), "bytes"))
}

/// Numbers of levels.
const LEVELS: &[usize] = &[8, 16, 64, 128, 200, 256, 1000];

pub(super) async fn deepest_topic(scene: &Scene) -> Result<Answer> {
    let mut deepest = 0;
    for levels in LEVELS {
        let mut topic = scene.topic();
        let own = topic.split('/').count();
        topic.extend(std::iter::repeat_n("/x", levels.saturating_sub(own)));
        match echo(scene, &topic, b"", QoS::AtMostOnce).await {
            Ok(arrived) if arrived.topic() == topic => deepest = *levels,
            _ => break,
        }
    }
    Ok(at_least(deepest, LEVELS.last(), "levels"))
}

pub(super) async fn strange_topics(scene: &Scene) -> Result<Answer> {
    let own = scene.topic();
    for end in ["/", "//", "/ a b/ ", "/ü/日本", "/$x"] {
        let topic = format!("{own}{end}");
        if echo(scene, &topic, b"", QoS::AtMostOnce).await?.topic() != topic {
            return Ok(Answer::wrong(format!("{end} comes as another"), "MQTT-4.7.3-4"));
        }
    }
    Ok(Answer::yes("empty levels, blanks, letters of all scripts"))
}

pub(super) async fn any_bytes(scene: &Scene) -> Result<Answer> {
    let payload: Vec<u8> = (0..=255).collect();
    let arrived = echo(scene, &scene.topic(), &payload, QoS::AtLeastOnce).await?;
    let same = arrived.payload() == payload;
    Ok(Answer::must(same, "unchanged", "changed", "§3.3.3"))
}

/// Enough for a broker that reorders to be caught.
const SERIES: u32 = 200;

pub(super) async fn order1(scene: &Scene) -> Result<Answer> {
    order(scene, QoS::AtLeastOnce).await
}

pub(super) async fn order2(scene: &Scene) -> Result<Answer> {
    order(scene, QoS::ExactlyOnce).await
}

async fn order(scene: &Scene, qos: QoS) -> Result<Answer> {
    let topic = scene.topic();
    let (mut reader, mut writer) = (scene.client().await?, scene.client().await?);
    subscribe(&mut reader, &topic, qos).await?;
    for number in 0..SERIES {
        publish(&mut writer, &topic, number.to_string().as_bytes(), qos).await?;
    }
    let arrived = scene.gather(&mut reader).await?;
    let numbers: Vec<u32> = arrived.iter().filter_map(number).collect();
    writer.close().await?;
    reader.close().await?;
    Ok(if numbers.iter().copied().eq(0..SERIES) {
        Answer::yes("kept")
    } else if numbers.is_sorted() {
        Answer::wrong(format!("{} of {SERIES} come", numbers.len()), "MQTT-4.3.2-1")
    } else {
        Answer::wrong("not kept", "MQTT-4.6.0-6")
    })
}

fn number(message: &Message) -> Option<u32> {
    std::str::from_utf8(message.payload()).ok()?.parse().ok()
}

pub(super) async fn nobody_listens(scene: &Scene) -> Result<Answer> {
    let mut client = scene.client().await?;
    let reason = publish(&mut client, &scene.topic(), b"", QoS::AtLeastOnce).await?;
    client.close().await?;
    Ok(match reason {
        ReasonCode::NO_MATCHING_SUBSCRIBERS => Answer::yes("0x10 No matching subscribers"),
        _ => Answer::no("not told"),
    })
}
