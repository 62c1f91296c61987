//! Protocol Buffers by a schema.

use super::Decoded;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use std::path::Path;

/// A kind of message in a schema.
#[derive(Debug, Clone)]
pub struct MessageType(MessageDescriptor);

impl MessageType {
    /// Reads a schema, a `.proto` file or a set of descriptors as `protoc -o`
    /// writes it, and finds the message in it; without a name, the only one.
    ///
    /// # Errors
    /// In words, when that cannot be.
    pub fn read(schema: &Path, name: Option<&str>) -> Result<Self, String> {
        let pool = if schema.extension().is_some_and(|extension| extension == "proto") {
            compile(schema)?
        } else {
            let bytes = std::fs::read(schema).map_err(|cause| cause.to_string())?;
            DescriptorPool::decode(&*bytes).map_err(|cause| cause.to_string())?
        };
        find(&pool, name).map(Self)
    }

    /// The message, as the JSON that Protocol Buffers define.
    pub(super) fn decode(&self, payload: &[u8]) -> Result<Decoded, String> {
        let message = DynamicMessage::decode(self.0.clone(), payload);
        let message = message.map_err(|cause| cause.to_string())?;
        let json = serde_json::to_vec(&message).map_err(|cause| cause.to_string())?;
        Ok(Decoded::Json(json))
    }
}

/// Its imports are looked for beside it.
fn compile(schema: &Path) -> Result<DescriptorPool, String> {
    let folder = schema.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let set = protox::compile([schema], [folder]).map_err(|cause| cause.to_string())?;
    DescriptorPool::from_file_descriptor_set(set).map_err(|cause| cause.to_string())
}

fn find(pool: &DescriptorPool, name: Option<&str>) -> Result<MessageDescriptor, String> {
    let known = || {
        let names: Vec<_> = own(pool).map(|message| message.full_name().to_owned()).collect();
        names.join(", ")
    };
    if let Some(name) = name {
        return pool
            .get_message_by_name(name)
            .or_else(|| own(pool).find(|message| message.name() == name))
            .ok_or_else(|| format!("there is no message {name}, but {}", known()));
    }
    let mut all = own(pool);
    let first = all.next().ok_or("there is no message in it")?;
    match all.next() {
        None => Ok(first),
        Some(_) => Err(format!("name one with --proto-message: {}", known())),
    }
}

/// The messages that are not part of others or of Protocol Buffers themselves.
fn own(pool: &DescriptorPool) -> impl Iterator<Item = MessageDescriptor> + '_ {
    pool.all_messages().filter(|message| {
        message.parent_message().is_none() && !message.full_name().starts_with("google.protobuf.")
    })
}
