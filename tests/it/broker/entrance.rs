//! Who may connect: user names, passwords and clients without either.

use super::lab::{Client, Lab, hello, hex, message};
use mqx::broker::access::load_passwords;
use mqx::broker::core::{Entrance, Limits, Verdict};
use mqx::broker::{Config, Listen, start};
use mqx::mqtt::{Connect, Packet, QoS, Version};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

fn guarded(anonymous: bool) -> Lab {
    let mut lab = Lab::with(Limits::default());
    lab.set_entrance(Entrance { anonymous, passwords: true, ..Entrance::default() });
    lab
}

fn ann(version: Version) -> Connect<'static> {
    Connect { username: Some("ann"), password: Some(b"pw"), ..hello(version, "a") }
}

/// What has been asked about `client`.
fn question(client: &mut Client) -> Option<(String, Vec<u8>)> {
    let question = client.connection.take_question()?;
    Some((question.user.unwrap_or_default().into(), question.password.expose().to_vec()))
}

#[test]
fn a_client_with_a_name_waits_for_the_verdict_on_its_password() {
    let mut lab = guarded(false);
    for (version, verdict, answer) in [
        (Version::V311, Verdict::Admitted, "20 02 00 00"),
        (Version::V311, Verdict::Refused, "20 02 00 04"),
        (Version::V31, Verdict::Refused, "20 02 00 04"),
        (Version::V5, Verdict::Refused, "20 03 00 86 00"),
    ] {
        let mut client = lab.connect(&ann(version));
        client.expect_nothing();
        assert_eq!(question(&mut client), Some(("ann".into(), b"pw".to_vec())));
        assert_eq!(question(&mut client), None, "once");
        lab.answer(&mut client, verdict.clone());
        client.expect(answer);
        assert_eq!(client.is_closed(), verdict == Verdict::Refused);
        lab.lose(&mut client);
    }
}

#[test]
fn a_client_without_a_name_is_let_in_where_that_is_allowed() {
    for (anonymous, version, answer) in [
        (true, Version::V311, "20 02 00 00"),
        (false, Version::V311, "20 02 00 05"),
        (false, Version::V5, "20 03 00 87 00"),
    ] {
        let mut lab = guarded(anonymous);
        // A password alone is no name.
        let password = (version == Version::V5).then_some(&b"pw"[..]);
        let mut client = lab.connect(&Connect { password, ..hello(version, "c") });
        assert_eq!(question(&mut client), None);
        client.expect(answer);
    }
}

#[test]
fn s27_what_comes_behind_a_connect_waits_with_it() {
    let mut lab = guarded(true);
    let mut watcher = lab.client(Version::V311, "w");
    lab.subscribe(&mut watcher, "#", QoS::AtMostOnce);
    let mut bytes = Vec::new();
    let publish = Packet::Publish(message("t", "hi", QoS::AtMostOnce, 0));
    for (verdict, delivered) in [(Verdict::Admitted, vec!["hi"]), (Verdict::Refused, vec![])] {
        bytes.clear();
        Packet::Connect(ann(Version::V311)).encode(Version::V311, &mut bytes).unwrap();
        let connect = bytes.len();
        publish.encode(Version::V311, &mut bytes).unwrap();
        let mut client = lab.accept(Version::V311);
        assert_eq!(lab.receive(&mut client, &bytes), Some(connect));
        assert_eq!(lab.receive(&mut client, &bytes[connect..]), Some(0), "not yet");
        watcher.expect_nothing();
        lab.answer(&mut client, verdict.clone());
        let rest = lab.receive(&mut client, &bytes[connect..]);
        assert_eq!(rest.is_some(), verdict == Verdict::Admitted);
        assert_eq!(watcher.payloads(), delivered);
    }
}

#[test]
fn a_client_whose_verdict_does_not_come_in_time_is_cut_off() {
    let mut lab = guarded(false);
    let mut client = lab.connect(&ann(Version::V311));
    lab.pass(Limits::default().connect_timeout * 2);
    assert!(client.is_closed());
    lab.answer(&mut client, Verdict::Admitted);
    client.expect_nothing();
}

pub(super) fn connected(address: std::net::SocketAddr, user: &str, password: &str) -> u8 {
    let mut stream = TcpStream::connect(address).unwrap();
    let connect = Connect {
        username: Some(user),
        password: Some(password.as_bytes()),
        ..hello(Version::V311, "")
    };
    let mut bytes = Vec::new();
    Packet::Connect(connect).encode(Version::V311, &mut bytes).unwrap();
    // A ping that waits with the CONNECT.
    bytes.extend(hex("c0 00"));
    stream.write_all(&bytes).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    if answer[3] == 0 {
        let mut pong = [0; 2];
        stream.read_exact(&mut pong).unwrap();
        assert_eq!(pong, [0xd0, 0]);
    }
    answer[3]
}

#[test]
fn the_passwords_of_mosquitto_passwd_open_the_broker() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mosquitto/password_file");
    let (passwords, warnings) = load_passwords(&path).unwrap();
    assert!(warnings.is_empty());
    let config =
        Config::at(Listen { passwords: Some(passwords), anonymous: false, ..Listen::on_port(0) });
    let broker = start(&config).unwrap();
    let address = broker.address().unwrap();
    for (user, password, code) in [
        ("ann", "secret1", 0),
        ("old", "secret2", 0),
        ("old", "secret2", 0),
        ("ann", "secret2", 4),
        ("eve", "secret1", 4),
        ("ann", "secret1", 0),
    ] {
        assert_eq!(connected(address, user, password), code, "{user}:{password}");
    }
    broker.blocking_shutdown().unwrap();
}
