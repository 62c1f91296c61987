//! What both engines do alike, and the list of what they do not.

use super::*;
use crate::mqtt::{QoS, ReasonCode, SubscribeOptions, Version};
use crate::session::Secret;
use std::num::NonZeroU32;
use std::time::Duration;

/// An engine with what it has said since it was last asked.
struct Driver {
    engine: Box<dyn Engine>,
    version: Version,
    now: Time,
}

impl Driver {
    /// An engine whose connection was accepted with these properties.
    fn accepted(kind: EngineKind, version: Version, properties: &[u8]) -> Self {
        let config = ClientConfig { version, keep_alive: 10, ..ClientConfig::default() };
        let mut driver = Self { engine: new(kind, config).unwrap(), version, now: Time::ZERO };
        driver.reconnect(properties);
        driver
    }

    fn reconnect(&mut self, properties: &[u8]) -> Vec<String> {
        self.engine.connect(self.now).unwrap();
        assert_eq!(self.said()[0], 0x10, "a connection begins with CONNECT");
        let length = u8::try_from(properties.len()).unwrap();
        let connack = match self.version {
            Version::V5 => [&[0x20, 3 + length, 0, 0, length], properties].concat(),
            _ => vec![0x20, 2, 0, 0],
        };
        self.hear(&connack).unwrap()
    }

    fn said(&mut self) -> Vec<u8> {
        std::mem::take(self.engine.output())
    }

    /// The events that `bytes` make, in words.
    fn hear(&mut self, bytes: &[u8]) -> Result<Vec<String>, Failure> {
        let mut events = Vec::new();
        let mut on_event = |event: Event<'_>| {
            events.push(match event {
                Event::Connected(_) => "connected".to_owned(),
                Event::Message(publish) | Event::Entrusted { publish, .. } => {
                    let payload = String::from_utf8_lossy(publish.payload);
                    format!("{} {payload}", publish.topic)
                }
                Event::Published { token, reason } => format!("published {token} {reason}"),
                Event::Subscribed { token, reasons } => format!("subscribed {token} {reasons:?}"),
                Event::Unsubscribed { token, .. } => format!("unsubscribed {token}"),
                Event::Pong => "pong".to_owned(),
            });
        };
        let taken = self.engine.receive(bytes, self.now, &mut on_event)?;
        assert_eq!(taken, bytes.len());
        Ok(events)
    }

    fn publish(&mut self, qos: QoS, payload: &str, token: Token) -> Result<(), Failure> {
        let publish =
            Publish { qos, topic: "t", payload: payload.as_bytes(), ..Publish::default() };
        self.engine.publish(&publish, token, self.now)
    }
}

const VERSIONS: [Version; 2] = [Version::V311, Version::V5];

fn with_everybody(test: impl Fn(EngineKind, Version)) {
    for kind in EngineKind::ALL {
        for version in VERSIONS {
            test(kind, version);
        }
    }
}

#[test]
fn nothing_can_be_sent_before_the_connection_is_accepted() {
    with_everybody(|kind, version| {
        let config = ClientConfig { version, ..ClientConfig::default() };
        let mut engine = new(kind, config).unwrap();
        engine.connect(Time::ZERO).unwrap();
        assert!(!engine.is_connected());
        let sent = engine.publish(&Publish::default(), 1, Time::ZERO);
        assert_eq!(sent, Err(Failure::NotConnected));
    });
}

