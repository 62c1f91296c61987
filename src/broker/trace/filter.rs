//! Which packets are written.

use crate::mqtt::PacketType;
use crate::mqtt::topic::Filter as TopicFilter;

/// Which packets are written: those for which everything holds that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The client identifier, in which `*` stands for any text.
    pub client: Option<String>,
    /// A topic filter: messages on its topics and their acknowledgements, and
    /// requests that name it.
    pub topic: Option<String>,
    /// The types of packets; empty is all.
    pub types: Vec<PacketType>,
}

impl Filter {
    /// Whether a packet of a type passes.
    pub(super) fn takes_type(&self, kind: PacketType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }

    /// Whether what concerns a client passes; one that has not said who it is
    /// does unless somebody is looked for.
    pub(super) fn takes_client(&self, client: Option<&str>) -> bool {
        let Some(pattern) = &self.client else {
            return true;
        };
        client.is_some_and(|client| matches(pattern, client))
    }

    /// Whether what concerns these topics or filters passes.
    pub(super) fn takes_topics<'a>(&self, mut topics: impl Iterator<Item = &'a str>) -> bool {
        let Some(text) = &self.topic else {
            return true;
        };
        let filter = TopicFilter::parse(text).ok();
        topics.any(|topic| {
            topic == text || filter.as_ref().is_some_and(|filter| filter.matches(topic))
        })
    }
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("dev-1", "dev-1", true),
            ("dev-1", "dev-12", false),
            ("dev-*", "dev-12", true),
            ("*", "", true),
            ("*-1*-2", "a-1b-2", true),
            ("*-1*-2", "a-1", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
