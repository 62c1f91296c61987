//! Two brokers of this process with a bridge between.

use super::{bridge_to, bridged, client, listen, message, next, plain, port, route, shown, state};
use mqx::broker::bridge::{Bridge, Direction, Start};
use mqx::broker::{Broker, Config, Source, start};
use mqx::mqtt::{Publish, PublishProperties, QoS, Version};
use mqx::net::Endpoint;
use mqx::session::ClientConfig;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EVERY: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

#[tokio::test]
async fn messages_of_every_qos_cross_both_ways_under_their_names() {
    for version in [Version::V31, Version::V311, Version::V5] {
        let there = plain();
        let bridge = bridge_to(port(&there), vec![route("#", Direction::Both, "l/", "r/")]);
        let remote = ClientConfig { version, ..bridge.remote.clone() };
        let here = bridged(vec![Bridge { remote, ..bridge }]);
        state(&here, "1").await;
        state(&there, "1").await;
        let (near, far) = (client(&here).await, client(&there).await);
        let (mut at_home, mut abroad) = (listen(&near, "l/#").await, listen(&far, "r/#").await);
        for qos in EVERY {
            near.publish(&message("l/a", "out", qos)).await.unwrap();
            assert_eq!(shown(&mut at_home).await, "l/a=out");
            let arrived = next(&mut abroad).await;
            assert_eq!((arrived.topic(), arrived.payload()), ("r/a", b"out".as_slice()));
            assert_eq!(arrived.qos, qos, "{version}");
            far.publish(&message("r/b", "in", qos)).await.unwrap();
            assert_eq!(shown(&mut abroad).await, "r/b=in");
            assert_eq!(shown(&mut at_home).await, "l/b=in");
        }
        assert!(at_home.try_recv().is_none() && abroad.try_recv().is_none(), "nothing comes back");
        here.shutdown().await.unwrap();
        state(&there, "0").await;
        there.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_thousand_messages_cross_in_order_and_once() {
    let there = plain();
    let here = bridged(vec![bridge_to(port(&there), vec![route("#", Direction::Both, "", "")])]);
    state(&here, "1").await;
    let (near, far) = (client(&here).await, client(&there).await);
    let mut abroad = listen(&far, "out").await;
    let mut at_home = listen(&near, "in").await;
    for number in 0..1000 {
        let (number, qos) = (number.to_string(), EVERY[1 + number % 2]);
        near.publish(&message("out", &number, qos)).await.unwrap();
        far.publish(&message("in", &number, qos)).await.unwrap();
    }
    for number in 0..1000 {
        assert_eq!(shown(&mut abroad).await, format!("out={number}"));
        assert_eq!(shown(&mut at_home).await, format!("in={number}"));
    }
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_published_while_the_other_broker_is_away_arrives_when_it_is_back() {
    let there = plain();
    let port = port(&there);
    let here = bridged(vec![bridge_to(port, vec![route("#", Direction::Both, "", "")])]);
    state(&here, "1").await;
    there.shutdown().await.unwrap();
    state(&here, "0").await;
    let near = client(&here).await;
    for number in 0..100 {
        near.publish(&message("t", &number.to_string(), QoS::AtLeastOnce)).await.unwrap();
    }
    let there = start(&Config::on_port(port)).unwrap();
    let far = client(&there).await;
    let mut abroad = listen(&far, "t").await;
    for number in 0..100 {
        assert_eq!(shown(&mut abroad).await, format!("t={number}"));
    }
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn retained_messages_are_retained_there_too_unless_that_is_turned_off() {
    for outgoing_retain in [true, false] {
        let there = plain();
        let bridge = bridge_to(port(&there), vec![route("#", Direction::Both, "", "")]);
        let here = bridged(vec![Bridge { outgoing_retain, ..bridge }]);
        state(&here, "1").await;
        let (near, far) = (client(&here).await, client(&there).await);
        let mut seen = listen(&far, "#").await;
        let retained = Publish { retain: true, ..message("t", "kept", QoS::AtLeastOnce) };
        near.publish(&retained).await.unwrap();
        shown(&mut seen).await;
        let mut arrived = listen(&near, "u").await;
        far.publish(&Publish { topic: "u", ..retained }).await.unwrap();
        shown(&mut arrived).await;
        let mut late = listen(&far, "t").await;
        let mut back = listen(&near, "u").await;
        assert_eq!(shown(&mut back).await, "u=kept*");
        if outgoing_retain {
            assert_eq!(shown(&mut late).await, "t=kept*");
        } else {
            near.publish(&message("t", "live", QoS::AtLeastOnce)).await.unwrap();
            assert_eq!(shown(&mut late).await, "t=live");
        }
        here.shutdown().await.unwrap();
        there.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn properties_cross_where_both_sides_know_them() {
    let there = plain();
    let bridge = bridge_to(port(&there), vec![route("#", Direction::Out, "", "")]);
    let remote = ClientConfig { version: Version::V5, ..bridge.remote.clone() };
    let here = bridged(vec![Bridge { remote, ..bridge }]);
    state(&here, "1").await;
    let (near, far) = (client(&here).await, client(&there).await);
    let mut abroad = listen(&far, "t").await;
    let properties = PublishProperties {
        content_type: Some("text/plain"),
        response_topic: Some("answer"),
        ..PublishProperties::default()
    };
    near.publish(&Publish { properties, ..message("t", "x", QoS::AtLeastOnce) }).await.unwrap();
    let arrived = next(&mut abroad).await;
    assert_eq!(arrived.properties().content_type, Some("text/plain"));
    assert_eq!(arrived.properties().response_topic, Some("answer"));
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

/// A broker whose configuration is read again, and where that is.
fn changeable(config: Config) -> (Broker, Arc<Mutex<Config>>) {
    let next = Arc::new(Mutex::new(config.clone()));
    let found = Arc::clone(&next);
    let source = Some(Source::new(move || Ok(found.lock().unwrap().clone())));
    (start(&Config { source, ..config }).unwrap(), next)
}

#[tokio::test]
async fn bridges_come_change_and_go_when_the_configuration_is_read_again() {
    let there = plain();
    let (here, next_config) = changeable(Config::on_port(0));
    let bridge = Bridge {
        reload_at_once: true,
        ..bridge_to(port(&there), vec![route("a", Direction::Out, "", "1/")])
    };
    next_config.lock().unwrap().bridges = vec![bridge.clone()];
    here.reload().unwrap();
    state(&here, "1").await;
    let (near, far) = (client(&here).await, client(&there).await);
    let mut abroad = listen(&far, "+/+").await;
    near.publish(&message("a", "x", QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(shown(&mut abroad).await, "1/a=x");

    let routes = mqx::broker::bridge::Routes::new(vec![route("b", Direction::Out, "", "2/")]);
    next_config.lock().unwrap().bridges = vec![Bridge { routes, ..bridge }];
    let mut states = listen(&near, "$SYS/broker/connection/+/state").await;
    assert!(shown(&mut states).await.ends_with("=1*"));
    here.reload().unwrap();
    for wanted in ["0", "1"] {
        assert!(shown(&mut states).await.ends_with(&format!("={wanted}")));
    }
    near.publish(&message("a", "y", QoS::ExactlyOnce)).await.unwrap();
    near.publish(&message("b", "y", QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(shown(&mut abroad).await, "2/b=y");

    next_config.lock().unwrap().bridges.clear();
    here.reload().unwrap();
    assert!(shown(&mut states).await.ends_with("=0"));
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_lazy_bridge_connects_when_enough_waits_and_parts_when_nothing_does() {
    let there = plain();
    let idle = Duration::from_millis(50);
    let here = bridged(vec![Bridge {
        start: Start::Lazy { threshold: 3, idle },
        ..bridge_to(port(&there), vec![route("t", Direction::Out, "", "")])
    }]);
    state(&here, "0").await;
    let (near, far) = (client(&here).await, client(&there).await);
    let mut abroad = listen(&far, "t").await;
    for round in 0..2 {
        for number in 0..2 {
            let number = format!("{round}.{number}");
            near.publish(&message("t", &number, QoS::AtLeastOnce)).await.unwrap();
        }
        assert!(abroad.try_recv().is_none(), "two are not enough");
        near.publish(&message("t", "last", QoS::AtLeastOnce)).await.unwrap();
        assert_eq!(shown(&mut abroad).await, format!("t={round}.0"));
        assert_eq!(shown(&mut abroad).await, format!("t={round}.1"));
        assert_eq!(shown(&mut abroad).await, "t=last");
        state(&there, "0").await;
    }
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn of_several_addresses_the_next_is_tried_when_one_fails() {
    let there = plain();
    let nobody = plain();
    let dead = port(&nobody);
    nobody.shutdown().await.unwrap();
    let bridge = bridge_to(dead, vec![route("t", Direction::Out, "", "")]);
    let endpoints = vec![bridge.endpoints[0].clone(), Endpoint::tcp("127.0.0.1", port(&there))];
    let here = bridged(vec![Bridge { endpoints, ..bridge }]);
    state(&there, "1").await;
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_rules_do_not_hold_for_a_bridge_but_for_one_that_is_a_user() {
    for (user, carried) in [(None, true), (Some("bridge"), false)] {
        let there = plain();
        let bridge = Bridge {
            local_username: user.map(str::to_owned),
            notification: "state".parse().ok(),
            notify_here_only: true,
            ..bridge_to(port(&there), vec![route("#", Direction::Out, "", "")])
        };
        let mut rules = tempfile::NamedTempFile::new().unwrap();
        rules.write_all(b"topic write t\nuser bridge\ntopic state\n").unwrap();
        let acl = Some(mqx::broker::access::load_acl(rules.path()).unwrap());
        let here = start(&Config { acl, bridges: vec![bridge], ..Config::on_port(0) }).unwrap();
        let (near, far) = (client(&here).await, client(&there).await);
        let mut abroad = listen(&far, "t").await;
        near.publish(&message("t", "x", QoS::AtLeastOnce)).await.unwrap();
        if carried {
            assert_eq!(shown(&mut abroad).await, "t=x");
        }
        here.shutdown().await.unwrap();
        assert!(abroad.try_recv().is_none());
        there.shutdown().await.unwrap();
    }
}

#[test]
fn two_bridges_cannot_be_the_same_client() {
    let bridge = bridge_to(1, Vec::new());
    let other = Bridge { name: "other".to_owned(), ..bridge.clone() };
    let error = start(&Config { bridges: vec![bridge, other], ..Config::on_port(0) }).unwrap_err();
    assert!(error.to_string().contains("there is another bridge other"), "{error}");
}
