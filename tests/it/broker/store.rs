//! The broker with a store: killed at any moment it loses nothing that it has
//! acknowledged, and it says what is wrong with a store it cannot use.

use super::lab::{hello, message, retained};
use crate::support::program::{Running, mqx, run};
use mqx::broker::store::{self, Sync};
use mqx::broker::{Broker, Config, start};
use mqx::error::Class;
use mqx::mqtt::{
    Ack, AckKind, Connect, Packet, PacketId, Publish, QoS, ReasonCode, Subscribe, SubscribeOptions,
    SubscribeProperties, SubscribeRequest, Version, next_frame,
};
use redb::TableDefinition;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Long enough for anything that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection of version 3.1.1 that is read packet by packet.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    /// Connects with a session that outlives the connection.
    fn connect(address: SocketAddr, client_id: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self { stream, read: Vec::new() };
        let connect = Connect { clean_start: false, ..hello(Version::V311, client_id) };
        client.send(&Packet::Connect(connect));
        client.receive(|packet| assert!(matches!(packet, Packet::ConnAck(_)), "{packet:?}"));
        client
    }

    fn send(&mut self, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(Version::V311, &mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    fn receive<R>(&mut self, look: impl FnOnce(&Packet<'_>) -> R) -> R {
        loop {
            if let Some(frame) = next_frame(&self.read, usize::MAX).unwrap() {
                let result = look(&Packet::decode(&frame, Version::V311).unwrap());
                let length = frame.bytes.len();
                self.read.drain(..length);
                return result;
            }
            let mut some = [0; 4096];
            let count = self.stream.read(&mut some).unwrap();
            assert!(count > 0, "the broker has closed the connection");
            self.read.extend_from_slice(&some[..count]);
        }
    }

    fn subscribe(&mut self, filter: &str) {
        let options = SubscribeOptions { qos: QoS::ExactlyOnce, ..SubscribeOptions::default() };
        self.send(&Packet::Subscribe(Subscribe {
            packet_id: PacketId::MIN,
            properties: SubscribeProperties::default(),
            requests: vec![SubscribeRequest { filter, options }],
        }));
        self.receive(|packet| assert!(matches!(packet, Packet::SubAck(_)), "{packet:?}"));
    }

    fn ack(&mut self, kind: AckKind, id: PacketId) {
        self.send(&Packet::Ack(Ack::new(kind, id, ReasonCode::SUCCESS)));
    }

    /// The payload of the next PUBLISH, which is acknowledged.
    fn next_payload(&mut self) -> String {
        let (payload, id) = self.receive(|packet| match packet {
            Packet::Publish(publish) => {
                let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
                (payload, publish.packet_id)
            }
            other => panic!("not a PUBLISH: {other:?}"),
        });
        if let Some(id) = id {
            self.ack(AckKind::PubAck, id);
        }
        payload
    }
}

fn program(path: &Path) -> (Running, SocketAddr) {
    let broker = Running::start(mqx(["broker", "--port", "0", "--store", path.to_str().unwrap()]));
    let ready = broker.out_line();
    let address = ready.split(' ').find_map(|word| word.strip_prefix("mqtt://"));
    (broker, address.unwrap().parse().unwrap())
}

/// Publishes until so many were acknowledged, more being on their way.
fn publish_until(address: SocketAddr, first: u16, acknowledged: usize) -> BTreeSet<u16> {
    let mut publisher = Client::connect(address, "publisher");
    let mut done = BTreeSet::new();
    let mut next = first;
    while done.len() < acknowledged {
        for _ in 0..20 {
            let payload = next.to_string();
            publisher.send(&Packet::Publish(message("t", &payload, QoS::AtLeastOnce, next)));
            next += 1;
        }
        for _ in 0..10 {
            done.insert(publisher.receive(|packet| match packet {
                Packet::Ack(ack) => ack.packet_id.get(),
                other => panic!("not an acknowledgement: {other:?}"),
            }));
        }
    }
    done
}

#[test]
fn a_broker_killed_under_load_loses_nothing_that_it_has_acknowledged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    let (mut broker, mut address) = program(&path);
    Client::connect(address, "subscriber").subscribe("t");
    for round in 1..=4 {
        let mut missing = publish_until(address, round * 1_000, usize::from(round) * 37);
        broker.signal(Signal::KILL);
        drop(broker);
        (broker, address) = program(&path);
        let mut subscriber = Client::connect(address, "subscriber");
        while !missing.is_empty() {
            missing.remove(&subscriber.next_payload().parse().unwrap());
        }
    }
}

fn config(path: &Path, sync: Sync) -> Config {
    let store = store::Config {
        place: store::Place::File(path.to_owned()),
        sync,
        ..store::Config::default()
    };
    Config { workers: 2, store: Some(store), ..Config::on_port(0) }
}

fn running(path: &Path, sync: Sync) -> (Broker, SocketAddr) {
    let broker = start(&config(path, sync)).unwrap();
    let address = broker.address().unwrap();
    (broker, address)
}

#[test]
fn sessions_queues_and_retained_messages_outlive_a_broker_that_is_stopped() {
    for sync in [Sync::Always, Sync::Interval, Sync::Never] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store");
        let (broker, address) = running(&path, sync);
        let mut client = Client::connect(address, "c");
        client.subscribe("t");
        drop(client);
        let mut publisher = Client::connect(address, "p");
        publisher.send(&Packet::Publish(message("t", "queued", QoS::AtLeastOnce, 1)));
        publisher.receive(|packet| assert!(matches!(packet, Packet::Ack(_)), "{packet:?}"));
        publisher.send(&Packet::Publish(retained("kept", "retained")));
        publisher.send(&Packet::PingReq);
        publisher.receive(|packet| assert!(matches!(packet, Packet::PingResp), "{packet:?}"));
        broker.blocking_shutdown().unwrap();

        let (broker, address) = running(&path, sync);
        let mut client = Client::connect(address, "c");
        assert_eq!(client.next_payload(), "queued", "{sync:?}");
        client.subscribe("kept");
        assert_eq!(client.next_payload(), "retained", "{sync:?}");
        let summary = broker.blocking_shutdown().unwrap();
        assert_eq!((summary.sessions, summary.subscriptions), (2, 2));
    }
}

