//! An outbox that outlives the process: a message is kept before it is sent
//! and forgotten when the broker has answered.

use super::feed::Feed;
use super::shelf::{Shelf, pack};
use crate::error::{Class, Error, Result};
use crate::mqtt::Message;
use crate::session::{Event, Token};
use std::collections::VecDeque;
use tokio::io::AsyncRead;
use tokio::task::spawn_blocking;

/// Messages in memory, of those that are kept: enough for a fast broker.
const AT_HAND: usize = 1_000;

/// Bytes that are kept in one go.
const BATCH: usize = 64 * 1024;

/// Messages that have ended and are not forgotten yet; after a crash they are
/// sent again.
const UNSETTLED: usize = 1_000;

/// The outbox.
pub(super) struct Stored {
    /// `None` while another thread asks it something.
    shelf: Option<Box<dyn Shelf>>,
    /// The first of those that are still to be sent.
    at_hand: VecDeque<(Message, Token)>,
    /// The number of the last that was at hand.
    seen: Token,
    /// The number of the last that is kept.
    last: Token,
    ended: Vec<Token>,
    /// Messages that stand for what is being gathered, until that is a message itself:
    /// this run does not send them, and one that follows it too early does.
    standing_in: Vec<Token>,
}

/// A message on its way to the shelf.
type Row = (Token, Vec<u8>);

