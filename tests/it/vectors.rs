//! Every packet of `tests/data/packets.tsv` is a test case: a valid one is
//! decoded and encoded again, an invalid one is refused for the right reason.

use super::hex;
use mqx::mqtt::topic::Filter;
use mqx::mqtt::{Error, MAX_REMAINING_LENGTH, Packet, ReasonCode, Version, next_frame};

/// A line of the file.
pub(crate) struct Row {
    pub(crate) version: Version,
    pub(crate) valid: bool,
    section: &'static str,
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Row {
    fn parse(line: &'static str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [version, verdict, section, name, packet] = columns[..] else {
            panic!("five columns: {line}");
        };
        Self {
            version: match version {
                "3.1.1" => Version::V311,
                "5.0" => Version::V5,
                other => panic!("unknown version {other}"),
            },
            valid: verdict == "valid",
            section,
            name,
            bytes: hex::bytes(packet),
        }
    }

    pub(crate) fn title(&self) -> String {
        let Self { version, section, name, .. } = self;
        format!("{version} {section} {name} {}", hex::text(&self.bytes))
    }

    /// The reason that this invalid packet is refused with.
    pub(crate) fn reason(&self) -> u8 {
        let line = REFUSALS.iter().find(|line| self.name.contains(line.0));
        line.expect("an invalid packet has a line in REFUSALS").1
    }

    pub(crate) fn decode(&self) -> Result<Packet<'_>, Error> {
        let frame = next_frame(&self.bytes, MAX_REMAINING_LENGTH + 5)?;
        let frame = frame.expect("the packet is whole");
        assert_eq!(frame.bytes, self.bytes, "{} is one packet", self.title());
        Packet::decode(&frame, self.version)
    }
}

/// The rows in the order of the file.
pub(crate) fn rows() -> Vec<Row> {
    let file = include_str!("../data/packets.tsv");
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.map(Row::parse).collect()
}

