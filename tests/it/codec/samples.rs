//! Packets to vary: one of each type, one for each string, every property.

use crate::hex;

/// A packet of `header` with a correct length in front of its body.
pub(super) fn packet(header: u8, body: &[u8]) -> Vec<u8> {
    assert!(body.len() < 128, "one byte of length");
    let length = u8::try_from(body.len()).expect("checked above");
    [&[header, length], body].concat()
}

/// A packet of each type in version 5: what precedes its properties (with the
/// header and no length) and what follows them.
pub(super) const V5_PACKETS: &[(&str, u8, &str, &str)] = &[
    ("CONNECT", 0x10, "0004 4d515454 05 02 003c", "0002 636c"),
    ("CONNACK", 0x20, "00 00", ""),
    ("PUBLISH", 0x30, "0001 61", "68 69"),
    ("PUBACK", 0x40, "0009 00", ""),
    ("PUBREC", 0x50, "0009 00", ""),
    ("PUBREL", 0x62, "0009 00", ""),
    ("PUBCOMP", 0x70, "0009 00", ""),
    ("SUBSCRIBE", 0x82, "0009", "0001 61 00"),
    ("SUBACK", 0x90, "0009", "00"),
    ("UNSUBSCRIBE", 0xa2, "0009", "0001 61"),
    ("UNSUBACK", 0xb0, "0009", "00"),
    ("DISCONNECT", 0xe0, "00", ""),
    ("AUTH", 0xf0, "00", ""),
    ("will", 0x10, "0004 4d515454 05 06 003c 00 0002 636c", "0001 77 0001 6d"),
];

/// The packet of `V5_PACKETS` called `name` with these properties.
pub(super) fn v5_packet(name: &str, properties: &[u8]) -> Vec<u8> {
    let row = V5_PACKETS.iter().find(|row| row.0 == name);
    let (_, header, before, after) = row.expect("a name of the table");
    let length = u8::try_from(properties.len()).expect("a short section");
    let body = [&hex::bytes(before), &[length][..], properties, &hex::bytes(after)];
    packet(*header, &body.concat())
}

/// A packet for every field that is a string, with `@@@` in that field.
pub(super) fn packets_with_a_string() -> Vec<(&'static str, Vec<u8>)> {
    let property = |id: &str| hex::bytes(&format!("{id} 0003 404040"));
    let key = hex::bytes("26 0003 404040 0000");
    let value = hex::bytes("26 0000 0003 404040");
    let mut found = vec![
        ("client identifier", packet(0x10, &hex::bytes("0004 4d515454 05 02 003c 00 0003 404040"))),
        ("user name", packet(0x10, &hex::bytes("0004 4d515454 05 82 003c 00 0000 0003 404040"))),
        (
            "will topic",
            packet(0x10, &hex::bytes("0004 4d515454 05 06 003c 00 0000 00 0003 404040 0000")),
        ),
        ("topic", packet(0x30, &hex::bytes("0003 404040 00"))),
        ("filter", packet(0x82, &hex::bytes("0009 00 0003 404040 00"))),
        ("unsubscribed filter", packet(0xa2, &hex::bytes("0009 00 0003 404040"))),
        ("authentication method", v5_packet("CONNECT", &property("15"))),
        ("content type", v5_packet("PUBLISH", &property("03"))),
        ("response topic", v5_packet("PUBLISH", &property("08"))),
        ("will content type", v5_packet("will", &property("03"))),
        ("will response topic", v5_packet("will", &property("08"))),
        ("assigned client identifier", v5_packet("CONNACK", &property("12"))),
        ("response information", v5_packet("CONNACK", &property("1a"))),
        ("server reference", v5_packet("CONNACK", &property("1c"))),
        ("server reference at the end", v5_packet("DISCONNECT", &property("1c"))),
        ("method of AUTH", v5_packet("AUTH", &property("15"))),
    ];
    for (name, ..) in V5_PACKETS {
        found.push((name, v5_packet(name, &key)));
        found.push((name, v5_packet(name, &value)));
        let has_no_reason = ["CONNECT", "PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", "will"];
        if !has_no_reason.contains(name) {
            found.push((name, v5_packet(name, &property("1f"))));
        }
    }
    found
}

pub(super) fn replace(packet: &[u8], with: [u8; 3]) -> Vec<u8> {
    let at = packet.windows(3).position(|three| three == b"@@@");
    let at = at.expect("the packet holds the mark");
    [&packet[..at], &with, &packet[at + 3..]].concat()
}

/// Table 2-4 of MQTT 5.0: a property as it is sent, and where it may be.
pub(super) const PROPERTIES: &[(&str, &[&str])] = &[
    ("01 01", &["PUBLISH", "will"]),
    ("02 00000001", &["PUBLISH", "will"]),
    ("03 0001 61", &["PUBLISH", "will"]),
    ("08 0001 61", &["PUBLISH", "will"]),
    ("09 0001 61", &["PUBLISH", "will"]),
    ("0b 01", &["PUBLISH", "SUBSCRIBE"]),
    ("11 00000001", &["CONNECT", "CONNACK", "DISCONNECT"]),
    ("12 0001 61", &["CONNACK"]),
    ("13 0001", &["CONNACK"]),
    ("15 0001 61", &["CONNECT", "CONNACK", "AUTH"]),
    ("16 0001 61", &["CONNECT", "CONNACK", "AUTH"]),
    ("17 01", &["CONNECT"]),
    ("18 00000001", &["will"]),
    ("19 01", &["CONNECT"]),
    ("1a 0001 61", &["CONNACK"]),
    ("1c 0001 61", &["CONNACK", "DISCONNECT"]),
    (
        "1f 0001 61",
        &[
            "CONNACK",
            "PUBACK",
            "PUBREC",
            "PUBREL",
            "PUBCOMP",
            "SUBACK",
            "UNSUBACK",
            "DISCONNECT",
            "AUTH",
        ],
    ),
    ("21 0001", &["CONNECT", "CONNACK"]),
    ("22 0001", &["CONNECT", "CONNACK"]),
    ("23 0001", &["PUBLISH"]),
    ("24 01", &["CONNACK"]),
    ("25 01", &["CONNACK"]),
    ("27 00000001", &["CONNECT", "CONNACK"]),
    ("28 01", &["CONNACK"]),
    ("29 01", &["CONNACK"]),
    ("2a 01", &["CONNACK"]),
];

pub(super) const USER_PROPERTY: &str = "26 0001 61 0001 62";
