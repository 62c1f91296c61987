//! Enhanced authentication: AUTH packets, a method of the tests' own, and
//! SCRAM-SHA-256 over a socket with a client written for the test.

use super::lab::{Client, Lab, hello, message};
use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mqx::broker::access::{load_acl, load_passwords};
use mqx::broker::core::{Entrance, Limits, Outcome};
use mqx::broker::{Config, Listen, start};
use mqx::mqtt::{
    Auth, AuthProperties, Connect, ConnectProperties, Packet, QoS, ReasonCode, Version, next_frame,
};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;

const CONTINUE: ReasonCode = ReasonCode::CONTINUE_AUTHENTICATION;
const AGAIN: ReasonCode = ReasonCode::REAUTHENTICATE;

/// `AUTH 0x18` of the method M with the data `hi`.
const AUTH_HI: &str = "f0 0b 18 09 15 0001 4d 16 0002 6869";

fn offering() -> Lab {
    let mut lab = Lab::with(Limits::default());
    lab.set_entrance(Entrance {
        anonymous: false,
        methods: vec!["M".into()],
        ..Entrance::default()
    });
    lab
}

fn connect<'a>(method: &'a str, data: Option<&'a [u8]>) -> Connect<'a> {
    Connect {
        properties: ConnectProperties {
            authentication_method: Some(method),
            authentication_data: data,
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, "c")
    }
}

fn auth<'a>(reason: ReasonCode, method: Option<&'a str>, data: &'a [u8]) -> Packet<'a> {
    Packet::Auth(Auth {
        reason,
        properties: AuthProperties {
            authentication_method: method,
            authentication_data: Some(data),
            ..AuthProperties::default()
        },
    })
}

/// The data of the step that waits, and whether an exchange begins with it.
#[track_caller]
fn step(client: &mut Client) -> (bool, Vec<u8>) {
    let step = client.connection.take_step().expect("a step waits");
    assert!(client.connection.take_step().is_none(), "once");
    assert_eq!(&*step.method, "M");
    (step.begins, step.data)
}

fn say(data: &str) -> Outcome {
    Outcome::Continue(data.as_bytes().to_vec())
}

fn admit(user: &str, data: &str) -> Outcome {
    Outcome::Admitted { user: user.into(), data: data.as_bytes().to_vec() }
}

/// A client that is `ann` by the method M.
fn admitted(lab: &mut Lab) -> Client {
    let mut client = lab.connect(&connect("M", None));
    step(&mut client);
    lab.answer_step(&mut client, admit("ann", ""));
    client.take_packets(1);
    client
}

#[test]
fn s29_an_exchange_goes_to_and_fro_until_connack_which_names_the_method() {
    let mut lab = offering();
    let mut client = lab.connect(&connect("M", Some(b"a")));
    client.expect_nothing();
    assert_eq!(step(&mut client), (true, b"a".to_vec()));
    lab.answer_step(&mut client, say("hi"));
    client.expect(AUTH_HI);
    lab.send(&mut client, &auth(CONTINUE, Some("M"), b"b"));
    assert_eq!(step(&mut client), (false, b"b".to_vec()));
    lab.answer_step(&mut client, say("hi"));
    lab.send(&mut client, &auth(CONTINUE, Some("M"), b""));
    assert_eq!(step(&mut client), (false, Vec::new()));
    lab.answer_step(&mut client, admit("ann", "ok"));
    client.expect(&format!(
        "{AUTH_HI} 20 17 00 00 14 21 0400 27 01000000 22 0400 15 0001 4d 16 0002 6f6b"
    ));
    assert!(!client.is_closed());
}

#[test]
fn s29_a_method_that_is_not_offered_and_a_failure_are_refused() {
    let mut lab = offering();
    let mut unknown = lab.connect(&connect("N", Some(b"a")));
    unknown.expect("20 03 00 8c 00");
    assert!(unknown.is_closed() && unknown.connection.take_step().is_none());
    let mut failed = lab.connect(&connect("M", Some(b"a")));
    step(&mut failed);
    lab.answer_step(&mut failed, Outcome::Refused);
    failed.expect("20 03 00 87 00");
    assert!(failed.is_closed());
    // Without a method the usual rules hold.
    lab.connect(&hello(Version::V5, "c")).expect("20 03 00 87 00");
}

#[test]
fn s29_before_connack_only_the_next_auth_of_the_same_method_may_come() {
    for packet in [
        auth(CONTINUE, Some("N"), b""),
        auth(CONTINUE, None, b""),
        auth(AGAIN, Some("M"), b""),
        auth(ReasonCode::SUCCESS, Some("M"), b""),
        Packet::PingReq,
        Packet::Publish(message("t", "", QoS::AtMostOnce, 0)),
        Packet::Connect(hello(Version::V5, "c")),
    ] {
        let mut lab = offering();
        let mut client = lab.connect(&connect("M", None));
        step(&mut client);
        lab.answer_step(&mut client, say("hi"));
        client.take();
        lab.send(&mut client, &packet);
        client.expect("20 03 00 82 00");
        assert!(client.is_closed(), "{packet:?}");
    }
}

