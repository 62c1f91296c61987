//! `mqx broker export` and `mqx broker import`: nothing is lost on the way
//! there and back, and no mistake gets into a store.

use super::lab::{Lab, lasting, message, retained};
use crate::support::program::{Ended, mqx, run};
use mqx::broker::core::{
    Owed, Presence, Profile, Realm, SessionState, State, StoredMessage, StoredWill, Subscription,
};
use mqx::broker::store::archive::{read, write};
use mqx::mqtt::{
    Message, PacketId, PropertyBuf, Publish, PublishProperties, QoS, SubscribeOptions,
    SubscriptionId,
};
use mqx::session::Stage;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

prop_compose! {
    fn any_message()(
        topic in "[a-zé/]{1,9}",
        payload in prop_oneof![vec(any::<u8>(), 0..9), "[a-zé\n\"]{0,9}".prop_map(String::into_bytes)],
        (qos, retain) in (0..3_u8, any::<bool>()),
        indicator: Option<bool>,
        expiry: Option<u32>,
        content_type in option::of("[a-z]{0,3}"),
        response_topic in option::of("[a-z]{1,3}"),
        correlation in option::of(vec(any::<u8>(), 0..5)),
        users in vec(("[a-b]", "[a-z]{0,2}"), 0..3),
    ) -> Message {
        let mut pairs = PropertyBuf::default();
        for (name, value) in &users {
            pairs.push_user(name, value).unwrap();
        }
        let properties = PublishProperties {
            payload_format_indicator: indicator,
            message_expiry_interval: expiry,
            content_type: content_type.as_deref(),
            response_topic: response_topic.as_deref(),
            correlation_data: correlation.as_deref(),
            user_properties: pairs.user_properties(),
            ..PublishProperties::default()
        };
        let qos = QoS::from_u8(qos).unwrap();
        let payload = &payload;
        Message::new(&Publish { topic: &topic, qos, retain, payload, properties, ..Publish::default() })
            .unwrap()
    }
}

fn moment() -> impl Strategy<Value = Option<u64>> {
    option::of(0..250_000_000_000_000_u64)
}

