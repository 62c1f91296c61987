//! Events as lines: what each is called, what it is worth and what is said.

use super::{Format, Level, bridge};
use crate::broker::core::{
    Client, Connected, End, Event, Fate, Obstacle, Refusal, Refused, SessionEnd, Who, Why,
};
use crate::describe::Record;
use crate::mqtt::{Error, Publish, ReasonCode};
use colored::{Color, Colorize as _};
use jiff::Timestamp;

/// An event that is worth a line.
pub(super) struct Line<'a> {
    pub(super) at: Timestamp,
    pub(super) level: Level,
    pub(super) event: &'a Event<'a>,
}

impl Line<'_> {
    /// `2026-11-21T09:00:00.000000Z info connected client=c ...` and a line feed.
    pub(super) fn text(&self, color: bool) -> String {
        let Self { at, level, event } = self;
        let (what, record) = describe(event);
        let level = if color { painted(*level) } else { level.name().to_owned() };
        format!("{at:.6} {level} {what} {record}\n")
    }

    /// A JSON object and a line feed.
    pub(super) fn json(&self) -> String {
        let (what, said) = describe(self.event);
        head(self.at, self.level, what).and(said).json()
    }
}

/// A line that says how many are missing before it.
pub(super) fn missing(at: Timestamp, count: u64, format: Format) -> String {
    let mut said = Record::default();
    said.put("lines", count);
    let what = "missing";
    match format {
        Format::Text => format!("{at:.6} {} {what} {said}\n", Level::Warn.name()),
        Format::Json => head(at, Level::Warn, what).and(said).json(),
    }
}

fn head(at: Timestamp, level: Level, what: &str) -> Record {
    let mut record = Record::default();
    record.put("time", format!("{at:.6}"));
    record.put("level", level.name());
    record.put("event", what);
    record
}

fn painted(level: Level) -> String {
    let color = match level {
        Level::Error => Color::Red,
        Level::Warn => Color::Yellow,
        Level::Info => Color::Green,
        Level::Debug => Color::Blue,
        Level::Trace => Color::Magenta,
    };
    level.name().color(color).to_string()
}

/// What an event is worth.
pub(super) const fn level(event: &Event<'_>) -> Level {
    match event {
        Event::Refused(refused) => match refused.why {
            // Whoever looks whether the port is open does the same.
            Refusal::Lost => Level::Debug,
            _ => Level::Warn,
        },
        Event::Disconnected { end: End::Violation(_), .. } => Level::Warn,
        Event::Bridge(news) => bridge::level(news.turn),
        Event::Subscribed { reason, .. } if reason.is_error() => Level::Warn,
        Event::Connected(_) | Event::Disconnected { .. } | Event::WillPublished { .. } => {
            Level::Info
        }
        Event::Published { reason, .. } if reason.is_error() => Level::Debug,
        Event::Delivery { fate: Fate::Dropped(_), .. }
        | Event::Accepted { .. }
        | Event::SessionEnded { .. }
        | Event::Subscribed { .. }
        | Event::Unsubscribed { .. } => Level::Debug,
        Event::Published { .. } | Event::Delivery { .. } | Event::Packet { .. } => Level::Trace,
    }
}

/// Whether an event says that somebody comes or goes.
pub(super) const fn is_of_connection(event: &Event<'_>) -> bool {
    matches!(event, Event::Accepted { .. } | Event::Connected(_) | Event::Disconnected { .. })
}

/// What an event is called, and what there is to say of it.
fn describe(event: &Event<'_>) -> (&'static str, Record) {
    let mut said = Record::default();
    let what = match event {
        Event::Accepted { connection, from } => {
            said.put("connection", *connection);
            said.put("from", from.to_string());
            "accepted"
        }
        Event::Refused(refused) => {
            put_refused(&mut said, refused);
            "refused"
        }
        Event::Connected(connected) => {
            put_connected(&mut said, connected);
            "connected"
        }
        Event::Disconnected { client, end } => {
            put_client(&mut said, *client);
            put_end(&mut said, *end);
            "disconnected"
        }
        Event::SessionEnded { who, why, undelivered } => {
            put_who(&mut said, *who);
            said.put("why", session_end(*why));
            said.put("undelivered", *undelivered as u64);
            "session-ended"
        }
        Event::WillPublished { who, publish } => {
            put_who(&mut said, *who);
            put_message(&mut said, publish);
            "will"
        }
        Event::Subscribed { client, request, reason } => {
            put_client(&mut said, *client);
            said.put("filter", request.filter);
            said.put("qos", request.options.qos as u64);
            put_reason(&mut said, *reason);
            "subscribed"
        }
        Event::Unsubscribed { client, filter, reason } => {
            put_client(&mut said, *client);
            said.put("filter", *filter);
            put_reason(&mut said, *reason);
            "unsubscribed"
        }
        Event::Published { client, publish, reason } => {
            put_client(&mut said, *client);
            put_message(&mut said, publish);
            put_reason(&mut said, *reason);
            "published"
        }
        Event::Delivery { to, from, publish, fate } => {
            put_client(&mut said, *to);
            said.put_some("from", *from);
            put_message(&mut said, publish);
            put_fate(&mut said, *fate)
        }
        Event::Bridge(news) => bridge::put(&mut said, news),
        Event::Packet { connection, bytes, .. } => {
            said.put("connection", *connection);
            said.put("bytes", bytes.len() as u64);
            "packet"
        }
    };
    (what, said)
}

fn put_who(said: &mut Record, who: Who<'_>) {
    said.put("client", who.client_id);
    said.put_some("user", who.user);
}

fn put_client(said: &mut Record, client: Client<'_>) {
    said.put("client", client.who.client_id);
    said.put("connection", client.connection);
}

