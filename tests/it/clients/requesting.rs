//! Asking: the subscription first, replies known by their correlation data, and nobody
//! there to answer.

use super::subscribing::publish;
use super::*;
use mqx::decode::{Codec, Decoder, Rule, Schemas};
use mqx::mqtt::{self, Packet, Publish, PublishProperties};
use mqx::payload::Writing;
use mqx::request::ask::{Accept, Config, Payload, run};
use std::time::Duration;
use tokio::io::{AsyncWriteExt as _, empty};

fn asking(speaker: Speaker, port: u16) -> Config {
    Config {
        connect: speaker.connect(port),
        retries: Retries::default(),
        topic: "a".parse().unwrap(),
        payload: Payload::Known(b"ask".to_vec()),
        writing: None,
        qos: QoS::AtMostOnce,
        retain: false,
        properties: MessageProperties {
            correlation_data: Some(b"me".to_vec()),
            ..MessageProperties::default()
        },
        reply_to: Some("r/1".parse().unwrap()),
        accept: Accept::Correlated,
        count: NonZeroU64::MIN,
        timeout: None,
        wants_subscriber: false,
        tells_latency: false,
        decoder: Decoder::default(),
        look: Look::default(),
    }
}

/// Accepts a connection, hears that the replies are asked for, and grants that.
async fn granted(speaker: Speaker, peer: &Peer, reason: u8) -> Caller {
    let mut caller = speaker.accept(peer).await;
    let subscribe = caller.packet().await;
    assert!(
        subscribe[0] == 0x82
            && subscribe.ends_with(&[b'r', b'/', b'1', subscribe[subscribe.len() - 1]])
    );
    let head = [subscribe[2], subscribe[3]];
    let properties = speaker.pick(&[0], &[]);
    let length = 3 + u8::from(speaker.is_v5());
    caller.send(&[&[0x90, length], &head[..], properties, &[reason]].concat()).await;
    caller
}

/// A reply with this correlation data.
fn reply(speaker: Speaker, correlation: &[u8], payload: &[u8]) -> Vec<u8> {
    let properties =
        PublishProperties { correlation_data: Some(correlation), ..PublishProperties::default() };
    let reply = Publish { topic: "r/1", payload, properties, ..Publish::default() };
    let mut bytes = Vec::new();
    reply.encode(speaker.version, &mut bytes).unwrap();
    bytes
}

/// What a packet says of the topic of replies and of correlation data, and its payload.
fn said(speaker: Speaker, packet: &[u8]) -> (Option<String>, Option<Vec<u8>>, Vec<u8>) {
    let frame = mqtt::next_frame(packet, usize::MAX).unwrap().unwrap();
    let Packet::Publish(publish) = Packet::decode(&frame, speaker.version).unwrap() else {
        panic!("{packet:?}")
    };
    let properties = publish.properties;
    let topic = properties.response_topic.map(str::to_owned);
    (topic, properties.correlation_data.map(<[u8]>::to_vec), publish.payload.to_vec())
}

#[test]
fn a_request_follows_the_granted_subscription_and_replies_are_known_by_their_data() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        config.count = NonZeroU64::new(2).unwrap();
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            let (topic, data, payload) = said(speaker, &caller.packet().await);
            assert_eq!(payload, b"ask");
            let wanted = speaker.is_v5().then(|| ("r/1".to_owned(), b"me".to_vec()));
            assert_eq!(topic.zip(data), wanted);
            caller.send(&publish(speaker, 0x31, "r/1", b"kept from before")).await;
            if speaker.is_v5() {
                caller.send(&reply(speaker, b"you", b"for another")).await;
                caller.send(&publish(speaker, 0x30, "r/1", b"for nobody")).await;
            }
            caller.send(&reply(speaker, b"me", b"one")).await;
            caller.send(&reply(speaker, b"me", b"two")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, empty(), page.sink(), never()), broker);
        done.unwrap();
        assert_eq!(page.text(), "one\ntwo\n");
    });
}