#[test]
fn a_store_serves_one_broker_at_a_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    let (broker, _) = running(&path, Sync::Always);
    let error = start(&config(&path, Sync::Always)).unwrap_err();
    assert_eq!(error.class(), Class::File);
    assert!(error.to_string().ends_with("is in use"), "{error}");
    broker.blocking_shutdown().unwrap();
    running(&path, Sync::Always).0.blocking_shutdown().unwrap();
}

/// What `mqx broker` says of a store it cannot use, and of one that it is only
/// to look at: one line, and why.
fn complaint(path: &Path) -> String {
    let complaints = ["--port=0", "--check-config"].map(|word| {
        let ended = run(mqx(["broker", word, "--store", path.to_str().unwrap()]));
        assert_eq!((ended.code, ended.out.as_str()), (Some(11), ""), "{}", ended.err);
        let errors = ended.err.lines().filter(|line| line.contains("error"));
        assert_eq!(errors.count(), 1, "{}", ended.err);
        ended.err
    });
    assert_eq!(complaints[0], complaints[1]);
    let [complaint, _] = complaints;
    complaint
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "these are not the bytes of a database\n".repeat(300)).unwrap();
    let before = fs::read(&text).unwrap();
    assert!(complaint(&text).contains("no store"));
    assert_eq!(fs::read(&text).unwrap(), before);
    let missing = folder.path().join("no/such/folder/store");
    assert!(complaint(&missing).contains("cannot open"));
    assert!(complaint(folder.path()).contains("cannot open"));
    assert!(complaint(&text.join("store")).contains("cannot open"), "no folder");
}

/// Makes a database that says of itself that it is a store of this format.
fn database(path: &Path, format: u64) {
    let about = TableDefinition::<&str, u64>::new("mqx");
    let database = redb::Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(about).unwrap().insert("format", format).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_store_of_a_later_format_and_a_database_of_another_program_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let (later, other) = (folder.path().join("later"), folder.path().join("other"));
    database(&later, 2);
    assert!(complaint(&later).contains("a store of format 2; this mqx has 1"));
    redb::Database::create(&other).unwrap();
    assert!(complaint(&other).contains("not a store of mqx"));
}

#[test]
fn a_store_is_looked_at_and_neither_made_nor_mended_when_the_configuration_is_checked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    let check = || run(mqx(["broker", "--check-config", "--store", path.to_str().unwrap()])).code;
    assert_eq!((check(), path.exists()), (Some(0), false));
    let (broker, _) = program(&path);
    assert_eq!(check(), Some(0), "a broker runs with it");
    broker.signal(Signal::KILL);
    drop(broker);
    let before = fs::read(&path).unwrap();
    assert_eq!(check(), Some(0), "a broker was killed with it");
    assert!(fs::read(&path).unwrap() == before);
    running(&path, Sync::Always).0.blocking_shutdown().unwrap();
    assert_eq!(check(), Some(0), "a broker was stopped with it");
}

#[test]
fn how_sure_a_store_is_cannot_be_said_where_there_is_none() {
    let ended = run(mqx(["broker", "--check-config", "--sync", "never"]));
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("--sync needs --store"), "{}", ended.err);
}

#[test]
fn a_store_that_was_cut_short_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    running(&path, Sync::Always).0.blocking_shutdown().unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(5_000).unwrap();
    assert!(complaint(&path).contains("store"));
}

/// A store with retained messages, as a broker leaves it that was stopped or killed,
/// in which `damage` was done.
fn damaged(killed: bool, damage: impl FnOnce(&mut [u8])) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    let (broker, address) = program(&path);
    let mut client = Client::connect(address, "c");
    for number in 1..=20 {
        let payload = "payload ".repeat(200);
        let topic = format!("topic/{number}");
        let id = PacketId::new(number);
        let publish =
            Publish { packet_id: id, qos: QoS::AtLeastOnce, ..retained(&topic, &payload) };
        client.send(&Packet::Publish(publish));
        client.receive(|packet| assert!(matches!(packet, Packet::Ack(_)), "{packet:?}"));
    }
    broker.signal(if killed { Signal::KILL } else { Signal::TERM });
    broker.end();
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let said = ["--check-config", "--port=0"].map(|word| {
        let ended = run(mqx(["broker", word, "--store", path.to_str().unwrap()]));
        assert_eq!((ended.code, ended.out.as_str()), (Some(11), ""), "{}", ended.err);
        ended.err
    });
    said.into()
}

#[test]
fn a_store_that_the_disk_has_not_kept_is_refused_and_no_message_is_made_of_it() {
    for killed in [false, true] {
        let said = damaged(killed, |bytes| {
            let words = bytes.windows(8).rposition(|bytes| bytes == b"payload ").unwrap();
            bytes[words] = b'P';
        });
        assert!(said.iter().all(|said| said.contains("damaged")), "{said:?}");
        let said = damaged(killed, |bytes| {
            let pages = bytes.chunks_mut(4096).skip(1);
            pages
                .filter(|page| page.windows(8).any(|bytes| bytes == b"payload "))
                .for_each(|page| page.fill(0));
        });
        assert!(said.iter().all(|said| said.contains("damaged")), "{said:?}");
    }
}
