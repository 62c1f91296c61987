//! Subscribing: granted, denied, counted, timed, lost, and nobody reading.

use super::*;
use mqx::subscribe::{Retained, run};
use std::num::NonZeroU64;
use std::time::Duration;

/// Accepts a connection and answers the SUBSCRIBE on it with these reasons.
pub(super) async fn accept(speaker: Speaker, peer: &Peer, reasons: &[u8]) -> Caller {
    let mut caller = speaker.accept(peer).await;
    let subscribe = caller.packet().await;
    assert_eq!(subscribe[0], 0x82);
    let properties: &[u8] = if speaker.is_v5() { &[0] } else { &[] };
    let length = 2 + properties.len() + reasons.len();
    let head = [0x90, u8::try_from(length).unwrap(), subscribe[2], subscribe[3]];
    caller.send(&[&head, properties, reasons].concat()).await;
    caller
}

/// A PUBLISH with QoS 0 as a broker sends it.
pub(super) fn publish(speaker: Speaker, header: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = vec![0, u8::try_from(topic.len()).unwrap()];
    body.extend_from_slice(topic.as_bytes());
    body.extend_from_slice(speaker.pick(&[0], &[]));
    body.extend_from_slice(payload);
    let mut packet = vec![header, u8::try_from(body.len()).unwrap()];
    packet.append(&mut body);
    packet
}

fn count(messages: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(messages)
}

#[test]
fn messages_are_printed_until_there_were_enough() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| config.count = count(2);
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            for payload in ["1", "2", "3"] {
                let message = publish(speaker, 0x30, "a/b", payload.as_bytes());
                caller.send(&message).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0);
            caller.expect_end().await;
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a/b 1\na/b 2\n");
    });
}

#[test]
fn qos_1_messages_are_acknowledged() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.subscriptions[0].options.qos = QoS::AtLeastOnce;
            config.count = count(1);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[1]).await;
            let message = speaker.pick(b"\x32\x08\0\x01a\0\x07\0hi", b"\x32\x07\0\x01a\0\x07hi");
            caller.send(message).await;
            let ack = caller.packet().await;
            assert_eq!((ack[0], &ack[2..4]), (0x40, &[0, 7][..]));
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a hi\n");
    });
}

#[test]
fn retained_and_filtered_out_messages_are_not_printed_and_do_not_count() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.retained = Retained::Never;
            config.filter_out = vec!["a/x/#".parse().unwrap()];
            config.count = count(1);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x31, "a/b", b"old")).await;
            caller.send(&publish(speaker, 0x30, "a/x/y", b"no")).await;
            caller.send(&publish(speaker, 0x30, "a/b", b"new")).await;
            caller.packet().await;
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a/b new\n");
    });
}

#[test]
fn retained_only_ends_at_the_first_other_message() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| config.retained = Retained::Only;
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x31, "a/b", b"old")).await;
            caller.send(&publish(speaker, 0x30, "a/b", b"new")).await;
            caller.packet().await;
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a/b old\n");
    });
}

#[test]
fn when_time_runs_out_what_came_is_printed_and_the_failure_is_a_timeout() {
    with_everybody(|speaker| async move {
        let change =
            |config: &mut subscribe::Config| config.timeout = Some(Duration::from_millis(300));
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x30, "a", b"1")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        assert_eq!(class_of(done), Class::Timeout);
        assert_eq!(text, "a 1\n");
    });
}

#[test]
fn when_every_subscription_is_denied_there_is_nothing_to_wait_for() {
    with_everybody(|speaker| async move {
        let change = |_: &mut subscribe::Config| ();
        let broker = async |peer: &Peer| {
            let reason = speaker.pick(&[0x87], &[0x80]);
            let mut caller = accept(speaker, peer, reason).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(speaker, change, broker).await;
        assert_eq!(class_of(done), Class::SubscribeDenied);
    });
}

#[test]
fn when_some_subscriptions_are_denied_the_others_go_on_and_the_end_is_a_failure() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.subscriptions.push(subscription("secret".parse().unwrap()));
            config.count = count(1);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0, 0x80]).await;
            caller.send(&publish(speaker, 0x30, "a", b"1")).await;
            caller.packet().await;
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::PartlyDenied);
        assert!(words_of(done).contains("secret"));
        assert_eq!(text, "a 1\n");
    });
}

#[test]
fn after_a_lost_connection_it_connects_and_subscribes_again() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| config.count = count(2);
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x30, "a", b"1")).await;
            drop(caller);
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x30, "a", b"2")).await;
            caller.packet().await;
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a 1\na 2\n");
    });
}

#[test]
fn a_disconnect_from_the_broker_is_followed_by_a_reconnect() {
    for engine in EngineKind::ALL {
        block_on(async {
            let speaker = speaker(engine, Version::V5);
            let peer = Peer::bind().await;
            let mut config = subscribing(speaker, peer.port());
            config.count = count(1);
            let broker = async {
                let mut caller = accept(speaker, &peer, &[0]).await;
                caller.send(&[0xe0, 1, 0x8b]).await;
                drop(caller);
                let mut caller = accept(speaker, &peer, &[0]).await;
                caller.send(&publish(speaker, 0x30, "a", b"1")).await;
                caller.packet().await;
            };
            let run = run(config, Page::default().sink(), never());
            let (done, ()) = tokio::join!(run, broker);
            done.unwrap();
        });
    }
}

#[test]
fn a_signal_ends_it_with_success_once_it_is_connected() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let config = subscribing(speaker, peer.port());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = accept(speaker, &peer, &[0]).await;
            stop.send(Signal::Interrupt).unwrap();
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let stopped = async { stopped.await.unwrap() };
        let (done, ()) = tokio::join!(run(config, Page::default().sink(), stopped), broker);
        done.unwrap();
    });
}

#[test]
fn a_signal_before_the_connection_is_an_interruption() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let peer = Peer::bind().await;
        let config = subscribing(speaker, peer.port());
        let stopped = std::future::ready(Signal::Interrupt);
        let done = run(config, Page::default().sink(), stopped).await;
        assert_eq!(class_of(done), Class::Interrupted);
    });
}

#[test]
fn when_nobody_reads_the_output_it_ends_quietly() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let config = subscribing(speaker, peer.port());
        let broker = async {
            let mut caller = accept(speaker, &peer, &[0]).await;
            caller.send(&publish(speaker, 0x30, "a", b"1")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, ()) = tokio::join!(run(config, Box::new(Closed), never()), broker);
        assert_eq!(class_of(done), Class::BrokenPipe);
    });
}

#[test]
fn what_a_kept_session_brings_with_the_answer_to_connect_is_printed() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let page = Page::default();
        let mut config = subscribing(speaker, peer.port());
        config.connect.session.client_id = "me".to_owned();
        config.connect.session.clean_start = false;
        config.count = count(1);
        let serve = async {
            let mut caller = peer.accept().await;
            caller.packet().await;
            let accepted = speaker.pick(&[0x20, 3, 1, 0, 0], &[0x20, 2, 1, 0]);
            let kept = publish(speaker, 0x30, "a/b", b"kept");
            caller.send(&[accepted, &kept].concat()).await;
            while caller.packet().await[0] != 0xe0 {}
        };
        let (ended, ()) = tokio::join!(run(config, page.sink(), never()), serve);
        ended.unwrap();
        assert_eq!(page.text(), "a/b kept\n");
    });
}
