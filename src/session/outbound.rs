//! The sender's side of QoS 1 and 2 (MQTT 5.0 §4.3, §4.4, §4.9): which packet
//! identifiers are in use, what is owed for each, and how many may be.

use super::trim;
use crate::mqtt::{PacketId, QoS};
use std::collections::VecDeque;

/// What a packet identifier waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A QoS 1 PUBLISH waits for PUBACK.
    PubAck,
    /// A QoS 2 PUBLISH waits for PUBREC.
    PubRec,
    /// A PUBREL waits for PUBCOMP.
    PubComp,
    /// A SUBSCRIBE or UNSUBSCRIBE waits for its answer.
    Answer,
}

impl Stage {
    /// What a PUBLISH with this quality of service, 1 or 2, waits for first.
    #[must_use]
    pub const fn first(qos: QoS) -> Self {
        match qos {
            QoS::ExactlyOnce => Self::PubRec,
            _ => Self::PubAck,
        }
    }
}

/// An acknowledgement that nothing waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unexpected;

#[derive(Debug, Clone)]
struct Slot<M> {
    id: PacketId,
    stage: Stage,
    item: M,
}

/// The packet identifiers a sender has in use, in the order of sending.
///
/// `M` is whatever the owner needs back when the exchange ends. Identifiers
/// are given in sequence, so the slots are sorted by their distance from the
/// first; peers acknowledge in order (MQTT-4.6.0-2), so the usual lookup hits
/// the front.
#[derive(Debug, Clone)]
pub struct Outbound<M> {
    slots: VecDeque<Slot<M>>,
    next: PacketId,
    /// Slots at the front that were sent on this connection; those behind wait
    /// to be sent again. There are no more slots than packet identifiers.
    sent: u16,
    /// Publishes among them, which count against the receive maximum.
    publishes: u16,
    receive_maximum: u16,
}

impl<M> Outbound<M> {
    /// Nothing in flight; at most `receive_maximum` publishes may be.
    #[must_use]
    pub const fn new(receive_maximum: u16) -> Self {
        Self { slots: VecDeque::new(), next: PacketId::MIN, sent: 0, publishes: 0, receive_maximum }
    }

    /// Takes the receive maximum of a new connection. What is in flight stays,
    /// even above it; [`Outbound::resend`] keeps to it.
    pub const fn set_receive_maximum(&mut self, receive_maximum: u16) {
        self.receive_maximum = receive_maximum;
    }

    /// Whether another publish may be sent now: the window is open and nothing
    /// older waits to be sent again.
    #[must_use]
    pub fn has_quota(&self) -> bool {
        self.next_publish().is_some()
    }

    /// The packet identifier that the next [`Outbound::publish`] gives, or none while
    /// there is no quota for it.
    #[must_use]
    pub fn next_publish(&self) -> Option<PacketId> {
        let may_send = self.in_window() && !self.is_waiting();
        self.next_request().filter(|_| may_send)
    }

    /// The packet identifier that the next [`Outbound::request`] gives, or none when
    /// every one is in use.
    #[must_use]
    pub fn next_request(&self) -> Option<PacketId> {
        // The sequence comes round to the oldest one when all are in use.
        let is_free = self.slots.front().is_none_or(|first| first.id != self.next);
        is_free.then_some(self.next)
    }

    const fn in_window(&self) -> bool {
        self.publishes < self.receive_maximum
    }

    /// Exchanges in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Begins the delivery of a message with QoS 1 or 2 and returns its
    /// packet identifier, or the item when the window is full.
    ///
    /// # Errors
    /// When [`Outbound::has_quota`] is false.
    pub fn publish(&mut self, qos: QoS, item: M) -> Result<PacketId, M> {
        if !self.has_quota() {
            return Err(item);
        }
        let id = self.begin(Stage::first(qos), item)?;
        self.publishes += 1;
        Ok(id)
    }

