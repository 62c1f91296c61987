//! mqx's own session as an engine.

use super::Engine;
use crate::mqtt::{
    Disconnect, Publish, ReasonCode, SubscribeProperties, SubscribeRequest, UnsubscribeProperties,
};
use crate::session::{
    ClientConfig, ClientSession, Event, Failure, Receipt, Secret, ServerLimits, Time, Token,
};

impl Engine for ClientSession {
    fn set_password(&mut self, password: Secret) {
        self.set_password(password);
    }

    fn configure(&mut self, config: ClientConfig) {
        self.configure(config);
    }

    fn connect(&mut self, now: Time) -> Result<(), Failure> {
        self.connect(now)
    }

    fn is_connected(&self) -> bool {
        self.is_connected()
    }

    fn limits(&self) -> ServerLimits {
        self.limits()
    }

    fn publish(&mut self, message: &Publish<'_>, token: Token, now: Time) -> Result<(), Failure> {
        self.publish(message, token, now)
    }

    fn subscribe(
        &mut self,
        requests: &[SubscribeRequest<'_>],
        properties: SubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        self.subscribe(requests, properties, token, now)
    }

    fn unsubscribe(
        &mut self,
        filters: &[&str],
        properties: UnsubscribeProperties<'_>,
        token: Token,
        now: Time,
    ) -> Result<(), Failure> {
        self.unsubscribe(filters, properties, token, now)
    }

    fn acknowledge(
        &mut self,
        receipt: Receipt,
        reason: ReasonCode,
        now: Time,
    ) -> Result<(), Failure> {
        self.acknowledge(receipt, reason, now)
    }

    fn ping(&mut self, now: Time) -> Result<(), Failure> {
        self.ping(now)
    }

    fn disconnect(&mut self, packet: &Disconnect<'_>, now: Time) -> Result<(), Failure> {
        self.part(packet, now)
    }

    fn receive(
        &mut self,
        bytes: &[u8],
        now: Time,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<usize, Failure> {
        self.receive(bytes, now, on_event)
    }

    fn output(&mut self) -> &mut Vec<u8> {
        self.output()
    }

    fn deadline(&self) -> Option<Time> {
        self.deadline()
    }

    fn excuse(&mut self) {
        self.excuse();
    }

    fn tick(&mut self, now: Time) -> Result<(), Failure> {
        self.tick(now)
    }

    fn in_flight(&self) -> usize {
        self.in_flight()
    }
}
