//! Bytes that must be refused or survived, each answered exactly as the standard
//! says, and after each of them a good client is served by the same broker.

use super::lab::{Client, Lab, hex, message};
use crate::vectors;
use mqx::mqtt::{PacketType, QoS, Version};

/// A broker, and clients that see whether it still serves.
struct Scene {
    lab: Lab,
    bystander: Client,
}

impl Scene {
    fn new() -> Self {
        let mut lab = Lab::new();
        let mut bystander = lab.client(Version::V5, "bystander");
        lab.subscribe(&mut bystander, "served", QoS::AtMostOnce);
        Self { lab, bystander }
    }

    /// A client that is about to send; without a `version` it has not sent
    /// CONNECT.
    fn sender(&mut self, version: Option<Version>) -> Client {
        match version {
            Some(version) => self.lab.client(version, "bad"),
            None => self.lab.accept(Version::V5),
        }
    }

    /// Sends `bytes` and compares the answer, without its reason in words.
    fn check(
        &mut self,
        case: &str,
        client: &mut Client,
        bytes: &[u8],
        answer: &[u8],
        closed: bool,
    ) {
        self.lab.send_bytes(client, bytes);
        let arrived = client.take_without_words();
        assert_eq!(arrived, answer, "{case}: {arrived:02x?}");
        assert_eq!(client.is_closed(), closed, "{case}");
        self.lab.lose(client);
        let mut good = self.lab.client(Version::V311, "good");
        self.lab.publish(&mut good, &message("served", "yes", QoS::AtMostOnce, 0));
        assert_eq!(self.bystander.payloads(), ["yes"], "after {case}");
        self.lab.lose(&mut good);
        assert_eq!(self.lab.summary().sessions, 1, "{case} leaves a session behind");
    }
}

/// How a packet of the vectors that is refused with `reason` is answered.
fn refusal(version: Version, bytes: &[u8], reason: u8) -> Vec<u8> {
    let first = PacketType::of(bytes[0]) == Some(PacketType::Connect);
    let level = bytes[2..].strip_prefix(b"\0\x04MQTT").and_then(|rest| rest.first());
    match (first, version, level) {
        (false, Version::V5, _) => vec![0xe0, 1, reason],
        (true, _, Some(5..)) => vec![0x20, 3, 0, reason, 0],
        // The only fault of a CONNECT of 3.1.1 that has a code of its own.
        (true, _, Some(4)) if reason == 0x85 => vec![0x20, 2, 0, 2],
        _ => Vec::new(),
    }
}

#[test]
fn every_invalid_packet_of_the_vectors_is_answered_with_its_reason() {
    let mut scene = Scene::new();
    let mut checked = 0;
    for row in vectors::rows().iter().filter(|row| !row.valid) {
        // A filter that is malformed is answered in SUBACK and UNSUBACK.
        if row.name.contains("filter '") || row.name.contains("empty filter") {
            continue;
        }
        let first = PacketType::of(row.bytes[0]) == Some(PacketType::Connect);
        let mut client = scene.sender((!first).then_some(row.version));
        let answer = refusal(row.version, &row.bytes, row.reason());
        scene.check(&row.title(), &mut client, &row.bytes, &answer, true);
        checked += 1;
    }
    assert!(checked > 130, "{checked}");
}

#[test]
fn every_row_of_the_table_of_hostile_bytes_is_answered_to_the_byte() {
    let mut scene = Scene::new();
    let lines = include_str!("../../data/hostile.tsv").lines();
    let rows: Vec<_> = lines.filter(|line| !line.starts_with('#')).collect();
    assert!(rows.len() >= 150, "{}", rows.len());
    for row in rows {
        let columns: Vec<&str> = row.split('\t').collect();
        let [state, answer, name, bytes] = columns[..] else {
            panic!("four columns: {row}");
        };
        let version = match state {
            "first" => None,
            "v5" => Some(Version::V5),
            "v3.1.1" => Some(Version::V311),
            other => panic!("unknown state {other}"),
        };
        let (answer, closed) = match answer.rsplit_once(' ') {
            Some((answer, end)) => (answer, end == "closed"),
            None => ("", answer == "closed"),
        };
        let mut client = scene.sender(version);
        let case = format!("{state} {name} {bytes}");
        scene.check(&case, &mut client, &hex(bytes), &hex(answer), closed);
    }
}
