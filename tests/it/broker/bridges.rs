//! What a bridge of another broker finds here: it is known by its CONNECT, gets
//! none of its own messages back, and may say whether it is connected.

use super::lab::{Lab, hello, hex, message, retained};
use mqx::mqtt::{
    Connect, QoS, SubscribeOptions, SubscribeProperties, Version, Will, WillProperties,
};

const STATE: &str = "$SYS/broker/connection/edge.host/state";

fn bridge(client_id: &str) -> Connect<'_> {
    Connect { bridge: true, ..hello(Version::V311, client_id) }
}

#[test]
fn a_bridge_gets_nothing_of_its_own_and_retain_as_it_was_published() {
    let mut lab = Lab::new();
    let mut bridge = lab.connect(&bridge("edge.host"));
    bridge.expect("20 02 00 00");
    lab.subscribe(&mut bridge, "#", QoS::AtMostOnce);
    lab.publish(&mut bridge, &message("t", "own", QoS::AtMostOnce, 0));
    bridge.expect_nothing();
    let mut other = lab.client(Version::V311, "other");
    lab.publish(&mut other, &retained("t", "kept"));
    assert_eq!(bridge.take_packets(1)[0][0], 0x31, "RETAIN is as published");
    lab.publish(&mut other, &message("t", "live", QoS::AtMostOnce, 0));
    assert_eq!(bridge.take_packets(1)[0][0], 0x30);
}

#[test]
fn the_mark_of_a_bridge_is_known_in_both_old_versions_and_no_level_besides() {
    for (connect, answer) in [
        ("10 0f 0006 4d5149736470 83 02 0000 0001 63", "20 02 00 00"),
        ("10 0d 0004 4d515454 84 02 0000 0001 63", "20 02 00 00"),
    ] {
        let mut lab = Lab::new();
        let mut client = lab.accept(Version::V311);
        lab.send_bytes(&mut client, &hex(connect));
        client.expect(answer);
    }
    for level in ["85", "86", "80", "83"] {
        let mut lab = Lab::new();
        let mut client = lab.accept(Version::V311);
        lab.send_bytes(&mut client, &hex(&format!("10 0d 0004 4d515454 {level} 02 0000 0001 63")));
        assert!(client.is_closed(), "{level}");
    }
}

#[test]
fn a_bridge_says_whether_it_is_connected_and_its_will_that_it_is_no_more() {
    let mut lab = Lab::new();
    let will = Will {
        topic: STATE,
        payload: b"0",
        qos: QoS::AtLeastOnce,
        retain: true,
        properties: WillProperties::default(),
    };
    let mut edge = lab.connect(&Connect { will: Some(will), ..bridge("edge.host") });
    edge.expect("20 02 00 00");
    lab.publish(&mut edge, &retained(STATE, "1"));
    let mut watcher = lab.client(Version::V311, "watcher");
    let (options, properties) = (SubscribeOptions::default(), SubscribeProperties::default());
    lab.subscribe_with(&mut watcher, "$SYS/broker/connection/#", options, properties);
    let packets = watcher.take_packets(2);
    assert_eq!((packets[0][0], packets[1][0]), (0x90, 0x31), "it is retained");
    lab.lose(&mut edge);
    assert_eq!(watcher.payloads(), ["0"]);
}

#[test]
fn what_else_there_is_below_sys_stays_the_brokers_own() {
    for topic in
        ["$SYS/broker/connection/a/b/state", "$SYS/broker/connection/a", "$SYS/broker/state"]
    {
        let mut lab = Lab::new();
        let mut client = lab.client(Version::V5, "c");
        lab.publish(&mut client, &message(topic, "x", QoS::AtLeastOnce, 1));
        assert_eq!(client.take_packets(1)[0][4], 0x87, "{topic}");
    }
}
