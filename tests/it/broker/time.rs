//! What time brings about, by a clock that moves when told to.

use super::lab::{Lab, hello, hex, seconds};
use mqx::mqtt::{Connect, Packet, Version};
use std::time::Duration;

#[test]
fn a_connection_that_sends_no_connect_is_closed_after_ten_seconds() {
    let mut lab = Lab::new();
    let mut silent = lab.accept(Version::V5);
    lab.pass(Duration::from_millis(9_900));
    assert!(!silent.is_closed());
    lab.pass(Duration::from_millis(200));
    silent.expect_nothing();
    assert!(silent.is_closed());
}

#[test]
fn s25_any_packet_renews_the_keep_alive() {
    let mut lab = Lab::new();
    let mut client = lab.connect(&Connect { keep_alive: 10, ..hello(Version::V5, "c") });
    client.take();
    for _ in 0..20 {
        lab.pass(seconds(14));
        lab.send(&mut client, &Packet::PingReq);
        client.expect("d0 00");
    }
    lab.pass(seconds(16));
    client.expect("e0 01 8d");
}

#[test]
fn s24_keep_alive_zero_is_never_and_the_longest_does_not_overflow() {
    let mut lab = Lab::new();
    for (keep_alive, closed) in [(0, false), (u16::MAX, true)] {
        let client = lab.connect(&Connect { keep_alive, ..hello(Version::V311, "c") });
        lab.pass(seconds(98_302));
        assert!(!client.is_closed());
        lab.pass(seconds(2));
        assert_eq!(client.is_closed(), closed, "{keep_alive}");
    }
}

#[test]
fn a_short_keep_alive_does_not_wait_for_the_connect_timeout() {
    let mut lab = Lab::new();
    let client = lab.connect(&Connect { keep_alive: 2, ..hello(Version::V311, "c") });
    lab.pass(Duration::from_millis(3_100));
    assert!(client.is_closed());
}

#[test]
fn half_a_packet_is_no_sign_of_life() {
    let mut lab = Lab::new();
    let mut client = lab.accept(Version::V311);
    lab.send_bytes(&mut client, &hex("10 0e 0004 4d515454 04 02 0001 0002 6361"));
    client.take();
    lab.pass(Duration::from_millis(1_600));
    assert!(client.is_closed());
}
