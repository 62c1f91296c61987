//! What a request is made to carry, that no other request has.

use crate::error::{Class, Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::output::escape;
use crate::template::uuid;

/// What the topics begin with where the broker has no say in that.
const USUAL_BASIS: &str = "mqx/reply/";

/// A topic for replies below what the broker says they begin with.
///
/// # Errors
/// When the broker says what no topic can begin with.
pub(super) fn made_up(basis: Option<&str>) -> Result<TopicFilter> {
    let basis = basis.unwrap_or(USUAL_BASIS);
    let between = if basis.is_empty() || basis.ends_with('/') { "" } else { "/" };
    let topic = format!("{basis}{between}{}", uuid());
    let is_name = !topic.contains(['+', '#']);
    topic.parse().ok().filter(|_| is_name).ok_or_else(|| {
        let what = format!("the broker names {} for response topics, which is none", escape(basis));
        Error::new(Class::Other, what).hint("name one with --response-topic")
    })
}

/// Correlation data: text, since not all who answer can repeat other bytes.
pub(super) fn correlation() -> Vec<u8> {
    uuid().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_below_what_the_broker_says_and_none_is_like_another() {
        for (basis, start) in [
            (None, "mqx/reply/"),
            (Some("replies/me/"), "replies/me/"),
            (Some("replies/me"), "replies/me/"),
            (Some("/"), "/"),
        ] {
            let (one, other) = (made_up(basis).unwrap(), made_up(basis).unwrap());
            assert!(one.as_str().starts_with(start) && one.as_str().len() == start.len() + 36);
            assert_ne!(one.as_str(), other.as_str());
        }
        for basis in ["a/#", "+/", "a\0"] {
            assert!(made_up(Some(basis)).is_err(), "{basis:?}");
        }
    }
}
