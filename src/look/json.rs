//! A message as one line of JSON on its way to a reader.

use super::arrival::Arrival;
use crate::output;
use crate::record::{Dialect, pretty};

/// Appends the message, or nothing but a warning on stderr when the dialect
/// cannot say it.
pub(super) fn put(arrival: &Arrival<'_>, dialect: Dialect, out: &mut Vec<u8>) {
    match arrival.entry().line(dialect) {
        Some(line) if arrival.pretty => arrival.text(&pretty(&line)).put_payload(out),
        Some(line) => arrival.text(&line).put(out),
        None => {
            let topic = output::escape(arrival.publish.topic);
            output::warn(format!("the payload of a message on {topic} is not JSON"));
        }
    }
}
