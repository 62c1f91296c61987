//! Payloads that are decoded, selected, expected and recorded.

use super::subscribing::{accept, publish};
use super::*;
use mqx::decode::{Codec, Decoder, Rule, Schemas};
use mqx::subscribe::{Expectation, Query, run};
use std::num::NonZeroU64;
use std::time::Duration;

const SPEAKER: Speaker = speaker(EngineKind::Native, Version::V5);

/// Runs with these messages until the broker hears DISCONNECT.
async fn with(
    change: impl FnOnce(&mut subscribe::Config),
    messages: &[(&str, &[u8])],
) -> (Result<()>, String) {
    let peer = Peer::bind().await;
    let page = Page::default();
    let mut config = subscribing(SPEAKER, peer.port());
    config.count = NonZeroU64::new(messages.len() as u64);
    change(&mut config);
    let broker = async {
        let mut caller = accept(SPEAKER, &peer, &[0]).await;
        for (topic, payload) in messages {
            caller.send(&publish(SPEAKER, 0x30, topic, payload)).await;
        }
        assert_eq!(caller.packet().await[0], 0xe0);
    };
    let (done, ()) = tokio::join!(run(config, page.sink(), never()), broker);
    (done, page.text())
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

fn decoder(topics: Option<&str>, codec: Option<Codec>) -> Decoder {
    let topics = topics.map(|filter| filter.parse().unwrap());
    Decoder::new(vec![Rule { topics, codec }], Schemas::default())
}

#[test]
fn a_topic_rule_decodes_its_topics_only() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            config.decoder = decoder(Some("a/c"), Some(Codec::Cbor));
            config.look.layout = Layout::Format("%t %p %x".parse().unwrap());
        };
        let (done, text) = with(change, &[("a/c", b"\xa1\x61x\x01"), ("a/d", b"x1")]).await;
        done.unwrap();
        assert_eq!(text, "a/c {\"x\":1} a1617801\na/d x1 7831\n");
    });
}

#[test]
fn json_stands_in_several_lines_if_it_is_to() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            config.look.layout = Layout::Json;
            config.look.pretty = true;
        };
        let (done, text) = with(change, &[("a", b"x")]).await;
        done.unwrap();
        assert!(text.starts_with("{\n\t\"tst\":\t") && text.contains("\n\t\"topic\":\t\"a\",\n"));
        assert!(text.ends_with("\n}\n"), "{text}");
    });
}

#[test]
fn what_does_not_decode_is_told_and_counted_and_the_rest_goes_on() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            config.decoder = decoder(None, Some(Codec::Json));
            config.count = NonZeroU64::new(1);
        };
        let (done, text) = with(change, &[("a", b"{"), ("a", b"[1, 2]")]).await;
        assert_eq!(class_of(done), Class::Decode);
        assert_eq!(text, "a [1,2]\n");
    });
}

#[test]
fn messages_are_left_out_and_cut_to_what_is_selected() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            config.filter = Some(query(".t > 20"));
            config.select = Some(query(".t, .name"));
            config.count = NonZeroU64::new(1);
        };
        let messages: &[(&str, &[u8])] =
            &[("a", br#"{"t":20}"#), ("a", br#"{"t":21,"name":"x y"}"#)];
        let (done, text) = with(change, messages).await;
        done.unwrap();
        assert_eq!(text, "a 21\na x y\n");
    });
}

#[test]
fn the_message_that_was_expected_is_the_end() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            config.expect = Some(Expectation { query: query(".ok"), within: None });
            config.count = None;
        };
        let (done, text) = with(change, &[("a", b"{}"), ("a", br#"{"ok":true}"#)]).await;
        done.unwrap();
        assert_eq!(text, "a {}\na {\"ok\":true}\n");
    });
}

#[test]
fn what_does_not_come_in_time_is_an_expectation_that_failed() {
    block_on(async {
        let change = |config: &mut subscribe::Config| {
            let within = Some(Duration::from_millis(300));
            config.expect = Some(Expectation { query: query(".ok"), within });
            config.count = None;
        };
        let (done, _) = with(change, &[("a", b"{}")]).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::Expectation);
        assert!(words_of(done).contains("within 0.3 s"));
    });
}

#[test]
fn a_recording_begins_with_its_header_and_can_be_compressed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain.ndjson", "small.ndjson.zst"] {
        let path = folder.path().join(name);
        block_on(async {
            let record = Some(path.clone());
            let change = |config: &mut subscribe::Config| {
                config.record = record;
                config.look.layout = Layout::Nothing;
            };
            let (done, text) = with(change, &[("a", b"1"), ("a", &[255])]).await;
            done.unwrap();
            assert_eq!(text, "");
        });
        let bytes = std::fs::read(&path).unwrap();
        let bytes = if name.ends_with("zst") { zstd::decode_all(&*bytes).unwrap() } else { bytes };
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with(r#"{"mqx_record":1,"#), "{}", lines[0]);
        assert!(lines[1].contains(r#""payload":"1""#) && lines[1].contains(r#""mono":0."#));
        assert!(lines[2].contains(r#""payload_b64":"/w==""#));
        assert_eq!(lines.len(), 3);
    }
}

#[test]
fn a_recording_that_cannot_be_written_is_a_failure_before_anything_is_done() {
    let mut config = subscribing(SPEAKER, 1);
    config.record = Some("/nowhere/x".into());
    let done = block_on(run(config, Page::default().sink(), never()));
    assert_eq!(class_of(done), Class::File);
}

#[test]
fn a_disk_that_is_full_ends_the_recording_with_one_error() {
    block_on(async {
        let change = |config: &mut subscribe::Config| config.record = Some("/dev/full".into());
        let (done, _) = with(change, &[("a", b"1")]).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::File);
        assert!(words_of(done).contains("/dev/full"));
    });
}
