//! Who does not come as far as MQTT: what is told of it, and that it is counted.

use super::Core;
use super::event::{Event, Refusal, Refused};
use super::peer::Origin;
use super::worker::Worker;
use ::core::net::SocketAddr;
use std::sync::atomic::Ordering;

/// What keeps somebody from speaking MQTT: TLS, WebSocket or the header of a
/// proxy has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// What has failed.
    pub what: &'static str,
    /// What would help, where that is known.
    pub hint: Option<&'static str>,
}

impl Core {
    /// Tells of somebody who came from `address` and is gone before there was a
    /// transport for [`Core::accept`], with the `cause` in the words of
    /// whoever found it out.
    pub fn tell_turned_away(
        &self,
        worker: &mut Worker,
        address: Option<SocketAddr>,
        why: Refusal,
        cause: Option<&str>,
    ) {
        worker.counters.turned_away.add(1);
        let from = Origin::outside(address);
        let connection = self.next_connection.fetch_add(1, Ordering::Relaxed);
        self.events.lifecycle(worker.now, || {
            Event::Refused(Refused { connection, from, who: None, why, cause })
        });
    }
}
