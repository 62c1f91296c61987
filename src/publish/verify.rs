//! Checks that what is published comes back: each topic's messages byte for byte and in
//! order, over the connection that they are published on.

use super::feed::Feed;
use crate::client::Connection;
use crate::error::{Class, Error, Result};
use crate::mqtt::topic::TopicFilter;
use crate::mqtt::{
    self, Message, Publish, QoS, ReasonCode, SubscribeOptions, SubscribeProperties,
    SubscribeRequest,
};
use crate::output::{self, escape};
use crate::session::{Event, Token};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::time::{Instant, timeout_at};

/// The filters in one SUBSCRIBE.
const AT_ONCE: usize = 100;

/// The SUBSCRIBEs; no message has this number.
const SUBSCRIBE: Token = Token::MAX;

/// How long after the last message that came back another is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was published to a topic and has not come back.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Message>,
    /// Messages that others have overtaken.
    overtaken: Vec<Message>,
}

/// What is published, and what of it came back.
#[derive(Debug, Default)]
pub(super) struct Verifier {
    /// The topics in groups that one SUBSCRIBE asks for.
    groups: Vec<Vec<TopicFilter>>,
    /// How many SUBSCRIBEs the broker has answered.
    answered: usize,
    /// Why it denied one.
    denied: Option<ReasonCode>,
    lines: HashMap<String, Line>,
    /// Messages that came behind some that were published later.
    disordered: u64,
    /// Messages that were not published here, or came back changed or twice.
    strange: u64,
    returned: u64,
}

impl Verifier {
    /// Nothing has been published yet to the topics of the messages of `feed`.
    ///
    /// # Errors
    /// When the messages cannot be read.
    pub(super) async fn new(mut feed: Feed<impl AsyncRead + Unpin>) -> Result<Self> {
        let mut topics = BTreeSet::new();
        while !feed.is_at_end() {
            match feed.peek() {
                Some((publish, _)) if !topics.contains(publish.topic) => {
                    topics.insert(publish.topic.to_owned());
                }
                Some(_) => {}
                None => {
                    feed.wait().await;
                    continue;
                }
            }
            feed.advance();
        }
        let filters = topics.iter().map(|topic| topic.parse().map_err(no_filter));
        let filters = filters.collect::<Result<Vec<_>>>()?;
        let groups = filters.chunks(AT_ONCE).map(<[_]>::to_vec).collect();
        Ok(Self { groups, ..Self::default() })
    }

    /// Asks for all topics.
    ///
    /// # Errors
    /// When that cannot be sent.
    pub(super) fn ask(&self, connection: &mut Connection) -> Result<()> {
        let options = SubscribeOptions { qos: QoS::ExactlyOnce, ..SubscribeOptions::default() };
        for group in &self.groups {
            let requests = group.iter();
            let requests: Vec<_> = requests
                .map(|filter| SubscribeRequest { filter: filter.as_str(), options })
                .collect();
            connection.subscribe(&requests, SubscribeProperties::default(), SUBSCRIBE)?;
        }
        Ok(())
    }

    /// Asks for all topics and waits for the broker to grant them.
    ///
    /// # Errors
    /// When it denies one, or the connection is lost.
    pub(super) async fn begin(&mut self, connection: &mut Connection) -> Result<()> {
        self.ask(connection)?;
        while self.answered < self.groups.len() {
            connection.exchange(&mut |event| self.note(&event)).await?;
        }
        match self.denied {
            None => Ok(()),
            Some(reason) => {
                let what = format!("the broker denied subscribing for --verify: {reason}");
                Err(Error::new(Class::SubscribeDenied, what).reason_code(reason.value()))
            }
        }
    }

    /// A message is published.
    pub(super) fn sent(&mut self, publish: &Publish<'_>) {
        if let Ok(message) = Message::new(publish) {
            let line = self.lines.entry(publish.topic.to_owned()).or_default();
            line.waiting.push_back(message);
        }
    }

