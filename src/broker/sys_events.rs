//! Who comes and goes and subscribes to what, published as EMQX does: JSON on
//! `$SYS/brokers/mqx/clients/CLIENT/connected`, `.../disconnected`,
//! `.../subscribed` and `.../unsubscribed`, not retained.
//!
//! An observer puts the events in a queue, for it may not call the core; the
//! first worker publishes them.

use super::core::{Client, Connected, Core, End, Event, Interest, Observer, Worker};
use crate::mqtt::{ReasonCode, SubscribeRequest, Version};
use crate::output;
use crate::session::Time;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// What EMQX calls a node; there is one here.
const ROOT: &str = "$SYS/brokers/mqx/clients";

/// Events that may wait to be published; more are left out and counted.
const CAPACITY: usize = 8192;

/// Events published in one batch.
const AT_ONCE: usize = 256;

/// The observer.
#[derive(Debug)]
pub(super) struct SysEvents {
    /// When the broker's time began.
    began: Timestamp,
    /// Those that are connected, by the numbers of their connections.
    clients: Mutex<HashMap<u64, Known>>,
    queue: mpsc::Sender<Announcement>,
    missing: Arc<AtomicU64>,
}

/// What is said of a client at every event.
#[derive(Debug)]
struct Known {
    user: Option<Box<str>>,
    address: Option<SocketAddr>,
    version: Version,
}

/// A message to be published.
#[derive(Debug)]
struct Announcement {
    topic: String,
    payload: String,
}

/// The other end of the queue.
#[derive(Debug)]
pub(super) struct Announcements {
    queue: mpsc::Receiver<Announcement>,
    missing: Arc<AtomicU64>,
}

/// Both ends, in a broker whose time began at `began`.
pub(super) fn queue(began: Timestamp) -> (SysEvents, Announcements) {
    let (sender, queue) = mpsc::channel(CAPACITY);
    let missing = Arc::new(AtomicU64::new(0));
    let clients = Mutex::default();
    let observer = SysEvents { began, clients, queue: sender, missing: Arc::clone(&missing) };
    (observer, Announcements { queue, missing })
}

impl Announcements {
    /// Publishes what is announced, for ever; `batch` lets it at the core.
    pub(super) async fn publish(mut self, batch: impl Fn(&dyn Fn(&Core, &mut Worker))) {
        let mut ready = Vec::new();
        while self.queue.recv_many(&mut ready, AT_ONCE).await > 0 {
            batch(&|core, worker| {
                for Announcement { topic, payload } in &ready {
                    core.announce(worker, topic, payload.as_bytes());
                }
            });
            ready.clear();
            let missing = self.missing.swap(0, Ordering::Relaxed);
            if missing > 0 {
                output::warn(format!("{missing} events are missing below {ROOT}"));
            }
        }
    }
}

impl Observer for SysEvents {
    fn interest(&self) -> Interest {
        Interest { lifecycle: true, ..Interest::default() }
    }

    fn event(&self, now: Time, event: &Event<'_>) {
        match event {
            Event::Connected(connected) => self.connected(now, connected),
            Event::Disconnected { client, end } => self.disconnected(now, *client, *end),
            Event::Subscribed { client, request, reason } if !reason.is_error() => {
                let options = options(request, *reason);
                let said = json!({ "topic": request.filter, "subopts": options });
                self.changed(now, *client, "subscribed", said);
            }
            Event::Unsubscribed { client, filter, reason: ReasonCode::SUCCESS } => {
                self.changed(now, *client, "unsubscribed", json!({ "topic": filter }));
            }
            _ => {}
        }
    }
}

impl SysEvents {
    fn connected(&self, now: Time, connected: &Connected<'_>) {
        let Connected { client, user, from, version, .. } = *connected;
        let known = Known { user: user.map(Into::into), address: from.address(), version };
        let said = json!({
            "connack": 0,
            "clean_start": connected.clean_start,
            "keepalive": connected.keep_alive,
            "expiry_interval": connected.session_expiry,
            "connected_at": self.millis(now),
        });
        self.announce(now, client, "connected", [known.said(), known.network(), said]);
        self.clients.lock().insert(client.connection, known);
    }

