//! What `--debug` says on stderr: a line per packet. It never shows a password
//! or a payload.

use crate::describe::{Preview, Record, type_name};
use crate::mqtt::{self, Frame, Packet, Version};
use crate::output;

/// Says which whole packets `bytes` holds, as packets of `version`.
pub fn packets(direction: &str, bytes: &[u8], version: Version) {
    let mut rest = bytes;
    while let Ok(Some(frame)) = mqtt::next_frame(rest, usize::MAX) {
        output::note(format!("{direction} {}", line(&frame, version)));
        rest = rest.get(frame.bytes.len()..).unwrap_or_default();
    }
}

fn line(frame: &Frame<'_>, version: Version) -> String {
    let name = type_name(frame.header).to_uppercase();
    let mut said = Record::default();
    said.put("bytes", frame.bytes.len() as u64);
    match Packet::decode(frame, version) {
        Ok(packet) => said = said.and(Preview(0).describe(&packet)),
        Err(error) => said.put("malformed", error.to_string()),
    }
    format!("{name} {said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line for these bytes.
    fn said(bytes: &[u8], version: Version) -> String {
        line(&mqtt::next_frame(bytes, usize::MAX).unwrap().unwrap(), version)
    }

    #[test]
    fn a_connect_is_described_without_its_secrets() {
        let connect = b"\x10\x25\0\x04MQTT\x05\xc2\0\x3c\x0b\x15\0\x01m\x16\0\x04salt\0\0\0\x02me\0\x07hunter2";
        let words = said(connect, Version::V5);
        for part in ["CONNECT bytes=39 ", "username=me", "password=true", "authentication-method=m"]
        {
            assert!(words.contains(part), "{words}");
        }
        assert!(!words.contains("hunter2") && !words.contains("salt"), "{words}");
    }

    #[test]
    fn a_publish_is_described_without_its_payload_and_what_is_malformed_by_its_fault() {
        assert_eq!(
            said(b"\x32\x09\0\x03a/b\0\x01hi", Version::V311),
            "PUBLISH bytes=11 topic=a/b qos=1 retain=false dup=false mid=1 payloadlen=2"
        );
        assert!(said(b"\x32\x02\0\x03", Version::V5).starts_with("PUBLISH bytes=4 malformed="));
    }
}