#[test]
fn what_comes_behind_a_connect_waits_for_the_shell_and_not_for_the_client() {
    let mut lab = offering();
    let mut client = lab.connect(&connect("M", None));
    let mut bytes = Vec::new();
    auth(CONTINUE, Some("M"), b"b").encode(Version::V5, &mut bytes).unwrap();
    assert_eq!(lab.receive(&mut client, &bytes), Some(0), "not yet");
    step(&mut client);
    lab.answer_step(&mut client, say("hi"));
    assert_eq!(lab.receive(&mut client, &bytes), Some(bytes.len()));
}

#[test]
fn an_exchange_that_takes_too_long_is_cut_off_and_its_answer_ignored() {
    let mut lab = offering();
    let mut client = lab.connect(&connect("M", None));
    step(&mut client);
    lab.pass(Limits::default().connect_timeout * 2);
    assert!(client.is_closed());
    lab.answer_step(&mut client, admit("ann", ""));
    client.expect_nothing();
    assert_eq!(lab.summary().sessions, 0);
}

#[test]
fn s29_auth_of_a_client_that_named_no_method_is_a_protocol_error() {
    let mut lab = Lab::new();
    for packet in [auth(AGAIN, Some("M"), b""), auth(CONTINUE, None, b"")] {
        let mut client = lab.client(Version::V5, "c");
        lab.send(&mut client, &packet);
        client.expect("e0 01 82");
        assert!(client.is_closed());
    }
}

#[test]
fn s29_traffic_flows_while_a_client_authenticates_again() {
    let mut lab = offering();
    let mut client = admitted(&mut lab);
    lab.subscribe(&mut client, "t", QoS::AtMostOnce);
    lab.send(&mut client, &auth(AGAIN, Some("M"), b"x"));
    assert_eq!(step(&mut client), (true, b"x".to_vec()));
    lab.publish(&mut client, &message("t", "meanwhile", QoS::AtMostOnce, 0));
    assert_eq!(client.payloads(), ["meanwhile"]);
    lab.answer_step(&mut client, say("hi"));
    client.expect(AUTH_HI);
    lab.publish(&mut client, &message("t", "and on", QoS::AtMostOnce, 0));
    assert_eq!(client.payloads(), ["and on"]);
    lab.send(&mut client, &auth(CONTINUE, Some("M"), b""));
    step(&mut client);
    lab.answer_step(&mut client, admit("ann", "ok"));
    client.expect("f0 0b 00 09 15 0001 4d 16 0002 6f6b");
    lab.send(&mut client, &auth(AGAIN, Some("M"), b""));
    assert_eq!(step(&mut client), (true, Vec::new()), "as often as it likes");
}

#[test]
fn s29_a_client_that_fails_to_authenticate_again_is_cut_off() {
    for outcome in [Outcome::Refused, admit("root", "")] {
        let mut lab = offering();
        let mut client = admitted(&mut lab);
        lab.send(&mut client, &auth(AGAIN, Some("M"), b""));
        step(&mut client);
        lab.answer_step(&mut client, outcome);
        client.expect("e0 01 87");
        assert!(client.is_closed());
    }
}

#[test]
fn s29_while_it_authenticates_again_it_sends_one_step_at_a_time() {
    for (reason, method) in [(AGAIN, "M"), (CONTINUE, "M"), (AGAIN, "N")] {
        let mut lab = offering();
        let mut client = admitted(&mut lab);
        if method == "M" {
            lab.send(&mut client, &auth(AGAIN, Some("M"), b""));
        }
        lab.send(&mut client, &auth(reason, Some(method), b""));
        client.expect("e0 01 82");
    }
}

/// A client of SCRAM-SHA-256 that knows nothing of the broker's code.
struct ScramClient {
    first: String,
    password: &'static str,
    expected: String,
}

fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

impl ScramClient {
    fn new(user: &str, password: &'static str) -> Self {
        Self { first: format!("n={user},r=abcdef"), password, expected: String::new() }
    }

    fn hello(&self) -> String {
        format!("n,,{}", self.first)
    }

    /// The last message, and what the broker must prove then.
    fn answer(&mut self, challenge: &str) -> String {
        let mut parts = challenge.split(',').map(|part| &part[2..]);
        let (nonce, salt) = (parts.next().unwrap(), parts.next().unwrap());
        let passes = NonZeroU32::new(parts.next().unwrap().parse().unwrap()).unwrap();
        let (salt, mut salted) = (STANDARD.decode(salt).unwrap(), [0; 32]);
        let password = self.password.as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, passes, &salt, password, &mut salted);
        let unproved = format!("c=biws,r={nonce}");
        let said = format!("{},{challenge},{unproved}", self.first);
        let client_key = sign(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, &client_key);
        let signature = sign(stored.as_ref(), said.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        let server_key = sign(&salted, b"Server Key");
        self.expected = format!("v={}", STANDARD.encode(sign(&server_key, said.as_bytes())));
        format!("{unproved},p={}", STANDARD.encode(proof))
    }
}

