//! A message as one line of JSON on its way to a reader.

use super::arrival::Arrival;
use crate::output;
use crate::record::Dialect;

/// Appends the message, or nothing but a warning on stderr when the dialect
/// cannot say it.
pub(super) fn put(arrival: &Arrival<'_>, dialect: Dialect, out: &mut Vec<u8>) {
    match arrival.entry().line(dialect) {
        Some(line) if arrival.terminal => arrival.text(&line).put(out),
        Some(line) => out.extend_from_slice(&line),
        None => {
            let topic = output::escape(arrival.publish.topic);
            output::warn(format!("the payload of a message on {topic} is not JSON"));
        }
    }
}
