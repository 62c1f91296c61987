//! What `--debug` says on stderr: a line per packet. It never shows a password
//! or a payload.

use crate::mqtt::{self, Ack, AckKind, Frame, Packet, Publish, Version};
use crate::output;

/// Says which whole packets `bytes` holds, as packets of `version`.
pub fn packets(direction: &str, bytes: &[u8], version: Version) {
    let mut rest = bytes;
    while let Ok(Some(frame)) = mqtt::next_frame(rest, usize::MAX) {
        let what = describe(&frame, version);
        output::note(format!("{direction} {what}, {} bytes", frame.bytes.len()));
        rest = rest.get(frame.bytes.len()..).unwrap_or_default();
    }
}

fn describe(frame: &Frame<'_>, version: Version) -> String {
    match Packet::decode(frame, version) {
        Ok(packet) => words(&packet),
        Err(error) => format!("a malformed packet ({error})"),
    }
}

fn words(packet: &Packet<'_>) -> String {
    match packet {
        Packet::Connect(connect) => format!(
            "CONNECT version {}, client {:?}, user {:?}, keepalive {}",
            connect.version, connect.client_id, connect.username, connect.keep_alive
        ),
        Packet::ConnAck(ack) => {
            format!("CONNACK {}, session present: {}", ack.reason, ack.session_present)
        }
        Packet::Publish(publish) => publish_words(publish),
        Packet::Ack(ack) => ack_words(ack),
        Packet::Subscribe(subscribe) => {
            let filters = subscribe.requests.iter().map(|request| request.filter);
            format!("SUBSCRIBE {:?}", filters.collect::<Vec<_>>())
        }
        Packet::SubAck(ack) => format!("SUBACK {:?}", ack.reasons),
        Packet::Unsubscribe(unsubscribe) => format!("UNSUBSCRIBE {:?}", unsubscribe.filters),
        Packet::UnsubAck(ack) => format!("UNSUBACK {:?}", ack.reasons),
        Packet::PingReq => "PINGREQ".to_owned(),
        Packet::PingResp => "PINGRESP".to_owned(),
        Packet::Disconnect(end) => format!("DISCONNECT {}", end.reason),
        Packet::Auth(_) => "AUTH".to_owned(),
    }
}

fn publish_words(publish: &Publish<'_>) -> String {
    format!(
        "PUBLISH {:?}, id {}, QoS {}{}{}, payload {} bytes",
        publish.topic,
        publish.packet_id.map_or(0, std::num::NonZeroU16::get),
        publish.qos as u8,
        if publish.retain { ", retain" } else { "" },
        if publish.dup { ", dup" } else { "" },
        publish.payload.len()
    )
}

fn ack_words(ack: &Ack<'_>) -> String {
    let name = match ack.kind {
        AckKind::PubAck => "PUBACK",
        AckKind::PubRec => "PUBREC",
        AckKind::PubRel => "PUBREL",
        AckKind::PubComp => "PUBCOMP",
    };
    format!("{name} id {}, {}", ack.packet_id, ack.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::Connect;
    use crate::session::{ClientConfig, Secret};

    #[test]
    fn a_connect_is_described_without_its_password() {
        let config = ClientConfig {
            username: Some("me".to_owned()),
            password: Some(Secret::new("hunter2")),
            ..ClientConfig::default()
        };
        let connect: Connect<'_> = config.packet();
        let words = words(&Packet::Connect(connect));
        assert!(words.contains("\"me\"") && !words.contains("hunter2"));
    }
}
