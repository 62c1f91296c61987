//! What a program that the broker is a part of decides.

use super::lab::{Client, Lab, hello, message, retained, seconds};
use mqx::broker::core::{Access, Decision, Hooks, Peer, Setup, Who};
use mqx::mqtt::{Connect, Message, Publish, QoS, ReasonCode, Version, Will, WillProperties};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

/// Decides by the names that the tests give.
#[derive(Debug, Default)]
struct Guard {
    open: AtomicBool,
}

impl Hooks for Guard {
    fn connect(&self, connect: &Connect<'_>, _peer: &Peer) -> Result<(), ReasonCode> {
        let banned = connect.client_id == "banned";
        if banned { Err(ReasonCode::BANNED) } else { Ok(()) }
    }

    fn authorize(&self, _who: Who<'_>, _access: Access, topic: &str) -> Option<bool> {
        topic.starts_with("door/").then(|| self.open.load(Ordering::Relaxed))
    }

    fn subscribe(&self, who: Who<'_>, filter: &str) -> Option<bool> {
        (filter == "#").then_some(who.client_id == "admin")
    }

    fn publish(&self, who: Who<'_>, publish: &Publish<'_>) -> Decision {
        match publish.topic {
            "spam" => Decision::Refuse(ReasonCode::PAYLOAD_FORMAT_INVALID),
            "old" => {
                let payload = [who.client_id.as_bytes(), b":", publish.payload].concat();
                let new = Publish { topic: "new", payload: &payload, ..*publish };
                Decision::Replace(Message::new(&new).unwrap())
            }
            _ => Decision::Pass,
        }
    }

    fn deliver(&self, to: Who<'_>, publish: &Publish<'_>) -> bool {
        to.client_id != "child" || publish.topic != "adult"
    }
}

fn guarded() -> (Lab, Arc<Guard>) {
    let guard = Arc::new(Guard::default());
    let hooks: Option<Arc<dyn Hooks>> = Some(Arc::clone(&guard) as _);
    (Lab::made(Setup { hooks, ..Setup::default() }), guard)
}

fn subscriber(lab: &mut Lab, client_id: &str, filter: &str) -> Client {
    let mut client = lab.client(Version::V5, client_id);
    lab.subscribe(&mut client, filter, QoS::AtLeastOnce);
    client
}

#[test]
fn an_unwanted_client_is_told_the_reason_it_was_given() {
    let (mut lab, _) = guarded();
    let mut client = lab.connect(&hello(Version::V5, "banned"));
    client.expect("20 03 008a00");
    assert!(client.is_closed());
    lab.client(Version::V5, "welcome");
}

#[test]
fn a_replaced_message_goes_where_its_new_topic_leads() {
    let (mut lab, _) = guarded();
    let mut old = subscriber(&mut lab, "o", "old");
    let mut new = subscriber(&mut lab, "n", "new");
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("old", "x", QoS::AtLeastOnce, 1));
    publisher.expect("40 02 0001");
    old.expect_nothing();
    assert_eq!(new.payloads(), ["p:x"]);
}

#[test]
fn a_refused_message_is_answered_with_the_reason_and_goes_nowhere() {
    let (mut lab, _) = guarded();
    let mut watcher = subscriber(&mut lab, "w", "spam");
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("spam", "x", QoS::AtLeastOnce, 1));
    publisher.expect("40 03 0001 99");
    lab.publish(&mut publisher, &message("spam", "x", QoS::ExactlyOnce, 2));
    publisher.expect("50 03 0002 99");
    watcher.expect_nothing();
}

#[test]
fn a_will_is_judged_like_any_message() {
    let (mut lab, _) = guarded();
    let mut watcher = subscriber(&mut lab, "w", "new");
    let properties = WillProperties::default();
    let will =
        Will { topic: "old", payload: b"x", qos: QoS::AtMostOnce, retain: false, properties };
    let mut client = lab.connect(&Connect { will: Some(will), ..hello(Version::V5, "c") });
    lab.lose(&mut client);
    lab.pass(seconds(1));
    assert_eq!(watcher.payloads(), ["c:x"]);
}

