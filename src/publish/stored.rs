//! An outbox that outlives the process: a message is kept before it is sent
//! and forgotten when the broker has answered.

use super::feed::Feed;
use super::shelf::{Shelf, pack};
use crate::error::{Class, Error, Result};
use crate::mqtt::Message;
use crate::session::{Event, Token};
use std::collections::VecDeque;
use tokio::io::AsyncRead;

/// Messages in memory, of those that are kept: enough for a fast broker.
const AT_HAND: usize = 1_000;

/// Bytes that are kept in one go.
const BATCH: usize = 64 * 1024;

/// Messages that have ended and are not forgotten yet; after a crash they are
/// sent again.
const UNSETTLED: usize = 1_000;

/// The outbox.
pub(super) struct Stored {
    shelf: Box<dyn Shelf>,
    /// The first of those that are still to be sent.
    at_hand: VecDeque<(Message, Token)>,
    /// The number of the last that was at hand.
    seen: Token,
    /// The number of the last that is kept.
    last: Token,
    ended: Vec<Token>,
}

impl Stored {
    /// What is on `shelf` comes first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(mut shelf: Box<dyn Shelf>) -> Result<(Self, u64)> {
        let (last, count) = shelf.extent()?;
        let at_hand = VecDeque::new();
        let mut stored = Self { shelf, at_hand, seen: 0, last, ended: Vec::new() };
        stored.refill()?;
        Ok((stored, count))
    }

    /// Keeps what `feed` shows: all of it without a connection, with one as
    /// much as is soon sent.
    ///
    /// # Errors
    /// When it cannot be kept; then it says how much is lost.
    pub(super) fn take_in(
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
                return error.map_or(Ok(()), Err);
            }
            let count = added.len();
            self.shelf.change(&added, &self.ended).map_err(|cause| {
                let what = format!("{count} messages were read and can neither be kept nor sent");
                Error::new(Class::File, what).because(cause)
            })?;
            self.ended.clear();
            let is_next = self.seen == self.last && self.at_hand.len() < AT_HAND;
            self.last += count as u64;
            if is_next {
                self.refill()?;
            }
            if let Some(error) = error {
                return Err(error);
            }
        }
    }

    /// Some of what `feed` shows, packed, and what is wrong with the next.
    fn gather(
        &self,
        feed: &mut Feed<impl AsyncRead + Unpin>,
    ) -> (Vec<(Token, Vec<u8>)>, Option<Error>) {
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
    fn refill(&mut self) -> Result<()> {
        for (token, message) in self.shelf.behind(self.seen, AT_HAND)? {
            self.at_hand.push_back((message, token));
            self.seen = token;
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
    pub(super) fn advance(&mut self) -> Result<()> {
        self.at_hand.pop_front();
        if self.at_hand.is_empty() && self.seen < self.last {
            self.refill()?;
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
    pub(super) fn settle(&mut self, all: bool) -> Result<()> {
        if self.ended.is_empty() || (!all && self.ended.len() < UNSETTLED) {
            return Ok(());
        }
        self.shelf.change(&[], &self.ended)?;
        self.ended.clear();
        Ok(())
    }

    /// How many wait to be sent, at most.
    pub(super) fn len(&self) -> u64 {
        self.at_hand.len() as u64 + (self.last - self.seen)
    }
}

impl Drop for Stored {
    /// Whoever is stopped settles; what fails here is sent again.
    fn drop(&mut self) {
        let _ = self.settle(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::shelf::unpack;

    /// A shelf with room for so many messages.
    struct Small(Vec<(Token, Vec<u8>)>, usize);

    impl Shelf for Small {
        fn change(&mut self, added: &[(Token, Vec<u8>)], ended: &[Token]) -> Result<()> {
            if self.0.len() + added.len() > self.1 {
                return Err(Error::new(Class::File, "no room"));
            }
            self.0.extend_from_slice(added);
            self.0.retain(|(token, _)| !ended.contains(token));
            Ok(())
        }

        fn behind(&mut self, token: Token, count: usize) -> Result<Vec<(Token, Message)>> {
            let behind = self.0.iter().filter(|row| row.0 > token).take(count);
            Ok(behind.map(|(token, bytes)| (*token, unpack(bytes).unwrap())).collect())
        }

        fn extent(&mut self) -> Result<(Token, u64)> {
            Ok((self.0.last().map_or(0, |row| row.0), self.0.len() as u64))
        }
    }

    fn feed(input: &[u8]) -> Feed<&[u8]> {
        let mut config = crate::publish::tests::config();
        config.source = crate::publish::Source::LINES;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut feed = Feed::open(&config, input).await.unwrap();
            feed.wait().await;
            feed
        })
    }

    #[test]
    fn a_full_disk_is_an_error_that_counts_what_is_lost() {
        let (mut stored, left) = Stored::open(Box::new(Small(Vec::new(), 2))).unwrap();
        assert_eq!(left, 0);
        stored.take_in(&mut feed(b"1\n2\n"), true).unwrap();
        assert_eq!(stored.len(), 2);
        let error = stored.take_in(&mut feed(b"3\n4\n5\n"), false).unwrap_err();
        assert_eq!(error.class(), Class::File);
        assert!(error.to_string().starts_with("3 messages"), "{error}");
    }

    #[test]
    fn with_a_connection_no_more_is_taken_in_than_is_soon_sent_and_without_one_all_is() {
        let lines = b"x\n".repeat(3 * AT_HAND);
        let shelf = || Box::new(Small(Vec::new(), usize::MAX));
        let (mut stored, _) = Stored::open(shelf()).unwrap();
        stored.take_in(&mut feed(&lines), true).unwrap();
        assert_eq!(stored.len(), AT_HAND as u64);
        let (mut stored, _) = Stored::open(shelf()).unwrap();
        stored.take_in(&mut feed(&lines), false).unwrap();
        assert_eq!(stored.len(), 3 * AT_HAND as u64);
        assert_eq!(stored.at_hand.len(), AT_HAND);
        let mut tokens = Vec::new();
        while let Some((_, token)) = stored.front() {
            tokens.push(token);
            stored.advance().unwrap();
        }
        assert!(tokens.into_iter().eq(1..=3 * AT_HAND as Token));
    }
}
