//! One message: accepted, refused, rejected, lost.

use super::*;
use mqx::publish::{Source, run};
use tokio::io::empty;

fn message(text: &str) -> Source {
    Source::Message(text.as_bytes().to_vec())
}

#[test]
fn qos_0_succeeds_when_the_broker_has_read_everything_and_closed() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtMostOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            let publish = speaker.pick(b"\x30\x08\0\x03a/b\0hi", b"\x30\x07\0\x03a/bhi");
            caller.expect(publish).await;
            let disconnect = caller.packet().await;
            assert_eq!(disconnect[0], 0xe0);
            caller.expect_end().await;
        };
        let done = published(config, empty(), broker).await;
        done.unwrap();
    });
}

#[test]
fn qos_0_fails_when_the_broker_complains_instead_of_closing() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtMostOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            caller.packet().await;
            caller.packet().await;
            caller.send(&[0xe0, 1, 0x97]).await;
        };
        let done = published(config, empty(), broker).await;
        let words = words_of(done);
        assert!(words.contains("0x97 Quota exceeded"), "{words}");
    });
}

#[test]
fn qos_0_fails_when_the_connection_is_reset_before_it_is_closed() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtMostOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            caller.packet().await;
            caller.reset();
        };
        let done = published(config, empty(), broker).await;
        assert_eq!(class_of(done), Class::ConnectionLost);
    });
}

#[test]
fn qos_1_succeeds_with_the_acknowledgement() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtLeastOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            let publish =
                speaker.pick(b"\x32\x0a\0\x03a/b\0\x01\0hi", b"\x32\x09\0\x03a/b\0\x01hi");
            caller.expect(publish).await;
            caller.send(&[0x40, 2, 0, 1]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, empty(), broker).await;
        done.unwrap();
    });
}

#[test]
fn qos_2_succeeds_with_the_whole_handshake() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::ExactlyOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            assert_eq!(caller.packet().await[0], 0x34);
            caller.send(&[0x50, 2, 0, 1]).await;
            let release = caller.packet().await;
            assert_eq!(release[..4], [0x62, release[1], 0, 1]);
            caller.send(&[0x70, 2, 0, 1]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, empty(), broker).await;
        done.unwrap();
    });
}

#[test]
fn a_rejected_message_fails_with_the_reason() {
    for (engine, qos, answer) in [
        (EngineKind::Native, QoS::AtLeastOnce, [0x40, 3, 0, 1, 0x87]),
        (EngineKind::Native, QoS::ExactlyOnce, [0x50, 3, 0, 1, 0x87]),
    ] {
        block_on(async {
            let speaker = speaker(engine, Version::V5);
            let config = |port| publishing(speaker, port, message("hi"), qos);
            let broker = async |peer: &Peer| {
                let mut caller = speaker.accept(peer).await;
                caller.packet().await;
                caller.send(&answer).await;
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let done = published(config, empty(), broker).await;
            assert_eq!(done.as_ref().unwrap_err().class(), Class::PublishRejected);
            let words = words_of(done);
            assert!(words.contains("0x87 Not authorized"), "{words}");
        });
    }
}

#[test]
fn with_rumqttc_too_a_rejected_message_fails_with_the_reason() {
    block_on(async {
        let speaker = speaker(EngineKind::Rumqttc, Version::V5);
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtLeastOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            caller.packet().await;
            caller.send(&[0x40, 4, 0, 1, 0x87, 0]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, empty(), broker).await;
        assert_eq!(class_of(done), Class::PublishRejected);
    });
}

#[test]
fn a_refused_connection_names_the_reason_and_the_cure() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtMostOnce);
        let broker = async |peer: &Peer| {
            let mut caller = peer.accept().await;
            caller.packet().await;
            let refusal = speaker.pick(&[0x20, 3, 0, 0x87, 0], &[0x20, 2, 0, 5]);
            caller.send(refusal).await;
        };
        let done = published(config, empty(), broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::Refused);
        let words = words_of(done);
        assert!(words.contains("0x87 Not authorized") && words.contains("-u"), "{words}");
    });
}

