//! Bytes of a message in JSON: as text where they are text, or else in Base64
//! under the same name with `_b64` behind it (`payload` and `payload_b64`).
//! Everything in mqx that writes or reads such a pair does it here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// What stands behind the name of a value that is in Base64.
const SUFFIX: &str = "_b64";

/// Bytes as a string of JSON can say them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextOrBase64<'a> {
    /// They are UTF-8.
    Text(&'a str),
    /// They are not: in Base64 (RFC 4648 §4, with padding).
    Base64(String),
}

impl<'a> TextOrBase64<'a> {
    /// How to say these bytes.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        std::str::from_utf8(bytes).map_or_else(|_| Self::base64(bytes), Self::Text)
    }

    /// In Base64, whatever these bytes are.
    #[must_use]
    pub fn base64(bytes: &[u8]) -> Self {
        Self::Base64(STANDARD.encode(bytes))
    }

    /// The name of the member that says it, for a value called `name`.
    #[must_use]
    pub fn member(&self, name: &'static str) -> Cow<'static, str> {
        match self {
            Self::Text(_) => name.into(),
            Self::Base64(_) => format!("{name}{SUFFIX}").into(),
        }
    }

    /// What that member says.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Base64(encoded) => encoded,
        }
    }

    /// The text and the Base64, one of which is there.
    #[must_use]
    pub fn into_pair(self) -> (Option<String>, Option<String>) {
        match self {
            Self::Text(text) => (Some(text.to_owned()), None),
            Self::Base64(encoded) => (None, Some(encoded)),
        }
    }
}

/// The bytes that the member `name` says as `text`, or `name` with `_b64` behind
/// it in Base64; `None` if neither is there.
///
/// # Errors
/// In words that name the member, when both are there or the second is not
/// Base64.
pub fn read<'a>(
    name: &str,
    text: Option<&'a str>,
    base64: Option<&str>,
) -> Result<Option<Cow<'a, [u8]>>, String> {
    match (text, base64) {
        (Some(_), Some(_)) => Err(format!("{name} and {name}{SUFFIX} are both there")),
        (Some(text), None) => Ok(Some(text.as_bytes().into())),
        (None, Some(encoded)) => {
            let bytes = STANDARD.decode(encoded);
            let wrong = |error| format!("{name}{SUFFIX}: {error}");
            bytes.map(|bytes| Some(bytes.into())).map_err(wrong)
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_said_as_it_is_and_other_bytes_under_another_name() {
        let text = TextOrBase64::of("grüß".as_bytes());
        assert_eq!((&*text.member("payload"), text.value()), ("payload", "grüß"));
        let other = TextOrBase64::of(&[255, 0]);
        assert_eq!((&*other.member("payload"), other.value()), ("payload_b64", "/wA="));
    }

    #[test]
    fn what_is_said_twice_or_is_not_base64_is_refused_by_its_name() {
        let both = read("payload", Some(""), Some("")).unwrap_err();
        assert_eq!(both, "payload and payload_b64 are both there");
        let wrong = read("payload", None, Some("?")).unwrap_err();
        assert!(wrong.starts_with("payload_b64: "), "{wrong}");
        assert_eq!(read("payload", None, None), Ok(None));
    }

    proptest! {
        #[test]
        fn every_payload_is_read_as_it_was_said(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let (text, base64) = TextOrBase64::of(&bytes).into_pair();
            let again = read("payload", text.as_deref(), base64.as_deref()).unwrap();
            prop_assert_eq!(again.as_deref(), Some(&bytes[..]));
        }
    }
}
