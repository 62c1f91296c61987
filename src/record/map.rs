//! Other names for topics, written as in sed.

use std::str::FromStr;

/// What stands in a topic and what is to stand there: `s#old/#new/#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicMap {
    old: String,
    new: String,
    /// Whether `old` counts at the start only.
    at_start: bool,
    /// Whether it counts more than once.
    everywhere: bool,
}

impl TopicMap {
    /// The topic with its other name.
    #[must_use]
    pub fn apply(&self, topic: &str) -> String {
        if self.at_start {
            let rest = topic.strip_prefix(&self.old);
            return rest.map_or_else(|| topic.to_owned(), |rest| format!("{}{rest}", self.new));
        }
        let times = if self.everywhere { usize::MAX } else { 1 };
        topic.replacen(&self.old, &self.new, times)
    }
}

impl FromStr for TopicMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "it is written s#old#new# or s#^old#new#, with a g behind for all".to_owned();
        let rest = text.strip_prefix('s').ok_or_else(wrong)?;
        let mark = rest.chars().next().ok_or_else(wrong)?;
        let parts: Vec<_> = rest.split(mark).collect();
        let [_, old, new, flags @ ("" | "g")] = parts.as_slice() else { return Err(wrong()) };
        let at_start = old.strip_prefix('^');
        let old = at_start.unwrap_or(old);
        if old.is_empty() && at_start.is_none() {
            return Err(wrong());
        }
        Ok(Self {
            old: old.to_owned(),
            new: (*new).to_owned(),
            at_start: at_start.is_some(),
            everywhere: *flags == "g",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_gets_its_other_name() {
        for (map, topic, wanted) in [
            ("s#a/#b/#", "a/a/x", "b/a/x"),
            ("s#a/#b/#g", "a/a/x", "b/b/x"),
            ("s|^a/|b/|", "x/a/", "x/a/"),
            ("s|^a/||", "a/x", "x"),
            ("s#^#test/#", "a", "test/a"),
            ("s#old#new#", "a", "a"),
        ] {
            assert_eq!(map.parse::<TopicMap>().unwrap().apply(topic), wanted, "{map}");
        }
    }

    #[test]
    fn what_is_not_written_so_is_refused() {
        for map in ["", "s", "a/b", "s#a", "s#a#b", "s##b#", "s#a#b#x", "s#a#b#g#"] {
            assert!(map.parse::<TopicMap>().unwrap_err().contains("s#old#new#"), "{map}");
        }
    }
}
