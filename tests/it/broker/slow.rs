//! Clients that read more slowly than they are sent messages.

use super::lab::{Client, Lab, hello, hex, message, seconds};
use mqx::broker::core::{Limits, QueueLimits, SlowConsumer};
use mqx::mqtt::{Connect, Packet, QoS, Version};
use std::time::Duration;

/// A broker with this policy and room for three messages, a client that reads
/// nothing any more and one that does.
fn jammed(slow: SlowConsumer, qos: QoS) -> (Lab, Client, Client) {
    jammed_with(QueueLimits { output: 30, slow, ..Limits::default().queue }, qos)
}

/// The same where publishers wait for ten seconds.
fn waited_for(slow: SlowConsumer, qos: QoS) -> (Lab, Client, Client) {
    let usual = Limits::default().queue;
    jammed_with(QueueLimits { output: 30, messages: 3, patience: seconds(10), slow, ..usual }, qos)
}

fn jammed_with(queue: QueueLimits, qos: QoS) -> (Lab, Client, Client) {
    let mut lab = Lab::with(Limits { queue, ..Limits::default() });
    let (mut slow, mut quick) = (lab.client(Version::V5, "s"), lab.client(Version::V5, "q"));
    for client in [&mut slow, &mut quick] {
        lab.subscribe(client, "t", qos);
    }
    slow.stop_reading();
    (lab, slow, quick)
}

fn publish(lab: &mut Lab, count: u32) {
    let mut publisher = lab.client(Version::V311, "p");
    for number in 0..count {
        let payload = format!("number {number}");
        lab.publish(&mut publisher, &message("t", &payload, QoS::AtMostOnce, 0));
    }
}

fn numbers(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("number {number}")).collect()
}

#[test]
fn the_newest_or_the_oldest_messages_are_dropped_and_the_others_arrive_in_order() {
    for (policy, arrived) in [
        (SlowConsumer::DropNewest, numbers([0, 1, 2])),
        // Three are behind the socket, and thirty bytes wait.
        (SlowConsumer::DropOldest, numbers([0, 1, 2, 7, 8, 9])),
    ] {
        let (mut lab, mut slow, mut quick) = jammed(policy, QoS::AtMostOnce);
        publish(&mut lab, 10);
        assert_eq!(quick.payloads(), numbers(0..10), "{policy:?}");
        let dropped = u64::try_from(10 - arrived.len()).unwrap();
        assert_eq!(lab.summary().dropped, dropped);
        lab.make_room(&mut slow, 1000);
        assert_eq!(slow.payloads(), arrived, "{policy:?}");
        publish(&mut lab, 2);
        assert_eq!(slow.payloads(), numbers([0, 1]), "it is quick again");
    }
}

#[test]
fn a_slow_client_is_cut_off_where_that_is_the_policy_and_others_are_not() {
    let (mut lab, slow, mut quick) = jammed(SlowConsumer::Disconnect, QoS::AtMostOnce);
    publish(&mut lab, 3);
    assert!(!slow.is_closed());
    publish(&mut lab, 1);
    assert!(slow.is_closed());
    publish(&mut lab, 1);
    assert_eq!(quick.payloads().len(), 5);
    assert_eq!(lab.summary().dropped, 1);
}

#[test]
fn a_client_that_is_cut_off_is_told_why_behind_what_it_was_sent() {
    let (mut lab, mut slow, _quick) = jammed(SlowConsumer::Disconnect, QoS::AtMostOnce);
    publish(&mut lab, 4);
    let goodbye = slow.take_packets(4).pop().unwrap();
    assert_eq!((goodbye[0], goodbye[2]), (0xe0, 0x97));
}

#[test]
fn messages_of_qos_0_wait_for_a_session_that_is_offline_only_if_they_are_to() {
    for (offline_qos0, waiting) in [(false, vec![]), (true, numbers([0, 1]))] {
        let queue = QueueLimits { offline_qos0, ..Limits::default().queue };
        let mut lab = Lab::with(Limits { queue, ..Limits::default() });
        let keep = Connect { clean_start: false, ..hello(Version::V311, "c") };
        let mut client = lab.connect(&keep);
        client.take();
        lab.subscribe(&mut client, "t", QoS::AtMostOnce);
        lab.lose(&mut client);
        publish(&mut lab, 2);
        lab.pass(seconds(1));
        let mut client = lab.connect(&keep);
        client.take_some(4);
        assert_eq!(client.payloads(), waiting);
    }
}

/// PUBLISH packets with these numbers for payloads.
fn batch(numbers: impl IntoIterator<Item = u32>, qos: QoS) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in numbers {
        let payload = format!("number {number}");
        let id = u16::try_from(number + 1).unwrap();
        let publish = Packet::Publish(message("t", &payload, qos, id));
        publish.encode(Version::V311, &mut bytes).unwrap();
    }
    bytes
}