/// Checks every row of one verdict and names those that fail.
fn check(valid: bool, case: impl Fn(&Row) -> Result<(), String>) {
    let rows = rows();
    let chosen = rows.iter().filter(|row| row.valid == valid);
    let failures: Vec<String> =
        chosen.filter_map(|row| Some(format!("{}: {}", row.title(), case(row).err()?))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn encode(packet: &Packet<'_>, version: Version) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    packet.encode(version, &mut out)?;
    Ok(out)
}

/// What the codec leaves to the layer above it, done as that layer does it.
fn accept(packet: &Packet<'_>) -> Result<(), Error> {
    match packet {
        Packet::Subscribe(subscribe) => subscribe
            .requests
            .iter()
            .try_for_each(|request| Filter::parse(request.filter).map(drop)),
        Packet::Unsubscribe(unsubscribe) => {
            unsubscribe.filters.iter().try_for_each(|filter| Filter::parse(filter).map(drop))
        }
        Packet::Connect(connect)
            if !connect.version.is_v5() && connect.client_id.is_empty() && !connect.clean_start =>
        {
            let what = "a session that is kept needs a client identifier";
            Err(Error::protocol("MQTT-3.1.3-8 (3.1.1)", what)
                .with_reason(ReasonCode::CLIENT_IDENTIFIER_NOT_VALID))
        }
        _ => Ok(()),
    }
}

#[test]
fn the_file_holds_208_packets() {
    assert_eq!(rows().len(), 208);
}

#[test]
fn a_valid_packet_is_accepted_and_survives_encoding() {
    check(true, |row| {
        let packet = row.decode().map_err(|error| error.to_string())?;
        accept(&packet).map_err(|error| error.to_string())?;
        let bytes = encode(&packet, row.version).map_err(|error| error.to_string())?;
        let again = Row { bytes, ..*row };
        match again.decode() {
            Ok(decoded) if decoded == packet => Ok(()),
            other => Err(format!("came back as {other:?}")),
        }
    });
}

/// Every valid packet of the file is in the form this codec writes. Other forms
/// are legal too and have tests of their own in `codec.rs`: an acknowledgement,
/// DISCONNECT or AUTH with an explicit reason 0 or an empty property section
/// (§3.4.2.1, §3.14.2.1, §3.15.2.1), and properties in another order (§2.2.2.2).
#[test]
fn a_valid_packet_is_encoded_to_the_bytes_it_came_from() {
    check(true, |row| {
        let packet = row.decode().map_err(|error| error.to_string())?;
        let bytes = encode(&packet, row.version).map_err(|error| error.to_string())?;
        if bytes == row.bytes { Ok(()) } else { Err(format!("encoded as {}", hex::text(&bytes))) }
    });
}

/// What an invalid row is refused with: the first line whose text is part of its
/// name. A sentence that holds in one version only says so.
const REFUSALS: &[(&str, u8, &str)] = &[
    // Not forbidden in so many words by 3.1.1, but its table 2.4 gives each width
    // its own range, and nobody knows the version before CONNECT is framed.
    ("non-minimal", 0x81, "MQTT-1.5.5-1"),
    ("remaining length 5 bytes", 0x81, "§1.5.5"),
    ("type 0", 0x81, "§2.1.2"),
    ("type 15", 0x81, "§2.1.2"),
    ("U+0000", 0x81, "MQTT-1.5.4-2"),
    ("utf8", 0x81, "MQTT-1.5.4-1"),
    ("surrogate", 0x81, "MQTT-1.5.4-1"),
    ("empty clientid clean=0", 0x85, "MQTT-3.1.3-8 (3.1.1)"),
    ("CONNECT reserved flag", 0x81, "MQTT-3.1.2-3"),
    ("will=0 willQoS=1", 0x81, "MQTT-3.1.2-11"),
    ("will=0 willRetain=1", 0x81, "MQTT-3.1.2-13"),
    ("willQoS", 0x81, "MQTT-3.1.2-12"),
    ("password w/o username", 0x81, "MQTT-3.1.2-22 (3.1.1)"),
    ("bad protocol name", 0x81, "MQTT-3.1.2-1"),
    ("level 7", 0x84, "MQTT-3.1.2-2"),
    ("receive maximum 0", 0x82, "§3.1.2.11"),
    ("maximum packet size 0", 0x82, "§3.1.2.11"),
    ("auth data w/o method", 0x82, "§3.1.2.11.10"),
    ("reserved ack flags", 0x81, "MQTT-3.2.2-1"),
    ("CONNACK rc=9", 0x81, "§3.2.2.3 (3.1.1)"),
    ("CONNACK rc 0x05", 0x81, "§3.2.2.2"),
    ("PUBLISH qos3", 0x81, "MQTT-3.3.1-4"),
    ("q0 dup=1", 0x81, "MQTT-3.3.1-2"),
    ("topic alias 0", 0x94, "MQTT-3.3.2-8"),
    ("response topic wildcard", 0x82, "MQTT-3.3.2-14"),
    ("wildcard topic", 0x90, "MQTT-3.3.2-2"),
    ("empty topic", 0x82, "§3.3.2.1"),
    ("subscription id 0", 0x82, "§3.8.2.1.2"),
    ("subid 0", 0x82, "§3.8.2.1.2"),
    ("property overruns", 0x81, "§2.1.4"),
    ("length overruns", 0x81, "§2.1.4"),
    ("crosses prop boundary", 0x81, "§2.1.4"),
    ("prop length > body", 0x81, "§2.1.4"),
    ("property not allowed", 0x81, "§2.2.2.2"),
    ("unknown property", 0x81, "§2.2.2.2"),
    ("dup", 0x82, "§2.2.2.2"),
    ("2 subids", 0x82, "§2.2.2.2"),
    ("info=2", 0x82, "§2.2.2.2"),
    ("payload format 2", 0x82, "§2.2.2.2"),
    ("maxqos=2", 0x82, "§2.2.2.2"),
    ("available=2", 0x82, "§2.2.2.2"),
    ("pkid 0", 0x82, "MQTT-2.2.1-3"),
    ("PUBACK bad rc", 0x81, "§3.4.2.1"),
    ("PUBREC bad rc", 0x81, "§3.5.2.1"),
    ("PUBREL bad rc", 0x81, "§3.6.2.1"),
    ("PUBCOMP bad rc", 0x81, "§3.7.2.1"),
    ("SUBSCRIBE reserved option bits", 0x81, "MQTT-3.8.3-5"),
    ("SUBSCRIBE retain handling 3", 0x82, "§3.8.3.1"),
    ("SUBSCRIBE qos 3", 0x82, "§3.8.3.1"),
    ("no-local", 0x82, "MQTT-3.8.3-4"),
    ("empty filter", 0x8f, "MQTT-4.7.3-1"),
    ("filter 'a/#/b'", 0x8f, "MQTT-4.7.1-1"),
    ("filter 'a#'", 0x8f, "MQTT-4.7.1-1"),
    ("UNSUBSCRIBE no", 0x82, "MQTT-3.10.3-2"),
    ("SUBSCRIBE no filter", 0x82, "MQTT-3.8.3-2"),
    ("UNSUBACK rc", 0x81, "§3.11.3"),
    ("SUBACK rc=3", 0x81, "§3.9.3"),
    ("SUBACK rc 0x03", 0x81, "§3.9.3"),
    ("SUBACK no codes", 0x81, "§3.9.3"),
    ("DISCONNECT rc", 0x81, "§3.14.2.1"),
    ("AUTH rc", 0x81, "§3.15.2.1"),
    ("flags", 0x81, "MQTT-2.1.3-1"),
    // What is too short or too long for its fields.
    ("trailing", 0x81, "§2.1.4"),
    ("truncated", 0x81, "§2.1.4"),
    ("overruns body", 0x81, "§2.1.4"),
    ("no pkid", 0x81, "§2.1.4"),
    ("missing options byte", 0x81, "§2.1.4"),
    ("body", 0x81, "§2.1.4"),
];

#[test]
fn an_invalid_packet_is_refused_with_its_statement_and_reason_code() {
    check(false, |row| {
        let refused = row.decode().and_then(|packet| accept(&packet));
        let Err(error) = refused else {
            return Err("was accepted".to_owned());
        };
        let line = REFUSALS.iter().find(|line| row.name.contains(line.0));
        let (_, reason, statement) = line.ok_or("has no line in REFUSALS")?;
        if (error.reason.value(), error.statement) == (*reason, *statement) {
            Ok(())
        } else {
            Err(format!("expected 0x{reason:02x} {statement}, got {error}"))
        }
    });
}

#[test]
fn every_refusal_is_met_by_a_packet() {
    let rows = rows();
    let first = |row: &Row| REFUSALS.iter().position(|line| row.name.contains(line.0));
    let invalid = rows.iter().filter(|row| !row.valid);
    let met: Vec<_> = invalid.filter_map(first).collect();
    let idle = (0..REFUSALS.len()).filter(|line| !met.contains(line));
    let idle: Vec<_> = idle.map(|line| REFUSALS[line].0).collect();
    assert_eq!(idle, [""; 0]);
}
