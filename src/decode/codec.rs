//! The formats by name and by content type.

/// A format that payloads come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// JSON, which is put on one line.
    Json,
    /// Shown as hexadecimal digits.
    Hex,
    /// Shown in Base64.
    Base64,
    /// CBOR (RFC 8949).
    Cbor,
    /// `MessagePack`.
    MsgPack,
    /// gzip (RFC 1952); what is inside is looked at again.
    Gzip,
    /// Protocol Buffers, by a schema.
    Protobuf,
    /// Avro, by a schema.
    Avro,
    /// Sparkplug B, on its own topics only.
    Sparkplug,
}

impl Codec {
    /// Each with its name on the command line.
    pub const ALL: [(&'static str, Self); 9] = [
        ("json", Self::Json),
        ("hex", Self::Hex),
        ("base64", Self::Base64),
        ("cbor", Self::Cbor),
        ("msgpack", Self::MsgPack),
        ("gzip", Self::Gzip),
        ("protobuf", Self::Protobuf),
        ("avro", Self::Avro),
        ("sparkplug", Self::Sparkplug),
    ];

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// The format that a content type names.
    pub(super) fn from_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let row = CONTENT_TYPES.iter().find(|row| row.0 == essence);
        let by_suffix = || SUFFIXES.iter().find(|row| essence.ends_with(row.0));
        row.or_else(by_suffix).map(|row| row.1)
    }
}

const CONTENT_TYPES: &[(&str, Codec)] = &[
    ("application/json", Codec::Json),
    ("text/json", Codec::Json),
    ("application/cbor", Codec::Cbor),
    ("application/msgpack", Codec::MsgPack),
    ("application/x-msgpack", Codec::MsgPack),
    ("application/vnd.msgpack", Codec::MsgPack),
    ("application/gzip", Codec::Gzip),
    ("application/x-gzip", Codec::Gzip),
    ("application/protobuf", Codec::Protobuf),
    ("application/x-protobuf", Codec::Protobuf),
    ("application/vnd.google.protobuf", Codec::Protobuf),
    ("application/avro", Codec::Avro),
    ("avro/binary", Codec::Avro),
];

const SUFFIXES: &[(&str, Codec)] =
    &[("+json", Codec::Json), ("+cbor", Codec::Cbor), ("+gzip", Codec::Gzip)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_read_without_their_parameters_and_by_their_suffix() {
        for (text, wanted) in [
            ("application/json; charset=utf-8", Some(Codec::Json)),
            ("Application/CBOR", Some(Codec::Cbor)),
            ("application/senml+json", Some(Codec::Json)),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(Codec::from_content_type(text), wanted, "{text}");
        }
    }
}
