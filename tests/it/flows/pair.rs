//! A client session and a server with two pipes between them: bytes move when
//! the test moves them, the clock goes when the test winds it.

use super::delivery::{self, Delivery, Promise};
use super::server::Server;
use super::window::{Window, for_each_packet};
use mqx::mqtt::{Packet, QoS, ReasonCode, Version};
use mqx::session::{ClientConfig, ClientSession, Event, Failure, Time, Token};
use std::num::NonZeroU16;
use std::time::Duration;

/// One direction of a connection.
#[derive(Debug)]
struct Pipe {
    bytes: Vec<u8>,
    /// What has left the pipe and is not yet a whole packet.
    unread: Vec<u8>,
    /// The last whole packet that has left it.
    last: Vec<u8>,
    /// The publishes in this direction.
    window: Window,
}

impl Pipe {
    fn new(maximum: u16) -> Self {
        Self {
            bytes: Vec::new(),
            unread: Vec::new(),
            last: Vec::new(),
            window: Window::new(maximum),
        }
    }

    /// Takes up to `count` bytes out and returns those that end packets.
    fn take(&mut self, count: usize, version: Version) -> Vec<u8> {
        let count = count.min(self.bytes.len());
        self.unread.extend(self.bytes.drain(..count));
        let whole = for_each_packet(&self.unread, version, |packet| {
            self.last.clear();
            packet.encode(version, &mut self.last).expect("it was decoded");
        });
        self.unread.drain(..whole).collect()
    }

    /// The last packet as its sender would repeat it, if it may be repeated.
    fn repetition(&self, version: Version) -> Option<Vec<u8>> {
        let mut repeated = None;
        for_each_packet(&self.last, version, |packet| {
            repeated = match packet {
                Packet::Ack(_) => Some(self.last.clone()),
                Packet::Publish(publish) if publish.qos != QoS::AtMostOnce => {
                    let mut bytes = self.last.clone();
                    bytes[0] |= 0x08;
                    Some(bytes)
                }
                _ => None,
            };
        });
        repeated
    }
}

/// How a pair is made.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) version: Version,
    /// Whether the client discards its session with each connection.
    pub(crate) clean: bool,
    /// Seconds.
    pub(crate) keep_alive: u16,
    /// QoS 1 and 2 messages the client takes at once, in version 5.
    pub(crate) client_window: u16,
    /// QoS 1 and 2 messages the server takes at once, in version 5.
    pub(crate) server_window: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            version: Version::V5,
            clean: false,
            keep_alive: 0,
            client_window: 100,
            server_window: 100,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Pair {
    setup: Setup,
    pub(crate) now: Time,
    pub(crate) client: ClientSession,
    pub(crate) server: Server,
    up: Pipe,
    down: Pipe,
    /// Whether the server has ever lost the session.
    forgot: bool,
    next: u64,
    /// What the client accepted to publish; the number is the token.
    published: Vec<Delivery>,
    /// What the client said of it.
    outcomes: Vec<(Token, ReasonCode)>,
    /// What the server was given to send.
    sent: Vec<Delivery>,
    /// What the client received.
    received: Vec<Delivery>,
}

impl Pair {
    /// A client that has begun to connect.
    pub(crate) fn new(setup: Setup) -> Self {
        let is_v5 = setup.version.is_v5();
        let config = ClientConfig {
            version: setup.version,
            client_id: "c".to_owned(),
            clean_start: setup.clean,
            keep_alive: setup.keep_alive,
            receive_maximum: NonZeroU16::new(setup.client_window).filter(|_| is_v5),
            ..ClientConfig::default()
        };
        let window = NonZeroU16::new(setup.server_window).expect("not zero");
        let mut pair = Self {
            now: Time::ZERO,
            client: ClientSession::new(config),
            server: Server::new(setup.version, window),
            up: Pipe::new(0),
            down: Pipe::new(0),
            forgot: setup.clean,
            next: 0,
            published: Vec::new(),
            outcomes: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
            setup,
        };
        pair.connect();
        pair
    }

    fn connect(&mut self) {
        let is_v5 = self.setup.version.is_v5();
        let announced = |window: u16| if is_v5 { window } else { u16::MAX };
        self.up = Pipe::new(announced(self.server.window.get()));
        self.down = Pipe::new(announced(self.setup.client_window));
        self.client.connect(self.now).expect("a configuration MQTT can say");
        self.collect();
    }

    /// The connection is lost with what is under way, and begun anew.
    pub(crate) fn cut(&mut self) {
        self.server.hang_up();
        self.connect();
    }

