//! `pub --replay` where it could go on for ever, and with `--verify`.

use super::*;
use mqx::broker;
use mqx::publish::{Making, Recording, Source, run};
use std::path::Path;
use tokio::io::empty;

const SPEAKER: Speaker = speaker(EngineKind::Native, Version::V5);

/// Replays these lines to the broker at `port`.
fn replaying(path: &Path, repeats: bool, port: u16, qos: QoS) -> publish::Config {
    let source = Source::Recording(Recording { path: path.to_owned(), repeats });
    let mut config = publishing(SPEAKER, port, source, qos);
    config.recipe.topics = Vec::new();
    config.recipe.making = Making::Line { maps: Vec::new() };
    config
}

#[test]
fn a_recording_without_a_message_is_not_repeated_for_ever() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (lines, skips) in [("nothing\nof use\n", true), ("\n\n", false)] {
        std::fs::write(file.path(), lines).unwrap();
        block_on(async {
            let peer = Peer::bind().await;
            let mut config = replaying(file.path(), true, peer.port(), QoS::AtMostOnce);
            config.skips_bad = skips;
            let broker = async {
                let mut caller = SPEAKER.accept(&peer).await;
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let (done, ()) = tokio::join!(run(config, empty(), never()), broker);
            let words = words_of(done);
            assert!(words.contains("no line of the recording is a message"), "{words}");
        });
    }
}

#[test]
fn what_a_broker_gives_back_whole_is_verified() {
    let broker = broker::start(&broker::Config::on_port(0)).unwrap();
    let port = broker.address().unwrap().port();
    let file = tempfile::NamedTempFile::new().unwrap();
    let line = |number: u32| {
        format!(
            "{{\"topic\":\"a/{}\",\"payload\":\"{number}\",\"qos\":{}}}\n",
            number % 150,
            number % 3
        )
    };
    std::fs::write(file.path(), (0..1_000).map(line).collect::<String>()).unwrap();
    block_on(async {
        let mut config = replaying(file.path(), false, port, QoS::AtMostOnce);
        config.verifies = true;
        run(config, empty(), never()).await.unwrap();
    });
    broker.blocking_shutdown().unwrap();
}

#[test]
fn what_does_not_come_back_is_an_expectation_that_failed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{\"topic\":\"a\",\"payload\":\"1\"}\n").unwrap();
    block_on(async {
        let peer = Peer::bind().await;
        let mut config = replaying(file.path(), false, peer.port(), QoS::AtMostOnce);
        config.verifies = true;
        let broker = async {
            let mut caller = subscribing::accept(SPEAKER, &peer, &[2]).await;
            assert!(caller.packet().await.ends_with(b"1"));
            caller.send(b"\x30\x05\0\x01a\0x").await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, empty(), never()), broker);
        let error = done.unwrap_err();
        assert_eq!(error.class(), Class::Expectation);
        assert!(error.to_string().starts_with("1 messages did not come back"), "{error}");
    });
}
