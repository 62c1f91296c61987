//! A broker core without sockets, a clock that moves when told to, and clients
//! that are nothing but bytes.

pub(super) use crate::hex::bytes as hex;
use mqx::broker::access::load_acl;
use mqx::broker::core::{
    Acl, Acls, Attempt, Census, Connection, Core, Denial, Entrance, Journal, Limits, Link, Outcome,
    Outflow, Peer, Progress, Routed, Setup, State, Totals, Verdict, Worker,
};
use mqx::mqtt::{
    Ack, AckKind, Connect, ConnectProperties, Disconnect, Frame, Packet, PacketId, Publish, QoS,
    ReasonCode, Subscribe, SubscribeOptions, SubscribeProperties, SubscribeRequest, Version,
    next_frame,
};
use mqx::session::Time;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// When the clock of a broker with a journal shows zero.
const EPOCH: u64 = 1_800_000_000_000;

/// The broker and its clock.
pub(super) struct Lab {
    core: Arc<Core>,
    worker: Worker,
    now: Time,
    peer: Peer,
    vault: Option<Vault>,
}

/// What is stored of a broker, and would survive it.
struct Vault {
    journal: Arc<Journal>,
    state: State,
}

/// A client as the broker sees it.
pub(super) struct Client {
    pub(super) connection: Connection,
    wire: Arc<Wire>,
    version: Version,
    /// The beginning of a packet that is still on its way to the broker.
    partial: Vec<u8>,
}

/// The far end of a connection: a buffer with a limit.
#[derive(Debug, Default)]
struct Wire(Mutex<WireState>);

#[derive(Debug)]
struct WireState {
    arrived: Vec<u8>,
    room: usize,
    woken: bool,
    closed: bool,
}

impl Default for WireState {
    fn default() -> Self {
        Self { arrived: Vec::new(), room: usize::MAX, woken: false, closed: false }
    }
}

impl Link for Wire {
    fn try_write(&self, output: &Outflow) -> Attempt {
        let mut state = self.0.lock().unwrap();
        let count = output.len().min(state.room);
        state.arrived.extend_from_slice(&output.whole()[..count]);
        state.room -= count;
        Attempt::Wrote(count)
    }

    fn wake(&self) {
        self.0.lock().unwrap().woken = true;
    }

    fn finish(&self, last: Outflow) {
        let mut state = self.0.lock().unwrap();
        state.arrived.extend_from_slice(&last.whole());
        state.closed = true;
    }
}

impl Lab {
    pub(super) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(super) fn with(limits: Limits) -> Self {
        Self::made(Setup { limits, ..Setup::default() })
    }

    pub(super) fn made(setup: Setup) -> Self {
        Self::beside(Arc::new(Core::new(setup)))
    }