impl Stored {
    /// What is on `shelf` comes first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn open(shelf: Box<dyn Shelf>) -> Result<(Self, u64)> {
        let mut stored = Self {
            shelf: Some(shelf),
            at_hand: VecDeque::new(),
            seen: 0,
            last: 0,
            ended: Vec::new(),
            standing_in: Vec::new(),
        };
        let (last, count) = stored.ask(|shelf| shelf.extent()).await?;
        stored.last = last;
        stored.refill().await?;
        Ok((stored, count))
    }

    /// Asks the shelf something, which may take its time, in a thread that may wait.
    async fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut dyn Shelf) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let gone = || Error::new(Class::Other, "the store is out of reach");
        let mut lent = self.shelf.take().ok_or_else(gone)?;
        let asked = spawn_blocking(move || {
            let answer = question(lent.as_mut());
            (lent, answer)
        });
        let (lent, answer) = asked.await.map_err(|cause| gone().because(cause))?;
        self.shelf = Some(lent);
        answer
    }

    /// Keeps what `feed` shows: all of it without a connection, with one as
    /// much as is soon sent.
    ///
    /// # Errors
    /// When it cannot be kept; then it says how much is lost.
    pub(super) async fn take_in(
        &mut self,
        feed: &mut Feed<impl AsyncRead + Unpin>,
        is_connected: bool,
    ) -> Result<()> {
        loop {
            let may_grow = !is_connected && feed.is_live();
            if !may_grow && (self.at_hand.len() >= AT_HAND || self.seen < self.last) {
                return Ok(());
            }
            let (added, error) = self.gather(feed);
            if added.is_empty() {
                self.stand_in(feed).await?;
                return error.map_or(Ok(()), Err);
            }
            if feed.is_between() {
                self.ended.append(&mut self.standing_in);
            }
            self.keep(added).await?;
            if self.seen < self.last && self.at_hand.len() < AT_HAND {
                self.refill().await?;
            }
            if let Some(error) = error {
                return Err(error);
            }
        }
    }

    /// Keeps messages and forgets those that have ended.
    async fn keep(&mut self, added: Vec<Row>) -> Result<()> {
        let count = added.len();
        let ended = std::mem::take(&mut self.ended);
        let kept = self.ask(move |shelf| shelf.change(&added, &ended)).await;
        kept.map_err(|cause| {
            let what = format!("{count} messages were read and can neither be kept nor sent");
            Error::new(Class::File, what).because(cause)
        })?;
        self.last += count as u64;
        Ok(())
    }

    /// Keeps what has been gathered and is no message yet.
    async fn stand_in(&mut self, feed: &mut Feed<impl AsyncRead + Unpin>) -> Result<()> {
        let gathered = feed.take_gathered();
        if gathered.is_empty() {
            return Ok(());
        }
        let tokens = self.last + 1..;
        let rows = tokens
            .zip(gathered)
            .map(|(token, message)| Ok((token, pack(&message.publish(None, false))?)));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        self.standing_in.extend(rows.iter().map(|row| row.0));
        self.keep(rows).await?;
        if self.at_hand.is_empty() {
            self.refill().await?;
        }
        Ok(())
    }

    /// Some of what `feed` shows, packed, and what is wrong with the next.
    fn gather(&self, feed: &mut Feed<impl AsyncRead + Unpin>) -> (Vec<Row>, Option<Error>) {
        let (mut added, mut size) = (Vec::new(), 0);
        let mut token = self.last;
        while size < BATCH
            && added.len() < AT_HAND
            && !feed.holds()
            && let Some((publish, _)) = feed.peek()
        {
            match pack(&publish) {
                Ok(bytes) => {
                    token += 1;
                    size += bytes.len();
                    added.push((token, bytes));
                    feed.advance();
                }
                Err(error) => return (added, Some(error)),
            }
        }
        (added, None)
    }

    /// Brings the next messages to hand.
    async fn refill(&mut self) -> Result<()> {
        while self.seen < self.last {
            let seen = self.seen;
            let rows = self.ask(move |shelf| shelf.behind(seen, AT_HAND)).await?;
            self.seen = rows.last().map_or(self.last, |row| row.0);
            let own =
                rows.into_iter().filter(|row| self.standing_in.binary_search(&row.0).is_err());
            self.at_hand.extend(own.map(|(token, message)| (message, token)));
            if !self.at_hand.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The message that waits longest.
    pub(super) fn front(&self) -> Option<(&Message, Token)> {
        self.at_hand.front().map(|(message, token)| (message, *token))
    }

    /// Goes on behind the message that waits longest.
    ///
    /// # Errors
    /// When the next cannot be read.
    pub(super) async fn advance(&mut self) -> Result<()> {
        self.at_hand.pop_front();
        if self.at_hand.is_empty() && self.seen < self.last {
            self.refill().await?;
        }
        Ok(())
    }

    /// The message need not be sent again.
    pub(super) fn end(&mut self, token: Token) {
        self.ended.push(token);
    }

    /// Ends the message that the broker has answered.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        if let Event::Published { token, .. } = event {
            self.end(*token);
        }
    }

    /// Forgets what has ended, if that is much or `all` of it is to be.
    ///
    /// # Errors
    /// When it cannot.
    pub(super) async fn settle(&mut self, all: bool) -> Result<()> {
        if self.ended.is_empty() || (!all && self.ended.len() < UNSETTLED) {
            return Ok(());
        }
        let ended = std::mem::take(&mut self.ended);
        self.ask(move |shelf| shelf.change(&[], &ended)).await
    }

    /// How many wait to be sent, at most.
    pub(super) fn len(&self) -> u64 {
        self.at_hand.len() as u64 + (self.last - self.seen)
    }
}

