//! Topic aliases (MQTT 5.0 §3.3.2.3.4): numbers that stand for topics on one
//! connection and die with it.

use crate::mqtt::{Error, Publish, ReasonCode, TopicAlias, topic};
use std::collections::HashMap;
use std::num::NonZeroU16;

/// The aliases a peer has set up; resolves what it sends.
#[derive(Debug, Default)]
pub struct AliasReceiver {
    maximum: u16,
    /// By alias; only as long as the highest alias used.
    topics: Vec<Box<str>>,
}

impl AliasReceiver {
    /// Takes aliases from 1 to `maximum`, the number that was announced.
    #[must_use]
    pub const fn new(maximum: u16) -> Self {
        Self { maximum, topics: Vec::new() }
    }

    /// The topic that `publish` is for, after its alias was noted or looked up.
    ///
    /// # Errors
    /// When the alias is above the maximum, or stands for nothing and the
    /// packet names no topic.
    pub fn resolve<'a>(&'a mut self, publish: &Publish<'a>) -> Result<&'a str, Error> {
        let Some(TopicAlias(alias)) = publish.properties.topic_alias else {
            return Ok(publish.topic);
        };
        if alias.get() > self.maximum {
            let what = "the topic alias is above the announced maximum";
            return Err(
                Error::protocol("MQTT-3.3.2-9", what).with_reason(ReasonCode::TOPIC_ALIAS_INVALID)
            );
        }
        let index = usize::from(alias.get() - 1);
        if publish.topic.is_empty() {
            let known = self.topics.get(index).filter(|topic| !topic.is_empty());
            let what = "the topic alias stands for no topic yet";
            return known.map(AsRef::as_ref).ok_or(Error::protocol("§3.3.2.3.4", what));
        }
        topic::check_name(publish.topic)?;
        if self.topics.len() <= index {
            self.topics.resize(index + 1, Box::default());
        }
        if let Some(known) = self.topics.get_mut(index)
            && **known != *publish.topic
        {
            *known = publish.topic.into();
        }
        Ok(publish.topic)
    }
}

/// Bytes of a topic up to which an alias, which takes three, saves nothing.
const SHORT: usize = 3;

/// The aliases this side has set up: first come, first served.
#[derive(Debug, Default)]
pub struct AliasSender {
    maximum: u16,
    aliases: HashMap<Box<str>, TopicAlias>,
}

/// How a packet names its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// In full, since there is no alias for it.
    InFull,
    /// In full, with an alias for those to come.
    WithAlias(TopicAlias),
    /// By its alias alone.
    ByAlias(TopicAlias),
}

impl AliasSender {
    /// Uses aliases from 1 to `maximum`, which the peer must take.
    #[must_use]
    pub fn new(maximum: u16) -> Self {
        Self { maximum, aliases: HashMap::new() }
    }

    /// How the next packet is to name `topic`. An alias is not set up before
    /// [`AliasSender::note`] has been told that the packet was really sent.
    #[must_use]
    pub fn name(&self, topic: &str) -> Named {
        if topic.len() <= SHORT {
            return Named::InFull;
        }
        if let Some(alias) = self.aliases.get(topic) {
            return Named::ByAlias(*alias);
        }
        let next = u16::try_from(self.aliases.len() + 1).ok();
        let next = next.filter(|next| *next <= self.maximum).and_then(NonZeroU16::new);
        next.map_or(Named::InFull, |next| Named::WithAlias(TopicAlias(next)))
    }

    /// A packet that named its topic so is on its way.
    pub fn note(&mut self, topic: &str, named: Named) {
        if let Named::WithAlias(alias) = named {
            self.aliases.insert(topic.into(), alias);
        }
    }
}

impl Publish<'_> {
    /// The same packet, its topic named so.
    #[must_use]
    pub fn with_topic(mut self, named: Named) -> Self {
        let (topic, alias) = match named {
            Named::InFull => (self.topic, None),
            Named::WithAlias(alias) => (self.topic, Some(alias)),
            Named::ByAlias(alias) => ("", Some(alias)),
        };
        self.topic = topic;
        self.properties.topic_alias = alias;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::PublishProperties;

    fn publish(topic: &str, alias: Option<u16>) -> Publish<'_> {
        Publish {
            topic,
            properties: PublishProperties {
                topic_alias: alias.and_then(NonZeroU16::new).map(TopicAlias),
                ..PublishProperties::default()
            },
            ..Publish::default()
        }
    }

    #[test]
    fn an_alias_stands_for_the_topic_it_was_last_given_with() {
        let mut aliases = AliasReceiver::new(2);
        assert!(aliases.resolve(&publish("", Some(1))).is_err());
        assert_eq!(aliases.resolve(&publish("a", Some(1))), Ok("a"));
        assert_eq!(aliases.resolve(&publish("", Some(1))), Ok("a"));
        assert_eq!(aliases.resolve(&publish("b", Some(1))), Ok("b"));
        assert_eq!(aliases.resolve(&publish("", Some(1))), Ok("b"));
        assert!(aliases.resolve(&publish("", Some(2))).is_err());
        let error = aliases.resolve(&publish("a", Some(3))).unwrap_err();
        assert_eq!(error.reason, ReasonCode::TOPIC_ALIAS_INVALID);
    }

    fn alias(number: u16) -> TopicAlias {
        TopicAlias(NonZeroU16::new(number).unwrap())
    }

    #[test]
    fn an_alias_is_set_up_by_a_packet_that_was_sent_and_by_no_other() {
        let mut aliases = AliasSender::new(2);
        assert_eq!(aliases.name("long/a"), Named::WithAlias(alias(1)));
        assert_eq!(aliases.name("long/b"), Named::WithAlias(alias(1)), "the first was not sent");
        aliases.note("long/b", Named::WithAlias(alias(1)));
        assert_eq!(aliases.name("long/b"), Named::ByAlias(alias(1)));
        aliases.note("long/a", aliases.name("long/a"));
        assert_eq!(aliases.name("long/a"), Named::ByAlias(alias(2)));
        assert_eq!(aliases.name("long/c"), Named::InFull, "there are no more");
        assert_eq!(aliases.name("abc"), Named::InFull, "an alias would be longer");
        assert_eq!(AliasSender::new(0).name("long/a"), Named::InFull);
    }

    #[test]
    fn what_one_side_names_the_other_understands() {
        let mut sender = AliasSender::new(3);
        let mut receiver = AliasReceiver::new(3);
        for topic in ["a/b/c", "d/e/f", "a/b/c", "g/h/i", "j/k/l", "d/e/f", "x", "j/k/l"] {
            let named = sender.name(topic);
            let packet = publish(topic, None).with_topic(named);
            assert_eq!(receiver.resolve(&packet), Ok(topic));
            sender.note(topic, named);
        }
    }
}
