//! What the broker says when it ends the connection of a client that breaks the standard.

use super::answer::Answer;
use super::scene::{Scene, last_word};
use crate::error::{Class, Result};
use crate::mqtt::Version;

/// What the broker makes of bytes that `statement` forbids.
async fn forbidden(scene: &Scene, bytes: &[u8], statement: &'static str) -> Result<Answer> {
    let mut client = scene.client().await?;
    client.send_bytes(bytes);
    match client.ping().await {
        Ok(()) => {
            client.close().await?;
            Ok(Answer::wrong("it goes on", statement))
        }
        Err(error) if error.class() == Class::Timeout => {
            Ok(Answer::wrong("it falls silent", statement))
        }
        Err(error) => Ok(Answer::yes(last_word(&error))),
    }
}

pub(super) async fn second_connect(scene: &Scene) -> Result<Answer> {
    let packet: &[u8] = match scene.protocol() {
        Version::V5 => b"\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0\0",
        Version::V311 => b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0",
        Version::V31 => b"\x10\x0e\0\x06MQIsdp\x03\x02\0\x3c\0\0",
    };
    forbidden(scene, packet, "MQTT-3.1.0-2").await
}

pub(super) async fn reserved_type(scene: &Scene) -> Result<Answer> {
    forbidden(scene, &[0, 0], "§2.1.2").await
}

pub(super) async fn qos3(scene: &Scene) -> Result<Answer> {
    let packet: &[u8] =
        if scene.is_v5() { b"\x36\x06\0\x01a\0\x01\0" } else { b"\x36\x05\0\x01a\0\x01" };
    forbidden(scene, packet, "MQTT-3.3.1-4").await
}

pub(super) async fn wildcard(scene: &Scene) -> Result<Answer> {
    let packet: &[u8] = if scene.is_v5() { b"\x30\x06\0\x03a/#\0" } else { b"\x30\x05\0\x03a/#" };
    forbidden(scene, packet, "MQTT-3.3.2-2").await
}

pub(super) async fn alias_zero(scene: &Scene) -> Result<Answer> {
    forbidden(scene, b"\x30\x07\0\x01a\x03\x23\0\0", "MQTT-3.3.2-8").await
}
