//! Messages that are kept from before they are sent until they are answered.

mod file;
mod redis;

use crate::error::{Class, Error, Result};
use crate::mqtt::{self, Message, Packet, PacketId, Version};
use crate::session::Token;
use crate::store::Place;
use file::FileShelf;
use redis::RedisShelf;

/// Opens the shelf at `place`, which is made if it is missing.
///
/// # Errors
/// When it cannot be used.
pub(super) fn open(place: &Place) -> Result<Box<dyn Shelf>> {
    Ok(match place {
        Place::File(folder) => Box::new(FileShelf::open(folder)?),
        Place::Redis(address) => Box::new(RedisShelf::open(address)?),
    })
}

/// Where messages are kept.
pub(super) trait Shelf: Send {
    /// Keeps some messages and forgets others, all or nothing.
    ///
    /// # Errors
    /// When that cannot be.
    fn change(&mut self, added: &[(Token, Vec<u8>)], ended: &[Token]) -> Result<()>;

    /// At most so many messages with higher numbers than `token`, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn behind(&mut self, token: Token, count: usize) -> Result<Vec<(Token, Message)>>;

    /// The highest number, and how many messages there are.
    ///
    /// # Errors
    /// When that cannot be read.
    fn extent(&mut self) -> Result<(Token, u64)>;
}

/// A message as it is kept.
pub(super) fn pack(message: &mqtt::Publish<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let has_id = message.qos != mqtt::QoS::AtMostOnce;
    let packet_id = has_id.then_some(PacketId::MIN);
    let packet = mqtt::Publish { packet_id, dup: false, ..*message };
    let encoded = packet.encode(Version::V5, &mut bytes);
    let wrong = |cause| Error::new(Class::PublishRejected, "not a message of MQTT").because(cause);
    encoded.map(|()| bytes).map_err(wrong)
}

/// The message that was kept as `bytes`.
pub(super) fn unpack(bytes: &[u8]) -> Option<Message> {
    let frame = mqtt::next_frame(bytes, usize::MAX).ok()??;
    match Packet::decode(&frame, Version::V5).ok()? {
        Packet::Publish(publish) => Message::new(&publish).ok(),
        _ => None,
    }
}