    /// The broker itself, for another worker of it.
    pub(super) fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core)
    }

    /// A worker of its own of a broker that there is.
    pub(super) fn beside(core: Arc<Core>) -> Self {
        Self {
            core,
            worker: Worker::default(),
            now: Time::ZERO,
            peer: Peer::default(),
            vault: None,
        }
    }

    /// A broker that says nothing before what it depends on is stored, which
    /// is when [`Lab::store`] is called.
    pub(super) fn with_journal() -> Self {
        let mut lab = Self::new();
        lab.start(State::default());
        lab
    }

    fn start(&mut self, state: State) {
        let journal = Arc::new(Journal::new(EPOCH, 0));
        let recorded = Some(Arc::clone(&journal));
        self.core = Arc::new(Core::new(Setup { journal: recorded, ..Setup::default() }));
        self.worker = Worker::default();
        self.worker.begin(self.now);
        self.core.restore(state.clone(), self.now);
        self.core.resume(&mut self.worker);
        self.vault = Some(Vault { journal, state });
        self.fire();
    }

    /// Stores everything that has happened, so that it may be spoken of.
    pub(super) fn store(&mut self) {
        while let Some(vault) = self.vault.as_mut().filter(|vault| vault.journal.pending() > 0) {
            let cut = vault.journal.cut();
            cut.records.into_iter().for_each(|record| vault.state.apply(record));
            vault.journal.stored(cut.through);
            self.worker.begin(self.now);
            self.core.flush(&mut self.worker);
        }
    }

    /// Nothing can be stored any more.
    pub(super) fn fail_to_store(&mut self) {
        self.vault.as_ref().unwrap().journal.fail();
        self.worker.begin(self.now);
        self.core.flush(&mut self.worker);
    }

    /// The broker is gone from one moment to the next, and another goes on
    /// with what is stored after `pause`.
    pub(super) fn crash(&mut self, pause: Duration) {
        let Some(vault) = self.vault.take() else { return };
        vault.journal.close();
        self.now = self.now + pause;
        self.start(vault.state);
    }

    /// What a broker that is started now would know.
    pub(super) fn stored(&self) -> &State {
        &self.vault.as_ref().unwrap().state
    }

    /// A transport that has not sent anything yet.
    pub(super) fn accept(&mut self, version: Version) -> Client {
        let wire = Arc::new(Wire::default());
        let link = Arc::clone(&wire);
        self.worker.begin(self.now);
        Client {
            connection: self.core.accept(&mut self.worker, link, self.peer.clone()),
            wire,
            version,
            partial: Vec::new(),
        }
    }

    /// A client that has sent `connect` and got what it now shows.
    pub(super) fn connect(&mut self, connect: &Connect<'_>) -> Client {
        let mut client = self.accept(connect.version);
        self.send(&mut client, &Packet::Connect(connect.clone()));
        client
    }

    /// A client with this identifier and a clean session, its CONNACK read.
    pub(super) fn client(&mut self, version: Version, client_id: &str) -> Client {
        let mut client = self.connect(&hello(version, client_id));
        self.store();
        let first = client.take_packets(1);
        assert_eq!(first[0][0], 0x20, "the first packet is a CONNACK");
        client
    }

    /// Brings bytes of `client` to the broker.
    pub(super) fn send_bytes(&mut self, client: &mut Client, bytes: &[u8]) {
        self.worker.begin(self.now);
        let progress = self.core.receive(&mut self.worker, &mut client.connection, bytes);
        if let Progress::Consumed(count) = progress {
            assert_eq!(count, bytes.len(), "the bytes are whole packets");
        }
        self.core.flush(&mut self.worker);
    }

    /// Brings bytes of `client` to the broker that may end inside a packet.
    pub(super) fn trickle(&mut self, client: &mut Client, bytes: &[u8]) {
        let mut pending = std::mem::take(&mut client.partial);
        pending.extend_from_slice(bytes);
        self.worker.begin(self.now);
        let progress = self.core.receive(&mut self.worker, &mut client.connection, &pending);
        if let Progress::Consumed(count) = progress {
            client.partial = pending.split_off(count);
        }
        self.core.flush(&mut self.worker);
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }

    pub(super) fn send(&mut self, client: &mut Client, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(client.version, &mut bytes).unwrap();
        self.send_bytes(client, &bytes);
    }

    /// The transport of `client` breaks.
    pub(super) fn lose(&mut self, client: &mut Client) {
        self.worker.begin(self.now);
        self.core.close(&mut self.worker, &mut client.connection);
        self.core.flush(&mut self.worker);
    }

    /// Time passes; whatever is due happens at its time.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.worker.deadline().filter(|due| *due <= end) {
            self.now = due;
            self.fire();
        }
        self.now = end;
        self.fire();
    }

    /// Brings bytes of `client`; how many were whole packets, `None` when the
    /// connection is over.
    pub(super) fn receive(&mut self, client: &mut Client, bytes: &[u8]) -> Option<usize> {
        self.worker.begin(self.now);
        let progress = self.core.receive(&mut self.worker, &mut client.connection, bytes);
        self.core.flush(&mut self.worker);
        match progress {
            Progress::Consumed(count) => Some(count),
            Progress::Over => None,
        }
    }

    /// Whether `client` is still not to be read.
    pub(super) fn is_paused(&mut self, client: &mut Client) -> bool {
        self.worker.begin(self.now);
        let paused = self.core.is_paused(&mut self.worker, &mut client.connection);
        self.core.flush(&mut self.worker);
        paused
    }

    /// Who is at the other end of later connections.
    pub(super) fn set_peer(&mut self, peer: Peer) {
        self.peer = peer;
    }

    pub(super) fn set_entrance(&mut self, entrance: Entrance) {
        self.peer.entrance = Arc::new(entrance);
    }

    /// What the transports of later connections have found out by themselves.
    pub(super) fn set_identity(&mut self, name: Option<&str>) {
        self.peer.identity = name.map(Into::into);
    }

    /// Brings the verdict on the password of `client`.
    pub(super) fn answer(&mut self, client: &mut Client, verdict: Verdict) {
        self.worker.begin(self.now);
        self.core.answer(&mut self.worker, &mut client.connection, verdict);
        self.core.flush(&mut self.worker);
    }

    /// Brings what a step of `client`'s exchange led to, and writes what it is
    /// sent before it has a session, as the owner of its connection does.
    pub(super) fn answer_step(&mut self, client: &mut Client, outcome: Outcome) {
        self.worker.begin(self.now);
        self.core.answer_step(&mut self.worker, &mut client.connection, outcome);
        self.core.flush(&mut self.worker);
        self.make_room(client, usize::MAX);
    }

    /// Puts the rules of an `acl_file` in force.
    pub(super) fn set_acl(&mut self, rules: &str) {
        self.core.set_acls(Some(acl(rules)).into());
    }

    /// Puts rules in force for realms only, by their names.
    pub(super) fn set_rules_of_realms(&mut self, rules: &[(&str, &str)]) {
        let realms = rules.iter().map(|(name, rules)| ((*name).into(), Some(acl(rules))));
        self.core.set_acls(Acls { common: None, realms: realms.collect() });
    }

    pub(super) fn set_limits(&self, limits: Limits) {
        self.core.set_limits(limits);
    }

    /// Forgets the verdicts of hooks.
    pub(super) fn reconsider(&self) {
        self.core.reconsider();
    }

    fn fire(&mut self) {
        self.worker.begin(self.now);
        self.core.fire(&mut self.worker);
        self.core.flush(&mut self.worker);
    }

    /// The client reads `room` more bytes, so that the owner of its
    /// connection can write them.
    pub(super) fn make_room(&mut self, client: &mut Client, room: usize) {
        client.wire.0.lock().unwrap().room = room;
        self.worker.begin(self.now);
        while let Some(output) = self.core.take_output(&client.connection, &mut self.worker) {
            let mut state = client.wire.0.lock().unwrap();
            state.arrived.extend_from_slice(&output.whole());
            state.room = state.room.saturating_sub(output.len());
        }
        self.core.flush(&mut self.worker);
    }

    /// The owner of the connection has its turn, if it was asked to or has not
    /// come to an end, and writes what it is given. Returns whether it had one.
    pub(super) fn turn(&mut self, client: &mut Client) -> bool {
        if !std::mem::take(&mut client.wire.0.lock().unwrap().woken) {
            return false;
        }
        self.worker.begin(self.now);
        let output = self.core.take_output(&client.connection, &mut self.worker);
        {
            let mut state = client.wire.0.lock().unwrap();
            state.woken |= output.is_some();
            state.arrived.extend(output.unwrap_or_default().whole().as_ref());
        }
        self.core.flush(&mut self.worker);
        self.store();
        true
    }

    /// The owner of the connection has as many turns as it needs.
    pub(super) fn turns(&mut self, client: &mut Client) {
        while self.turn(client) {}
    }

    pub(super) fn subscribe(&mut self, client: &mut Client, filter: &str, qos: QoS) {
        let options = SubscribeOptions { qos, ..SubscribeOptions::default() };
        self.subscribe_with(client, filter, options, SubscribeProperties::default());
        self.store();
        let suback = client.take_packets(1);
        assert_eq!(suback[0][0], 0x90, "a SUBACK follows");
    }

    pub(super) fn subscribe_with(
        &mut self,
        client: &mut Client,
        filter: &str,
        options: SubscribeOptions,
        properties: SubscribeProperties<'_>,
    ) {
        let packet = Packet::Subscribe(Subscribe {
            packet_id: PacketId::new(77).unwrap(),
            properties,
            requests: vec![SubscribeRequest { filter, options }],
        });
        self.send(client, &packet);
    }

    pub(super) fn publish(&mut self, client: &mut Client, publish: &Publish<'_>) {
        self.send(client, &Packet::Publish(*publish));
    }

    /// Publishes what comes from no client.
    pub(super) fn publish_from_outside(&mut self, publish: &Publish<'_>) -> Result<Routed, Denial> {
        self.worker.begin(self.now);
        let routed = self.core.publish_from_outside(&mut self.worker, publish);
        self.core.flush(&mut self.worker);
        routed
    }

    pub(super) fn ack(&mut self, client: &mut Client, kind: AckKind, id: u16, reason: ReasonCode) {
        let id = PacketId::new(id).unwrap();
        self.send(client, &Packet::Ack(Ack::new(kind, id, reason)));
    }

    pub(super) fn disconnect(&mut self, client: &mut Client, reason: ReasonCode) {
        self.send(client, &Packet::Disconnect(Disconnect::new(reason)));
    }

    /// When the broker has something to do next without being asked.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.worker.deadline()
    }

    /// How many things wait for their time.
    pub(super) fn timers(&self) -> usize {
        self.worker.timers()
    }

    pub(super) fn census(&self) -> Census {
        self.core.census()
    }

    pub(super) fn totals(&self) -> Totals {
        self.core.totals()
    }

    pub(super) fn summary(&self) -> mqx::broker::core::Summary {
        self.core.summary()
    }
}

