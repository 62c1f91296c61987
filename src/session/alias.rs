//! Topic aliases (MQTT 5.0 §3.3.2.3.4): numbers that stand for topics on one
//! connection and die with it.

use crate::mqtt::{Error, Publish, ReasonCode, TopicAlias, topic};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::PublishProperties;
    use std::num::NonZeroU16;

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
}
