//! The types of packets by name.

use crate::mqtt::PacketType;

/// The names they have on the command line and in lines.
const TYPES: [(PacketType, &str); 15] = [
    (PacketType::Connect, "connect"),
    (PacketType::ConnAck, "connack"),
    (PacketType::Publish, "publish"),
    (PacketType::PubAck, "puback"),
    (PacketType::PubRec, "pubrec"),
    (PacketType::PubRel, "pubrel"),
    (PacketType::PubComp, "pubcomp"),
    (PacketType::Subscribe, "subscribe"),
    (PacketType::SubAck, "suback"),
    (PacketType::Unsubscribe, "unsubscribe"),
    (PacketType::UnsubAck, "unsuback"),
    (PacketType::PingReq, "pingreq"),
    (PacketType::PingResp, "pingresp"),
    (PacketType::Disconnect, "disconnect"),
    (PacketType::Auth, "auth"),
];

/// The type with this name, if there is one.
#[must_use]
pub fn type_named(name: &str) -> Option<PacketType> {
    TYPES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(kind, _)| *kind)
}

/// The name of the type that the first byte of a packet says, or `reserved`.
#[must_use]
pub fn type_name(header: u8) -> &'static str {
    let kind = PacketType::of(header);
    TYPES.iter().find(|(known, _)| Some(*known) == kind).map_or("reserved", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for (kind, name) in TYPES {
            assert_eq!(type_named(&name.to_uppercase()), Some(kind));
            assert_eq!(type_name((kind as u8) << 4), name);
        }
        assert_eq!((type_named("reserved"), type_name(0)), (None, "reserved"));
    }
}