    /// As [`Pair::cut`], and the server loses the session.
    pub(crate) fn cut_and_forget(&mut self) {
        self.forgot = true;
        self.server.forget();
        self.cut();
    }

    /// The client publishes, if it can now.
    pub(crate) fn publish(&mut self, qos: QoS) -> Result<(), Failure> {
        let delivery = self.number(qos);
        let payload = delivery.payload();
        let publish = delivery.publish(&payload);
        self.client.publish(&publish, delivery.number, self.now)?;
        self.published.push(delivery);
        self.collect();
        Ok(())
    }

    /// The server is given a message for the client.
    pub(crate) fn send(&mut self, qos: QoS) {
        let delivery = self.number(qos);
        self.sent.push(delivery);
        self.server.send(delivery);
        self.collect();
    }

    fn number(&mut self, qos: QoS) -> Delivery {
        self.next += 1;
        Delivery { qos, number: self.next }
    }

    /// Moves up to `count` bytes to the server and returns how many.
    pub(crate) fn move_up(&mut self, count: usize) -> usize {
        let before = self.up.bytes.len();
        let packets = self.up.take(count, self.setup.version);
        self.feed_server(&packets);
        before.min(count)
    }

    /// Moves up to `count` bytes to the client and returns how many.
    pub(crate) fn move_down(&mut self, count: usize) -> usize {
        let before = self.down.bytes.len();
        let packets = self.down.take(count, self.setup.version);
        self.feed_client(&packets);
        before.min(count)
    }

    /// The server gets the last packet once more.
    pub(crate) fn repeat_up(&mut self) {
        if let Some(packet) = self.up.repetition(self.setup.version) {
            self.feed_server(&packet);
        }
    }

    /// The client gets the last packet once more.
    pub(crate) fn repeat_down(&mut self) {
        if let Some(packet) = self.down.repetition(self.setup.version) {
            self.feed_client(&packet);
        }
    }

    fn feed_server(&mut self, packets: &[u8]) {
        self.down.window.acknowledged(packets, self.setup.version);
        self.server.receive(packets);
        self.collect();
    }

    fn feed_client(&mut self, packets: &[u8]) {
        self.up.window.acknowledged(packets, self.setup.version);
        let (received, outcomes) = (&mut self.received, &mut self.outcomes);
        let taken = self.client.receive(packets, self.now, |event| match event {
            Event::Message(publish) | Event::Entrusted { publish, .. } => {
                received.push(Delivery::of(&publish));
            }
            Event::Published { token, reason } => outcomes.push((token, reason)),
            Event::Connected(_)
            | Event::Subscribed { .. }
            | Event::Unsubscribed { .. }
            | Event::Pong => {}
        });
        assert_eq!(taken, Ok(packets.len()), "the server keeps to the protocol");
        self.collect();
    }

    /// Puts what both sides have written into the pipes.
    fn collect(&mut self) {
        let version = self.setup.version;
        let output = std::mem::take(self.client.output());
        self.up.window.sent(&output, version);
        self.up.bytes.extend(output);
        let output = std::mem::take(&mut self.server.output);
        self.down.window.sent(&output, version);
        self.down.bytes.extend(output);
    }

    /// Winds the clock; a client that finds the server silent connects anew.
    pub(crate) fn wait(&mut self, span: Duration) {
        self.now = self.now + span;
        match self.client.tick(self.now) {
            Ok(()) => self.collect(),
            Err(Failure::Silent) => self.cut(),
            Err(other) => panic!("{other}"),
        }
    }

    /// Moves bytes until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            if self.move_up(usize::MAX) + self.move_down(usize::MAX) == 0 {
                return;
            }
        }
        panic!("the two never fall silent");
    }

    /// Checks everything that is promised, after all has been delivered.
    pub(crate) fn check(&self) {
        let kept = !self.forgot;
        let up = Promise { complete: true, exactly_once: kept };
        delivery::check(&self.published, &self.server.received, up, "the server");
        // What the server forgets is lost, and can therefore not come twice.
        let down = Promise { complete: kept, exactly_once: true };
        delivery::check(&self.sent, &self.received, down, "the client");
        let reliable = self.published.iter().filter(|sent| sent.qos != QoS::AtMostOnce);
        let mut expected: Vec<_> =
            reliable.map(|sent| (sent.number, ReasonCode::SUCCESS)).collect();
        let mut outcomes = self.outcomes.clone();
        expected.sort_unstable();
        outcomes.sort_unstable();
        assert_eq!(outcomes, expected, "each token has one outcome");
        assert_eq!(self.client.in_flight(), 0, "the client waits for nothing");
        assert!(self.server.owes_nothing(), "the server waits for nothing");
    }
}
