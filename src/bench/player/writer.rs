//! Writes the messages of one stream of one client as packets, where possible from a
//! prepared template.

use super::link::Link;
use super::ticket::Ticket;
use crate::bench::load::ANSWERS;
use crate::bench::load::pattern::Numbered;
use crate::bench::message::{Body, HEADER_SIZE, Variable};
use crate::bench::plan::{Plan, Seat};
use crate::client::{self, EngineKind};
use crate::error::Result;
use crate::mqtt::{MessageProperties, Publish, PublishProperties, QoS, Version};
use crate::session::{Failure, ServerLimits, Time};

/// What the messages of a stream are, and how they become packets.
pub(super) struct Writer {
    stream: u8,
    version: Version,
    qos: QoS,
    retain: bool,
    answered: bool,
    properties: MessageProperties,
    inflight: usize,
    topic: Numbered,
    /// Bytes of its first topic and its largest payload.
    size: usize,
    body: Body,
    /// How the packets are written that need no session.
    template: Option<Template>,
    scratch: Scratch,
}

/// A QoS 0 packet in three parts, of which the one between these differs.
struct Template {
    head: Vec<u8>,
    filling: Vec<u8>,
}

/// Bytes of a packet beside its topic and its payload, at the least: its type, its length
/// and that of the topic.
const LEAST_HEAD: usize = 4;

impl Template {
    /// Bytes of a whole packet.
    fn size(&self) -> usize {
        self.head.len() + size_of::<Variable>() + self.filling.len()
    }
}

/// Buffers of one message that are used again.
#[derive(Default)]
struct Scratch {
    header: Vec<u8>,
    payload: Vec<u8>,
}

impl Writer {
    /// Of the stream with this position in the group of this seat.
    ///
    /// # Errors
    /// When its messages cannot be encoded.
    pub(super) fn new(plan: &Plan, seat: Seat, position: usize) -> Result<Self> {
        let stream = plan.group(seat).streams.get(position).expect("a stream of its group");
        let (lane, options) = (plan.lane(seat, position), plan.options(seat));
        let topic = plan.topic(seat, position);
        let mut writer = Self {
            stream: u8::try_from(position).expect("a plan has no client with more streams"),
            version: options.session.version,
            qos: stream.qos,
            retain: stream.retain,
            answered: stream.answered,
            // Where the broker speaks 3.1.1 only, nothing more can be said of a message.
            properties: if options.session.version.is_v5() {
                stream.properties.clone()
            } else {
                MessageProperties::default()
            },
            inflight: stream.inflight.into(),
            size: topic.at(0).len() + stream.content.largest(),
            topic,
            body: Body::new(&stream.content, plan.run(), lane, &plan.persona(seat).who())?,
            template: None,
            scratch: Scratch::default(),
        };
        // With another engine its own encoder is part of what is measured.
        if options.engine == EngineKind::Native && stream.qos == QoS::AtMostOnce {
            writer.template = writer.template()?;
        }
        Ok(writer)
    }

    /// Bytes of the topic and the largest payload.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// A packet up to what differs from message to message, and what comes
    /// behind, if nothing else differs.
    fn template(&self) -> Result<Option<Template>> {
        let (Some(topic), Some(filling)) = (self.topic.fixed(), self.body.constant_filling())
        else {
            return Ok(None);
        };
        let payload = vec![0; self.body.start.len() + size_of::<Variable>() + filling.len()];
        let mut head = Vec::new();
        let answers = topic.to_owned() + ANSWERS;
        self.packet(topic, &answers, None, &payload)
            .encode_head(self.version, &mut head)
            .map_err(|error| client::explain(Failure::Invalid(error)))?;
        head.extend_from_slice(&self.body.start);
        Ok(Some(Template { head, filling }))
    }

    fn packet<'a>(
        &'a self,
        topic: &'a str,
        answers: &'a str,
        header: Option<&'a [u8]>,
        payload: &'a [u8],
    ) -> Publish<'a> {
        let properties = PublishProperties {
            response_topic: self.answered.then_some(answers),
            correlation_data: header,
            ..self.properties.in_packet()
        };
        let (qos, retain) = (self.qos, self.retain);
        Publish { qos, retain, topic, properties, payload, ..Publish::default() }
    }

    /// Checks that the broker takes such messages at all.
    ///
    /// # Errors
    /// When they are too large for it, of a QoS it does not have or to be retained
    /// where nothing is. What is sent through the session is measured there to the byte.
    pub(super) fn check(&self, limits: ServerLimits) -> Result<()> {
        let kind = Publish { qos: self.qos, retain: self.retain, ..Publish::default() };
        limits.check(&kind).map_err(client::explain)?;
        let size = self.template.as_ref().map_or(self.size + LEAST_HEAD, Template::size);
        if size > limits.maximum_packet_size {
            return Err(client::explain(Failure::TooLarge(size, limits.maximum_packet_size)));
        }
        Ok(())
    }

    /// Writes the message with this number and returns the bytes of its payload, unless
    /// the window is full.
    ///
    /// # Errors
    /// When the broker does not take such messages.
    pub(super) fn write(
        &mut self,
        link: &mut Link,
        (number, variable): (u64, &Variable),
        due: Time,
        now: Time,
    ) -> Result<Option<usize>> {
        let Some(template) = &self.template else {
            return self.publish(link, (number, variable), due, now);
        };
        let output = link.engine().output();
        for part in [&template.head[..], variable, &template.filling] {
            output.extend_from_slice(part);
        }
        Ok(Some(HEADER_SIZE + template.filling.len()))
    }

    /// Sends a message through the session, unless the window is full.
    fn publish(
        &mut self,
        link: &mut Link,
        (number, variable): (u64, &Variable),
        due: Time,
        now: Time,
    ) -> Result<Option<usize>> {
        if self.qos != QoS::AtMostOnce && link.engine().in_flight() >= self.inflight {
            return Ok(None);
        }
        let Scratch { mut header, mut payload } = std::mem::take(&mut self.scratch);
        self.body.header(variable, &mut header);
        self.body.fill(number, &header, &mut payload);
        let topic = self.topic.at(number);
        let answers =
            if self.answered { topic.clone().into_owned() + ANSWERS } else { String::new() };
        let aside = (self.body.is_foreign() && self.version.is_v5()).then_some(&header[..]);
        let ticket = Ticket { stream: self.stream, due }.into();
        let packet = self.packet(&topic, &answers, aside, &payload);
        let sent = match link.engine().publish(&packet, ticket, now) {
            Ok(()) => Ok(Some(payload.len())),
            Err(Failure::WindowFull) => Ok(None),
            Err(failure) => Err(client::explain(failure)),
        };
        self.scratch = Scratch { header, payload };
        sent
    }
}