#[test]
fn a_made_up_topic_is_below_what_the_broker_says_and_data_is_made_up_too() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let peer = Peer::bind().await;
        let mut config = asking(speaker, peer.port());
        (config.reply_to, config.properties.correlation_data) = (None, None);
        config.writing = Some(Writing { template: true, encoding: None });
        config.payload = Payload::Known(b"{{seq}}".to_vec());
        let broker = async {
            let mut caller = peer.accept().await;
            caller.packet().await;
            caller.send(b"\x20\x0a\0\0\x07\x1a\0\x04my/x").await;
            let subscribe = caller.packet().await;
            let filter = String::from_utf8(subscribe[7..subscribe.len() - 1].to_vec()).unwrap();
            assert!(filter.starts_with("my/x/") && filter.len() == 41, "{filter}");
            caller.send(&[0x90, 4, subscribe[2], subscribe[3], 0, 0]).await;
            let (topic, data, payload) = said(speaker, &caller.packet().await);
            assert_eq!((topic, payload), (Some(filter), b"1".to_vec()));
            caller.send(&reply(speaker, &data.unwrap(), b"one")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let run = run(config, empty(), Page::default().sink(), never());
        let (done, ()) = tokio::join!(run, broker);
        done.unwrap();
    });
}

#[test]
fn any_message_is_a_reply_if_that_is_wanted() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        config.accept = Accept::Any { retained: true };
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            caller.packet().await;
            caller.send(&publish(speaker, 0x31, "r/1", b"kept")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, empty(), page.sink(), never()), broker);
        done.unwrap();
        assert_eq!(page.text(), "kept\n");
    });
}

#[test]
fn what_keeps_a_reply_from_coming_has_a_class_of_its_own() {
    with_everybody(|speaker| async move {
        let ended = |config: Config, suback: u8, puback: Option<u8>| async move {
            let peer = Peer::bind().await;
            let config = Config { connect: speaker.connect(peer.port()), ..config };
            let broker = async {
                let mut caller = granted(speaker, &peer, suback).await;
                let packet = caller.packet().await;
                if let Some(reason) = puback {
                    caller.send(&[0x40, 3, packet[5], packet[6], reason]).await;
                    caller.packet().await;
                }
            };
            let run = run(config, empty(), Page::default().sink(), never());
            let (done, ()) = tokio::join!(run, broker);
            class_of(done)
        };
        let config = || asking(speaker, 1);
        assert_eq!(ended(config(), 0x80, None).await, Class::SubscribeDenied);
        let timeout = Some(Duration::from_millis(50));
        assert_eq!(ended(Config { timeout, ..config() }, 0, None).await, Class::Timeout);
        if speaker.is_v5() {
            let sure = || Config { qos: QoS::AtLeastOnce, ..config() };
            assert_eq!(ended(sure(), 1, Some(0x87)).await, Class::PublishRejected);
            let strict = Config { wants_subscriber: true, ..sure() };
            assert_eq!(ended(strict, 1, Some(0x10)).await, Class::Expectation);
            assert_eq!(ended(Config { timeout, ..sure() }, 1, Some(0x10)).await, Class::Timeout);
        }
    });
}

#[test]
fn after_a_lost_connection_replies_are_asked_for_again_and_the_request_is_not_sent_twice() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let config = asking(speaker, peer.port());
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            caller.packet().await;
            drop(caller);
            let mut caller = granted(speaker, &peer, 0).await;
            caller.send(&reply(speaker, b"me", b"late")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, empty(), page.sink(), never()), broker);
        done.unwrap();
        assert_eq!(page.text(), "late\n");
    });
}

#[test]
fn a_signal_before_the_reply_is_an_interruption() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let peer = Peer::bind().await;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            caller.packet().await;
            stop.send(Signal::Interrupt).unwrap();
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let stopped = async { stopped.await.unwrap() };
        let config = asking(speaker, peer.port());
        let run = run(config, empty(), Page::default().sink(), stopped);
        let (done, ()) = tokio::join!(run, broker);
        assert_eq!(class_of(done), Class::Interrupted);
    });
}

#[test]
fn each_line_is_a_request_of_its_own_that_follows_the_reply_to_the_one_before() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        (config.payload, config.properties.correlation_data) = (Payload::Lines, None);
        config.qos = QoS::AtLeastOnce;
        let (mut input, lines) = pipe();
        let broker = async {
            let mut caller = granted(speaker, &peer, 1).await;
            input.write_all(b"one\ntwo\nthr").await.unwrap();
            let mut known = Vec::new();
            for line in ["one", "two", "three"] {
                if line == "three" {
                    caller.send(&publish(speaker, 0x30, "r/1", b"unasked")).await;
                    input.write_all(b"ee").await.unwrap();
                    input.shutdown().await.unwrap();
                }
                let request = caller.packet().await;
                let (_, data, payload) = said(speaker, &request);
                assert_eq!(payload, line.as_bytes());
                let data = data.unwrap_or_default();
                assert!(!speaker.is_v5() || !known.contains(&data), "made up for each");
                caller.send(&reply(speaker, &data, &[b"to ", line.as_bytes()].concat())).await;
                known.push(data);
                // The next one waits for this, too.
                caller.send(&[0x40, 2, request[5], request[6]]).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, lines, page.sink(), never()), broker);
        done.unwrap();
        assert_eq!(page.text(), "to one\nto two\nto three\n");
    });
}

