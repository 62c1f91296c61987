//! What `pub` makes of what it is given: messages of JSON, other encodings,
//! templates, arrays, several topics, and how often.

use super::*;
use mqx::encode::Encoding;
use mqx::payload::Writing;
use mqx::publish::{BatchLimits, Making, Pace, Source, run};
use std::time::Duration;
use tokio::io::empty;

/// The payloads and topics that a broker gets from this run, with QoS 0 and
/// MQTT 3.1.1, in which a message is its topic and its payload.
async fn published(
    change: impl FnOnce(&mut publish::Config),
    input: &'static [u8],
) -> (Vec<(String, Vec<u8>)>, Result<()>) {
    let speaker = speaker(EngineKind::Native, Version::V311);
    let peer = Peer::bind().await;
    let mut config = publishing(speaker, peer.port(), Source::LINES, QoS::AtMostOnce);
    change(&mut config);
    let broker = async {
        let mut messages = Vec::new();
        let mut caller = speaker.accept(&peer).await;
        loop {
            let packet = caller.packet().await;
            if packet[0] == 0xe0 {
                return messages;
            }
            let topic = 4 + usize::from(packet[3]);
            let text = String::from_utf8(packet[4..topic].to_vec()).unwrap();
            messages.push((text, packet[topic..].to_vec()));
        }
    };
    let (done, messages) = tokio::join!(run(config, input, never()), broker);
    (messages, done)
}

fn topics_and_texts(messages: &[(String, Vec<u8>)]) -> Vec<String> {
    let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
    messages.iter().map(|(topic, payload)| format!("{topic} {}", text(payload))).collect()
}

#[test]
fn a_payload_goes_to_every_topic_and_as_often_as_it_is_to() {
    block_on(async {
        let (messages, done) = published(
            |config| {
                config.source = Source::Message(b"m".to_vec());
                config.recipe.topics = vec!["a".parse().unwrap(), "b".parse().unwrap()];
                config.repeat = NonZeroU64::new(2).unwrap();
                config.pace = Pace::After(Duration::from_millis(1));
            },
            b"",
        )
        .await;
        done.unwrap();
        assert_eq!(topics_and_texts(&messages), ["a m", "b m", "a m", "b m"]);
    });
}

#[test]
fn places_are_filled_in_for_each_message_and_then_encoded() {
    block_on(async {
        let (messages, done) = published(
            |config| {
                config.source = Source::Message(br#"{"n":{{seq}}}"#.to_vec());
                config.recipe.topics = vec!["t/{{seq}}".parse().unwrap()];
                let encoding = Some(Encoding::Cbor);
                config.recipe.making = Making::Text(Writing { template: true, encoding });
                config.repeat = NonZeroU64::new(2).unwrap();
                config.pace = Pace::Every(Duration::from_micros(1));
            },
            b"",
        )
        .await;
        done.unwrap();
        let wanted = [("t/1", b"\xa1\x61n\x01"), ("t/2", b"\xa1\x61n\x02")];
        assert_eq!(messages, wanted.map(|(topic, payload)| (topic.to_owned(), payload.to_vec())));
    });
}

#[test]
fn lines_of_json_say_where_they_go_and_the_options_say_the_rest() {
    block_on(async {
        let input = br#"{"topic":"x","payload":"1"}
            {"payload_b64":"Mg==","qos":0}
"#;
        let (messages, done) =
            published(|config| config.recipe.making = Making::Line { maps: Vec::new() }, input)
                .await;
        done.unwrap();
        assert_eq!(topics_and_texts(&messages), ["x 1", "a/b 2"]);
    });
}

#[test]
fn a_bad_line_is_the_end_or_skipped_and_in_both_cases_a_failure_that_names_it() {
    block_on(async {
        let input = b"{\"payload\":\"1\"}\nnonsense\n{\"payload\":\"3\"}\n";
        for (skips_bad, wanted) in [(false, &["a/b 1"][..]), (true, &["a/b 1", "a/b 3"])] {
            let change = |config: &mut publish::Config| {
                config.recipe.making = Making::Line { maps: Vec::new() };
                config.skips_bad = skips_bad;
            };
            let (messages, done) = published(change, input).await;
            assert_eq!(topics_and_texts(&messages), wanted);
            assert_eq!(done.as_ref().unwrap_err().class(), Class::Decode);
            let words = words_of(done);
            assert!(words.contains("line 2: it is not a JSON object"), "{words}");
        }
    });
}

#[test]
fn a_single_payload_that_cannot_be_encoded_is_known_before_anybody_is_called() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let mut config = publishing(speaker, 1, message_of("0x"), QoS::AtMostOnce);
        config.recipe.making =
            Making::Text(Writing { template: false, encoding: Some(Encoding::Hex) });
        let done = run(config, empty(), never()).await;
        assert_eq!(class_of(done), Class::Decode);
    });
}

