//! How a subscriber ends by itself: by silence, with the answers, with the
//! last retained message.

use super::subscribing::{accept, publish};
use super::*;
use mqx::subscribe::{Retained, Sample};
use std::num::NonZeroU64;
use std::time::Duration;

/// Hears an UNSUBSCRIBE and answers it; the filters it had.
async fn unsubscribed(speaker: Speaker, caller: &mut Caller) -> Vec<u8> {
    let packet = caller.packet().await;
    assert_eq!(packet[0], 0xa2);
    let head = if speaker.is_v5() { 5 } else { 4 };
    let mut answer = vec![0xb0, if speaker.is_v5() { 4 } else { 2 }, packet[2], packet[3]];
    answer.extend_from_slice(speaker.pick(&[0, 0x11], &[]));
    caller.send(&answer).await;
    packet[head..].to_vec()
}

#[test]
fn silence_that_lasts_too_long_is_a_timeout_and_each_message_breaks_it() {
    with_everybody(|speaker| async move {
        let change =
            |config: &mut subscribe::Config| config.idle_timeout = Some(Duration::from_millis(300));
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x30, "a", b"1")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::Timeout);
        assert!(words_of(done).contains("--idle-timeout"));
        assert_eq!(text, "a 1\n");
    });
}

#[test]
fn a_broker_that_ends_the_connection_for_the_subscription_denies_it() {
    for reason in [0x87, 0x8f, 0xa2] {
        for engine in EngineKind::ALL {
            block_on(async move {
                let speaker = speaker(engine, Version::V5);
                let change = |config: &mut subscribe::Config| config.retries.again = Retry::Forever;
                let broker = async |peer: &Peer| {
                    let mut caller = speaker.accept(peer).await;
                    caller.packet().await;
                    caller.send(&[0xe0, 2, reason, 0]).await;
                };
                let (done, _) = subscribed(speaker, change, broker).await;
                assert_eq!(class_of(done), Class::SubscribeDenied);
            });
        }
    }
}

#[test]
fn silence_lasts_while_there_is_no_connection() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.retries.again = Retry::Forever;
            config.idle_timeout = Some(Duration::from_millis(300));
        };
        let broker = async |peer: &Peer| {
            // Nobody accepts the next connection.
            drop(accept(speaker, peer, &[0]).await);
        };
        let (done, _) = subscribed(speaker, change, broker).await;
        assert_eq!(class_of(done), Class::Timeout);
    });
}

#[test]
fn messages_that_are_not_drawn_count_where_that_is_wanted() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.sample = Some(Sample { of_a_million: 0, counts_rest: true });
            config.count = NonZeroU64::new(2);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            for payload in [b"1", b"2", b"3"] {
                caller.send(&publish(speaker, 0x30, "a", payload)).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "");
    });
}

#[test]
fn subscriptions_of_a_kept_session_end_without_making_others() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.subscriptions.clear();
            config.unsubscribe = vec!["old/#".parse().unwrap()];
            config.exit_after_sub = true;
        };
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            assert_eq!(unsubscribed(speaker, &mut caller).await, b"\0\x05old/#");
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(speaker, change, broker).await;
        done.unwrap();
    });
}

#[test]
fn an_unsubscription_that_is_refused_is_a_failure_of_its_own_kind() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let change = |config: &mut subscribe::Config| {
            config.unsubscribe = vec!["old".parse().unwrap()];
            config.exit_after_sub = true;
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            let packet = caller.packet().await;
            caller.send(&[0xb0, 4, packet[2], packet[3], 0, 0x87]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(speaker, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::PartlyDenied);
        assert!(words_of(done).contains("unsubscribing from old"));
    });
}

#[test]
fn the_retained_messages_are_printed_and_then_it_ends_by_itself() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| config.retained = Retained::Only;
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x31, "a", b"1")).await;
            unsubscribed(speaker, &mut caller).await;
            // Later than the answer, as some brokers have it.
            caller.send(&publish(speaker, 0x31, "b", b"2")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a 1\nb 2\n");
    });
}

#[test]
fn retained_messages_are_removed_with_an_empty_one_each() {
    with_everybody(|speaker| async move {
        let change = |config: &mut subscribe::Config| {
            config.retained = Retained::Clear;
            config.filter_out = vec!["a/keep".parse().unwrap()];
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x31, "a/keep", b"1")).await;
            caller.send(&publish(speaker, 0x31, "a", b"2")).await;
            unsubscribed(speaker, &mut caller).await;
            let removal = caller.packet().await;
            let id = removal[5..7].to_vec();
            let wanted = [speaker.pick(&[0x33, 6], &[0x33, 5]), &[0, 1, b'a'], &id];
            let wanted = [&wanted.concat(), speaker.pick(&[0], &[])].concat();
            assert_eq!(removal, wanted);
            caller.send(&publish(speaker, 0x30, "a", b"")).await;
            caller.send(&[0x40, 2, id[0], id[1]]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "a 2\n");
    });
}

#[test]
fn a_removal_that_the_broker_refuses_is_a_failure() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let change = |config: &mut subscribe::Config| config.retained = Retained::Clear;
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x31, "a", b"2")).await;
            unsubscribed(speaker, &mut caller).await;
            let removal = caller.packet().await;
            caller.send(&[0x40, 3, removal[5], removal[6], 0x87]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(speaker, change, broker).await;
        assert_eq!(class_of(done), Class::PublishRejected);
    });
}
