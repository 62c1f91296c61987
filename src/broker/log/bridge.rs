//! What becomes of bridges, as lines.

use super::Level;
use super::line::put_reason;
use crate::broker::core::{BridgeNews, BridgeTurn};
use crate::describe::Record;

/// What it is worth.
pub(super) const fn level(turn: BridgeTurn<'_>) -> Level {
    match turn {
        BridgeTurn::Connected { .. } | BridgeTurn::Parted { .. } => Level::Info,
        BridgeTurn::Lost { .. } | BridgeTurn::Denied { .. } => Level::Warn,
        BridgeTurn::Dropped { .. } => Level::Debug,
    }
}

/// Says it, and returns what it is called.
pub(super) fn put(said: &mut Record, news: &BridgeNews<'_>) -> &'static str {
    said.put("bridge", news.name);
    said.put("to", news.to);
    match news.turn {
        BridgeTurn::Connected { session_present } => {
            said.put("session", if session_present { "resumed" } else { "new" });
            "bridge-connected"
        }
        BridgeTurn::Lost { cause, retry } => {
            said.put("why", cause);
            said.put("retry", retry.map_or("never".to_owned(), |wait| format!("{wait:.1?}")));
            "bridge-lost"
        }
        BridgeTurn::Parted { cause } => {
            said.put("why", cause);
            "bridge-parted"
        }
        BridgeTurn::Denied { there, filter, reason } => {
            said.put("at", if there { "the other broker" } else { "this broker" });
            said.put("filter", filter);
            put_reason(said, reason);
            "bridge-denied"
        }
        BridgeTurn::Dropped { topic, cause } => {
            said.put("topic", topic);
            said.put("why", cause);
            "bridge-dropped"
        }
    }
}