    /// Begins a SUBSCRIBE or UNSUBSCRIBE, which no quota limits.
    ///
    /// # Errors
    /// When every packet identifier is in use.
    pub fn request(&mut self, item: M) -> Result<PacketId, M> {
        self.begin(Stage::Answer, item)
    }

    /// Takes on an exchange that an earlier sender began, behind all others;
    /// it waits to be sent again.
    ///
    /// # Errors
    /// The item, when its identifier does not follow those in use.
    pub fn restore(&mut self, id: PacketId, stage: Stage, item: M) -> Result<(), M> {
        if let (Some(first), Some(last)) = (self.slots.front(), self.slots.back()) {
            let distance = |id: PacketId| id.get().wrapping_sub(first.id.get());
            if distance(id) <= distance(last.id) {
                return Err(item);
            }
        }
        self.next = id.checked_add(1).unwrap_or(PacketId::MIN);
        self.slots.push_back(Slot { id, stage, item });
        Ok(())
    }

    /// The exchange that was begun last.
    #[must_use]
    pub fn last(&self) -> Option<(PacketId, Stage, &M)> {
        self.slots.back().map(|slot| (slot.id, slot.stage, &slot.item))
    }

    fn begin(&mut self, stage: Stage, item: M) -> Result<PacketId, M> {
        let Some(id) = self.next_request() else {
            return Err(item);
        };
        self.next = id.checked_add(1).unwrap_or(PacketId::MIN);
        if !self.is_waiting() {
            self.sent += 1;
        }
        self.slots.push_back(Slot { id, stage, item });
        Ok(id)
    }

    /// Ends the exchange that waits in `stage` and returns its item.
    ///
    /// # Errors
    /// When this identifier does not wait for that.
    pub fn finish(&mut self, id: PacketId, stage: Stage) -> Result<M, Unexpected> {
        let index = self.find(id, stage)?;
        // Peers acknowledge in order, so it is the first as a rule.
        let slot = if index == 0 { self.slots.pop_front() } else { self.slots.remove(index) };
        let slot = slot.ok_or(Unexpected)?;
        if index < usize::from(self.sent) {
            self.sent -= 1;
            self.publishes -= u16::from(stage != Stage::Answer);
        }
        Ok(slot.item)
    }

    /// Gives back the room that a burst took: for an owner with many of these. A window that
    /// opens and closes all the time is better left alone, since every growth touches
    /// memory that is not in use yet.
    pub fn trim(&mut self) {
        trim(&mut self.slots);
    }

    /// Moves a QoS 2 delivery on after PUBREC: from now on PUBREL is owed. The
    /// item is handed out to be changed, since its payload is no longer needed.
    /// A repeated PUBREC finds the delivery moved on and is answered alike.
    ///
    /// # Errors
    /// When this identifier waits for neither PUBREC nor PUBCOMP.
    pub fn release(&mut self, id: PacketId) -> Result<&mut M, Unexpected> {
        let index = self.find(id, Stage::PubRec).or_else(|_| self.find(id, Stage::PubComp))?;
        let slot = self.slots.get_mut(index).ok_or(Unexpected)?;
        slot.stage = Stage::PubComp;
        Ok(&mut slot.item)
    }

    /// Begins a new connection of the same session: everything in flight waits
    /// to be sent again.
    pub const fn restart(&mut self) {
        self.sent = 0;
        self.publishes = 0;
    }

