//! Tokens in place of passwords: how long they let a client in.

use super::entrance::connected;
use super::lab::{Lab, hello, seconds};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mqx::broker::access::{TokenOptions, Tokens, load_passwords};
use mqx::broker::core::{Entrance, Limits, Verdict};
use mqx::broker::{Config, Listen, start};
use mqx::mqtt::{Connect, QoS, Version, Will, WillProperties};
use std::fs;
use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn guarded() -> Lab {
    let mut lab = Lab::with(Limits::default());
    lab.set_entrance(Entrance { passwords: true, ..Entrance::default() });
    lab
}

fn ann(version: Version, keep_alive: u16) -> Connect<'static> {
    let will = Will {
        topic: "w",
        payload: b"gone",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: WillProperties::default(),
    };
    let password = Some(&b"token"[..]);
    let hello = hello(version, "a");
    Connect { username: Some("ann"), password, keep_alive, will: Some(will), ..hello }
}

#[test]
fn a_connection_ends_with_its_token_and_not_before() {
    for (version, goodbye) in [(Version::V5, "e0 01 a0"), (Version::V311, "")] {
        for keep_alive in [0, 1000, u16::MAX] {
            let mut lab = guarded();
            let mut watcher = lab.connect(&hello(version, "watcher"));
            watcher.take();
            lab.subscribe(&mut watcher, "w", QoS::AtMostOnce);
            let mut client = lab.connect(&ann(version, keep_alive));
            lab.answer(&mut client, Verdict::AdmittedFor(seconds(100)));
            client.take_packets(1);
            lab.pass(seconds(99));
            assert!(!client.is_closed());
            watcher.expect_nothing();
            lab.pass(seconds(2));
            client.expect(goodbye);
            assert!(client.is_closed());
            assert_eq!(watcher.payloads(), ["gone"], "as with every end that is no goodbye");
        }
    }
}

#[test]
fn signs_of_life_do_not_outlive_the_token_and_silence_is_still_noticed() {
    let mut lab = guarded();
    let mut lively = lab.connect(&ann(Version::V5, 10));
    lab.answer(&mut lively, Verdict::AdmittedFor(seconds(100)));
    lively.take();
    for _ in 0..19 {
        lab.pass(seconds(5));
        lab.send_bytes(&mut lively, &[0xc0, 0]);
        lively.expect("d0 00");
    }
    lab.pass(seconds(6));
    lively.expect("e0 01 a0");

    let mut silent = lab.connect(&ann(Version::V5, 10));
    lab.answer(&mut silent, Verdict::AdmittedFor(seconds(100)));
    silent.take();
    lab.pass(seconds(16));
    silent.expect("e0 01 8d");
}

#[test]
fn a_client_that_comes_again_with_a_new_token_stays_until_that_ends() {
    let mut lab = guarded();
    let mut first = lab.connect(&ann(Version::V5, 0));
    lab.answer(&mut first, Verdict::AdmittedFor(seconds(10)));
    first.take();
    lab.pass(seconds(5));
    let mut second = lab.connect(&ann(Version::V5, 0));
    lab.answer(&mut second, Verdict::AdmittedFor(seconds(100)));
    second.take();
    first.expect("e0 01 8e");
    lab.lose(&mut first);
    lab.pass(seconds(50));
    assert!(!second.is_closed());
    lab.pass(seconds(51));
    second.expect("e0 01 a0");
}

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A token for ann that ends so many seconds from now.
fn token(lifetime: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let end = (now + Duration::from_secs(lifetime)).as_secs();
    let part = |json: String| URL_SAFE_NO_PAD.encode(json);
    let head = part(r#"{"alg":"HS256","typ":"JWT"}"#.to_owned());
    let claims = part(format!(r#"{{"sub":"ann","exp":{end}}}"#));
    let signed = format!("{head}.{claims}");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET);
    let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn a_token_opens_the_broker_beside_passwords_and_a_wrong_one_is_no_password() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, users) = (dir.path().join("key"), dir.path().join("users"));
    fs::write(&keys, SECRET).unwrap();
    let good = token(60);
    let tampered = good.replace("eyJzdWIi", "eyJzdWIj");
    // Of no use, since it looks like a token.
    let mut file = fs::File::create(&users).unwrap();
    writeln!(file, "bob:pw\nann:{tampered}").unwrap();
    let options =
        TokenOptions { keys, user_claim: "sub".to_owned(), audience: vec![], issuer: vec![] };
    let listen = Listen {
        passwords: Some(load_passwords(&users).unwrap().0),
        tokens: Some(Tokens::load(&options).unwrap()),
        anonymous: false,
        ..Listen::on_port(0)
    };
    let broker = start(&Config::at(listen)).unwrap();
    let address = broker.address().unwrap();
    for (user, password, code) in [
        ("ann", good.as_str(), 0),
        ("bob", "pw", 0),
        ("bob", good.as_str(), 4),
        ("ann", tampered.as_str(), 4),
        ("ann", good.as_str(), 0),
    ] {
        assert_eq!(connected(address, user, password), code, "{user}:{password}");
    }
    broker.blocking_shutdown().unwrap();
}
