//! A broker for tests: it passes every message to every subscriber, with
//! faults where a test wants them.

use mqx::mqtt::{
    Ack, AckKind, ConnAck, Packet, PacketId, Publish, QoS, ReasonCode, SubAck, Version, next_frame,
};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the broker does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Pass,
    Drop,
    Duplicate,
    /// It is passed on behind the next one.
    Overtaken,
    /// Nothing is passed on for so many milliseconds, then all of it.
    Stall(u64),
}

/// The fate of the message with this number, counted from 1.
type Fates = Arc<dyn Fn(u64) -> Fate + Send + Sync>;

#[derive(Default)]
struct Shared {
    subscribers: Vec<(TcpStream, u16)>,
    messages: u64,
    /// A message that waits for the next one.
    overtaken: Option<(QoS, String, Vec<u8>)>,
}

/// Starts the broker and returns its port.
pub(super) fn start(fates: impl Fn(u64) -> Fate + Send + Sync + 'static) -> u16 {
    let fates: Fates = Arc::new(fates);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let shared = Arc::new(Mutex::new(Shared::default()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (shared, fates) = (shared.clone(), fates.clone());
            thread::spawn(move || serve(stream.unwrap(), &shared, &fates));
        }
    });
    port
}

/// Serves a connection until it ends.
fn serve(mut stream: TcpStream, shared: &Mutex<Shared>, fates: &Fates) {
    stream.set_nodelay(true).unwrap();
    let (mut input, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => input.extend_from_slice(&chunk[..count]),
        }
        let mut used = 0;
        while let Some(frame) = next_frame(&input[used..], usize::MAX).unwrap() {
            let packet = Packet::decode(&frame, Version::V5).unwrap();
            used += frame.bytes.len();
            answer(&packet, &mut stream, shared, fates);
        }
        input.drain(..used);
    }
}

fn answer(packet: &Packet<'_>, stream: &mut TcpStream, shared: &Mutex<Shared>, fates: &Fates) {
    match packet {
        Packet::Connect(_) => {
            let connack = ConnAck {
                session_present: false,
                reason: ReasonCode::SUCCESS,
                properties: mqx::mqtt::ConnAckProperties::default(),
            };
            write(stream, &Packet::ConnAck(connack));
        }
        Packet::Subscribe(subscribe) => {
            let suback = SubAck {
                packet_id: subscribe.packet_id,
                properties: mqx::mqtt::AckProperties::default(),
                reasons: vec![ReasonCode::granted(subscribe.requests[0].options.qos)],
            };
            // From the answer on, no message may be missed.
            let subscriber = (stream.try_clone().unwrap(), 0);
            let mut shared = shared.lock().unwrap();
            shared.subscribers.push(subscriber);
            write(stream, &Packet::SubAck(suback));
        }
        Packet::Publish(publish) => {
            if let Some(id) = publish.packet_id {
                let ack = Ack::new(AckKind::PubAck, id, ReasonCode::SUCCESS);
                write(stream, &Packet::Ack(ack));
            }
            shared.lock().unwrap().publish(publish, fates);
        }
        _ => {}
    }
}

impl Shared {
    fn publish(&mut self, publish: &Publish<'_>, fates: &Fates) {
        self.messages += 1;
        let fate = fates(self.messages);
        if let Fate::Stall(millis) = fate {
            thread::sleep(std::time::Duration::from_millis(millis));
        }
        let copies = match fate {
            Fate::Drop | Fate::Overtaken => 0,
            Fate::Duplicate => 2,
            Fate::Pass | Fate::Stall(_) => 1,
        };
        for _ in 0..copies {
            self.pass_on(publish.qos, publish.topic, publish.payload);
        }
        if let Some((qos, topic, payload)) = self.overtaken.take() {
            self.pass_on(qos, &topic, &payload);
        }
        if fate == Fate::Overtaken {
            let (topic, payload) = (publish.topic.to_owned(), publish.payload.to_vec());
            self.overtaken = Some((publish.qos, topic, payload));
        }
    }

    fn pass_on(&mut self, qos: QoS, topic: &str, payload: &[u8]) {
        for (stream, last_id) in &mut self.subscribers {
            *last_id = last_id.checked_add(1).unwrap_or(1);
            let packet_id = PacketId::new(*last_id).filter(|_| qos > QoS::AtMostOnce);
            let publish = Publish { qos, topic, payload, packet_id, ..Publish::default() };
            write(stream, &Packet::Publish(publish));
        }
    }
}

/// A client that is gone is no failure of the broker.
fn write(stream: &mut TcpStream, packet: &Packet<'_>) {
    let mut bytes = Vec::new();
    packet.encode(Version::V5, &mut bytes).unwrap();
    let _ = stream.write_all(&bytes);
}
