//! What passes between a bridge's two brokers while it is connected to both.

use super::Bridge;
use super::abroad::{self, Abroad};
use super::carried::{Carried, as_published};
use super::home::{self, Home};
use crate::broker::core::BridgeTurn;
use crate::error::Result;
use crate::mqtt::{Publish, ReasonCode, RetainHandling, SubscribeRequest};
use crate::session::Failure;

/// Messages from the other broker that may wait here before no more are read.
const ENOUGH: usize = 1000;

/// Both sides.
pub(super) struct Crossing {
    pub(super) home: Home,
    pub(super) abroad: Abroad,
}

/// Who is told what becomes of the bridge.
pub(super) type Tell<'a> = &'a dyn Fn(BridgeTurn<'_>);

/// What became of a message that was to be passed on.
enum Passed {
    /// The other side has it and will answer.
    On,
    /// It need not be kept any more, for this reason.
    Ended(ReasonCode),
    /// There is no room for it yet.
    NotYet,
}

impl Crossing {
    /// Passes on all that there is room for, both ways, and brings the answers
    /// back. Returns whether a message was passed on.
    ///
    /// # Errors
    /// When either side is lost.
    pub(super) fn pass_on(&mut self, bridge: &Bridge, tell: Tell<'_>) -> Result<bool> {
        let mut passed = false;
        loop {
            self.answer(bridge, tell)?;
            let moved = self.outward(bridge, tell)? | self.inward(bridge, tell)?;
            self.home.send();
            let free = self.home.news.messages.is_empty() && !self.abroad.is_congested();
            let heard = free && self.home.take()?;
            passed |= moved;
            if !moved && !heard && self.home.news.ended.is_empty() {
                return Ok(passed);
            }
        }
    }

    /// Whether the other broker is to be heard: what it has sent before is not
    /// too much for this one.
    pub(super) fn hears(&self) -> bool {
        self.abroad.news.messages.len() < ENOUGH
    }

    /// Tells either side how its messages have ended on the other.
    fn answer(&mut self, bridge: &Bridge, tell: Tell<'_>) -> Result<()> {
        for (receipt, reason) in std::mem::take(&mut self.abroad.news.ended) {
            self.home.acknowledge(receipt, reason)?;
        }
        for (receipt, reason) in std::mem::take(&mut self.home.news.ended) {
            self.abroad.acknowledge(receipt, reason)?;
        }
        for reasons in std::mem::take(&mut self.home.news.answers) {
            tell_denied(&home::requests(bridge, RetainHandling::Send), &reasons, false, tell);
        }
        for reasons in std::mem::take(&mut self.abroad.news.answers) {
            tell_denied(&abroad::requests(bridge), &reasons, true, tell);
        }
        Ok(())
    }

    /// Passes on what this broker has sent.
    fn outward(&mut self, bridge: &Bridge, tell: Tell<'_>) -> Result<bool> {
        let mut moved = false;
        while let Some(carried) = self.home.news.messages.pop_front() {
            match send_out(&mut self.abroad, bridge, &carried, tell) {
                Passed::On => {}
                Passed::Ended(reason) => self.home.acknowledge(carried.receipt, reason)?,
                Passed::NotYet => {
                    self.home.news.messages.push_front(carried);
                    return Ok(moved);
                }
            }
            moved = true;
        }
        Ok(moved)
    }

    /// Passes on what the other broker has sent.
    fn inward(&mut self, bridge: &Bridge, tell: Tell<'_>) -> Result<bool> {
        let mut moved = false;
        while let Some(carried) = self.abroad.news.messages.pop_front() {
            match bring_in(&mut self.home, bridge, &carried, tell) {
                Passed::On => {}
                Passed::Ended(reason) => self.abroad.acknowledge(carried.receipt, reason)?,
                Passed::NotYet => {
                    self.abroad.news.messages.push_front(carried);
                    return Ok(moved);
                }
            }
            moved = true;
        }
        Ok(moved)
    }
}

/// Sends a message to the other broker, under its name there.
fn send_out(abroad: &mut Abroad, bridge: &Bridge, carried: &Carried, tell: Tell<'_>) -> Passed {
    let Carried { message, receipt } = carried;
    let Some(topic) = bridge.routes.to_remote(message.topic()) else {
        // What an earlier configuration has asked for.
        return Passed::Ended(ReasonCode::SUCCESS);
    };
    let publish = as_published(message, &topic);
    let retain = publish.retain && bridge.outgoing_retain;
    match abroad.publish(&Publish { retain, ..publish }, *receipt) {
        Ok(true) => Passed::Ended(ReasonCode::SUCCESS),
        Ok(false) => Passed::On,
        Err(failure) => not_passed(&failure, message.topic(), tell),
    }
}

/// Publishes a message of the other broker here, under its name here.
fn bring_in(home: &mut Home, bridge: &Bridge, carried: &Carried, tell: Tell<'_>) -> Passed {
    let Carried { message, receipt } = carried;
    let Some(topic) = bridge.routes.to_local(message.topic()) else {
        return Passed::Ended(ReasonCode::SUCCESS);
    };
    let publish = as_published(message, &topic);
    match home.publish(&publish, *receipt) {
        Ok(true) => Passed::Ended(ReasonCode::SUCCESS),
        Ok(false) => Passed::On,
        Err(failure) => not_passed(&failure, &topic, tell),
    }
}

/// What comes of a message that could not be passed on: it waits, or the other
/// side will never take it.
fn not_passed(failure: &Failure, topic: &str, tell: Tell<'_>) -> Passed {
    if matches!(failure, Failure::WindowFull | Failure::NotConnected) {
        return Passed::NotYet;
    }
    tell(BridgeTurn::Dropped { topic, cause: &failure.to_string() });
    Passed::Ended(ReasonCode::IMPLEMENTATION_SPECIFIC)
}

/// Tells which filters a broker does not let the bridge subscribe to.
fn tell_denied(
    asked: &[SubscribeRequest<'_>],
    reasons: &[ReasonCode],
    there: bool,
    tell: Tell<'_>,
) {
    let denied = asked.iter().zip(reasons).filter(|(_, reason)| reason.is_error());
    denied.for_each(|(request, reason)| {
        tell(BridgeTurn::Denied { there, filter: request.filter, reason: *reason });
    });
}