#[test]
fn a_line_without_a_reply_in_time_is_passed_over_where_a_late_one_would_be_known() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        (config.payload, config.properties.correlation_data) = (Payload::Lines, None);
        config.timeout = Some(Duration::from_millis(300));
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            let (_, late, payload) = said(speaker, &caller.packet().await);
            assert_eq!(payload, b"one");
            let next = caller.packet().await;
            if !speaker.is_v5() {
                assert_eq!(next[0], 0xe0, "which request a reply is for cannot be told");
                return;
            }
            let (_, data, payload) = said(speaker, &next);
            assert_eq!(payload, b"two", "asked although there is no reply to the first");
            caller.send(&reply(speaker, &late.unwrap(), b"late")).await;
            caller.send(&reply(speaker, &data.unwrap(), b"to two")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) =
            tokio::join!(run(config, &b"one\ntwo\n"[..], page.sink(), never()), broker);
        assert_eq!(class_of(done), Class::Timeout);
        assert_eq!(page.text(), if speaker.is_v5() { "to two\n" } else { "" });
    });
}

#[test]
fn the_time_of_a_line_is_not_that_of_the_run_and_a_broker_that_is_away_ends_it() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        (config.payload, config.properties.correlation_data) = (Payload::Lines, None);
        let limit = Duration::from_millis(500);
        config.timeout = Some(limit);
        let (mut input, lines) = pipe();
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            for line in ["one", "two"] {
                input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
                let (_, data, _) = said(speaker, &caller.packet().await);
                let data = data.unwrap_or_default();
                caller.send(&reply(speaker, &data, line.as_bytes())).await;
                // Nothing is asked meanwhile, so nothing is late.
                tokio::time::sleep(limit).await;
            }
            drop((caller, peer));
            std::future::pending::<()>().await;
        };
        let run = run(config, lines, page.sink(), never());
        let done = tokio::select! {
            done = run => done,
            () = broker => unreachable!(),
        };
        assert_eq!(class_of(done), Class::Timeout);
        assert_eq!(page.text(), "one\ntwo\n");
    });
}

#[test]
fn a_connection_that_is_lost_between_two_lines_is_made_again() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        config.payload = Payload::Lines;
        let (mut input, lines) = pipe();
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            for line in ["one\n", "two\n"] {
                input.write_all(line.as_bytes()).await.unwrap();
                caller.packet().await;
                caller.send(&reply(speaker, b"me", line.trim().as_bytes())).await;
                if line == "one\n" {
                    drop(caller);
                    caller = granted(speaker, &peer, 0).await;
                }
            }
            input.shutdown().await.unwrap();
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, lines, page.sink(), never()), broker);
        done.unwrap();
        assert_eq!(page.text(), "one\ntwo\n");
    });
}

#[test]
fn replies_are_decoded_and_one_that_cannot_be_is_a_failure_in_the_end() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = asking(speaker, peer.port());
        let rule = Rule { topics: None, codec: Some(Codec::Json) };
        config.decoder = Decoder::new(vec![rule], Schemas::default());
        config.count = NonZeroU64::new(2).unwrap();
        let broker = async {
            let mut caller = granted(speaker, &peer, 0).await;
            caller.packet().await;
            caller.send(&reply(speaker, b"me", b"{ \"a\" : 1 }")).await;
            caller.send(&reply(speaker, b"me", b"nonsense")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, empty(), page.sink(), never()), broker);
        assert_eq!(class_of(done), Class::Decode);
        assert_eq!(page.text(), "{\"a\":1}\n");
    });
}

#[test]
fn how_often_it_is_tried_again_can_be_chosen() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let mut config = asking(speaker, peer.port());
        config.retries = Retries { first: Retry::Times(1), again: Retry::NEVER };
        let broker = async {
            // The first connection fails, the second is lost.
            drop(peer.accept().await);
            drop(granted(speaker, &peer, 0).await);
        };
        let run = run(config, empty(), Page::default().sink(), never());
        let (done, ()) = tokio::join!(run, broker);
        assert_eq!(class_of(done), Class::ConnectionLost);
    });
}
