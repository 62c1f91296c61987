//! A bridge to a peer that says what the test gives it: when each side is told
//! what.

use super::{bridge_to, bridged, client, listen, message, route, shown};
use crate::hex;
use crate::support::peer::{Caller, Peer};
use mqx::broker::bridge::{Bridge, Direction};
use mqx::mqtt::QoS;

/// A bridge that says nothing of itself and carries `t` both ways.
fn quiet(peer: &Peer) -> Bridge {
    let routes = vec![route("t", Direction::Both, "", "")];
    Bridge { notification: None, ..bridge_to(peer.port(), routes) }
}

/// Lets a bridge in, with an earlier session or without.
async fn welcome(peer: &Peer, present: bool) -> Caller {
    let mut caller = peer.accept().await;
    let connect = caller.packet().await;
    assert_eq!(connect[8], 0x84, "it says that it is a bridge");
    caller.send(&[0x20, 2, present.into(), 0]).await;
    let subscribe = caller.packet().await;
    assert_eq!(subscribe[0], 0x82);
    caller.send(&[0x90, 3, subscribe[2], subscribe[3], 2]).await;
    caller
}

#[tokio::test]
async fn what_the_other_broker_has_not_taken_is_sent_again() {
    let peer = Peer::bind().await;
    let here = bridged(vec![quiet(&peer)]);
    let mut caller = welcome(&peer, false).await;
    let near = client(&here).await;
    near.publish(&message("t", "x", QoS::AtLeastOnce)).await.unwrap();
    let first = caller.packet().await;
    assert_eq!((first[0], &first[2..5]), (0x32, [0, 1, b't'].as_slice()));
    caller.reset();
    let mut caller = peer.accept().await;
    caller.packet().await;
    caller.send(&hex::bytes("20 02 01 00")).await;
    let again = caller.packet().await;
    assert_eq!((again[0], &again[1..]), (0x3a, &first[1..]), "with DUP, and the same identifier");
    assert_eq!(caller.packet().await[0], 0x82);
    caller.send(&[0x40, 2, first[5], first[6]]).await;
    near.publish(&message("t", "y", QoS::AtLeastOnce)).await.unwrap();
    let next = caller.packet().await;
    assert_eq!((next[0], next[7]), (0x32, b'y'), "once it is acknowledged it is not sent again");
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn qos_2_passes_once_each_way_though_the_connection_is_lost_between() {
    let peer = Peer::bind().await;
    let here = bridged(vec![quiet(&peer)]);
    let mut caller = welcome(&peer, false).await;
    let near = client(&here).await;
    let mut seen = listen(&near, "t").await;
    caller.send(&hex::bytes("34 06 0001 74 0007 61")).await;
    caller.expect(&hex::bytes("50 02 0007")).await;
    caller.reset();
    let mut caller = welcome(&peer, true).await;
    caller.send(&hex::bytes("3c 06 0001 74 0007 61")).await;
    caller.expect(&hex::bytes("50 02 0007")).await;
    caller.send(&hex::bytes("62 02 0007")).await;
    caller.expect(&hex::bytes("70 02 0007")).await;
    caller.send(&hex::bytes("34 06 0001 74 0007 62")).await;
    caller.expect(&hex::bytes("50 02 0007")).await;
    assert_eq!(shown(&mut seen).await, "t=a");
    assert_eq!(shown(&mut seen).await, "t=b", "the first came once");
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_broker_that_minds_a_bridge_is_not_told_of_it_again() {
    for refusal in [Some("20 02 00 01"), None] {
        let peer = Peer::bind().await;
        let here = bridged(vec![quiet(&peer)]);
        let mut caller = peer.accept().await;
        assert_eq!(caller.packet().await[8], 0x84);
        match refusal {
            Some(connack) => caller.send(&hex::bytes(connack)).await,
            None => drop(caller),
        }
        let mut caller = peer.accept().await;
        assert_eq!(caller.packet().await[8], 4);
        here.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_bridge_subscribes_to_what_comes_in_and_ends_what_goes_out_only() {
    let peer = Peer::bind().await;
    let routes =
        vec![route("a/#", Direction::In, "l/", "r/"), route("b", Direction::Out, "", "r/")];
    let bridge = Bridge { notification: None, ..bridge_to(peer.port(), routes) };
    let here = bridged(vec![bridge]);
    let mut caller = peer.accept().await;
    caller.packet().await;
    caller.send(&hex::bytes("20 02 00 00")).await;
    caller.expect(&hex::bytes("a2 07 0001 0003 722f62")).await;
    caller.expect(&hex::bytes("82 0a 0002 0005 722f612f23 02")).await;
    here.shutdown().await.unwrap();
}
