//! A client session with an owner and a server that do anything: no panic, and
//! every byte it sends is part of a packet that a server can read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::mqtt::wire::Reader;
use mqx::mqtt::{
    ConnAck, Error, Packet, Publish, QoS, ReasonCode, SubscribeProperties, SubscribeRequest,
    Version, next_frame,
};
use mqx::session::{ClientConfig, ClientSession, Time};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

/// A session, the script that drives it and the time.
struct Play<'a> {
    script: Reader<'a>,
    version: Version,
    session: ClientSession,
    now: Time,
    unread: Vec<u8>,
}

impl<'a> Play<'a> {
    fn new(mut script: Reader<'a>) -> Result<Self, Error> {
        let [version, aliases, window, size] = [(); 4].map(|()| script.u8());
        let version = match version? % 3 {
            0 => Version::V31,
            1 => Version::V311,
            _ => Version::V5,
        };
        let config = ClientConfig {
            version,
            client_id: "c".to_owned(),
            clean_start: false,
            keep_alive: 10,
            receive_maximum: NonZeroU16::new(window?.into()),
            maximum_packet_size: NonZeroU32::new(u32::from(size?) * 4),
            topic_alias_maximum: aliases?.into(),
            ..ClientConfig::default()
        };
        Ok(Self {
            script,
            version,
            session: ClientSession::new(config),
            now: Time::ZERO,
            unread: Vec::new(),
        })
    }

    /// Does what the script says until it ends.
    fn run(&mut self) -> Result<(), Error> {
        self.connect();
        while !self.script.is_empty() {
            self.step()?;
            self.check_output();
        }
        Ok(())
    }

    fn connect(&mut self) {
        self.unread.clear();
        self.session
            .connect(self.now)
            .expect("a configuration MQTT can say");
    }

    fn step(&mut self) -> Result<(), Error> {
        match self.script.u8()? % 8 {
            0 => self.connect(),
            1 => self.now = self.now + Duration::from_secs(self.script.u8()?.into()),
            2 => drop(self.session.tick(self.now)),
            3 => self.publish()?,
            4 => self.subscribe()?,
            5 => drop(self.session.disconnect(ReasonCode::SUCCESS, self.now)),
            6 => self.accept()?,
            _ => self.receive()?,
        }
        Ok(())
    }

    /// The server accepts, so that the script need not guess how.
    fn accept(&mut self) -> Result<(), Error> {
        let connack = ConnAck {
            session_present: self.script.u8()? % 2 == 1,
            ..ConnAck::refuse(ReasonCode::SUCCESS)
        };
        Packet::ConnAck(connack).encode(self.version, &mut self.unread)?;
        self.take_unread();
        Ok(())
    }

    fn publish(&mut self) -> Result<(), Error> {
        let message = Publish {
            qos: QoS::from_u8(self.script.u8()? % 3).unwrap_or_default(),
            topic: "t",
            payload: b"payload",
            ..Publish::default()
        };
        // Whether it may be published now is not the question here.
        drop(self.session.publish(&message, 1, self.now));
        Ok(())
    }

    fn subscribe(&mut self) -> Result<(), Error> {
        let request = SubscribeRequest {
            filter: self.script.string()?,
            options: Default::default(),
        };
        let properties = SubscribeProperties::default();
        drop(self.session.subscribe(&[request], properties, 2, self.now));
        Ok(())
    }

    fn receive(&mut self) -> Result<(), Error> {
        let count = self.script.u8()?.into();
        self.unread.extend_from_slice(self.script.take(count)?);
        self.take_unread();
        Ok(())
    }

    fn take_unread(&mut self) {
        match self.session.receive(&self.unread, self.now, |_| {}) {
            Ok(taken) => drop(self.unread.drain(..taken)),
            Err(_) => self.connect(),
        }
    }

    fn check_output(&mut self) {
        let output = std::mem::take(self.session.output());
        let mut rest = &output[..];
        while !rest.is_empty() {
            let frame = next_frame(rest, usize::MAX)
                .expect("a frame")
                .expect("whole");
            Packet::decode(&frame, self.version).expect("a packet");
            rest = &rest[frame.bytes.len()..];
        }
    }
}

fuzz_target!(|script: &[u8]| {
    if let Ok(mut play) = Play::new(Reader::new(script)) {
        // The script ends where it ends.
        let _ = play.run();
    }
});