#[test]
fn a_subscription_is_answered_and_messages_arrive_and_are_acknowledged() {
    with_everybody(|kind, version| {
        let mut driver = Driver::accepted(kind, version, &[]);
        let request = SubscribeRequest { filter: "t/#", options: SubscribeOptions::default() };
        let properties = SubscribeProperties::default();
        let sent = driver.engine.subscribe(&[request], properties, 5, driver.now);
        sent.unwrap();
        assert_eq!(driver.engine.in_flight(), 1);
        let is_v5 = version.is_v5();
        let wanted: &[u8] =
            if is_v5 { b"\x82\x09\0\x01\0\0\x03t/#\0" } else { b"\x82\x08\0\x01\0\x03t/#\0" };
        assert_eq!(driver.said(), wanted);
        let answer: &[u8] = if is_v5 { &[0x90, 4, 0, 1, 0, 0] } else { &[0x90, 3, 0, 1, 0] };
        assert_eq!(driver.hear(answer).unwrap(), ["subscribed 5 [0x00 Success]"]);
        let message: &[u8] =
            if is_v5 { b"\x32\x0a\0\x03t/a\0\x09\0hi" } else { b"\x32\x09\0\x03t/a\0\x09hi" };
        assert_eq!(driver.hear(message).unwrap(), ["t/a hi"]);
        assert_eq!(driver.said()[2..4], [0, 9], "PUBACK with the identifier");
        assert_eq!(driver.engine.in_flight(), 0);
    });
}

#[test]
fn the_window_of_the_server_is_kept() {
    for kind in EngineKind::ALL {
        let mut driver = Driver::accepted(kind, Version::V5, &[0x21, 0, 1]);
        driver.publish(QoS::AtLeastOnce, "1", 1).unwrap();
        let full = driver.publish(QoS::AtLeastOnce, "2", 2);
        assert_eq!(full, Err(Failure::WindowFull), "{kind:?}");
        driver.publish(QoS::AtMostOnce, "0", 0).unwrap();
        let id = {
            let said = driver.said();
            [said[5], said[6]]
        };
        let events = driver.hear(&[0x40, 2, id[0], id[1]]).unwrap();
        assert_eq!(events, ["published 1 0x00 Success"]);
        driver.publish(QoS::AtLeastOnce, "2", 2).unwrap();
    }
}

#[test]
fn what_was_not_acknowledged_is_sent_again_when_the_session_is_gone() {
    with_everybody(|kind, version| {
        let mut driver = Driver::accepted(kind, version, &[]);
        driver.publish(QoS::AtLeastOnce, "one", 1).unwrap();
        driver.publish(QoS::ExactlyOnce, "two", 2).unwrap();
        driver.said();
        driver.reconnect(&[]);
        let said = String::from_utf8_lossy(&driver.said()).into_owned();
        let (one, two) = (said.find("one"), said.find("two"));
        assert!(one.is_some() && one < two, "{kind:?} {version}");
        assert_eq!(driver.engine.in_flight(), 2);
    });
}

#[test]
fn a_long_life_never_runs_out_of_identifiers() {
    with_everybody(|kind, version| {
        let mut driver = Driver::accepted(kind, version, &[]);
        for token in 1..=1_000 {
            driver.publish(QoS::AtLeastOnce, "", token).unwrap();
            let said = driver.said();
            let events = driver.hear(&[0x40, 2, said[5], said[6]]).unwrap();
            assert_eq!(events, [format!("published {token} 0x00 Success")]);
        }
        assert_eq!(driver.engine.in_flight(), 0);
    });
}

#[test]
fn a_silent_client_pings_and_a_silent_server_is_noticed() {
    with_everybody(|kind, version| {
        let mut driver = Driver::accepted(kind, version, &[]);
        let due = driver.engine.deadline().unwrap();
        assert_eq!(due, Time::ZERO + Duration::from_secs(10));
        driver.now = due;
        driver.engine.tick(due).unwrap();
        assert_eq!(driver.said(), [0xc0, 0]);
        let dead = driver.engine.deadline().unwrap();
        assert_eq!(driver.engine.tick(dead), Err(Failure::Silent));
    });
}

#[test]
fn a_packet_over_the_limit_of_the_server_is_refused_and_leaves_no_trace() {
    for kind in EngineKind::ALL {
        let mut driver = Driver::accepted(kind, Version::V5, &[0x27, 0, 0, 0, 20]);
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let sent = driver.publish(qos, "much more than twenty bytes", 1);
            assert!(matches!(sent, Err(Failure::TooLarge(_, 20))), "{kind:?}");
        }
        assert!(driver.said().is_empty());
        assert_eq!(driver.engine.in_flight(), 0);
    }
}