fn message_of(text: &str) -> Source {
    Source::Message(text.as_bytes().to_vec())
}

#[test]
fn records_end_with_any_byte_and_random_payloads_have_their_size() {
    block_on(async {
        let (messages, done) =
            published(|config| config.source = Source::Records(0), b"one\ntwo\0three\0").await;
        done.unwrap();
        assert_eq!(topics_and_texts(&messages), ["a/b one\ntwo", "a/b three"]);
        let random = |config: &mut publish::Config| {
            config.source = message_of("");
            config.recipe.making = Making::Random(40);
        };
        let (messages, done) = published(random, b"").await;
        done.unwrap();
        assert_eq!(messages[0].1.len(), 40);
    });
}

#[test]
fn lines_are_gathered_into_arrays_up_to_their_size_and_all_of_them_are_sent() {
    block_on(async {
        let interval = Duration::from_hours(1);
        let gather = |config: &mut publish::Config| {
            config.batch = Some(BatchLimits { interval, size: 8 });
        };
        let (messages, done) = published(gather, b"1\nab\n3\n\xff\n4\n").await;
        assert_eq!(topics_and_texts(&messages), ["a/b [1,\"ab\"]", "a/b [3]"]);
        let words = words_of(done);
        assert!(words.contains("line 4: it is neither JSON nor text"), "{words}");
    });
}

#[test]
fn a_recording_is_replayed_in_its_order_with_other_names_and_out_of_a_compressed_file() {
    let lines = br#"{"mqx_record":1,"began":"2026-11-21T12:00:00Z"}
{"topic":"a/1","payload":"one","mono":0.000000001}
{"topic":"a/2","payload":"two","mono":0.001000000}
{"topic":"c","payload":"before","mono":0.000500000}"#;
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("plain"), folder.path().join("small.zst")];
    std::fs::write(&paths[0], lines).unwrap();
    std::fs::write(&paths[1], zstd::encode_all(&lines[..], 0).unwrap()).unwrap();
    for path in paths {
        block_on(async {
            let (messages, done) = published(
                |config| {
                    let recording = publish::Recording { path, repeats: false };
                    config.source = Source::Recording(recording);
                    config.recipe.topics = Vec::new();
                    let maps = vec!["s#^a/#b/#".parse().unwrap()];
                    config.recipe.making = Making::Line { maps };
                    config.pace = Pace::Recorded(10.0);
                },
                b"",
            )
            .await;
            done.unwrap();
            assert_eq!(topics_and_texts(&messages), ["b/1 one", "b/2 two", "c before"]);
        });
    }
}

#[test]
fn a_recording_that_repeats_begins_again_and_one_cut_short_is_a_failure_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.zst");
    let mut bytes = zstd::encode_all(&b"{\"topic\":\"a\"}\n"[..], 0).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V311);
        let peer = Peer::bind().await;
        let recording = publish::Recording { path: path.clone(), repeats: true };
        let source = Source::Recording(recording);
        let mut config = publishing(speaker, peer.port(), source, QoS::AtMostOnce);
        config.recipe.making = Making::Line { maps: Vec::new() };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            for _ in 0..3 {
                assert_eq!(caller.packet().await, b"\x30\x03\0\x01a");
            }
            stop.send(Signal::Interrupt).unwrap();
            caller
        };
        let stopped = async { stopped.await.unwrap() };
        let (done, _) = tokio::join!(run(config, empty(), stopped), broker);
        assert_eq!(class_of(done), Class::Interrupted);
        bytes.pop();
        std::fs::write(&path, &bytes).unwrap();
        let cut = |config: &mut publish::Config| {
            let recording = publish::Recording { path: path.clone(), repeats: false };
            config.source = Source::Recording(recording);
            config.recipe.making = Making::Line { maps: Vec::new() };
        };
        let (_, done) = published(cut, b"").await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::File);
        let words = words_of(done);
        assert!(words.contains("cut.zst") && words.contains("before it"), "{words}");
    });
}