    /// Takes down what comes back.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        match event {
            Event::Message(publish) => self.came(publish),
            Event::Subscribed { reasons, .. } => {
                self.answered += 1;
                let denied = reasons.iter().find(|reason| reason.is_error());
                self.denied = self.denied.or(denied.copied());
            }
            _ => {}
        }
    }

    fn came(&mut self, publish: &Publish<'_>) {
        // What the broker had kept was not published now.
        if publish.retain {
            return;
        }
        let is_it = |message: &Message| message.payload() == publish.payload;
        let line = self.lines.entry(publish.topic.to_owned()).or_default();
        if let Some(place) = line.waiting.iter().position(is_it) {
            line.overtaken.extend(line.waiting.drain(..place));
            line.waiting.pop_front();
            self.returned += 1;
        } else if let Some(place) = line.overtaken.iter().position(is_it) {
            line.overtaken.remove(place);
            self.returned += 1;
            self.disordered += 1;
        } else {
            self.strange += 1;
        }
    }

    fn missing(&self) -> u64 {
        let lines = self.lines.values();
        lines.map(|line| (line.waiting.len() + line.overtaken.len()) as u64).sum()
    }

    /// Waits for what has not come back, as long as something still comes.
    pub(super) async fn wait(&mut self, connection: &mut Connection) {
        let mut seen = self.returned;
        let mut end = Instant::now() + PATIENCE;
        while self.missing() > 0 {
            let mut on_event = |event: Event<'_>| self.note(&event);
            let exchanged = connection.exchange(&mut on_event);
            let Ok(Ok(())) = timeout_at(end, exchanged).await else { return };
            if self.returned > seen {
                seen = self.returned;
                end = Instant::now() + PATIENCE;
            }
        }
    }

    /// Whether all came back as it should; says how much did.
    ///
    /// # Errors
    /// [`Class::Expectation`] when it did not.
    pub(super) fn verdict(&self) -> Result<()> {
        if self.strange > 0 {
            output::note(format!(
                "{} messages came to these topics that are others, or came twice",
                self.strange
            ));
        }
        let missing = self.missing();
        if missing + self.disordered == 0 {
            output::note(format!("{} messages came back as they were", self.returned));
            return Ok(());
        }
        let first = self
            .lines
            .iter()
            .find(|(_, line)| !line.waiting.is_empty() || !line.overtaken.is_empty());
        let first = first.map(|(topic, _)| format!(", as on {}", escape(topic)));
        let what = format!(
            "{missing} messages did not come back byte for byte{}, and {} came out of order",
            first.unwrap_or_default(),
            self.disordered
        );
        Err(Error::new(Class::Expectation, what))
    }
}

fn no_filter(wrong: mqtt::Error) -> Error {
    Error::usage("--verify cannot subscribe to a topic of the recording").because(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of these messages to one topic when those came back.
    fn verdict(sent: &[&str], came: &[&str]) -> Result<()> {
        let mut verifier = Verifier::default();
        let publish =
            |payload| Publish { topic: "a", payload: str::as_bytes(payload), ..Publish::default() };
        for payload in sent {
            verifier.sent(&publish(payload));
        }
        for payload in came {
            verifier.came(&publish(payload));
        }
        verifier.verdict()
    }

    #[test]
    fn what_comes_back_whole_and_in_order_is_good_whatever_else_comes() {
        assert!(verdict(&["1", "2", "2", "3"], &["1", "2", "2", "3"]).is_ok());
        assert!(verdict(&["1", "2"], &["other", "1", "2", "2"]).is_ok());
    }

    #[test]
    fn what_is_lost_changed_or_out_of_order_is_counted() {
        for (came, wanted) in [
            (&["1", "3"][..], "1 messages did not come back byte for byte, as on a, and 0"),
            (&["1", "2 ", "3"], "1 messages did not come back"),
            (&["2", "1", "3"], "0 messages did not come back byte for byte, and 1 came"),
            (&[], "3 messages did not come back"),
        ] {
            let error = verdict(&["1", "2", "3"], came).unwrap_err();
            assert_eq!(error.class(), Class::Expectation);
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }
}
