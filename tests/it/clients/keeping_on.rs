//! What `pub` does when there is no connection, and what it says in the end.

use super::*;
use mqx::publish::{OnDisconnect, Source, run};
use mqx::store::Place;
use tokio::io::{AsyncWriteExt as _, empty};

fn message(text: &str) -> Source {
    Source::Message(text.as_bytes().to_vec())
}

#[test]
fn a_single_message_is_sent_again_to_a_broker_that_lost_the_session() {
    with_everybody(|speaker| async move {
        let config = |port| stubborn(publishing(speaker, port, message("hi"), QoS::AtLeastOnce));
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            assert!(caller.packet().await.ends_with(b"hi"));
            drop(caller);
            let mut caller = speaker.accept(peer).await;
            let publish = caller.packet().await;
            assert!(publish.ends_with(b"hi") && publish[0] & 0x08 == 0, "{publish:?}");
            caller.send(&[0x40, 2, publish[7], publish[8]]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, empty(), broker).await;
        done.unwrap();
    });
}

#[test]
fn a_broker_that_is_busy_is_asked_again_and_one_that_knows_us_not_is_not() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| stubborn(publishing(speaker, port, message("hi"), QoS::AtMostOnce));
        let broker = async |peer: &Peer| {
            for reason in [0x89, 0x87] {
                let mut caller = peer.accept().await;
                caller.packet().await;
                caller.send(&[0x20, 3, 0, reason, 0]).await;
            }
        };
        let done = published(config, empty(), broker).await;
        assert_eq!(class_of(done), Class::Refused);
    });
}

#[test]
fn when_every_attempt_failed_the_connection_is_lost_and_what_is_missing_is_counted() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| {
            let mut config = publishing(speaker, port, Source::LINES, QoS::AtLeastOnce);
            config.delivery.retries.again = Retry::Times(1);
            config
        };
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            caller.packet().await;
            caller.packet().await;
            drop(caller);
            peer.accept().await.packet().await;
        };
        let done = published(config, &b"1\n2\n"[..], broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::ConnectionLost);
        let words = words_of(done);
        assert!(
            words.contains("2 are not acknowledged") && words.contains("1 attempts"),
            "{words}"
        );
        assert!(words.contains("| --retry forever") && !words.contains("-q 1"), "{words}");
    });
}

#[test]
fn a_broker_that_ends_every_connection_at_once_uses_up_the_attempts() {
    with_everybody(|speaker| async move {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let config = |port| {
                let mut config = publishing(speaker, port, Source::LINES, qos);
                config.delivery.retries.again = Retry::Times(1);
                config
            };
            let broker = async |peer: &Peer| {
                for _ in 0..2 {
                    let mut caller = speaker.accept(peer).await;
                    if qos == QoS::AtLeastOnce {
                        caller.packet().await;
                    }
                }
            };
            let (mut input, reader) = tokio::io::duplex(8);
            if qos == QoS::AtLeastOnce {
                input.write_all(b"1\n").await.unwrap();
            }
            let done = published(config, reader, broker).await;
            assert_eq!(class_of(done), Class::ConnectionLost);
        }
    });
}

#[test]
fn an_attempt_that_something_came_of_is_not_counted() {
    with_everybody(|speaker| async move {
        let config = |port| {
            let mut config = publishing(speaker, port, Source::LINES, QoS::AtLeastOnce);
            config.delivery.retries.again = Retry::Times(1);
            config
        };
        let (mut input, reader) = tokio::io::duplex(1);
        let broker = async |peer: &Peer| {
            for _ in 0..3 {
                let mut caller = speaker.accept(peer).await;
                input.write_all(b"x\n").await.unwrap();
                let publish = caller.packet().await;
                caller.send(&[0x40, 2, publish[7], publish[8]]).await;
            }
            drop(input);
            let mut caller = speaker.accept(peer).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, reader, broker).await;
        done.unwrap();
    });
}

