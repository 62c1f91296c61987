//! CONNECT and CONNACK.

use super::lab::{Lab, hello, hex, message};
use mqx::mqtt::{Connect, ConnectProperties, Packet, QoS, ReasonCode, Version};

#[test]
fn every_version_is_accepted_on_the_same_port() {
    let mut lab = Lab::new();
    for (connect, connack) in [
        ("10 10 0006 4d5149736470 03 02 001e 0002 6361", "20 02 00 00"),
        ("10 0e 0004 4d515454 04 02 001e 0002 6362", "20 02 00 00"),
        (
            "10 0f 0004 4d515454 05 02 001e 00 0002 6363",
            // Receive maximum 1024, packets to 16 MiB, 1024 topic aliases.
            "20 0e 00 00 0b 21 0400 27 01000000 22 0400",
        ),
    ] {
        let mut client = lab.accept(Version::V5);
        lab.send_bytes(&mut client, &hex(connect));
        client.expect(connack);
        assert!(!client.is_closed());
    }
}

#[test]
fn s12_a_first_packet_that_is_no_connect_is_cut_off_without_a_byte() {
    let mut lab = Lab::new();
    for bytes in ["c0 00", "30 05 0001 61 6869", "20 02 00 00", "e0 00"] {
        let mut client = lab.accept(Version::V311);
        lab.send_bytes(&mut client, &hex(bytes));
        client.expect_nothing();
        assert!(client.is_closed(), "{bytes}");
    }
}

#[test]
fn s12_a_second_connect_is_a_protocol_error() {
    let mut lab = Lab::new();
    let mut v5 = lab.client(Version::V5, "a");
    lab.send(&mut v5, &Packet::Connect(hello(Version::V5, "a")));
    v5.expect("e0 01 82");
    let mut v3 = lab.client(Version::V311, "b");
    lab.send(&mut v3, &Packet::Connect(hello(Version::V311, "b")));
    v3.expect_nothing();
    assert!(v5.is_closed() && v3.is_closed());
}

#[test]
fn s13_an_unknown_protocol_level_is_answered_and_a_wrong_name_is_not() {
    let mut lab = Lab::new();
    for (connect, answer) in [
        ("10 0e 0004 4d515454 07 02 001e 0002 6361", "20 03 00 84 00"),
        ("10 0e 0004 4d515454 01 02 001e 0002 6361", "20 02 00 01"),
        ("10 0e 0004 4d515458 04 02 001e 0002 6361", ""),
    ] {
        let mut client = lab.accept(Version::V5);
        lab.send_bytes(&mut client, &hex(connect));
        client.expect(answer);
        assert!(client.is_closed(), "{connect}");
    }
}

#[test]
fn s14_a_malformed_connect_of_version_5_is_answered_and_one_of_3_1_1_is_not() {
    let mut lab = Lab::new();
    for (connect, answer) in [
        ("10 0f 0004 4d515454 05 03 001e 00 0002 6361", "20 03 00 81 00"),
        ("10 0e 0004 4d515454 04 03 001e 0002 6361", ""),
        // Receive maximum 0.
        ("10 12 0004 4d515454 05 02 001e 03 21 0000 0002 6361", "20 03 00 82 00"),
    ] {
        let mut client = lab.accept(Version::V5);
        lab.send_bytes(&mut client, &hex(connect));
        client.expect(answer);
        assert!(client.is_closed(), "{connect}");
    }
}

#[test]
fn s16_a_client_without_identifier_gets_one_in_version_5() {
    let mut lab = Lab::new();
    let mut client = lab.connect(&Connect { clean_start: false, ..hello(Version::V5, "") });
    let connack = client.take_packets(1).remove(0);
    let assigned = connack.iter().position(|byte| *byte == 0x12);
    assert!(assigned.is_some(), "{connack:02x?}");
    assert!(!client.is_closed());
}

#[test]
fn s16_a_3_1_1_client_without_identifier_must_want_a_clean_session() {
    let mut lab = Lab::new();
    let mut refused = lab.connect(&Connect { clean_start: false, ..hello(Version::V311, "") });
    refused.expect("20 02 00 02");
    assert!(refused.is_closed());
    let mut accepted = lab.connect(&hello(Version::V311, ""));
    accepted.expect("20 02 00 00");
}