    fn disconnected(&self, now: Time, client: Client<'_>, end: End) {
        let Some(known) = self.clients.lock().remove(&client.connection) else {
            return;
        };
        let said = json!({ "reason": reason(end), "disconnected_at": self.millis(now) });
        self.announce(now, client, "disconnected", [known.said(), known.network(), said]);
    }

    /// Something has changed about what a client is subscribed to.
    fn changed(&self, now: Time, client: Client<'_>, what: &str, said: Value) {
        let known = self.clients.lock().get(&client.connection).map(Known::said);
        let known = known.unwrap_or(Value::Null);
        self.announce(now, client, what, [known, json!({ "protocol": "mqtt" }), said]);
    }

    /// Has the members of these objects published as one.
    fn announce(&self, now: Time, client: Client<'_>, what: &str, said: [Value; 3]) {
        let id = client.who.client_id;
        let mut all = Map::new();
        all.insert("clientid".into(), id.into());
        all.insert("ts".into(), self.millis(now).into());
        for mut object in said {
            all.append(object.as_object_mut().unwrap_or(&mut Map::new()));
        }
        let announcement = Announcement {
            topic: format!("{ROOT}/{}/{what}", level(id)),
            payload: Value::Object(all).to_string(),
        };
        if self.queue.try_send(announcement).is_err() {
            self.missing.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Milliseconds since 1970.
    fn millis(&self, at: Time) -> i64 {
        (self.began + Duration::from_nanos(at.nanos())).as_millisecond()
    }
}

impl Known {
    fn said(&self) -> Value {
        json!({ "username": self.user })
    }

    fn network(&self) -> Value {
        let (name, level) = self.version.protocol();
        let address = self.address.map(|address| address.ip().to_canonical());
        json!({ "ipaddress": address, "proto_ver": level, "proto_name": name })
    }
}

/// A client identifier in a topic: wildcards cannot stand there and are written
/// as in a URL.
fn level(client_id: &str) -> String {
    client_id.replace('+', "%2B").replace('#', "%23")
}

/// The options of a subscription as they were granted.
fn options(request: &SubscribeRequest<'_>, granted: ReasonCode) -> Value {
    let options = request.options;
    json!({
        "qos": granted.value(),
        "nl": u8::from(options.no_local),
        "rap": u8::from(options.retain_as_published),
        "rh": options.retain_handling as u8,
    })
}

/// Reasons that EMQX has a word of its own for.
const REASONS: [(ReasonCode, &str); 3] = [
    (ReasonCode::SESSION_TAKEN_OVER, "takenover"),
    (ReasonCode::ADMINISTRATIVE_ACTION, "kicked"),
    (ReasonCode::KEEP_ALIVE_TIMEOUT, "keepalive_timeout"),
];

/// Why a connection has ended; the reasons of MQTT as `quota_exceeded`.
fn reason(end: End) -> String {
    match (end, end.reason()) {
        (End::Goodbye { .. }, _) => "normal".to_owned(),
        (_, None) => "tcp_closed".to_owned(),
        (_, Some(reason)) => {
            let known = REASONS.iter().find(|(code, _)| *code == reason);
            let spelled = || reason.text().to_lowercase().replace(' ', "_");
            known.map_or_else(spelled, |(_, word)| (*word).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_names_that_emqx_has_for_them() {
        for (end, name) in [
            (End::Goodbye { with_will: false, expiry_interval: None }, "normal"),
            (End::Lost, "tcp_closed"),
            (End::Cut(ReasonCode::SESSION_TAKEN_OVER), "takenover"),
            (End::Cut(ReasonCode::QUOTA_EXCEEDED), "quota_exceeded"),
        ] {
            assert_eq!(reason(end), name);
        }
    }
}