#[test]
fn a_line_that_asks_for_what_the_broker_has_not_is_rejected_and_the_next_is_sent() {
    for engine in EngineKind::ALL {
        block_on(async move {
            let speaker = speaker(engine, Version::V5);
            let config = |port| {
                let mut config = publishing(speaker, port, Source::LINES, QoS::AtMostOnce);
                config.recipe.making = publish::Making::Line { maps: Vec::new() };
                config
            };
            let input = br#"{"topic":"a","payload":"1"}
                {"topic":"a","payload":"2","retain":true}
                {"topic":"a","payload":"3","qos":1}
                {"topic":"a","payload":"4"}"#;
            let broker = async |peer: &Peer| {
                let mut caller = peer.accept().await;
                caller.packet().await;
                caller.send(&[0x20, 7, 0, 0, 4, 0x25, 0, 0x24, 0]).await;
                for payload in [b"1", b"4"] {
                    assert!(caller.packet().await.ends_with(payload));
                }
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let words = words_of(published(config, &input[..], broker).await);
            assert!(words.contains("2 messages were rejected, the first from line 2"), "{words}");
        });
    }
}

#[test]
fn arrays_heed_what_the_broker_takes_and_one_that_is_too_large_is_named_by_its_first_line() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| {
            let mut config = publishing(speaker, port, Source::LINES, QoS::AtMostOnce);
            let interval = std::time::Duration::from_hours(1);
            config.batch = Some(publish::BatchLimits { interval, size: 1000 });
            config
        };
        let broker = async |peer: &Peer| {
            let mut caller = peer.accept().await;
            caller.packet().await;
            // Packets of 30 bytes: 10 for the array are sure to fit beside all else.
            caller.send(&[0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 30]).await;
            for array in [&b"[1,22222]"[..], b"[4,5]"] {
                assert!(caller.packet().await.ends_with(array));
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let lines = b"1\n22222\n3333333333333333333333333333\n4\n5\n";
        let words = words_of(published(config, &lines[..], broker).await);
        assert!(words.contains("1 messages were rejected, the first from line 3"), "{words}");
    });
}

#[test]
fn lines_that_come_without_a_connection_wait_and_the_oldest_of_too_many_are_lost() {
    with_everybody(|speaker| async move {
        let config = |port| {
            let mut config = stubborn(publishing(speaker, port, Source::LINES, QoS::AtMostOnce));
            config.delivery.buffer = 2;
            config
        };
        let (mut input, reader) = tokio::io::duplex(1);
        let broker = async |peer: &Peer| {
            drop(speaker.accept(peer).await);
            let mut caller = peer.accept().await;
            caller.packet().await;
            // The pipe holds a byte, so all but the last were read before CONNACK.
            input.write_all(b"1\n2\n3\n4").await.unwrap();
            caller.send(speaker.pick(&[0x20, 3, 0, 0, 0], &[0x20, 2, 0, 0])).await;
            for line in [b"2", b"3"] {
                assert!(caller.packet().await.ends_with(line));
            }
            drop(input);
            assert!(caller.packet().await.ends_with(b"4"));
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, reader, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::ConnectionLost);
        let words = words_of(done);
        assert!(words.contains("1 were dropped") && words.contains("-q 1"), "{words}");
    });
}

