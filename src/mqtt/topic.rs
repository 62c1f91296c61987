//! Topic names and topic filters (MQTT 5.0 §4.7, §4.8): what is well formed,
//! and the one place where a topic is compared with a filter.
//!
//! Everything iterates over levels; nothing recurses, so a topic of 32,000
//! levels costs time in proportion and no stack.

use super::wire::HOLDS_NULL;
use super::{Error, ReasonCode};
use std::fmt;
use std::str::FromStr;

/// The levels of a topic or a filter, separated by `/`.
pub fn levels(topic: &str) -> impl Iterator<Item = &str> + Clone {
    topic.split('/')
}

/// The first of them. It is looked for byte by byte, which is quicker for the few
/// that it has than what searches long texts.
#[must_use]
pub fn first_level(topic: &str) -> &str {
    let end = topic.bytes().position(|byte| byte == b'/');
    end.and_then(|end| topic.get(..end)).unwrap_or(topic)
}

/// Checks a Topic Name as PUBLISH carries it.
///
/// # Errors
/// When it is empty or holds a wildcard or U+0000.
pub fn check_name(topic: &str) -> Result<(), Error> {
    if topic.is_empty() {
        return Err(Error::protocol("MQTT-4.7.3-1", "the topic name is empty")
            .with_reason(ReasonCode::TOPIC_NAME_INVALID));
    }
    match topic.bytes().find(|byte| matches!(byte, b'#' | b'+' | 0)) {
        None => Ok(()),
        Some(0) => Err(HOLDS_NULL),
        Some(_) => Err(Error::protocol("MQTT-3.3.2-2", "the topic name holds a wildcard (# or +)")
            .with_reason(ReasonCode::TOPIC_NAME_INVALID)),
    }
}

/// Checks a Response Topic, where a packet has one: it is to be a Topic Name.
///
/// # Errors
/// When it is empty or holds a wildcard.
pub fn check_response_topic(topic: Option<&str>) -> Result<(), Error> {
    let what = "the response topic is empty or holds a wildcard (# or +)";
    topic.map_or(Ok(()), check_name).map_err(|_| Error::protocol("MQTT-3.3.2-14", what))
}

/// Whether `topic` begins with `$`: such topics are the server's own and no
/// filter that begins with a wildcard matches them (MQTT-4.7.2-1).
#[must_use]
pub fn is_system(topic: &str) -> bool {
    topic.starts_with('$')
}

/// A topic filter that has been checked, with its share name if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Filter<'a> {
    /// The name of the group in `$share/{group}/{filter}` (§4.8.2).
    pub share: Option<&'a str>,
    /// What topics are compared with.
    pub pattern: &'a str,
}

impl<'a> Filter<'a> {
    /// Checks a filter as SUBSCRIBE and UNSUBSCRIBE carry it.
    ///
    /// # Errors
    /// When it is empty, a wildcard does not stand alone in its level, `#` is
    /// not last, or a shared subscription lacks its name or its filter.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let (share, pattern) = split_share(text)?;
        check_pattern(pattern)?;
        Ok(Self { share, pattern })
    }

    /// Whether a message of this topic matches.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        let mut topic_levels = levels(topic);
        let starts_with_wildcard = self.pattern.starts_with(['#', '+']);
        if starts_with_wildcard && is_system(topic) {
            return false;
        }
        for level in levels(self.pattern) {
            match (level, topic_levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (wanted, Some(found)) if wanted == found => {}
                _ => return false,
            }
        }
        topic_levels.next().is_none()
    }

    /// Whether there is a topic that both filters match.
    #[must_use]
    pub fn overlaps(&self, other: &Filter<'_>) -> bool {
        if self.is_kept_from(other) || other.is_kept_from(self) {
            return false;
        }
        let (mut own, mut others) = (levels(self.pattern), levels(other.pattern));
        loop {
            match (own.next(), others.next()) {
                (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
                (Some("+"), Some(_)) | (Some(_), Some("+")) => {}
                (Some(own), Some(others)) if own == others => {}
                _ => return false,
            }
        }
    }

    /// Whether this filter matches, level by level, every topic that `other`
    /// matches. (`+/#` is not seen to cover `#`, which matches the same.)
    #[must_use]
    pub fn covers(&self, other: &Filter<'_>) -> bool {
        if self.is_kept_from(other) {
            return false;
        }
        let (mut own, mut others) = (levels(self.pattern), levels(other.pattern));
        loop {
            match (own.next(), others.next()) {
                (Some("#"), _) | (None, None) => return true,
                (_, Some("#")) => return false,
                (Some("+"), Some(_)) => {}
                (Some(own), Some(others)) if own == others => {}
                _ => return false,
            }
        }
    }

    /// Whether `other` is about the server's own topics and this filter begins
    /// with a wildcard, which keeps it away from them.
    fn is_kept_from(&self, other: &Filter<'_>) -> bool {
        self.pattern.starts_with(['#', '+']) && is_system(other.pattern)
    }
}

const BAD_SHARE: Error = Error {
    reason: ReasonCode::TOPIC_FILTER_INVALID,
    statement: "MQTT-4.8.2-1",
    what: "a shared subscription must read $share/{name}/{filter}, the name without # and +",
};

fn split_share(text: &str) -> Result<(Option<&str>, &str), Error> {
    if text == "$share" {
        return Err(BAD_SHARE);
    }
    let Some(shared) = text.strip_prefix("$share/") else {
        return Ok((None, text));
    };
    let (name, pattern) = shared.split_once('/').ok_or(BAD_SHARE)?;
    if name.is_empty() || name.contains(['#', '+']) || pattern.is_empty() {
        return Err(BAD_SHARE);
    }
    Ok((Some(name), pattern))
}

