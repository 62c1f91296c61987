//! Tokens in place of passwords: how long they let a client in.

use super::entrance::connected;
use super::lab::{Lab, hello, message, seconds};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mqx::broker::access::{TokenOptions, Tokens, load_passwords};
use mqx::broker::core::{Entrance, Limits, Verdict};
use mqx::broker::{Config, Listen, start};
use mqx::mqtt::{Connect, Packet, QoS, Version, Will, WillProperties};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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

/// A CONNECT that has a password and no user name, as only version 5 has.
fn nameless<'a>(client_id: &'a str, password: &'a [u8]) -> Connect<'a> {
    Connect { password: Some(password), ..hello(Version::V5, client_id) }
}

#[test]
fn a_token_without_a_user_name_says_itself_whose_it_is() {
    let mut lab = Lab::new();
    lab.set_acl("user ann\ntopic ann/#\n");
    let entrance = Entrance { passwords: true, tokens: true, ..Entrance::default() };
    lab.set_entrance(entrance);
    let mut client = lab.connect(&nameless("c", b"token"));
    client.expect_nothing();
    let question = client.connection.take_question().unwrap();
    assert_eq!((question.user, question.password.expose()), (None, &b"token"[..]));
    lab.answer(&mut client, Verdict::AdmittedAs("ann".into(), seconds(100)));
    client.take_packets(1);
    lab.publish(&mut client, &message("ann/x", "", QoS::AtLeastOnce, 1));
    client.expect("40 03 0001 10");
    lab.publish(&mut client, &message("bob/x", "", QoS::AtLeastOnce, 2));
    client.expect("40 03 0002 87");
    lab.pass(seconds(101));
    client.expect("e0 01 a0");
    let mut refused = lab.connect(&nameless("d", b"other"));
    lab.answer(&mut refused, Verdict::Refused);
    refused.expect("20 03 00 86 00");
    // Who brings no password is as nameless as before.
    let mut nobody = lab.connect(&hello(Version::V5, "e"));
    assert_eq!(nobody.take_packets(1)[0][3], 0);
}

#[test]
fn the_user_of_a_token_is_found_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("key");
    fs::write(&keys, SECRET).unwrap();
    let options =
        TokenOptions { keys, user_claim: "sub".to_owned(), audience: vec![], issuer: vec![] };
    let tokens = Some(Tokens::load(&options).unwrap());
    let listen = Listen { tokens, anonymous: false, ..Listen::on_port(0) };
    let broker = start(&Config::at(listen)).unwrap();
    let address = broker.address().unwrap();
    let good = token(60);
    for (password, reason) in [(good.as_str(), 0), ("eyJ.x.y", 0x86), ("pw", 0x86)] {
        let mut bytes = Vec::new();
        let connect = Packet::Connect(nameless("", password.as_bytes()));
        connect.encode(Version::V5, &mut bytes).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).unwrap();
        assert_eq!(connack[3], reason, "{password}");
    }
    broker.blocking_shutdown().unwrap();
}