#[test]
fn a_refusal_in_the_format_of_either_version_is_understood() {
    for kind in EngineKind::ALL {
        for refusal in [&[0x20, 3, 0, 0x84, 0][..], &[0x20, 2, 0, 1]] {
            let mut engine = new(kind, ClientConfig::default()).unwrap();
            engine.connect(Time::ZERO).unwrap();
            let refused = engine.receive(refusal, Time::ZERO, &mut |_| {});
            let reason = ReasonCode::UNSUPPORTED_PROTOCOL_VERSION;
            assert_eq!(refused, Err(Failure::Refused(reason, None)), "{kind:?}");
        }
    }
}

#[test]
fn the_reason_of_a_disconnect_is_not_swallowed() {
    for kind in EngineKind::ALL {
        let mut driver = Driver::accepted(kind, Version::V5, &[]);
        let ended = driver.hear(&[0xe0, 1, 0x8e]).unwrap_err();
        let reason = ReasonCode::SESSION_TAKEN_OVER;
        assert_eq!(ended, Failure::Disconnected(reason, None), "{kind:?}");
    }
}

#[test]
fn a_topic_that_begins_with_a_letter_of_two_bytes_is_a_topic() {
    with_everybody(|kind, version| {
        let mut driver = Driver::accepted(kind, version, &[]);
        let message: &[u8] = if version.is_v5() {
            "0\u{8}\0\u{4}é/x\0!".as_bytes()
        } else {
            "0\u{7}\0\u{4}é/x!".as_bytes()
        };
        assert_eq!(driver.hear(message).unwrap(), ["é/x !"]);
    });
}

#[test]
fn what_rumqttc_cannot_do_names_the_option() {
    let cannot = |config: ClientConfig| {
        let error = EngineKind::Rumqttc.check(&config, false).unwrap_err();
        EngineKind::Native.check(&config, false).unwrap();
        error.to_string()
    };
    let default = ClientConfig::default;
    let table = [
        (ClientConfig { version: Version::V31, ..default() }, "MQTT 3.1 (-V)"),
        (ClientConfig { password: Some(Secret::new([0xff])), ..default() }, "not text (-P)"),
        (ClientConfig { username: Some(String::new()), ..default() }, "empty user name"),
        (ClientConfig { topic_alias_maximum: 1, ..default() }, "topic aliases"),
    ];
    for (config, wanted) in table {
        let words = cannot(config);
        assert!(words.contains(wanted), "{words}");
    }
}

#[test]
fn a_qos_2_message_that_the_server_repeats_arrives_twice_with_rumqttc_only() {
    let repeated = b"\x34\x06\0\x01t\0\x01\0\x3c\x06\0\x01t\0\x01\0";
    for (kind, wanted) in [(EngineKind::Native, 1), (EngineKind::Rumqttc, 2)] {
        let mut driver = Driver::accepted(kind, Version::V5, &[]);
        assert_eq!(driver.hear(repeated).unwrap().len(), wanted, "{kind:?}");
    }
}

#[test]
fn three_subscription_identifiers_corrupt_the_payload_with_rumqttc_only() {
    let message = b"\x30\x0d\0\x01t\x06\x0b\x01\x0b\x02\x0b\x03pay";
    for (kind, whole) in [(EngineKind::Native, true), (EngineKind::Rumqttc, false)] {
        let mut driver = Driver::accepted(kind, Version::V5, &[]);
        let events = driver.hear(message).unwrap();
        assert_eq!(events == ["t pay"], whole, "{kind:?} {events:?}");
    }
}

#[test]
fn a_packet_over_the_own_limit_ends_the_connection() {
    with_everybody(|kind, version| {
        let config = ClientConfig {
            version,
            maximum_packet_size: NonZeroU32::new(10),
            ..ClientConfig::default()
        };
        let mut engine = new(kind, config).unwrap();
        engine.connect(Time::ZERO).unwrap();
        let heard = engine.receive(&[0x30, 100], Time::ZERO, &mut |_| {});
        assert!(matches!(heard, Err(Failure::Protocol(_))), "{kind:?}");
    });
}