#[test]
fn a_broker_that_is_there_gets_every_line_however_long_it_takes_to_answer() {
    with_everybody(|speaker| async move {
        let config = |port| {
            let mut config = stubborn(publishing(speaker, port, Source::LINES, QoS::AtMostOnce));
            config.delivery.buffer = 1;
            config
        };
        let (mut input, reader) = tokio::io::duplex(1);
        let broker = async |peer: &Peer| {
            let mut caller = peer.accept().await;
            caller.packet().await;
            let lines = async {
                // The pipe holds a byte, so this ends only when they are read.
                input.write_all(b"1\n2\n3\n4\n").await.unwrap();
                drop(input);
            };
            let answer = async {
                caller.send(speaker.pick(&[0x20, 3, 0, 0, 0], &[0x20, 2, 0, 0])).await;
                for line in [b"1", b"2", b"3", b"4"] {
                    assert!(caller.packet().await.ends_with(line));
                }
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            tokio::join!(lines, answer);
        };
        published(config, reader, broker).await.unwrap();
    });
}

#[test]
fn without_a_connection_nothing_is_read_when_that_is_asked_for() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| {
            let mut config = stubborn(publishing(speaker, port, Source::LINES, QoS::AtMostOnce));
            config.delivery.on_disconnect = OnDisconnect::Wait;
            config.delivery.buffer = 0;
            config
        };
        let broker = async |peer: &Peer| {
            drop(speaker.accept(peer).await);
            let mut caller = speaker.accept(peer).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, empty(), broker).await;
        done.unwrap();
    });
}

#[test]
fn what_nobody_receives_is_a_failure_when_it_is_asked_for() {
    for (wants, reason) in [(true, 0x10), (true, 0), (false, 0x10)] {
        block_on(async {
            let speaker = speaker(EngineKind::Native, Version::V5);
            let config = |port| {
                let mut config = publishing(speaker, port, message("hi"), QoS::AtLeastOnce);
                config.delivery.wants_subscriber = wants;
                config
            };
            let broker = async |peer: &Peer| {
                let mut caller = speaker.accept(peer).await;
                caller.packet().await;
                caller.send(&[0x40, 3, 0, 1, reason]).await;
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let done = published(config, empty(), broker).await;
            match done {
                Ok(()) => assert!(!wants || reason == 0),
                Err(error) => assert!(wants && error.class() == Class::Expectation && reason != 0),
            }
        });
    }
}

#[test]
fn what_a_publisher_with_a_store_leaves_behind_the_next_one_sends_first() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let folder = tempfile::tempdir().unwrap();
        let mut config = publishing(speaker, peer.port(), Source::LINES, QoS::AtLeastOnce);
        config.store = Some(Place::File(folder.path().join("new")));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            assert!(caller.packet().await.ends_with(b"1"));
            assert!(caller.packet().await.ends_with(b"2"));
            assert!(caller.packet().await.ends_with(b"3"));
            stop.send(Signal::Terminate).unwrap();
            caller
        };
        let stopped = async { stopped.await.unwrap() };
        let first = run(config.clone(), &b"1\n2\n3\n"[..], stopped);
        let (done, _) = tokio::join!(first, broker);
        assert_eq!(class_of(done), Class::Terminated);
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            for line in [b"1", b"2", b"3", b"4"] {
                let publish = caller.packet().await;
                assert!(publish.ends_with(line), "{publish:?}");
                caller.send(&[0x40, 2, publish[7], publish[8]]).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config.clone(), &b"4\n"[..], never()), broker);
        done.unwrap();
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            assert_eq!(caller.packet().await[0], 0xe0, "nothing is left");
        };
        let (done, ()) = tokio::join!(run(config, empty(), never()), broker);
        done.unwrap();
    });
}

#[test]
fn a_single_message_is_kept_before_the_broker_has_answered() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let peer = Peer::bind().await;
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Message(b"kept".to_vec());
        let mut config = publishing(speaker, peer.port(), source, QoS::AtMostOnce);
        config.store = Some(Place::File(folder.path().join("new")));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = peer.accept().await;
            assert_eq!(caller.packet().await[0], 0x10);
            stop.send(Signal::Terminate).unwrap();
            caller
        };
        let stopped = async { stopped.await.unwrap() };
        let (done, _) = tokio::join!(run(config.clone(), empty(), stopped), broker);
        assert_eq!(class_of(done), Class::Terminated);
        config.source = Source::LINES;
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            assert!(caller.packet().await.ends_with(b"kept"));
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, empty(), never()), broker);
        done.unwrap();
    });
}