fn put_connected(said: &mut Record, connected: &Connected<'_>) {
    put_client(said, connected.client);
    said.put("from", connected.from.to_string());
    said.put_some("user", connected.user);
    said.put("version", connected.version.to_string());
    said.put("keep-alive", u64::from(connected.keep_alive));
    said.put("session", if connected.session_present { "resumed" } else { "new" });
    match connected.session_expiry {
        u32::MAX => said.put("expiry", "never"),
        seconds => said.put("expiry", u64::from(seconds)),
    }
}

fn put_refused(said: &mut Record, refused: &Refused<'_>) {
    if let Some(who) = refused.who {
        put_who(said, who);
    }
    said.put("connection", refused.connection);
    said.put("from", refused.from.to_string());
    let (why, hint) = refusal(refused.why);
    said.put("why", why);
    said.put_some("cause", refused.cause);
    if let Refusal::Violation(error) = refused.why {
        said.put("statement", error.statement);
    }
    if !matches!(refused.why, Refusal::Lost | Refusal::Silent | Refusal::Transport(_)) {
        put_reason(said, refused.why.reason());
    }
    said.put_some("hint", hint);
}

/// Why a client is not let in, and what would let it in.
const fn refusal(why: Refusal) -> (&'static str, Option<&'static str>) {
    match why {
        Refusal::Lost => ("it has left before it was let in", None),
        Refusal::Silent => (
            "no CONNECT came in time",
            Some("see that the client speaks MQTT to this port, and TLS where that is expected"),
        ),
        Refusal::Violation(Error { what, .. }) => (what, None),
        Refusal::Transport(Obstacle { what, hint }) => (what, hint),
        Refusal::Anonymous => (
            "it came without a user name",
            Some("give the client a user name and password, or the broker --allow-anonymous"),
        ),
        Refusal::Certificate => (
            "it has shown no certificate that says who it is",
            Some("give the client a certificate of the CA in --cafile, and let it use TLS"),
        ),
        Refusal::Password => (
            "the user name or the password is wrong",
            Some("`mqx broker passwd FILE USER` sets a password in --password-file"),
        ),
        Refusal::Method => (
            "it asks for a method of authentication that is not offered",
            Some("let the client use a user name and password"),
        ),
        Refusal::Exchange => ("it has not proved who it is by the method that it asked for", None),
        Refusal::ClientIdentifier => (
            "it has no client identifier and wants its session kept",
            Some("give the client an identifier, or let it ask for a clean session"),
        ),
        Refusal::Version => (
            "it speaks a version of MQTT that is not taken",
            Some("--accept-versions says which are"),
        ),
        Refusal::Identifier => (
            "a client identifier like its own is not taken",
            Some("see --client-id-prefix and --no-empty-client-id"),
        ),
        Refusal::LargeWill => {
            ("its will is larger than a message may be", Some("--max-payload allows more"))
        }
        Refusal::Will => {
            ("it may not send to the topic of its will", Some("a rule in --acl-file allows it"))
        }
        Refusal::Unwanted(_) => ("the program that the broker is a part of does not want it", None),
        Refusal::Full => {
            ("there are as many connections as may be", Some("--max-connections allows more"))
        }
    }
}

fn put_end(said: &mut Record, end: End) {
    match end {
        End::Goodbye { with_will, .. } => {
            said.put("why", "it said goodbye");
            said.put_if("with-will", with_will);
        }
        End::Lost => said.put("why", "the connection was lost"),
        End::Refused => said.put("why", "it was not let in"),
        End::Violation(error) => {
            said.put("why", error.what);
            said.put("statement", error.statement);
            put_reason(said, error.reason);
        }
        End::Cut(reason) => {
            said.put("why", "it was cut off");
            put_reason(said, reason);
            let shared = "another connection has come with the same client identifier";
            said.put_some("hint", (reason == ReasonCode::SESSION_TAKEN_OVER).then_some(shared));
        }
    }
}

const fn session_end(why: SessionEnd) -> &'static str {
    match why {
        SessionEnd::Connection => "it was to end with its connection",
        SessionEnd::Expired => "its time has run out",
        SessionEnd::Discarded => "a new one was begun",
    }
}

fn put_message(said: &mut Record, publish: &Publish<'_>) {
    said.put("topic", publish.topic);
    said.put("qos", publish.qos as u64);
    said.put_if("retain", publish.retain);
    said.put("bytes", publish.payload.len() as u64);
}

pub(super) fn put_reason(said: &mut Record, reason: ReasonCode) {
    said.put("reason", reason.to_string());
}

fn put_fate(said: &mut Record, fate: Fate) -> &'static str {
    match fate {
        Fate::Sent => "sent",
        Fate::Queued => "queued",
        Fate::Dropped(why) => {
            said.put("why", dropped(why));
            "dropped"
        }
        Fate::Acknowledged(reason) => {
            put_reason(said, reason);
            "acknowledged"
        }
    }
}

/// Why a client does not get a message.
pub(in crate::broker) const fn dropped(why: Why) -> &'static str {
    match why {
        Why::OutputFull => "the client reads too slowly for QoS 0",
        Why::Displaced => "the client reads too slowly, and a newer message took its place",
        Why::Barred => "no access rule lets the client read this topic",
        Why::QueueFull => "the queue of the client is full",
        Why::TooLarge => "the client takes no packets so large",
        Why::Offline => "the client is offline, and QoS 0 is not kept",
        Why::Expired => "the message has expired",
        Why::Withheld => "the program that the broker is a part of withholds it",
        Why::NoLocal => "the client is the sender and has asked for No Local",
    }
}