impl Client {
    /// All bytes that have arrived and not been looked at.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.wire.0.lock().unwrap().arrived)
    }

    /// Whether nothing has arrived that was not looked at.
    pub(super) fn has_seen_all(&self) -> bool {
        self.wire.0.lock().unwrap().arrived.is_empty()
    }

    /// At most so many of them.
    pub(super) fn take_some(&mut self, limit: usize) -> Vec<u8> {
        let mut state = self.wire.0.lock().unwrap();
        let count = state.arrived.len().min(limit);
        state.arrived.drain(..count).collect()
    }

    /// The packets among them, which must be so many.
    #[track_caller]
    pub(super) fn take_packets(&mut self, count: usize) -> Vec<Vec<u8>> {
        let bytes = self.take();
        let mut rest = &bytes[..];
        let mut packets = Vec::new();
        while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
            packets.push(frame.bytes.to_vec());
            rest = &rest[frame.bytes.len()..];
        }
        assert!(rest.is_empty(), "half a packet is left: {rest:02x?}");
        assert_eq!(packets.len(), count, "{packets:02x?}");
        packets
    }

    /// What has arrived, without the reasons in words.
    pub(super) fn take_without_words(&mut self) -> Vec<u8> {
        let bytes = self.take();
        let mut rest = &bytes[..];
        let mut silent = Vec::new();
        while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
            silence(&frame, self.version, &mut silent);
            rest = &rest[frame.bytes.len()..];
        }
        silent.extend_from_slice(rest);
        silent
    }

    /// Compares what has arrived, but for reasons in words, with bytes written
    /// in hex.
    #[track_caller]
    pub(super) fn expect(&mut self, bytes: &str) {
        let arrived = self.take_without_words();
        assert_eq!(arrived, hex(bytes), "arrived: {arrived:02x?}");
    }

    #[track_caller]
    pub(super) fn expect_nothing(&mut self) {
        self.expect("");
    }

    /// The payloads of the PUBLISH packets that have arrived, and nothing else.
    #[track_caller]
    pub(super) fn payloads(&mut self) -> Vec<String> {
        let bytes = self.take();
        let mut rest = &bytes[..];
        let mut payloads = Vec::new();
        while let Some(frame) = next_frame(rest, usize::MAX).unwrap() {
            match Packet::decode(&frame, self.version).unwrap() {
                Packet::Publish(publish) => {
                    payloads.push(String::from_utf8_lossy(publish.payload).into_owned());
                }
                other => panic!("not a PUBLISH: {other:?}"),
            }
            rest = &rest[frame.bytes.len()..];
        }
        payloads
    }

    pub(super) fn is_closed(&self) -> bool {
        self.wire.0.lock().unwrap().closed
    }

    pub(super) fn was_woken(&self) -> bool {
        self.wire.0.lock().unwrap().woken
    }

    /// Reads nothing more until it makes room.
    pub(super) fn stop_reading(&mut self) {
        self.reads(0);
    }

    /// Reads so many bytes more, and nothing until it makes room.
    pub(super) fn reads(&mut self, room: usize) {
        self.wire.0.lock().unwrap().room = room;
    }
}