prop_compose! {
    fn any_owed(messages: usize)(
        number in 1..=messages as u64,
        (retain, replayed) in any::<(bool, bool)>(),
        ids in vec(1..=268_435_455_u32, 0..3),
        kind in 0..5_u8,
    ) -> Owed {
        let stage = [None, None, Some(Stage::PubAck), Some(Stage::PubRec), Some(Stage::PubComp)];
        let qos = if matches!(kind, 0 | 2) { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        let stage = stage[usize::from(kind)];
        let ids = ids.into_iter().map(|id| SubscriptionId::new(id).unwrap());
        let ids: Vec<_> = ids.collect();
        Owed {
            message: Some(number).filter(|_| stage != Some(Stage::PubComp)),
            qos,
            retain,
            replayed,
            subscription_ids: (!ids.is_empty()).then(|| ids.into()),
            // Where the sequence begins is said by whoever uses it.
            in_flight: stage.map(|stage| (PacketId::MIN, stage)),
        }
    }
}

prop_compose! {
    fn any_session(messages: usize)(
        user in option::of("[a-z]{0,3}"),
        (rules, mount_point) in (option::of("[a-z]{0,3}"), "([a-z]{1,3}/)?"),
        expiry_interval: u32,
        presence in prop_oneof![Just(Presence::Online), moment().prop_map(Presence::Offline)],
        will in option::of((any_message(), any::<u32>(), moment())),
        filters in btree_map("[a-c]{1,3}(/#)?", (0..3_u8, any::<(bool, bool)>(), option::of(1..9_u32)), 0..4),
        owed in vec(any_owed(messages), 0..6),
        first_id: u16,
        received in btree_set(any::<PacketId>(), 0..4),
    ) -> SessionState {
        let will = will.map(|(message, delay, due)| StoredWill { message, delay, due });
        let client_id = "".into();
        let user = user.map(Into::into);
        let realm = Realm::new(rules.map(Into::into), mount_point.into());
        let mut session =
            SessionState::new(Profile { client_id, user, realm, expiry_interval, presence, will });
        for (filter, (qos, (no_local, replaying), id)) in filters {
            let qos = QoS::from_u8(qos).unwrap();
            let options = SubscribeOptions { qos, no_local, ..SubscribeOptions::default() };
            let id = id.and_then(SubscriptionId::new);
            session.subscriptions.insert(filter.into(), Subscription { options, id, replaying });
        }
        let mut id = PacketId::new(first_id).unwrap_or(PacketId::MIN);
        for (mut owed, sequence) in owed.into_iter().zip(1..) {
            if let Some((given, _)) = &mut owed.in_flight {
                *given = id;
                id = id.checked_add(1).unwrap_or(PacketId::MIN);
            }
            session.owed.insert(sequence, owed);
        }
        session.received = received;
        session
    }
}

prop_compose! {
    /// A state whose numbers are those that reading gives.
    fn any_state()(
        messages in vec((any_message(), moment()), 1..6),
    )(
        sessions in vec(any_session(messages.len()), 0..4),
        messages in Just(messages),
    ) -> State {
        let mut state = State::default();
        for ((message, expires), number) in messages.into_iter().zip(1..) {
            if message.retain {
                state.retained.insert(message.topic().into(), number);
            }
            state.messages.insert(number, StoredMessage { message, expires });
        }
        for (mut session, key) in sessions.into_iter().zip(1..) {
            session.profile.client_id = format!("client-{key}").into();
            state.sessions.insert(key, session);
        }
        state
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(state in any_state()) {
        let text = write(&state);
        let mut again = read(&text, "x").unwrap();
        prop_assert_eq!(write(&again), text);
        // Retained messages are written by number, and so are read in any order.
        again.retained.clone_from(&state.retained);
        prop_assert_eq!(again, state);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "[{}\\[\\]:,\"a-z0-9]{0,60}") {
        let _ = read(text.as_bytes(), "x");
    }
}

/// A broker's state with something of everything.
fn lived() -> State {
    let mut lab = Lab::with_journal();
    let mut client = lab.connect(&lasting("c", u32::MAX));
    lab.store();
    client.take_packets(1);
    lab.subscribe(&mut client, "t/#", QoS::ExactlyOnce);
    lab.publish(&mut client, &retained("t/kept", "21.5"));
    lab.publish(&mut client, &message("t/a", "x", QoS::ExactlyOnce, 7));
    lab.store();
    lab.stored().clone()
}

#[test]
fn the_names_are_those_that_the_documentation_has() {
    let text = String::from_utf8(write(&lived())).unwrap();
    for name in [
        "\"mqx-store\": 1",
        "\"payload\": \"21.5\"",
        "\"client-id\": \"c\"",
        "\"filter\": \"t/#\"",
        "\"mid\": 1",
        "\"waits-for\": \"pubrec\"",
        "\"connected\": true",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

fn fault(text: &str) -> String {
    let error = read(text.as_bytes(), "file.json").unwrap_err();
    assert_eq!(error.class(), mqx::error::Class::File);
    error.to_string()
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let message = r#"{"id":1,"message":{"topic":"t","qos":1}}"#;
    let session = |inside: &str| {
        format!(
            r#"{{"mqx-store":1,"messages":[{message}],
            "sessions":[{{"client-id":"c","session-expiry-interval":1,{inside}}}]}}"#
        )
    };
    let whole = |inside: &str| format!(r#"{{"mqx-store":1,{inside}}}"#);
    for (text, wanted) in [
        (String::new(), "file.json:1: EOF while parsing a value"),
        ("{}".to_owned(), "file.json:1: missing field `mqx-store`"),
        (
            r#"{"mqx-store":2,"new":1}"#.to_owned(),
            "file.json: a document of version 2; this mqx has 1",
        ),
        (whole("\n\"massages\":[]"), "file.json:2: unknown field `massages`"),
        (whole(r#""retained":[5]"#), "file.json: retained[0]: there is no message 5"),
        (
            whole(&format!(r#""messages":[{message},{message}]"#)),
            "file.json: messages[1]: a second message 1",
        ),
        (
            whole(r##""messages":[{"id":1,"message":{"topic":"#","qos":1}}]"##),
            "file.json: messages[0]: ",
        ),
        (
            whole(r#""messages":[{"id":1,"message":{"topic":"t","qos":3}}]"#),
            "file.json: messages[0]: qos is 0, 1 or 2, not 3",
        ),
        (
            whole(r#""messages":[{"id":1,"message":{"topic":"t","qos":1,"payload_b64":"?"}}]"#),
            "file.json: messages[0]: payload_b64: ",
        ),
        (session(r#""expires":"tomorrow""#), "file.json:2: "),
        (session(r#""received":[0]"#), "file.json:2: "),
        (
            session(r#""subscriptions":[{"filter":"a#","qos":1}]"#),
            "file.json: sessions[0].subscriptions[0]: ",
        ),
        (
            session(r#""deliveries":[{"qos":1,"message":2}]"#),
            "file.json: sessions[0].deliveries[0]: there is no message 2",
        ),
        (
            session(r#""deliveries":[{"qos":1,"message":1,"mid":4}]"#),
            "file.json: sessions[0].deliveries[0]: mid and waits-for belong together",
        ),
        (
            session(
                r#""deliveries":[{"qos":1,"message":1,"mid":4,"waits-for":"puback"},{"qos":1,"message":1,"mid":4,"waits-for":"puback"}]"#,
            ),
            "file.json: sessions[0].deliveries[1]: mid 4 does not follow",
        ),
        (
            session(r#""deliveries":[{"qos":1,"message":1,"mid":4,"waits-for":"pubrec"}]"#),
            "file.json: sessions[0].deliveries[0]: no delivery with QoS 1 waits for that",
        ),
        (session(r#""user":"a\u0000""#), "file.json: sessions[0]: "),
    ] {
        let said = fault(&text);
        assert!(said.starts_with(wanted), "{text}\n{said}");
    }
}

fn archive(words: &[&str], store: &Path) -> Ended {
    let store = store.to_str().unwrap();
    run(mqx(["broker", words[0], "--store", store].iter().chain(&words[1..])))
}

#[test]
fn a_store_is_written_read_into_another_and_only_replaced_by_force() {
    let folder = TempDir::new().unwrap();
    let [first, second, file] = ["first", "second", "file"].map(|name| folder.path().join(name));
    let missing = archive(&["export"], &first);
    assert_eq!((missing.code, first.exists()), (Some(11), false), "{}", missing.err);
    let text = write(&lived());
    fs::write(&file, &text).unwrap();
    let file = file.to_str().unwrap();

    assert_eq!(archive(&["import", file], &first).code, Some(0));
    let exported = archive(&["export"], &first);
    assert_eq!((exported.code, exported.out.as_bytes()), (Some(0), text.as_slice()));

    let refused = archive(&["import", file], &first);
    assert_eq!(refused.code, Some(11));
    assert!(refused.err.contains("is not empty") && refused.err.contains("--force"));
    let emptied = folder.path().join("empty");
    fs::write(&emptied, "{\"mqx-store\": 1}").unwrap();
    let emptied = emptied.to_str().unwrap();
    assert_eq!(archive(&["import", emptied, "--force"], &first).code, Some(0));
    assert_eq!(archive(&["import", file, "--force"], &first).code, Some(0));
    assert_eq!(archive(&["export"], &first).out.as_bytes(), text.as_slice());

    fs::write(file, "{}").unwrap();
    let wrong = archive(&["import", file], &second);
    assert_eq!((wrong.code, second.exists()), (Some(11), false), "{}", wrong.err);
}