fn check_pattern(pattern: &str) -> Result<(), Error> {
    let invalid =
        |statement, what| Err(Error { reason: ReasonCode::TOPIC_FILTER_INVALID, statement, what });
    if pattern.is_empty() {
        return invalid("MQTT-4.7.3-1", "the topic filter is empty");
    }
    let mut rest = levels(pattern);
    while let Some(level) = rest.next() {
        match level {
            "#" if rest.next().is_some() => {
                return invalid("MQTT-4.7.1-1", "# must be the last level of a topic filter");
            }
            "#" | "+" => {}
            _ if level.contains('#') => {
                return invalid("MQTT-4.7.1-1", "# must fill a whole level of a topic filter");
            }
            _ if level.contains('+') => {
                return invalid("MQTT-4.7.1-2", "+ must fill a whole level of a topic filter");
            }
            _ => {}
        }
    }
    Ok(())
}

/// A topic filter that owns its text, as options and configuration hold it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopicFilter(String);

impl TopicFilter {
    /// The text as it was given, share name included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a message of this topic matches.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        Filter::parse(&self.0).is_ok_and(|filter| filter.matches(topic))
    }
}

impl FromStr for TopicFilter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        check_text(text)?;
        Filter::parse(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A topic name that owns its text, as options and configuration hold it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopicName(String);

impl TopicName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TopicName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        check_text(text)?;
        check_name(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the wire checks in every string; text from elsewhere meets it here.
fn check_text(text: &str) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(Error::malformed("MQTT-4.7.3-2", "a topic holds U+0000"));
    }
    if text.len() > usize::from(u16::MAX) {
        return Err(Error::malformed("MQTT-4.7.3-3", "a topic is longer than 65,535 bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(filter: &str, topic: &str) -> bool {
        Filter::parse(filter).unwrap().matches(topic)
    }

    #[test]
    fn wildcards_match_as_the_standard_says() {
        for (filter, topic) in [
            ("a/#", "a"),
            ("a/#", "a/b/c"),
            ("#", "a/b"),
            ("+", "a"),
            ("+/+", "/a"),
            ("/+", "/a"),
            ("a/+/c", "a//c"),
            ("a/b", "a/b"),
            ("$SYS/#", "$SYS/x"),
            ("$SYS/+", "$SYS/x"),
            ("+/é", "é/é"),
            ("$share/g/a/#", "a/b"),
        ] {
            assert!(matches(filter, topic), "{filter} should match {topic}");
        }
        for (filter, topic) in [
            ("a/+", "a"),
            ("a/+", "a/b/c"),
            ("+", "/a"),
            ("a/b", "a/b/"),
            ("a/b", "A/b"),
            ("#", "$SYS/x"),
            ("+/x", "$SYS/x"),
            ("a/b/#", "a"),
        ] {
            assert!(!matches(filter, topic), "{filter} should not match {topic}");
        }
    }

    #[test]
    fn filters_that_share_a_topic_overlap_and_a_wider_one_covers() {
        // Whether they overlap, and whether the first covers the second.
        for (one, other, overlap, cover) in [
            ("a/#", "a", true, true),
            ("a/#", "a/+/c", true, true),
            ("a/+", "a/b", true, true),
            ("a/b", "a/+", true, false),
            ("+/b", "a/+", true, false),
            ("a/+", "a/#", true, false),
            ("a/+/#", "a", false, false),
            ("a/b", "a/c", false, false),
            ("a", "a/b", false, false),
            ("#", "$SYS/#", false, false),
            ("+/x", "$SYS/x", false, false),
            ("$SYS/#", "$SYS/+", true, true),
        ] {
            let (one, other) = (Filter::parse(one).unwrap(), Filter::parse(other).unwrap());
            assert_eq!(one.overlaps(&other), overlap, "{one:?} {other:?}");
            assert_eq!(other.overlaps(&one), overlap, "{other:?} {one:?}");
            assert_eq!(one.covers(&other), cover, "{one:?} {other:?}");
        }
    }

    proptest! {
        #[test]
        fn overlapping_and_covering_agree_with_matching(
            one in "(\\$s|[ab]|\\+)(/([ab]|\\+)){0,2}(/#)?",
            other in "(\\$s|[ab]|\\+)(/([ab]|\\+)){0,2}(/#)?",
            topic in "(\\$s|[ab])(/[ab]){0,3}",
        ) {
            let (one, other) = (Filter::parse(&one).unwrap(), Filter::parse(&other).unwrap());
            if one.matches(&topic) && other.matches(&topic) {
                prop_assert!(one.overlaps(&other));
            }
            if one.covers(&other) {
                prop_assert!(one.overlaps(&other));
                prop_assert!(!other.matches(&topic) || one.matches(&topic));
            }
        }
    }

    #[test]
    fn malformed_filters_are_refused() {
        for filter in [
            "",
            "a#",
            "a/#/b",
            "+a",
            "a+/b",
            "#/",
            "$share",
            "$share/g",
            "$share//t",
            "$share/g/",
            "$share/g+/t",
            "$share/#/t",
            "$share/g/a#",
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter:?} should be refused");
        }
    }

    #[test]
    fn topic_names_are_not_empty_and_hold_no_wildcard() {
        assert!(check_name("a/b").is_ok());
        assert!(check_name(" ").is_ok());
        for name in ["", "a/+", "#"] {
            assert!(check_name(name).is_err(), "{name:?} should be refused");
        }
        assert!("a\0b".parse::<TopicName>().is_err());
        assert!("x".repeat(65_536).parse::<TopicFilter>().is_err());
    }
}