#[test]
fn a_message_can_be_withheld_from_one_client() {
    let (mut lab, _) = guarded();
    let mut child = subscriber(&mut lab, "child", "adult");
    let mut parent = subscriber(&mut lab, "parent", "adult");
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &message("adult", "x", QoS::AtMostOnce, 0));
    child.expect_nothing();
    assert_eq!(parent.payloads(), ["x"]);
}

#[test]
fn a_verdict_on_a_topic_holds_until_it_is_to_be_reconsidered() {
    let (mut lab, guard) = guarded();
    let mut watcher = subscriber(&mut lab, "w", "door/1");
    let mut publisher = lab.client(Version::V5, "p");
    let mut knock = |lab: &mut Lab, expected: &str| {
        for _ in 0..3 {
            lab.publish(&mut publisher, &message("door/1", "x", QoS::AtLeastOnce, 1));
            publisher.expect(expected);
        }
    };
    knock(&mut lab, "40 03 0001 87");
    watcher.expect_nothing();
    guard.open.store(true, Ordering::Relaxed);
    lab.reconsider();
    knock(&mut lab, "40 02 0001");
    assert_eq!(watcher.payloads().len(), 3);
}

#[test]
fn a_subscription_is_granted_to_whom_it_is_meant_for() {
    let (mut lab, _) = guarded();
    for (client_id, suback) in [("admin", "90 04 004d 00 00"), ("other", "90 04 004d 00 87")] {
        let mut client = lab.client(Version::V5, client_id);
        lab.subscribe_with(&mut client, "#", <_>::default(), <_>::default());
        client.expect(suback);
    }
}

#[test]
fn a_message_from_outside_is_judged_as_the_brokers_own() {
    let (mut lab, _) = guarded();
    let mut new = subscriber(&mut lab, "n", "new");
    let mut spam = subscriber(&mut lab, "s", "spam");
    let mut child = subscriber(&mut lab, "child", "adult");
    let routed = lab.publish_from_outside(&message("old", "x", QoS::AtMostOnce, 0));
    assert_eq!(routed.unwrap().matched, 1);
    assert_eq!(new.payloads(), [":x"]);
    let refused = lab.publish_from_outside(&message("spam", "x", QoS::AtMostOnce, 0));
    assert_eq!(refused.unwrap_err().reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    spam.expect_nothing();
    lab.publish_from_outside(&message("adult", "x", QoS::AtMostOnce, 0)).unwrap();
    child.expect_nothing();
}

/// Does something once while a message is on its way into the broker.
#[derive(Default)]
struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl Hooks for Meanwhile {
    fn publish(&self, _: Who<'_>, _: &Publish<'_>) -> Decision {
        if let Some(doing) = self.0.lock().unwrap().take() {
            doing();
        }
        Decision::Pass
    }
}

#[test]
fn whoever_subscribes_while_a_message_is_being_retained_gets_it() {
    let meanwhile = Arc::new(Meanwhile::default());
    let hooks: Option<Arc<dyn Hooks>> = Some(Arc::clone(&meanwhile) as _);
    let mut lab = Lab::made(Setup { hooks, ..Setup::default() });
    let core = lab.core();
    let (subscribed, has_subscribed) = channel();
    let (publish, has_published) = channel();
    let other_worker = thread::spawn(move || {
        let mut lab = Lab::beside(core);
        has_published.recv().unwrap();
        let mut client = subscriber(&mut lab, "s", "t");
        subscribed.send(()).unwrap();
        has_published.recv().unwrap();
        client.payloads()
    });
    let begun = publish.clone();
    *meanwhile.0.lock().unwrap() = Some(Box::new(move || {
        begun.send(()).unwrap();
        has_subscribed.recv().unwrap();
    }));
    let mut publisher = lab.client(Version::V5, "p");
    lab.publish(&mut publisher, &retained("t", "x"));
    publish.send(()).unwrap();
    assert_eq!(other_worker.join().unwrap(), ["x"]);
}
