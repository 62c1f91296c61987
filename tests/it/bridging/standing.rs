//! What a bridge does when it is not connected, or over TLS, or connects once.

use super::{bridge_to, bridged, client, listen, message, plain, port, route, shown, state};
use crate::certs::peer::endpoint;
use crate::certs::{made, server_options, trusting};
use mqx::broker::bridge::{Bridge, Direction, Start};
use mqx::broker::core::{BridgeTurn, Event, Interest, Observer};
use mqx::broker::{Config, Listen, start, store};
use mqx::mqtt::QoS;
use mqx::net::tls_server;
use mqx::session::Time;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn what_waits_for_the_other_broker_survives_a_restart_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let there = plain();
    let far_port = port(&there);
    there.shutdown().await.unwrap();
    let config = || Config {
        store: Some(store::Config {
            place: store::Place::File(folder.path().join("mqx.db")),
            ..store::Config::default()
        }),
        bridges: vec![bridge_to(far_port, vec![route("t", Direction::Out, "", "")])],
        ..Config::on_port(0)
    };
    let here = start(&config()).unwrap();
    state(&here, "0").await;
    let near = client(&here).await;
    for number in 0..50 {
        near.publish(&message("t", &number.to_string(), QoS::AtLeastOnce)).await.unwrap();
    }
    here.shutdown().await.unwrap();
    let here = start(&config()).unwrap();
    let there = start(&Config::on_port(far_port)).unwrap();
    let far = client(&there).await;
    let mut abroad = listen(&far, "t").await;
    for number in 0..50 {
        assert_eq!(shown(&mut abroad).await, format!("t={number}"));
    }
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_bridge_crosses_under_tls() {
    let certificates = made();
    let (tls, _) = tls_server(&server_options(certificates.path())).unwrap();
    let listen_with = Listen { tls: Some(tls.into()), require_tls: true, ..Listen::on_port(0) };
    let there = start(&Config::at(listen_with)).unwrap();
    let far_port = there.addresses()[0].socket().unwrap().port();
    let bridge = bridge_to(far_port, vec![route("t", Direction::Both, "", "")]);
    let endpoints = vec![endpoint("127.0.0.1", far_port, &trusting(certificates.path()))];
    let here = bridged(vec![Bridge { endpoints, ..bridge }]);
    state(&there, "1").await;
    let (near, far) = (client(&here).await, client(&there).await);
    let mut abroad = listen(&far, "t").await;
    near.publish(&message("t", "secret", QoS::ExactlyOnce)).await.unwrap();
    assert_eq!(shown(&mut abroad).await, "t=secret");
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

/// What becomes of bridges, as lines.
#[derive(Debug, Default)]
struct Turns(Mutex<Vec<String>>);

impl Observer for Turns {
    fn interest(&self) -> Interest {
        Interest { lifecycle: true, ..Interest::default() }
    }

    fn event(&self, _: Time, event: &Event<'_>) {
        let Event::Bridge(news) = event else { return };
        let line = match news.turn {
            BridgeTurn::Connected { session_present } => format!("connected {session_present}"),
            BridgeTurn::Lost { retry, .. } => format!("lost, again {}", retry.is_some()),
            BridgeTurn::Parted { cause } => format!("parted: {cause}"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn a_bridge_that_connects_once_does_not_come_again() {
    let there = plain();
    let turns = Arc::new(Turns::default());
    let here = start(&Config {
        observers: vec![Arc::clone(&turns) as _],
        bridges: vec![Bridge { start: Start::Once, ..bridge_to(port(&there), Vec::new()) }],
        ..Config::on_port(0)
    });
    let here = here.unwrap();
    state(&here, "1").await;
    there.shutdown().await.unwrap();
    state(&here, "0").await;
    here.shutdown().await.unwrap();
    assert_eq!(*turns.0.lock().unwrap(), ["connected false", "lost, again false"]);
}

#[tokio::test]
async fn an_observer_hears_what_becomes_of_a_bridge() {
    let there = plain();
    let turns = Arc::new(Turns::default());
    let here = start(&Config {
        observers: vec![Arc::clone(&turns) as _],
        bridges: vec![bridge_to(port(&there), Vec::new())],
        ..Config::on_port(0)
    });
    let here = here.unwrap();
    state(&here, "1").await;
    here.shutdown().await.unwrap();
    assert_eq!(*turns.0.lock().unwrap(), ["connected false", "parted: the broker stops"]);
    there.shutdown().await.unwrap();
}
