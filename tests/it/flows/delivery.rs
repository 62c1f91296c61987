//! A numbered message, and what must be true of those that arrived.

use mqx::mqtt::{Publish, QoS};
use std::fmt::Debug;

/// A message by its number, which is its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) qos: QoS,
    pub(crate) number: u64,
}

impl Delivery {
    pub(crate) fn of(publish: &Publish<'_>) -> Self {
        let number = std::str::from_utf8(publish.payload).expect("a number in digits");
        Self { qos: publish.qos, number: number.parse().expect("a number") }
    }

    pub(crate) fn payload(&self) -> String {
        self.number.to_string()
    }

    pub(crate) fn publish<'a>(&self, payload: &'a str) -> Publish<'a> {
        Publish { qos: self.qos, topic: "t", payload: payload.as_bytes(), ..Publish::default() }
    }
}

/// What a direction promises.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    /// Every message with QoS 1 and 2 arrives.
    pub(crate) complete: bool,
    /// No message with QoS 2 arrives twice.
    pub(crate) exactly_once: bool,
}

/// Checks what arrived of what was sent.
pub(crate) fn check(sent: &[Delivery], arrived: &[Delivery], promise: Promise, who: impl Debug) {
    for delivery in arrived {
        assert!(sent.contains(delivery), "{who:?} invented {delivery:?}");
    }
    for delivery in sent {
        let times = arrived.iter().filter(|other| *other == delivery).count();
        let least = usize::from(promise.complete && delivery.qos != QoS::AtMostOnce);
        let most = match delivery.qos {
            QoS::AtMostOnce => 1,
            QoS::ExactlyOnce if promise.exactly_once => 1,
            _ => usize::MAX,
        };
        let expected = least..=most;
        assert!(expected.contains(&times), "{delivery:?} {times} times, {promise:?} of {who:?}");
    }
    for reliable in [false, true] {
        let level = |delivery: &&Delivery| (delivery.qos != QoS::AtMostOnce) == reliable;
        check_order(arrived.iter().filter(level), &who);
    }
}

/// Each message arrives for the first time behind those sent before it.
fn check_order<'a>(arrived: impl Iterator<Item = &'a Delivery>, who: impl Debug) {
    let mut newest = None;
    let mut seen = Vec::new();
    for Delivery { number, .. } in arrived {
        if !seen.contains(number) {
            assert!(newest < Some(*number), "{who:?}: {number} after {newest:?}");
            newest = Some(*number);
            seen.push(*number);
        }
    }
}
