//! What observers are told, in which order, and that nobody else is bothered.

use super::lab::{Client, Lab, hello, message, seconds};
use mqx::broker::core::{
    Direction, End, Entrance, Event, Interest, Limits, Observer, Observers, QueueLimits, Setup,
    SlowConsumer, Verdict,
};
use mqx::mqtt::{
    AckKind, Connect, ConnectProperties, Packet, Publish, PublishProperties, QoS, ReasonCode,
    SubscribeOptions, SubscribeProperties, Version, Will, WillProperties,
};
use mqx::session::Time;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

const LIFECYCLE: Interest = Interest { lifecycle: true, messages: false, packets: false };
const MESSAGES: Interest = Interest { lifecycle: false, messages: true, packets: false };
const PACKETS: Interest = Interest { lifecycle: false, messages: false, packets: true };

/// Writes down what it hears, a line each.
#[derive(Debug)]
struct Recorder {
    interest: Interest,
    lines: Mutex<Vec<String>>,
}

impl Observer for Recorder {
    fn interest(&self) -> Interest {
        self.interest
    }

    fn event(&self, _: Time, event: &Event<'_>) {
        self.lines.lock().unwrap().push(line(event));
    }
}

impl Recorder {
    fn new(interest: Interest) -> Arc<Self> {
        Arc::new(Self { interest, lines: Mutex::default() })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

fn line(event: &Event<'_>) -> String {
    match event {
        Event::Accepted { connection, .. } => format!("{connection} accepted"),
        Event::Refused(refused) => {
            let id = refused.who.map(|who| who.client_id);
            format!("{} refused {id:?} {:?}", refused.connection, refused.why)
        }
        Event::Connected(connected) => {
            let client = connected.client;
            let present = connected.session_present;
            format!("{} connected {} {present}", client.connection, client.who.client_id)
        }
        Event::Disconnected { client, end } => format!("{} {end:?}", client.connection),
        Event::SessionEnded { who, why, undelivered } => {
            format!("session {} {why:?} {undelivered}", who.client_id)
        }
        Event::WillPublished { who, publish } => {
            format!("will {} {}", who.client_id, publish.topic)
        }
        Event::Subscribed { client, request, reason } => {
            format!("{} subscribed {} {reason}", client.connection, request.filter)
        }
        Event::Unsubscribed { client, filter, reason } => {
            format!("{} unsubscribed {filter} {reason}", client.connection)
        }
        Event::Published { client, publish, reason } => {
            format!("{} published {} {reason}", client.who.client_id, publish.topic)
        }
        Event::Delivery { to, from, publish, fate } => {
            let from = from.unwrap_or("?");
            let (qos, id) = (publish.qos as u8, to.who.client_id);
            format!("{from} to {id} {} {qos} {fate:?}", publish.topic)
        }
        Event::Bridge(news) => format!("bridge {}", news.name),
        Event::Packet { connection, direction, bytes, .. } => {
            let way = if *direction == Direction::In { "in" } else { "out" };
            format!("{connection} {way} {:02x} {}", bytes[0], bytes.len())
        }
    }
}

fn watched(interest: Interest, limits: Limits) -> (Lab, Arc<Recorder>) {
    let recorder = Recorder::new(interest);
    let observer: Option<Arc<dyn Observer>> = Some(Arc::clone(&recorder) as _);
    (Lab::made(Setup { limits, observer, ..Setup::default() }), recorder)
}

#[test]
fn a_clients_life_is_told_from_beginning_to_end() {
    let (mut lab, heard) = watched(LIFECYCLE, Limits::default());
    let will = Will {
        topic: "w",
        payload: b"",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: WillProperties::default(),
    };
    let mut client = lab.connect(&Connect { will: Some(will), ..hello(Version::V5, "c") });
    client.take();
    lab.subscribe(&mut client, "a/#", QoS::AtLeastOnce);
    let options = SubscribeOptions::default();
    lab.subscribe_with(&mut client, "a#", options, SubscribeProperties::default());
    lab.lose(&mut client);
    lab.lose(&mut client);
    assert_eq!(
        heard.take(),
        [
            "1 accepted",
            "1 connected c false",
            "1 subscribed a/# 0x01 Granted QoS 1",
            "1 subscribed a# 0x8f Topic Filter invalid",
            "1 Lost",
            "session c Connection 0",
            "will c w",
        ]
    );
}

#[test]
fn a_session_that_is_taken_over_is_told_before_its_new_connection() {
    let (mut lab, heard) = watched(LIFECYCLE, Limits::default());
    let keeping =
        ConnectProperties { session_expiry_interval: Some(10), ..ConnectProperties::default() };
    let connect = Connect { properties: keeping, clean_start: false, ..hello(Version::V5, "c") };
    lab.connect(&connect);
    let mut second = lab.connect(&connect);
    lab.disconnect(&mut second, ReasonCode::SUCCESS);
    lab.pass(seconds(11));
    let taken_over = End::Cut(ReasonCode::SESSION_TAKEN_OVER);
    let goodbye = End::Goodbye { with_will: false, expiry_interval: None };
    assert_eq!(
        heard.take(),
        [
            "1 accepted".to_owned(),
            "1 connected c false".to_owned(),
            "2 accepted".to_owned(),
            format!("1 {taken_over:?}"),
            "2 connected c true".to_owned(),
            format!("2 {goodbye:?}"),
            "session c Expired 0".to_owned(),
        ]
    );
}

#[test]
fn every_connection_that_is_not_let_in_is_told_once_with_the_reason() {
    let limits = Limits { maximum_connections: 1, ..Limits::default() };
    let (mut lab, heard) = watched(LIFECYCLE, limits);
    let ended = |lab: &mut Lab, client: &mut Client| {
        lab.lose(client);
        heard.take().split_off(1)
    };
    let mut lost = lab.accept(Version::V5);
    assert_eq!(ended(&mut lab, &mut lost), ["1 refused None Lost"]);
    let mut silent = lab.accept(Version::V5);
    lab.pass(seconds(11));
    assert_eq!(ended(&mut lab, &mut silent), ["2 refused None Silent"]);
    let mut rude = lab.accept(Version::V5);
    lab.send(&mut rude, &Packet::PingReq);
    assert!(ended(&mut lab, &mut rude)[0].contains("MQTT-3.1.0-1"));
    let mut bad = lab.accept(Version::V5);
    lab.send_bytes(&mut bad, &super::lab::hex("10 0d 0004 4d515454 06 02 0000 00 0000"));
    assert!(ended(&mut lab, &mut bad)[0].contains("MQTT-3.1.2-2"));
    lab.set_entrance(Entrance { anonymous: false, passwords: true, ..Entrance::default() });
    let mut anonymous = lab.connect(&hello(Version::V5, "c"));
    assert_eq!(ended(&mut lab, &mut anonymous), ["5 refused Some(\"c\") Anonymous"]);
    let named = Connect { username: Some("ann"), ..hello(Version::V5, "d") };
    let mut wrong = lab.connect(&named);
    lab.answer(&mut wrong, Verdict::Refused);
    assert_eq!(ended(&mut lab, &mut wrong), ["6 refused Some(\"d\") Password"]);
    lab.set_entrance(Entrance::default());
    let _first = lab.client(Version::V5, "first");
    heard.take();
    let mut late = lab.connect(&hello(Version::V5, "late"));
    assert_eq!(ended(&mut lab, &mut late), ["8 refused Some(\"late\") Full"]);
}

#[test]
fn a_violation_is_told_with_its_statement() {
    let (mut lab, heard) = watched(LIFECYCLE, Limits::default());
    let mut client = lab.client(Version::V5, "c");
    lab.send_bytes(&mut client, &super::lab::hex("36 05 0001 74 0001"));
    let told = heard.take();
    assert!(told[2].contains("MQTT-3.3.1-4"), "{told:?}");
    client.expect("e0 01 81");
}

#[test]
fn what_becomes_of_a_message_is_told_at_every_step() {
    let (mut lab, heard) = watched(MESSAGES, Limits::default());
    let mut sender = lab.client(Version::V5, "s");
    let mut receiver = lab.client(Version::V5, "r");
    lab.subscribe(&mut receiver, "t", QoS::ExactlyOnce);
    lab.publish(&mut sender, &message("t", "x", QoS::AtLeastOnce, 7));
    lab.ack(&mut receiver, AckKind::PubAck, 1, ReasonCode::SUCCESS);
    lab.publish(&mut sender, &message("t", "x", QoS::ExactlyOnce, 8));
    lab.ack(&mut receiver, AckKind::PubRec, 2, ReasonCode::SUCCESS);
    lab.ack(&mut receiver, AckKind::PubRec, 2, ReasonCode::SUCCESS);
    lab.ack(&mut receiver, AckKind::PubComp, 2, ReasonCode::SUCCESS);
    lab.publish(&mut sender, &message("nobody", "", QoS::AtMostOnce, 0));
    assert_eq!(
        heard.take(),
        [
            "s to r t 1 Sent",
            "s published t 0x00 Success",
            "s to r t 1 Acknowledged(0x00 Success)",
            "s to r t 2 Sent",
            "s published t 0x00 Success",
            "s to r t 2 Acknowledged(0x00 Success)",
            "s published nobody 0x10 No matching subscribers",
        ]
    );
}

#[test]
fn every_message_that_is_dropped_is_told_with_the_reason() {
    let queue = QueueLimits { messages: 1, bytes: 1000, output: 20, ..Limits::default().queue };
    let (mut lab, heard) = watched(MESSAGES, Limits { queue, ..Limits::default() });
    let mut sender = lab.client(Version::V5, "s");
    let small = ConnectProperties {
        maximum_packet_size: NonZeroU32::new(60),
        session_expiry_interval: Some(60),
        ..ConnectProperties::default()
    };
    let mut receiver = lab.connect(&Connect { properties: small, ..hello(Version::V5, "r") });
    receiver.take();
    lab.subscribe(&mut receiver, "t", QoS::AtLeastOnce);
    let no_local = SubscribeOptions { no_local: true, ..SubscribeOptions::default() };
    lab.subscribe_with(&mut sender, "own", no_local, SubscribeProperties::default());
    let quick = |text| message("t", text, QoS::AtMostOnce, 0);
    let kept = |id| Publish {
        properties: PublishProperties {
            message_expiry_interval: Some(5),
            ..PublishProperties::default()
        },
        ..message("t", "x", QoS::AtLeastOnce, id)
    };
    let mut publish = |lab: &mut Lab, publish: &Publish<'_>| {
        lab.publish(&mut sender, publish);
        heard.take().remove(0)
    };
    let long = "x".repeat(100);
    assert_eq!(publish(&mut lab, &quick(&long)), "s to r t 0 Dropped(TooLarge)");
    receiver.stop_reading();
    assert_eq!(publish(&mut lab, &quick("a long one of many")), "s to r t 0 Sent");
    assert_eq!(publish(&mut lab, &quick("one")), "s to r t 0 Dropped(OutputFull)");
    assert_eq!(
        publish(&mut lab, &message("own", "", QoS::AtMostOnce, 0)),
        "s to s own 0 Dropped(NoLocal)"
    );
    lab.lose(&mut receiver);
    assert_eq!(publish(&mut lab, &quick("two")), "s to r t 0 Dropped(Offline)");
    assert_eq!(publish(&mut lab, &kept(1)), "s to r t 1 Queued");
    assert_eq!(publish(&mut lab, &kept(2)), "s to r t 1 Dropped(QueueFull)");
    lab.pass(seconds(6));
    let again = Connect { properties: small, clean_start: false, ..hello(Version::V5, "r") };
    lab.connect(&again);
    assert_eq!(heard.take(), ["s to r t 1 Dropped(Expired)"]);
}

#[test]
fn a_message_that_a_newer_one_displaces_is_told_with_whom_it_comes_from() {
    let queue =
        QueueLimits { output: 10, slow: SlowConsumer::DropOldest, ..Limits::default().queue };
    let (mut lab, heard) = watched(MESSAGES, Limits { queue, ..Limits::default() });
    let mut sender = lab.client(Version::V5, "s");
    let mut receiver = lab.client(Version::V311, "r");
    lab.subscribe(&mut receiver, "t", QoS::AtMostOnce);
    receiver.stop_reading();
    for text in ["in the output", "waits", "newest"] {
        heard.take();
        lab.publish(&mut sender, &message("t", text, QoS::AtMostOnce, 0));
    }
    let told = heard.take();
    assert_eq!(told[..2], ["s to r t 0 Dropped(Displaced)", "s to r t 0 Queued"]);
    assert_eq!(lab.totals().dropped_slow, 1);
}

#[test]
fn a_subscriber_whom_the_rules_bar_from_a_message_is_told_of_once() {
    let (mut lab, heard) = watched(MESSAGES, Limits::default());
    lab.set_acl("pattern write #\npattern read open/#\n");
    let mut sender = lab.client(Version::V5, "s");
    let mut reader = lab.client(Version::V311, "r");
    for filter in ["#", "+/t"] {
        lab.subscribe(&mut reader, filter, QoS::AtMostOnce);
    }
    lab.publish(&mut sender, &message("closed/t", "x", QoS::AtMostOnce, 0));
    assert_eq!(heard.take()[0], "s to r closed/t 0 Dropped(Barred)");
    reader.expect_nothing();
}

#[test]
fn every_packet_is_told_once_whatever_part_of_it_the_transport_takes() {
    let (mut lab, heard) = watched(PACKETS, Limits::default());
    let mut sender = lab.client(Version::V5, "s");
    let mut receiver = lab.client(Version::V5, "r");
    lab.subscribe(&mut receiver, "t", QoS::AtMostOnce);
    let begun =
        ["1 in 10 16", "1 out 20 16", "2 in 10 16", "2 out 20 16", "2 in 82 9", "2 out 90 6"];
    assert_eq!(heard.take(), begun);
    receiver.stop_reading();
    lab.make_room(&mut receiver, 3);
    for _ in 0..3 {
        lab.publish(&mut sender, &message("t", "x", QoS::AtMostOnce, 0));
    }
    lab.make_room(&mut receiver, usize::MAX);
    lab.publish(&mut sender, &message("t", "x", QoS::AtMostOnce, 0));
    assert_eq!(receiver.take_packets(4).len(), 4);
    let told = heard.take();
    let out = told.iter().filter(|line| *line == "2 out 30 7").count();
    assert_eq!((out, told.len()), (4, 8), "{told:?}");
    receiver.stop_reading();
    lab.publish(&mut sender, &message("t", "x", QoS::AtMostOnce, 0));
    lab.publish(&mut sender, &message("t", "x", QoS::AtMostOnce, 0));
    heard.take();
    lab.send(&mut receiver, &Packet::PingResp);
    let told = heard.take();
    assert_eq!(told[..2], ["2 in d0 2", "2 out 30 7"]);
    assert!(told.len() == 3 && told[2].starts_with("2 out e0 "), "{told:?}");
}

#[test]
fn a_refused_client_is_seen_to_get_its_answer_in_its_version() {
    let (mut lab, heard) = watched(PACKETS, Limits::default());
    lab.set_entrance(Entrance { anonymous: false, passwords: false, ..Entrance::default() });
    lab.connect(&hello(Version::V311, "c"));
    assert_eq!(heard.take(), ["1 in 10 15", "1 out 20 4"]);
}

#[test]
fn several_observers_hear_what_each_of_them_wants() {
    let (one, two) = (Recorder::new(LIFECYCLE), Recorder::new(MESSAGES));
    let mut observers = Observers::default();
    observers.add(Arc::clone(&one) as _);
    observers.add(Arc::clone(&two) as _);
    let observer = observers.into_observer();
    let mut lab = Lab::made(Setup { observer, ..Setup::default() });
    let mut client = lab.client(Version::V5, "c");
    lab.publish(&mut client, &message("t", "x", QoS::AtMostOnce, 0));
    assert_eq!(one.take(), ["1 accepted", "1 connected c false"]);
    assert_eq!(two.take(), ["c published t 0x10 No matching subscribers"]);
    assert!(Observers::default().into_observer().is_none(), "nobody is nobody");
}
