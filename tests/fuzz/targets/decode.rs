//! Any bytes through framer and decoder, in every version: no panic, and what
//! was accepted survives being encoded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::mqtt::topic::Filter;
use mqx::mqtt::{Message, Packet, Version, next_frame};

/// Decodes the packet at the start of `bytes` and checks it.
fn check(bytes: &[u8], version: Version) {
    let Ok(Some(frame)) = next_frame(bytes, usize::MAX) else {
        return;
    };
    let Ok(packet) = Packet::decode(&frame, version) else {
        return;
    };
    let mut encoded = Vec::new();
    packet
        .encode(version, &mut encoded)
        .expect("it was decoded, so it can be encoded");
    let again = next_frame(&encoded, usize::MAX)
        .expect("a frame")
        .expect("whole");
    assert_eq!(Packet::decode(&again, version), Ok(packet.clone()));
    use_parts(&packet);
}

/// What the layers above do first with a packet.
fn use_parts(packet: &Packet<'_>) {
    match packet {
        Packet::Publish(publish) => {
            if let Ok(message) = Message::new(publish) {
                assert_eq!(message.payload(), publish.payload);
                assert_eq!(message.topic(), publish.topic);
            }
        }
        Packet::Subscribe(subscribe) => {
            for request in &subscribe.requests {
                if let Ok(filter) = Filter::parse(request.filter) {
                    let _ = filter.matches("a/b/c");
                }
            }
        }
        _ => {}
    }
}

fuzz_target!(|bytes: &[u8]| {
    for version in [Version::V31, Version::V311, Version::V5] {
        check(bytes, version);
    }
});