#[test]
fn a_publisher_waits_until_its_slowest_receiver_has_caught_up_and_nothing_is_lost() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let (mut lab, mut slow, mut quick) = waited_for(SlowConsumer::DropNewest, qos);
        let mut publisher = lab.client(Version::V311, "p");
        lab.send_bytes(&mut publisher, &batch(0..10, qos));
        assert!(lab.is_paused(&mut publisher), "{qos:?}");
        assert_eq!(lab.receive(&mut publisher, &batch(10..12, qos)), Some(0));
        lab.make_room(&mut slow, 1000);
        assert!(publisher.was_woken());
        assert!(!lab.is_paused(&mut publisher));
        lab.send_bytes(&mut publisher, &batch(10..12, qos));
        assert_eq!(slow.payloads(), numbers(0..12));
        assert_eq!(quick.payloads(), numbers(0..12));
        assert_eq!(lab.summary().dropped, 0);
        assert_eq!(lab.totals().held_up, 1);
    }
}

#[test]
fn patience_ends_for_one_that_has_stopped_reading_and_begins_anew_when_it_reads() {
    for (policy, closed) in [(SlowConsumer::DropNewest, false), (SlowConsumer::Disconnect, true)] {
        let (mut lab, mut slow, _quick) = waited_for(policy, QoS::AtMostOnce);
        let mut publisher = lab.client(Version::V311, "p");
        lab.send_bytes(&mut publisher, &batch(0..10, QoS::AtMostOnce));
        lab.pass(seconds(9));
        assert!(lab.is_paused(&mut publisher));
        lab.pass(seconds(2));
        assert!(publisher.was_woken());
        assert!(!lab.is_paused(&mut publisher));
        lab.send_bytes(&mut publisher, &batch(10..11, QoS::AtMostOnce));
        assert!(!lab.is_paused(&mut publisher), "nobody waits for it any more");
        assert_eq!((lab.summary().dropped, slow.is_closed()), (1, closed));
        if !closed {
            lab.make_room(&mut slow, 1000);
            assert_eq!(slow.payloads(), numbers(0..10));
            slow.stop_reading();
            lab.send_bytes(&mut publisher, &batch(0..10, QoS::AtMostOnce));
            assert!(lab.is_paused(&mut publisher), "it is waited for again");
        }
    }
}

#[test]
fn nobody_waits_for_one_that_has_gone() {
    let (mut lab, mut slow, _quick) = waited_for(SlowConsumer::DropNewest, QoS::AtMostOnce);
    let mut publisher = lab.client(Version::V311, "p");
    lab.send_bytes(&mut publisher, &batch(0..10, QoS::AtMostOnce));
    lab.lose(&mut slow);
    assert!(publisher.was_woken());
    assert!(!lab.is_paused(&mut publisher));
}

#[test]
fn nobody_waits_for_itself_and_what_no_connection_brings_waits_for_nobody() {
    let (mut lab, mut slow, mut quick) = waited_for(SlowConsumer::DropOldest, QoS::AtMostOnce);
    for text in numbers(0..9) {
        lab.publish(&mut slow, &message("t", &text, QoS::AtMostOnce, 0));
    }
    assert!(!lab.is_paused(&mut slow));
    lab.publish_from_outside(&message("t", "number 9", QoS::AtMostOnce, 0)).unwrap();
    assert_eq!(quick.payloads(), numbers(0..10));
    lab.make_room(&mut slow, 1000);
    assert_eq!(slow.payloads(), numbers([0, 1, 2, 7, 8, 9]), "the oldest have gone");
    assert_eq!(lab.totals().held_up, 0);
}

#[test]
fn who_reads_no_answers_is_not_read_until_it_has() {
    let mut lab = Lab::new();
    let connect = Connect { keep_alive: 60, ..hello(Version::V5, "c") };
    for question in [hex("c0 00"), hex("32 06 0001 61 0001 00")] {
        let mut client = lab.connect(&connect);
        client.take();
        client.stop_reading();
        let questions = question.repeat(10_000);
        let mut asked = 0;
        while client.connection.pause().is_none() {
            lab.send_bytes(&mut client, &questions);
            asked += 10_000;
            assert!(asked < 1_000_000, "the answers fill the memory");
        }
        assert!(asked > 2 * 65_535, "as many as there are identifiers, twice");
        assert_eq!(lab.receive(&mut client, &questions), Some(0));
        lab.pass(Duration::from_millis(200));
        assert!(client.was_woken() && lab.is_paused(&mut client));
        lab.make_room(&mut client, usize::MAX);
        assert!(!lab.is_paused(&mut client), "it has read them");
        assert_eq!(lab.receive(&mut client, &questions), Some(questions.len()));
        let answer = if question.len() == 2 { 2 } else { 4 };
        assert!(client.take().len() >= asked * answer);
        lab.lose(&mut client);
    }
}

#[test]
fn who_is_not_read_for_its_answers_is_silent() {
    let mut lab = Lab::new();
    let mut client = lab.connect(&Connect { keep_alive: 10, ..hello(Version::V5, "c") });
    client.stop_reading();
    while client.connection.pause().is_none() {
        lab.send_bytes(&mut client, &hex("c0 00").repeat(10_000));
    }
    for _ in 0..80 {
        lab.pass(Duration::from_millis(200));
        lab.is_paused(&mut client);
    }
    assert!(client.is_closed());
}
