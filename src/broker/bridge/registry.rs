//! The bridges of a broker, which can be changed while it runs.

use super::Bridge;
use super::span::{Order, Span};
use crate::broker::worker::Arrival;
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The bridges there are, each on one of the workers.
#[derive(Debug)]
pub(in crate::broker) struct Bridges {
    workers: Vec<mpsc::UnboundedSender<Arrival>>,
    running: Mutex<HashMap<String, Running>>,
}

/// A bridge that runs.
#[derive(Debug)]
struct Running {
    /// Whose session here is the bridge's.
    local_client_id: String,
    orders: watch::Sender<Order>,
}

impl Bridges {
    pub(in crate::broker) fn new(workers: Vec<mpsc::UnboundedSender<Arrival>>) -> Self {
        Self { workers, running: Mutex::default() }
    }

    /// Whether these can run beside each other.
    ///
    /// # Errors
    /// When two have the same name, or are the same client.
    pub(in crate::broker) fn check(bridges: &[Bridge]) -> Result<()> {
        for (number, bridge) in bridges.iter().enumerate() {
            let twin = bridges.iter().take(number).find(|other| {
                other.name == bridge.name || other.local_client_id == bridge.local_client_id
            });
            if twin.is_some() {
                let what = format!(
                    "there is another bridge {} or {}",
                    bridge.name, bridge.local_client_id
                );
                return Err(Error::usage(what)
                    .hint("each has a name and a client identifier at this broker of its own"));
            }
        }
        Ok(())
    }

    /// Lets these run and no others: those that run already change, the rest
    /// begins, and what is not among them ends.
    pub(in crate::broker) fn set(&self, bridges: &[Bridge]) {
        let mut running = self.running.lock();
        running.retain(|name, running| {
            let stays = bridges.iter().any(|bridge| {
                bridge.name == *name && bridge.local_client_id == running.local_client_id
            });
            if !stays {
                running.order(Order::Remove);
            }
            stays
        });
        for (bridge, number) in bridges.iter().zip(0..) {
            let bridge = Arc::new(bridge.clone());
            if let Some(running) = running.get(&bridge.name) {
                running.order(Order::Be(bridge));
            } else {
                let name = bridge.name.clone();
                running.extend(self.begin(bridge, number).map(|begun| (name, begun)));
            }
        }
    }

    /// Begins a bridge on the worker whose turn it is.
    fn begin(&self, bridge: Arc<Bridge>, number: usize) -> Option<Running> {
        let worker = self.workers.get(number % self.workers.len().max(1))?;
        let local_client_id = bridge.local_client_id.clone();
        let (orders, received) = watch::channel(Order::Be(Arc::clone(&bridge)));
        // A worker is gone only when the broker has stopped.
        worker.send(Arrival::Bridge(Span::new(bridge, received))).ok()?;
        Some(Running { local_client_id, orders })
    }

    /// Ends them all, for the broker stops.
    pub(in crate::broker) fn stop(&self) {
        self.running.lock().values().for_each(|running| running.order(Order::Stop));
    }
}

impl Running {
    fn order(&self, order: Order) {
        // Whoever has ended hears no more.
        let _ = self.orders.send(order);
    }
}