fn send(stream: &mut TcpStream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V5, &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
}

/// The next packet, of less than 128 bytes... or a few more: one read at a time.
fn receive(stream: &mut TcpStream, bytes: &mut Vec<u8>) {
    bytes.clear();
    while next_frame(bytes, usize::MAX).unwrap().is_none() {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
}

/// The reason of the packet that answers the exchange.
fn exchange(stream: &mut TcpStream, mut client: ScramClient, begin: bool) -> ReasonCode {
    let first = client.hello();
    if begin {
        send(stream, &Packet::Connect(connect("SCRAM-SHA-256", Some(first.as_bytes()))));
    } else {
        send(stream, &auth(AGAIN, Some("SCRAM-SHA-256"), first.as_bytes()));
    }
    let mut bytes = Vec::new();
    receive(stream, &mut bytes);
    let frame = next_frame(&bytes, usize::MAX).unwrap().unwrap();
    let Packet::Auth(challenge) = Packet::decode(&frame, Version::V5).unwrap() else {
        panic!("{bytes:02x?}");
    };
    let challenge = challenge.properties.authentication_data.unwrap();
    let last = client.answer(std::str::from_utf8(challenge).unwrap());
    send(stream, &auth(CONTINUE, Some("SCRAM-SHA-256"), last.as_bytes()));
    receive(stream, &mut bytes);
    let frame = next_frame(&bytes, usize::MAX).unwrap().unwrap();
    let (reason, data) = match Packet::decode(&frame, Version::V5).unwrap() {
        Packet::ConnAck(packet) => (packet.reason, packet.properties.authentication_data),
        Packet::Auth(packet) => (packet.reason, packet.properties.authentication_data),
        Packet::Disconnect(packet) => (packet.reason, None),
        other => panic!("{other:?}"),
    };
    if !reason.is_error() {
        assert_eq!(data, Some(client.expected.as_bytes()), "the broker knows the password too");
    }
    reason
}

fn dial(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).unwrap()
}

#[test]
fn s29_scram_lets_those_in_who_know_the_password_under_their_own_rules() {
    let dir = tempfile::tempdir().unwrap();
    let (users, rules) = (dir.path().join("users"), dir.path().join("rules"));
    // Of `pencil`, as PostgreSQL writes it.
    let verifier = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    std::fs::write(&users, format!("ann:{verifier}\nbob:plain\n")).unwrap();
    std::fs::write(&rules, "user ann\ntopic readwrite for/ann\n").unwrap();
    let listen = Listen {
        passwords: Some(load_passwords(&users).unwrap().0),
        anonymous: false,
        ..Listen::on_port(0)
    };
    let config = Config { acl: Some(load_acl(&rules).unwrap()), ..Config::at(listen) };
    let broker = start(&config).unwrap();
    let address = broker.address().unwrap();
    for (user, password, reason) in [
        ("ann", "pencil", ReasonCode::SUCCESS),
        ("ann", "pen", ReasonCode::NOT_AUTHORIZED),
        ("eve", "pencil", ReasonCode::NOT_AUTHORIZED),
        ("bob", "plain", ReasonCode::NOT_AUTHORIZED),
    ] {
        let client = ScramClient::new(user, password);
        assert_eq!(exchange(&mut dial(address), client, true), reason, "{user} {password}");
    }
    let mut stream = dial(address);
    exchange(&mut stream, ScramClient::new("ann", "pencil"), true);
    let mut bytes = Vec::new();
    for (topic, reason) in
        [("for/ann", ReasonCode::NO_MATCHING_SUBSCRIBERS), ("x", ReasonCode::NOT_AUTHORIZED)]
    {
        send(&mut stream, &Packet::Publish(message(topic, "", QoS::AtLeastOnce, 1)));
        receive(&mut stream, &mut bytes);
        assert_eq!(bytes[4], reason.value(), "{topic}");
    }
    let again = exchange(&mut stream, ScramClient::new("ann", "pencil"), false);
    assert_eq!(again, ReasonCode::SUCCESS);
    let again = exchange(&mut stream, ScramClient::new("ann", "pen"), false);
    assert_eq!(again, ReasonCode::NOT_AUTHORIZED);
    // The password itself is good too.
    let mut plain = dial(address);
    let password = Some(&b"pencil"[..]);
    let connect = Connect { username: Some("ann"), password, ..hello(Version::V5, "p") };
    send(&mut plain, &Packet::Connect(connect));
    receive(&mut plain, &mut bytes);
    assert_eq!(bytes[3], 0, "{bytes:02x?}");
    broker.blocking_shutdown().unwrap();
}