#[test]
fn s18_binary_passwords_and_passwords_without_a_user_are_legal_in_version_5() {
    let mut lab = Lab::new();
    let mut client =
        lab.connect(&Connect { password: Some(&[0, 0xff]), ..hello(Version::V5, "c") });
    assert_eq!(client.take_packets(1)[0][3], 0, "success");
}

#[test]
fn s27_packets_behind_connect_are_processed_and_behind_a_refused_one_are_not() {
    let mut lab = Lab::new();
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    let mut bytes = Vec::new();
    let publish = Packet::Publish(message("t", "hi", QoS::AtMostOnce, 0));
    for (connect, delivered) in [
        (hello(Version::V311, "good"), vec!["hi"]),
        (Connect { clean_start: false, ..hello(Version::V311, "") }, vec![]),
    ] {
        bytes.clear();
        Packet::Connect(connect).encode(Version::V311, &mut bytes).unwrap();
        publish.encode(Version::V311, &mut bytes).unwrap();
        let mut client = lab.accept(Version::V311);
        lab.send_bytes(&mut client, &bytes);
        assert_eq!(watcher.payloads(), delivered);
    }
}

#[test]
fn s29_an_authentication_method_that_is_not_offered_is_refused() {
    let mut lab = Lab::new();
    let mut client = lab.connect(&Connect {
        properties: ConnectProperties {
            authentication_method: Some("SCRAM-SHA-256"),
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, "c")
    });
    client.expect("20 03 00 8c 00");
    assert!(client.is_closed());
}

#[test]
fn s26_a_second_connection_takes_the_session_over_and_the_first_is_told() {
    let mut lab = Lab::new();
    let mut v5 = lab.client(Version::V5, "same");
    let mut v3 = lab.client(Version::V311, "same");
    v5.expect("e0 01 8e");
    assert!(v5.is_closed());
    let _third = lab.client(Version::V311, "same");
    v3.expect_nothing();
    assert!(v3.is_closed());
    assert_eq!(lab.summary().sessions, 1);
}

#[test]
fn s33_what_follows_a_disconnect_is_ignored() {
    let mut lab = Lab::new();
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    let mut client = lab.client(Version::V311, "c");
    lab.send_bytes(&mut client, &hex("e0 00 30 05 0001 61 6869"));
    watcher.expect_nothing();
    assert!(client.is_closed());
    lab.send_bytes(&mut client, &hex("30 05 0001 61 6869"));
    watcher.expect_nothing();
}

#[test]
fn two_clients_that_fight_over_an_identifier_leave_nothing_behind() {
    let mut lab = Lab::new();
    for round in 0..200 {
        let mut client = lab.client(Version::V5, "same");
        lab.subscribe(&mut client, &format!("t/{round}"), QoS::AtLeastOnce);
    }
    let summary = lab.summary();
    assert_eq!((summary.sessions, summary.subscriptions), (1, 1));
}

#[test]
fn a_server_packet_from_a_client_ends_that_client_only() {
    let mut lab = Lab::new();
    let mut bystander = lab.client(Version::V5, "b");
    lab.subscribe(&mut bystander, "t", QoS::AtMostOnce);
    for bytes in ["20 03 00 00 00", "90 04 0001 00 00", "d0 00", "b0 04 0001 00 00"] {
        let mut client = lab.client(Version::V5, "c");
        lab.send_bytes(&mut client, &hex(bytes));
        client.expect("e0 01 82");
    }
    let mut sender = lab.client(Version::V5, "s");
    lab.publish(&mut sender, &message("t", "still here", QoS::AtMostOnce, 0));
    assert_eq!(bystander.payloads(), ["still here"]);
}

#[test]
fn a_client_that_says_goodbye_is_gone() {
    let mut lab = Lab::new();
    let mut client = lab.client(Version::V5, "c");
    lab.disconnect(&mut client, ReasonCode::SUCCESS);
    client.expect_nothing();
    assert!(client.is_closed());
    assert_eq!(lab.summary().sessions, 0);
}