#[test]
fn a_broker_that_refuses_version_5_in_any_format_is_asked_for_3_1_1() {
    let refusals: [&[u8]; 3] = [&[0x20, 3, 0, 0x84, 0], &[0x20, 2, 0, 1], &[0x20, 2, 0, 0x84]];
    for engine in EngineKind::ALL {
        for refusal in refusals {
            block_on(async {
                let new = speaker(engine, Version::V5);
                let old = speaker(engine, Version::V311);
                let config = |port| publishing(new, port, message("hi"), QoS::AtMostOnce);
                let broker = async |peer: &Peer| {
                    let mut caller = peer.accept().await;
                    caller.packet().await;
                    caller.send(refusal).await;
                    drop(caller);
                    let mut caller = old.accept(peer).await;
                    caller.expect(b"\x30\x07\0\x03a/bhi").await;
                    caller.packet().await;
                };
                let done = published(config, empty(), broker).await;
                done.unwrap();
            });
        }
    }
}

#[test]
fn without_leave_to_fall_back_the_refusal_of_version_5_is_the_end() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| {
            let mut config = publishing(speaker, port, message("hi"), QoS::AtMostOnce);
            config.connect.fall_back = false;
            config
        };
        let broker = async |peer: &Peer| {
            let mut caller = peer.accept().await;
            caller.packet().await;
            caller.send(&[0x20, 2, 0, 1]).await;
        };
        let done = published(config, empty(), broker).await;
        let words = words_of(done);
        assert!(words.contains("-V 3.1.1"), "{words}");
    });
}

#[test]
fn a_connection_lost_before_the_acknowledgement_is_a_failure() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtLeastOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            caller.packet().await;
        };
        let done = published(config, empty(), broker).await;
        assert_eq!(class_of(done), Class::ConnectionLost);
    });
}

#[test]
fn a_broker_that_closes_instead_of_accepting_is_no_connection() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtMostOnce);
        let broker = async |peer: &Peer| {
            peer.accept().await.packet().await;
        };
        let done = published(config, empty(), broker).await;
        assert_eq!(class_of(done), Class::Connect);
    });
}

#[test]
fn a_message_over_the_announced_limit_is_not_sent() {
    for engine in EngineKind::ALL {
        block_on(async {
            let speaker = speaker(engine, Version::V5);
            let config = |port| publishing(speaker, port, message("0123456789"), QoS::AtMostOnce);
            let broker = async |peer: &Peer| {
                let mut caller = peer.accept().await;
                caller.packet().await;
                let limit_of_10 = [0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 10];
                caller.send(&limit_of_10).await;
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let done = published(config, empty(), broker).await;
            assert_eq!(class_of(done), Class::PublishRejected);
        });
    }
}

#[test]
fn an_answer_that_is_not_mqtt_is_said_to_be_none() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, message("hi"), QoS::AtMostOnce);
        let broker = async |peer: &Peer| {
            let mut caller = peer.accept().await;
            caller.packet().await;
            caller.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        };
        let done = published(config, empty(), broker).await;
        assert!(words_of(done).contains("MQTT"));
    });
}

#[test]
fn an_empty_stdin_is_not_published_as_an_empty_message() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = publishing(speaker, 1, Source::Stdin, QoS::AtMostOnce);
        let done = run(config, empty(), never()).await;
        assert_eq!(class_of(done), Class::Usage);
    });
}

#[test]
fn a_signal_before_the_end_is_an_interruption() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let config = publishing(speaker, peer.port(), message("hi"), QoS::AtLeastOnce);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            caller.packet().await;
            stop.send(Signal::Terminate).unwrap();
            caller.expect_end().await;
        };
        let stopped = async { stopped.await.unwrap() };
        let (done, ()) = tokio::join!(run(config, empty(), stopped), broker);
        assert_eq!(class_of(done), Class::Terminated);
    });
}

#[test]
fn no_more_is_in_flight_than_is_wanted() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let mut config = publishing(speaker, peer.port(), Source::LINES, QoS::AtLeastOnce);
        config.delivery.max_in_flight = std::num::NonZeroU16::new(1);
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            for line in [b"1", b"2", b"3"] {
                let publish = caller.packet().await;
                assert!(publish.ends_with(line) && caller.is_silent().await);
                caller.send(&[0x40, 2, publish[7], publish[8]]).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, &b"1\n2\n3\n"[..], never()), broker);
        done.unwrap();
    });
}
