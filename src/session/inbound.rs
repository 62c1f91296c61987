//! The receiver's side of QoS 2 (MQTT 5.0 §4.3.3): which packet identifiers
//! have been received and not yet released.

use crate::mqtt::PacketId;

/// The packet identifiers of QoS 2 messages between PUBLISH and PUBREL.
///
/// They are the sender's identifiers and have nothing to do with those of
/// [`super::Outbound`] (MQTT 5.0 §2.2.1).
#[derive(Debug, Clone, Default)]
pub struct Inbound {
    /// Sorted; a sender has few in flight and uses them in sequence.
    received: Vec<PacketId>,
}

impl Inbound {
    /// Notes a QoS 2 PUBLISH. Returns whether it is new: a repetition must be
    /// answered but not delivered again (MQTT-4.3.3-10).
    pub fn receive(&mut self, id: PacketId) -> bool {
        match self.received.binary_search(&id) {
            Ok(_) => false,
            Err(index) => {
                self.received.insert(index, id);
                true
            }
        }
    }

    /// Notes a PUBREL. Returns whether the identifier was known.
    pub fn release(&mut self, id: PacketId) -> bool {
        match self.received.binary_search(&id) {
            Ok(index) => {
                self.received.remove(index);
                true
            }
            Err(_) => false,
        }
    }

    /// Messages received and not yet released.
    #[must_use]
    pub fn len(&self) -> usize {
        self.received.len()
    }

    /// Whether no message waits for its PUBREL.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }

    /// Forgets everything, as the end of the session does.
    pub fn clear(&mut self) {
        self.received.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_new_once_until_it_is_released() {
        let mut flow = Inbound::default();
        let id = PacketId::new(7).unwrap();
        assert!(flow.receive(id));
        assert!(!flow.receive(id));
        assert!(flow.release(id));
        assert!(!flow.release(id));
        assert!(flow.receive(id));
    }
}