    /// Whether something in flight waits to be sent again.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        usize::from(self.sent) < self.slots.len()
    }

    /// The next exchange to send again, in the original order (§4.4); `None`
    /// when all were, or when the receive maximum allows no more before an
    /// exchange has ended (§4.9).
    pub fn resend(&mut self) -> Option<(PacketId, Stage, &M)> {
        let waiting = self.slots.iter().skip(self.sent.into());
        // A request was begun after the restart, so it need not be repeated.
        let requests = waiting.take_while(|slot| slot.stage == Stage::Answer);
        self.sent += requests.fold(0, |count, _| count + 1);
        let slot = self.slots.get(usize::from(self.sent))?;
        if slot.stage != Stage::PubComp && !self.in_window() {
            return None;
        }
        self.sent += 1;
        self.publishes += 1;
        Some((slot.id, slot.stage, &slot.item))
    }

    /// Everything in flight, in the original order.
    pub fn iter(&self) -> impl Iterator<Item = (PacketId, Stage, &M)> {
        self.slots.iter().map(|slot| (slot.id, slot.stage, &slot.item))
    }

    /// Forgets everything in flight and returns the items in order.
    pub fn drain(&mut self) -> impl Iterator<Item = (Stage, M)> + '_ {
        self.restart();
        self.slots.drain(..).map(|slot| (slot.stage, slot.item))
    }

    /// Forgets the requests in flight, which do not outlive a connection, and
    /// returns their items.
    pub fn abandon_requests(&mut self) -> Vec<M> {
        let sent = self.slots.iter().take(self.sent.into());
        let kept = sent.filter(|slot| slot.stage != Stage::Answer);
        self.sent = kept.fold(0, |count, _| count + 1);
        let (requests, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.slots)
            .into_iter()
            .partition(|slot| slot.stage == Stage::Answer);
        self.slots = kept;
        requests.into_iter().map(|slot| slot.item).collect()
    }

    fn find(&self, id: PacketId, stage: Stage) -> Result<usize, Unexpected> {
        let first = self.slots.front().ok_or(Unexpected)?;
        let distance = |id: PacketId| id.get().wrapping_sub(first.id.get());
        let index = if first.id == id {
            0
        } else {
            let wanted = distance(id);
            self.slots
                .binary_search_by_key(&wanted, |slot| distance(slot.id))
                .map_err(|_| Unexpected)?
        };
        let slot = self.slots.get(index).ok_or(Unexpected)?;
        if slot.stage == stage { Ok(index) } else { Err(Unexpected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(value: u16) -> PacketId {
        PacketId::new(value).unwrap()
    }

    #[test]
    fn the_window_closes_at_the_receive_maximum_and_opens_with_each_ack() {
        let mut flow = Outbound::new(2);
        assert_eq!(flow.publish(QoS::AtLeastOnce, 'a'), Ok(id(1)));
        assert_eq!(flow.publish(QoS::AtLeastOnce, 'b'), Ok(id(2)));
        assert_eq!(flow.publish(QoS::AtLeastOnce, 'c'), Err('c'));
        assert_eq!(flow.finish(id(1), Stage::PubAck), Ok('a'));
        assert!(flow.has_quota());
    }

    #[test]
    fn a_pubrec_keeps_the_quota_until_pubcomp() {
        let mut flow = Outbound::new(1);
        flow.publish(QoS::ExactlyOnce, 'a').unwrap();
        flow.release(id(1)).unwrap();
        assert!(!flow.has_quota());
        flow.release(id(1)).expect("a repeated PUBREC is answered again");
        assert_eq!(flow.finish(id(1), Stage::PubAck), Err(Unexpected));
        assert_eq!(flow.finish(id(1), Stage::PubComp), Ok('a'));
        assert!(flow.has_quota());
    }

    #[test]
    fn acknowledgements_out_of_order_find_their_delivery() {
        let mut flow = Outbound::new(100);
        for number in 1..=50_u16 {
            flow.publish(QoS::AtLeastOnce, number).unwrap();
        }
        for number in (1..=50).rev() {
            assert_eq!(flow.finish(id(number), Stage::PubAck), Ok(number));
        }
        assert!(flow.is_empty());
    }

    #[test]
    fn identifiers_wrap_past_zero_and_never_meet_one_in_use() {
        let mut flow = Outbound::new(u16::MAX);
        assert_eq!(flow.publish(QoS::AtLeastOnce, 0), Ok(id(1)));
        for number in 2..=u16::MAX {
            let given = flow.publish(QoS::AtLeastOnce, 0).unwrap();
            assert_eq!(given, id(number));
            flow.finish(given, Stage::PubAck).unwrap();
        }
        assert!(!flow.has_quota(), "identifier 1 is still in use");
        assert_eq!(flow.publish(QoS::AtLeastOnce, 7), Err(7));
        flow.finish(id(1), Stage::PubAck).unwrap();
        assert_eq!(flow.publish(QoS::AtLeastOnce, 7), Ok(id(1)));
    }

    #[test]
    fn all_identifiers_in_flight_at_once_is_a_full_window_and_no_panic() {
        let mut flow = Outbound::new(u16::MAX);
        for _ in 0..u16::MAX {
            flow.publish(QoS::ExactlyOnce, ()).unwrap();
        }
        assert_eq!(flow.publish(QoS::ExactlyOnce, ()), Err(()));
        assert_eq!(flow.request(()), Err(()));
        flow.finish(id(1), Stage::PubRec).unwrap();
        assert_eq!(flow.request(()), Ok(id(1)));
    }

    #[test]
    fn what_is_sent_again_keeps_its_order_and_to_the_new_window() {
        let mut flow = Outbound::new(3);
        for item in ['a', 'b', 'c'] {
            flow.publish(QoS::ExactlyOnce, item).unwrap();
        }
        flow.release(id(2)).unwrap();
        flow.set_receive_maximum(1);
        flow.restart();
        assert_eq!(flow.resend(), Some((id(1), Stage::PubRec, &'a')));
        assert_eq!(flow.request('s'), Ok(id(4)));
        assert_eq!(flow.resend(), Some((id(2), Stage::PubComp, &'b')));
        assert_eq!(flow.resend(), None, "the window is full");
        flow.finish(id(2), Stage::PubComp).unwrap();
        assert_eq!(flow.resend(), None, "the first is still in flight");
        flow.finish(id(1), Stage::PubRec).unwrap();
        assert!(!flow.has_quota(), "the last waits and goes first");
        assert_eq!(flow.resend(), Some((id(3), Stage::PubRec, &'c')));
        assert_eq!(flow.resend(), None);
        flow.finish(id(3), Stage::PubRec).unwrap();
        assert!(flow.has_quota());
        assert_eq!(flow.finish(id(4), Stage::Answer), Ok('s'));
    }

    #[test]
    fn what_an_earlier_sender_began_is_sent_again_and_its_identifiers_are_in_use() {
        let mut flow = Outbound::new(9);
        flow.restore(id(65_535), Stage::PubAck, 'a').unwrap();
        flow.restore(id(2), Stage::PubComp, 'b').unwrap();
        assert_eq!(flow.restore(id(1), Stage::PubAck, 'c'), Err('c'));
        assert_eq!(flow.restore(id(2), Stage::PubAck, 'd'), Err('d'));
        assert!(!flow.has_quota(), "what is old goes first");
        assert_eq!(flow.resend(), Some((id(65_535), Stage::PubAck, &'a')));
        assert_eq!(flow.resend(), Some((id(2), Stage::PubComp, &'b')));
        assert_eq!(flow.publish(QoS::AtLeastOnce, 'e'), Ok(id(3)));
        assert_eq!(flow.last(), Some((id(3), Stage::PubAck, &'e')));
        assert_eq!(flow.finish(id(2), Stage::PubComp), Ok('b'));
    }

    #[test]
    fn requests_do_not_use_the_quota_and_end_with_the_connection() {
        let mut flow = Outbound::new(1);
        flow.request('s').unwrap();
        flow.publish(QoS::AtLeastOnce, 'p').unwrap();
        assert_eq!(flow.abandon_requests(), ['s']);
        let left: Vec<_> = flow.iter().collect();
        assert_eq!(left, [(id(2), Stage::PubAck, &'p')]);
        assert!(!flow.has_quota());
        flow.finish(id(2), Stage::PubAck).unwrap();
        assert!(flow.has_quota());
    }
}
