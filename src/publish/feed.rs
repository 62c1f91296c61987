//! What is to be published next, and when.

use super::Config;
use super::faults::Faults;
use super::input::Input;
use super::pace::Pacer;
use super::progress::Done;
use super::recipe::{Made, Recipe};
use super::recording::Laps;
use crate::error::{Class, Error, Result};
use crate::mqtt::{Message, Publish};
use crate::session::Token;
use tokio::io::AsyncRead;
use tokio::time::sleep_until;

/// The messages of a run, one after the other.
pub(super) struct Feed<R> {
    input: Input<R>,
    recipe: Recipe,
    pacer: Pacer,
    faults: Faults,
    /// The message in front, if it had to be made.
    front: Option<Message>,
    /// Which of the topics the payload in front is for.
    target: usize,
    /// The number of the message in front, from 1.
    number: u64,
    /// Whether there is one message in all.
    is_alone: bool,
    /// Why no more was taken in.
    ended: Option<Error>,
    /// Why nothing follows, although there would be more.
    stopped: Option<Error>,
    /// How often the input has begun again, and how often when the last message was made.
    laps: Laps,
    lap: u64,
}

impl<R: AsyncRead + Unpin> Feed<R> {
    /// The messages that `config` asks for.
    ///
    /// # Errors
    /// When what must be known at the start cannot be had.
    pub(super) async fn open(config: &Config, input: R) -> Result<Self> {
        let input = Input::open(config, input).await?;
        let mut feed = Self {
            is_alone: input.is_single() && config.recipe.targets() == 1,
            input,
            recipe: config.recipe.clone(),
            pacer: Pacer::new(config.pace),
            faults: Faults::new(config),
            front: None,
            target: 0,
            number: 1,
            ended: None,
            stopped: None,
            laps: Laps::default(),
            lap: 0,
        };
        if !feed.input.is_live() {
            // What is wrong with the one payload is known before anybody is called.
            feed.prepare();
        }
        feed.ended.take().map_or(Ok(feed), Err)
    }

    /// The same, of an input that counts in `laps` how often it begins again.
    pub(super) fn repeating(mut self, laps: Laps) -> Self {
        self.laps = laps;
        self
    }

    /// The broker takes packets of so many bytes; what is gathered heeds it.
    pub(super) fn fit(&mut self, packet: usize) {
        self.input.fit(self.recipe.room(packet));
    }

    /// The next message and the number of its payload, if it is there and due.
    /// The only one of a run has the number 0.
    pub(super) fn peek(&mut self) -> Option<(Publish<'_>, Token)> {
        if !self.prepare() || self.pacer.wait_until().is_some() {
            return None;
        }
        let token = if self.is_alone { 0 } else { self.input.position() };
        let publish = match &self.front {
            Some(message) => message.publish(None, false),
            None => self.recipe.publish(self.target, self.input.peek()?),
        };
        Some((publish, token))
    }

    /// Makes the message in front, and says whether there is one.
    fn prepare(&mut self) -> bool {
        while self.stopped.is_none() && self.front.is_none() {
            if let Err(why) = self.input.gather() {
                self.fault(self.input.position().saturating_sub(1), &why);
                continue;
            }
            let position = self.input.position();
            let Some(payload) = self.input.peek() else { return false };
            if !self.recipe.makes() {
                return true;
            }
            match self.recipe.make(self.target, payload, self.number) {
                Ok(Made::Message(message, time)) => {
                    self.front = Some(message);
                    self.lap = self.laps.get();
                    self.pacer.recorded(time);
                }
                Ok(Made::Nothing) => self.pass_over(),
                Err(why) => {
                    self.fault(position, &why);
                    self.pass_over();
                }
            }
        }
        self.stopped.is_none()
    }

    /// Goes on behind a payload of which no message was made. Where there was none in a
    /// whole lap, none will be in the next.
    fn pass_over(&mut self) {
        self.input.advance();
        if self.laps.get() > self.lap + 1 {
            let what = "no line of the recording is a message, and --loop would never end";
            self.end(Error::new(Class::Decode, what));
        }
    }

    /// Takes down that no message can be made of a payload.
    fn fault(&mut self, position: u64, why: &str) {
        let position = if self.is_alone { 0 } else { position };
        if let Err(error) = self.faults.add(position, why) {
            self.end(error);
        }
    }

    /// Goes on to the message behind the one [`Feed::peek`] showed.
    pub(super) fn advance(&mut self) {
        self.front = None;
        self.number += 1;
        self.pacer.sent();
        self.target += 1;
        if self.target == self.recipe.targets() {
            self.target = 0;
            self.input.advance();
        }
    }

    /// What was gathered since this was asked last and is in no message yet: messages that
    /// say the same, as long as that one is missing.
    pub(super) fn take_gathered(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        for payload in self.input.take_gathered() {
            for target in 0..self.recipe.targets() {
                // One that cannot be made alone cannot be made with others either.
                if let Ok(Made::Message(message, _)) =
                    self.recipe.make(target, &payload, self.number)
                {
                    messages.push(message);
                }
            }
        }
        messages
    }

    /// Whether the payload in front has been published to none of its topics.
    pub(super) const fn is_between(&self) -> bool {
        self.target == 0
    }

    /// Whether nothing may follow before what was sent is delivered, which
    /// [`Feed::delivered`] says.
    pub(super) const fn holds(&self) -> bool {
        self.pacer.holds()
    }

    /// All that was sent is delivered.
    pub(super) fn delivered(&mut self) {
        self.pacer.delivered();
    }

    /// Whether there may be a message that is to be sent only when
    /// [`Feed::wait`] has ended.
    pub(super) fn is_waiting(&mut self) -> bool {
        let paced = self.pacer.waits() && !self.input.is_at_end();
        let waits = paced || self.input.is_waiting();
        self.stopped.is_none() && !self.pacer.holds() && waits
    }

    /// Whether no message follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.stopped.is_some() || self.input.is_at_end()
    }

    /// Whether the messages come when they will, and not when they are asked for.
    pub(super) const fn is_live(&self) -> bool {
        self.input.is_live()
    }

    /// How much was shown.
    pub(super) const fn done(&self) -> Done {
        Done { messages: self.number - 1, read: self.input.read(), unwritten: 0 }
    }

    /// Waits for the next message; may be dropped without losing anything. An
    /// input that cannot be read has ended.
    pub(super) async fn wait(&mut self) {
        if let Some(due) = self.pacer.wait_until() {
            return sleep_until(due).await;
        }
        if !self.input.is_waiting() {
            // It has become due meanwhile, and is there.
            return;
        }
        if let Err(error) = self.input.wait().await {
            let before = self.done().messages;
            self.end(error.hint(format!("messages before it, which were published: {before}")));
        }
    }

    /// Takes in no more, because of `error`.
    fn end(&mut self, error: Error) {
        self.ended.get_or_insert(error);
        self.input.end();
    }

    /// Ends here, because of `error`.
    pub(super) fn stop(&mut self, error: Error) {
        self.stopped.get_or_insert(error);
    }

    /// Whether everything was shown that there was.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn result(self) -> Result<()> {
        self.stopped.or(self.ended).map_or(Ok(()), Err)?;
        self.faults.result()
    }
}
