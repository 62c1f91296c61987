//! Clients that are who their certificate says they are.

use super::lab::{Lab, hello, hex};
use crate::certs::peer::{LIMIT, endpoint};
use crate::certs::{identified, made, mutual};
use mqx::broker::access::load_acl;
use mqx::broker::core::{Entrance, Limits};
use mqx::broker::{Address, Broker, Config, Listen, start};
use mqx::mqtt::{Connect, Packet, Version};
use mqx::net::{CertificateName, Stream, connect, tls_server};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn identifying(identity: Option<&str>) -> Lab {
    let mut lab = Lab::with(Limits::default());
    lab.set_entrance(Entrance {
        certificates: true,
        passwords: true,
        anonymous: true,
        ..Entrance::default()
    });
    lab.set_identity(identity);
    lab.set_acl("user ann\ntopic readwrite for/ann\npattern readwrite own/%u");
    lab
}

#[test]
fn a_client_is_the_user_of_its_certificate_whoever_it_says_it_is() {
    for username in [None, Some("ann"), Some("root")] {
        let mut lab = identifying(Some("ann"));
        let password = username.map(|_| &b"wrong"[..]);
        let connect = Connect { username, password, ..hello(Version::V311, "c") };
        let mut client = lab.connect(&connect);
        client.expect("20 02 00 00");
        assert!(client.connection.take_question().is_none(), "no password is asked for");
        for (filter, code) in [("for/ann", "01"), ("own/ann", "01"), ("own/root", "80")] {
            lab.send_bytes(&mut client, &subscribe(filter));
            client.expect(&format!("90 03 0001 {code}"));
        }
    }
}

#[test]
fn a_client_without_a_name_in_a_certificate_is_refused() {
    for (version, answer) in [(Version::V311, "20 02 00 05"), (Version::V5, "20 03 00 87 00")] {
        for username in [None, Some("ann")] {
            let mut lab = identifying(None);
            let mut client = lab.connect(&Connect { username, ..hello(version, "c") });
            client.expect(answer);
            assert!(client.is_closed());
        }
    }
}

#[test]
fn a_session_is_not_resumed_under_another_certificate() {
    let mut lab = identifying(Some("ann"));
    let keep = Connect { clean_start: false, ..hello(Version::V311, "c") };
    lab.connect(&keep).expect("20 02 00 00");
    lab.connect(&keep).expect("20 02 01 00");
    lab.set_identity(Some("bob"));
    lab.connect(&keep).expect("20 02 00 00");
}

/// SUBSCRIBE with QoS 1 and packet identifier 1.
fn subscribe(filter: &str) -> Vec<u8> {
    let mut bytes = hex("82 00 0001 00 00");
    bytes[1] = u8::try_from(filter.len() + 5).unwrap();
    bytes[5] = u8::try_from(filter.len()).unwrap();
    bytes.extend(filter.as_bytes());
    bytes.push(1);
    bytes
}

/// A broker where the client of the files is known by its certificate.
fn running(files: &TempDir, identity: CertificateName, rules: &str) -> Broker {
    let (tls, _) = tls_server(&mutual(files.path())).unwrap();
    let acl = files.path().join("acl");
    std::fs::write(&acl, rules).unwrap();
    let listen = Listen {
        tls_port: Some(0),
        tls: Some(tls.into()),
        unix: Some(files.path().join("sock")),
        identity: Some(identity),
        ..Listen::on_port(0)
    };
    let config = Config { acl: Some(load_acl(&acl).unwrap()), ..Config::at(listen) };
    start(&config).unwrap()
}

async fn exchange(stream: &mut Stream, bytes: &[u8], answer: &str) {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
    let mut arrived = vec![0; hex(answer).len()];
    let read = tokio::time::timeout(LIMIT, stream.read_exact(&mut arrived));
    read.await.expect("in time").unwrap();
    assert_eq!(arrived, hex(answer));
}

fn connect_packet() -> Vec<u8> {
    let mut bytes = Vec::new();
    let connect = Connect { username: Some("eve"), ..hello(Version::V311, "c") };
    Packet::Connect(connect).encode(Version::V311, &mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn the_name_in_the_certificate_decides_on_both_ports_that_speak_tls() {
    for (kind, name) in
        [(CertificateName::CommonName, "mqx-client"), (CertificateName::Subject, "CN=mqx-client")]
    {
        let files = made();
        let rules = format!("user {name}\ntopic readwrite mine\n");
        let broker = running(&files, kind, &rules);
        let ports = broker.addresses().iter().filter_map(|address| match address {
            Address::Mqtt { socket, .. } if socket.is_ipv4() => Some(socket.port()),
            _ => None,
        });
        for port in ports {
            let endpoint = endpoint("127.0.0.1", port, &identified(files.path()));
            let mut stream = connect(&endpoint, LIMIT).await.unwrap();
            exchange(&mut stream, &connect_packet(), "20 02 00 00").await;
            exchange(&mut stream, &subscribe("mine"), "90 03 0001 01").await;
            exchange(&mut stream, &subscribe("other"), "90 03 0001 80").await;
        }
        broker.shutdown().await.unwrap();
    }
}

#[test]
fn who_comes_without_tls_has_no_certificate_and_is_refused() {
    let files = made();
    let broker = running(&files, CertificateName::CommonName, "");
    let mut tcp = TcpStream::connect(broker.address().unwrap()).unwrap();
    tcp.write_all(&connect_packet()).unwrap();
    let mut unix = UnixStream::connect(files.path().join("sock")).unwrap();
    unix.write_all(&connect_packet()).unwrap();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).unwrap();
    unix.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, hex("20 02 00 05  20 02 00 05"));
    broker.blocking_shutdown().unwrap();
}