/// Appends a packet of the broker without its Reason String, which is for people
/// and may change its wording.
fn silence(frame: &Frame<'_>, version: Version, out: &mut Vec<u8>) {
    // Whoever asks for an unknown version is answered in version 5.
    let read = |version| Packet::decode(frame, version).map(|packet| (packet, version));
    let Ok((mut packet, version)) = read(version).or_else(|_| read(Version::V5)) else {
        return out.extend_from_slice(frame.bytes);
    };
    let words = match &mut packet {
        Packet::ConnAck(packet) => &mut packet.properties.reason_string,
        Packet::Ack(packet) => &mut packet.properties.reason_string,
        Packet::SubAck(packet) => &mut packet.properties.reason_string,
        Packet::UnsubAck(packet) => &mut packet.properties.reason_string,
        Packet::Disconnect(packet) => &mut packet.properties.reason_string,
        _ => &mut None,
    };
    match words.take() {
        Some(_) => packet.encode(version, out).unwrap(),
        None => out.extend_from_slice(frame.bytes),
    }
}

/// The rules in the text of an `acl_file`.
fn acl(rules: &str) -> Acl {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(rules.as_bytes()).unwrap();
    load_acl(file.path()).unwrap()
}

/// A CONNECT with a clean session and no keep alive.
pub(super) fn hello(version: Version, client_id: &str) -> Connect<'_> {
    Connect {
        version,
        bridge: false,
        clean_start: true,
        keep_alive: 0,
        properties: ConnectProperties::default(),
        client_id,
        will: None,
        username: None,
        password: None,
    }
}

/// A CONNECT of a session that outlives its connection for so many seconds.
pub(super) fn lasting(client_id: &str, expiry: u32) -> Connect<'_> {
    Connect {
        clean_start: false,
        properties: ConnectProperties {
            session_expiry_interval: Some(expiry),
            ..ConnectProperties::default()
        },
        ..hello(Version::V5, client_id)
    }
}

/// A PUBLISH; QoS 1 and 2 get this packet identifier.
pub(super) fn message<'a>(topic: &'a str, payload: &'a str, qos: QoS, id: u16) -> Publish<'a> {
    Publish {
        topic,
        qos,
        packet_id: PacketId::new(id).filter(|_| qos > QoS::AtMostOnce),
        payload: payload.as_bytes(),
        ..Publish::default()
    }
}

pub(super) fn retained<'a>(topic: &'a str, payload: &'a str) -> Publish<'a> {
    Publish { retain: true, ..message(topic, payload, QoS::AtMostOnce, 0) }
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
