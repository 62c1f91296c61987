//! Keeps passwords out of the trace, in whatever format it is.

use crate::mqtt::{Packet, Version, next_frame};

/// A copy of a packet in which passwords and the data of enhanced
/// authentication are asterisks. Lengths stay.
pub(super) fn blot_out(bytes: &[u8], version: Version) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    for secret in secrets(bytes, version).into_iter().flatten() {
        let start = (secret.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
        if let Some(place) = copy.get_mut(start..start.saturating_add(secret.len())) {
            place.fill(b'*');
        }
    }
    copy
}

/// The secrets in a packet, which are parts of `bytes`.
fn secrets(bytes: &[u8], version: Version) -> [Option<&[u8]>; 2] {
    // Only CONNECT, CONNACK and AUTH have any; the others are not decoded.
    if !matches!(bytes.first().map(|header| header >> 4), Some(1 | 2 | 15)) {
        return [None, None];
    }
    let Ok(Some(frame)) = next_frame(bytes, usize::MAX) else {
        return [None, None];
    };
    match Packet::decode(&frame, version) {
        Ok(Packet::Connect(packet)) => [packet.password, packet.properties.authentication_data],
        Ok(Packet::ConnAck(packet)) => [packet.properties.authentication_data, None],
        Ok(Packet::Auth(packet)) => [packet.properties.authentication_data, None],
        // What cannot be read may hold a password anywhere.
        Err(_) => [Some(frame.body), None],
        Ok(_) => [None, None],
    }
}
