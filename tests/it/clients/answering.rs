//! Answering requests: with a text, to where they say, and what of them cannot be.

use super::subscribing::{accept, publish};
use super::*;
use mqx::mqtt::{self, Packet, Publish, PublishProperties};
use mqx::request::serve::{Answer, Config, run};
use std::num::NonZeroUsize;

fn answering(speaker: Speaker, port: u16, reply: &str) -> Config {
    Config {
        connect: speaker.connect(port),
        retries: Retries::default(),
        filters: vec!["a/#".parse().unwrap()],
        qos: QoS::AtLeastOnce,
        answer: Answer::Reply(reply.parse().unwrap()),
        retain: false,
        properties: MessageProperties::default(),
        reply_to: None,
        concurrency: NonZeroUsize::MIN,
        count: NonZeroU64::new(1),
        timeout: None,
    }
}

/// A request for a reply at `r` with the correlation data `cd`.
fn request(payload: &[u8]) -> Vec<u8> {
    let properties = PublishProperties {
        response_topic: Some("r"),
        correlation_data: Some(b"cd"),
        ..PublishProperties::default()
    };
    let request = Publish { topic: "a/b", payload, properties, ..Publish::default() };
    let mut bytes = Vec::new();
    request.encode(Version::V5, &mut bytes).unwrap();
    bytes
}

/// Topic, correlation data and payload of a PUBLISH.
fn said(speaker: Speaker, packet: &[u8]) -> String {
    let frame = mqtt::next_frame(packet, usize::MAX).unwrap().unwrap();
    let Packet::Publish(publish) = Packet::decode(&frame, speaker.version).unwrap() else {
        panic!("{packet:?}")
    };
    let data = publish.properties.correlation_data.unwrap_or_default();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{} {} {}", publish.topic, text(data), text(publish.payload))
}

#[test]
fn a_reply_goes_where_the_request_says_and_repeats_its_data() {
    for engine in EngineKind::ALL {
        block_on(async {
            let speaker = speaker(engine, Version::V5);
            let peer = Peer::bind().await;
            let mut config = answering(speaker, peer.port(), "{{seq}}:%p");
            config.count = NonZeroU64::new(3);
            let broker = async {
                let mut caller = accept(speaker, &peer, &[0]).await;
                caller.send(&[request(b"x"), request(b"y")].concat()).await;
                assert_eq!(said(speaker, &caller.packet().await), "r cd 1:x");
                assert_eq!(said(speaker, &caller.packet().await), "r cd 2:y");
                // It names no topic for its reply, counts, and is no failure.
                caller.send(&publish(speaker, 0x30, "a/b", b"z")).await;
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let (done, ()) = tokio::join!(run(config, never()), broker);
            done.unwrap();
        });
    }
}

#[test]
fn before_version_5_replies_go_where_the_options_say() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let mut config = answering(speaker, peer.port(), "pong");
        config.reply_to = Some("there".parse().unwrap());
        let broker = async {
            let mut caller = accept(speaker, &peer, &[0]).await;
            caller.send(&publish(speaker, 0x30, "a/b", b"ping")).await;
            assert_eq!(said(speaker, &caller.packet().await), "there  pong");
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, never()), broker);
        done.unwrap();
    });
}

#[test]
fn a_reply_with_qos_1_is_waited_for_and_its_rejection_is_a_failure() {
    for (reason, class) in [(0, None), (0x87, Some(Class::PublishRejected))] {
        block_on(async {
            let speaker = speaker(EngineKind::Native, Version::V5);
            let peer = Peer::bind().await;
            let mut config = answering(speaker, peer.port(), "pong");
            config.reply_to = Some("there".parse().unwrap());
            let broker = async {
                let mut caller = accept(speaker, &peer, &[1]).await;
                caller.send(b"\x32\x06\0\x01a\0\x07\0").await;
                assert_eq!(caller.packet().await[0], 0x40);
                let reply = caller.packet().await;
                assert_eq!(reply[0], 0x32);
                caller.send(&[0x40, 3, reply[9], reply[10], reason]).await;
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let (done, ()) = tokio::join!(run(config, never()), broker);
            assert_eq!(done.err().map(|error| error.class()), class);
        });
    }
}

#[test]
fn it_subscribes_again_after_a_lost_connection_and_a_signal_is_its_good_end() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let mut config = answering(speaker, peer.port(), "pong");
        config.count = None;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            drop(accept(speaker, &peer, &[0]).await);
            let mut caller = accept(speaker, &peer, &[0]).await;
            stop.send(Signal::Interrupt).unwrap();
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let stopped = async { stopped.await.unwrap() };
        let (done, ()) = tokio::join!(run(config, stopped), broker);
        done.unwrap();
    });
}

#[test]
fn without_a_subscription_there_is_nothing_to_answer() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let config = answering(speaker, peer.port(), "pong");
        let broker = async {
            let mut caller = accept(speaker, &peer, &[0x80]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, never()), broker);
        assert_eq!(class_of(done), Class::SubscribeDenied);
    });
}

#[test]
fn a_command_answers_with_what_it_prints_and_one_that_fails_with_nothing() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let peer = Peer::bind().await;
        let mut config = answering(speaker, peer.port(), "");
        let command =
            "read line; test \"$line\" = good && printf '%s to %s' \"$line\" \"$MQTT_TOPIC\"";
        config.answer = Answer::Exec(command.into());
        config.concurrency = NonZeroUsize::new(2).unwrap();
        config.count = NonZeroU64::new(3);
        let broker = async {
            let mut caller = accept(speaker, &peer, &[0]).await;
            caller
                .send(&[request(b"good\n"), request(b"bad\n"), request(b"good\n")].concat())
                .await;
            for _ in 0..2 {
                assert_eq!(said(speaker, &caller.packet().await), "r cd good to a/b");
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, never()), broker);
        let error = done.unwrap_err();
        assert_eq!(error.class(), Class::CommandFailed);
        assert_eq!(error.to_string(), "1 commands failed");
    });
}

#[test]
fn a_signal_does_not_wait_for_a_command() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let peer = Peer::bind().await;
        let mut config = answering(speaker, peer.port(), "");
        config.answer = Answer::Exec("sleep 1000".into());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = accept(speaker, &peer, &[1]).await;
            caller.send(&[request(b"x"), b"\x32\x06\0\x01a\0\x07\0".to_vec()].concat()).await;
            assert_eq!(caller.packet().await[0], 0x40);
            stop.send(Signal::Interrupt).unwrap();
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let stopped = async { stopped.await.unwrap() };
        let (done, ()) = tokio::join!(run(config, stopped), broker);
        done.unwrap();
    });
}