impl Drop for Stored {
    /// Whoever is stopped settles, unless the shelf is being asked something; what fails
    /// here is sent again.
    fn drop(&mut self) {
        if let Some(shelf) = self.shelf.as_mut().filter(|_| !self.ended.is_empty()) {
            let _ = shelf.change(&[], &self.ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::shelf::unpack;
    use crate::publish::{BatchLimits, Config, Source};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// A shelf with room for so many messages, which outlives whoever has it.
    #[derive(Clone)]
    struct Small(Arc<Mutex<Vec<Row>>>, usize);

    impl Small {
        fn new(room: usize) -> Self {
            Self(Arc::default(), room)
        }

        fn payloads(&self) -> Vec<String> {
            let rows = self.0.lock().unwrap();
            let messages = rows.iter().map(|row| unpack(&row.1).unwrap());
            messages.map(|message| String::from_utf8(message.payload().to_vec()).unwrap()).collect()
        }
    }

    impl Shelf for Small {
        fn change(&mut self, added: &[Row], ended: &[Token]) -> Result<()> {
            let mut rows = self.0.lock().unwrap();
            if rows.len() + added.len() > self.1 {
                return Err(Error::new(Class::File, "no room"));
            }
            rows.extend_from_slice(added);
            rows.retain(|(token, _)| !ended.contains(token));
            Ok(())
        }

        fn behind(&mut self, token: Token, count: usize) -> Result<Vec<(Token, Message)>> {
            let rows = self.0.lock().unwrap();
            let behind = rows.iter().filter(|row| row.0 > token).take(count);
            Ok(behind.map(|(token, bytes)| (*token, unpack(bytes).unwrap())).collect())
        }

        fn extent(&mut self) -> Result<(Token, u64)> {
            let rows = self.0.lock().unwrap();
            Ok((rows.last().map_or(0, |row| row.0), rows.len() as u64))
        }
    }

    fn lines() -> Config {
        Config { source: Source::LINES, ..crate::publish::tests::config() }
    }

    async fn feed<'a>(config: &Config, input: &'a [u8]) -> Feed<&'a [u8]> {
        let mut feed = Feed::open(config, input).await.unwrap();
        feed.wait().await;
        feed
    }

    fn block_on<F: Future>(test: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(test)
    }

    #[test]
    fn a_full_disk_is_an_error_that_counts_what_is_lost() {
        block_on(async {
            let (mut stored, left) = Stored::open(Box::new(Small::new(2))).await.unwrap();
            assert_eq!(left, 0);
            stored.take_in(&mut feed(&lines(), b"1\n2\n").await, true).await.unwrap();
            assert_eq!(stored.len(), 2);
            let mut more = feed(&lines(), b"3\n4\n5\n").await;
            let error = stored.take_in(&mut more, false).await.unwrap_err();
            assert_eq!(error.class(), Class::File);
            assert!(error.to_string().starts_with("3 messages"), "{error}");
        });
    }

    #[test]
    fn with_a_connection_no_more_is_taken_in_than_is_soon_sent_and_without_one_all_is() {
        block_on(async {
            let input = b"x\n".repeat(3 * AT_HAND);
            let shelf = || Box::new(Small::new(usize::MAX));
            let (mut stored, _) = Stored::open(shelf()).await.unwrap();
            stored.take_in(&mut feed(&lines(), &input).await, true).await.unwrap();
            assert_eq!(stored.len(), AT_HAND as u64);
            let (mut stored, _) = Stored::open(shelf()).await.unwrap();
            stored.take_in(&mut feed(&lines(), &input).await, false).await.unwrap();
            assert_eq!(stored.len(), 3 * AT_HAND as u64);
            assert_eq!(stored.at_hand.len(), AT_HAND);
            let mut tokens = Vec::new();
            while let Some((_, token)) = stored.front() {
                tokens.push(token);
                stored.advance().await.unwrap();
            }
            assert!(tokens.into_iter().eq(1..=3 * AT_HAND as Token));
        });
    }

    #[test]
    fn what_is_gathered_is_kept_line_for_line_until_the_whole_of_it_is() {
        block_on(async {
            let limits = BatchLimits { interval: Duration::from_hours(1), size: 7 };
            let place = crate::store::Place::File("anywhere".into());
            let config = Config { batch: Some(limits), store: Some(place), ..lines() };
            let shelf = Small::new(usize::MAX);
            let (mut stored, _) = Stored::open(Box::new(shelf.clone())).await.unwrap();
            let (mut input, reader) = tokio::io::duplex(64);
            let mut feed = Feed::open(&config, reader).await.unwrap();
            for (line, kept, at_hand) in [
                ("1\n", &["[1]"][..], 0),
                ("2\n3\n", &["[1]", "[2]", "[3]"], 0),
                // There is no room for it in the array, which is whole.
                ("4\n", &["[1,2,3]", "[4]"], 1),
            ] {
                tokio::io::AsyncWriteExt::write_all(&mut input, line.as_bytes()).await.unwrap();
                feed.wait().await;
                stored.take_in(&mut feed, true).await.unwrap();
                assert_eq!(shelf.payloads(), kept);
                assert_eq!(stored.at_hand.len(), at_hand, "what stands in is not sent");
            }
            drop(stored);
            let (stored, left) = Stored::open(Box::new(shelf)).await.unwrap();
            assert_eq!((left, stored.at_hand.len()), (2, 2), "the next run sends all of it");
        });
    }
}
