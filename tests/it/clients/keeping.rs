//! Payloads in files, recordings, and which messages are acknowledged: those
//! that were dealt with, and no other.

use super::subscribing::accept;
use super::*;
use mqx::subscribe::{OutDir, OutMode, Query};
use std::fs;
use std::path::Path;

const SPEAKER: Speaker = speaker(EngineKind::Native, Version::V5);

/// A PUBLISH with QoS 1.
fn publish_1(topic: &str, id: u8, payload: &[u8]) -> Vec<u8> {
    let mut body = vec![0, u8::try_from(topic.len()).unwrap()];
    body.extend_from_slice(topic.as_bytes());
    body.extend_from_slice(&[0, id, 0]);
    body.extend_from_slice(payload);
    let mut packet = vec![0x32, u8::try_from(body.len()).unwrap()];
    packet.append(&mut body);
    packet
}

/// The identifiers that are acknowledged until the client leaves.
async fn acknowledged(caller: &mut Caller) -> Vec<u8> {
    let mut ids = Vec::new();
    loop {
        let packet = caller.packet().await;
        match packet[0] {
            0x40 => ids.push(packet[3]),
            0xe0 => return ids,
            other => panic!("{other:#x}"),
        }
    }
}

fn to(path: &Path) -> OutDir {
    OutDir { path: path.to_owned(), mode: OutMode::Overwrite }
}

#[test]
fn payloads_are_kept_and_nothing_is_printed() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let change = |config: &mut subscribe::Config| {
            config.out_dir = Some(to(dir.path()));
            config.look.layout = Layout::Nothing;
            config.count = NonZeroU64::new(2);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[1]).await;
            caller.send(&[publish_1("a/b", 1, b"x\0y"), publish_1("a", 2, b"z")].concat()).await;
            assert_eq!(acknowledged(&mut caller).await, [1, 2]);
        };
        let (done, text) = subscribed(SPEAKER, change, broker).await;
        done.unwrap();
        assert_eq!(text, "");
        assert_eq!(fs::read(dir.path().join("a/b")).unwrap(), b"x\0y");
        assert_eq!(fs::read(dir.path().join("a%")).unwrap(), b"z");
    });
}

#[test]
fn what_cannot_be_kept_ends_the_run_and_is_not_acknowledged() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        // A folder has each of the names that the file could have.
        for name in ["a", "a%"] {
            fs::create_dir_all(dir.path().join(name).join("in the way")).unwrap();
        }
        let change = |config: &mut subscribe::Config| config.out_dir = Some(to(dir.path()));
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[1]).await;
            caller.send(&[publish_1("b", 1, b"x"), publish_1("a", 2, b"y")].concat()).await;
            assert_eq!(acknowledged(&mut caller).await, [0; 0]);
        };
        let (done, _) = subscribed(SPEAKER, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::File);
        assert!(words_of(done).contains("/a"));
    });
}

#[test]
fn a_full_disk_ends_a_recording_and_acknowledges_nothing() {
    block_on(async {
        let change = |config: &mut subscribe::Config| config.record = Some("/dev/full".into());
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[1]).await;
            caller.send(&publish_1("a", 1, b"x")).await;
            assert_eq!(acknowledged(&mut caller).await, [0; 0]);
        };
        let (done, _) = subscribed(SPEAKER, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::File);
        assert!(words_of(done).contains("make room"));
    });
}

#[test]
fn messages_beyond_the_count_stay_with_the_broker_and_unwanted_ones_do_not() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            config.count = NonZeroU64::new(1);
            config.filter = Some(Query::parse(". > 1").unwrap());
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[1]).await;
            let messages = [1, 2, 3].map(|id| publish_1("a", id, &[b'0' + id]));
            caller.send(&messages.concat()).await;
            assert_eq!(acknowledged(&mut caller).await, [1, 2]);
        };
        let (done, text) = subscribed(SPEAKER, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a 2\n");
    });
}
