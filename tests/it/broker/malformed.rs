//! Packets that must be refused, each followed by a good client.

use super::lab::{Lab, hex, message};
use mqx::mqtt::{PacketType, QoS, Version};

/// What a connection of this version must answer before it is closed, by the
/// section in which the packet is wrong; empty for 3.1.1, which just closes.
fn check(version: Version, name: &str, bytes: &[u8]) {
    let mut lab = Lab::new();
    let mut bystander = lab.client(Version::V5, "bystander");
    lab.subscribe(&mut bystander, "t", QoS::AtMostOnce);
    let first = PacketType::of(bytes[0]) == Some(PacketType::Connect);
    let mut client = if first { lab.accept(version) } else { lab.client(version, "bad") };
    lab.send_bytes(&mut client, bytes);
    let answer = client.take_without_words();
    assert!(client.is_closed(), "{name} is let through: {answer:02x?}");
    let allowed = match (version, first) {
        (Version::V5, true) => {
            answer.is_empty() || matches!(answer[..], [0x20, 3, 0, 0x81..=0x9f, 0])
        }
        (Version::V5, false) => matches!(answer[..], [0xe0, 1, 0x81 | 0x82 | 0x90 | 0x94]),
        // A level that is unknown may be a later one, so it is answered as
        // version 5 says.
        (_, true) => {
            answer.is_empty() || matches!(answer[..], [0x20, 2, 0, 1..=5] | [0x20, 3, 0, 0x84, 0])
        }
        (_, false) => answer.is_empty(),
    };
    assert!(allowed, "{name} is answered by {answer:02x?}");
    let mut good = lab.client(Version::V311, "good");
    lab.publish(&mut good, &message("t", "still served", QoS::AtMostOnce, 0));
    assert_eq!(bystander.payloads(), ["still served"], "after {name}");
}

#[test]
fn every_invalid_packet_of_the_vectors_ends_its_connection_and_no_other() {
    let mut checked = 0;
    for line in include_str!("../../data/packets.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [version, "invalid", _, name, bytes] = columns[..] else {
            continue;
        };
        let version = if version == "5.0" { Version::V5 } else { Version::V311 };
        let bytes = hex(bytes);
        // A filter that is malformed is answered in SUBACK, a packet for
        // clients is cut off like any other, and what ends before its length
        // says is waited for.
        let answered = name.contains("filter '") || name.contains("empty filter");
        let tolerated = name.contains("not forbidden v3");
        if answered || tolerated {
            continue;
        }
        check(version, name, &bytes);
        checked += 1;
    }
    assert!(checked > 130, "{checked}");
}

#[test]
fn s11_a_packet_over_the_limit_is_refused_from_its_header() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.send_bytes(&mut client, &hex("30 ff ff ff 7f"));
    client.expect("e0 01 95");
    assert!(client.is_closed());
}
