//! Publishes what a feed brings as fast as the broker takes it, over any
//! number of connections.

use super::feed::Feed;
use super::outbox::Outbox;
use super::outcome::{Outcome, SURE};
use super::progress::{Done, Progress};
use super::shelf;
use super::stored::Stored;
use super::verify::Verifier;
use super::{Config, Delivery, Making, OnDisconnect};
use crate::client::{Connection, connect_after, explain, reconnect};
use crate::error::{Class, Error, Result};
use crate::mqtt::{Publish, QoS, ReasonCode};
use crate::output;
use crate::session::{Event, Failure, Token};
use tokio::io::AsyncRead;
use tokio::task::spawn_blocking;

/// Messages in flight at once before MQTT 5, in which the broker cannot say how
/// many it takes: what `mosquitto_pub` has, and brokers are used to.
const OLD_WINDOW: usize = 20;

/// Messages in flight at once where the broker takes more: enough for 10,000 a
/// second at a tenth of a second's distance, and memory that stays small.
const WINDOW: usize = 1024;

/// Publishes each message of `feed`.
///
/// # Errors
/// When the broker cannot be reached or refuses, messages were rejected or
/// lost, or the input cannot be read.
pub(super) async fn publish(
    config: &Config,
    mut feed: Feed<impl AsyncRead + Unpin>,
    mut outcome: Outcome,
    mut verifier: Option<Verifier>,
) -> Result<()> {
    let mut outbox = open_outbox(config).await?;
    let mut connection = connect(config, &mut feed, &mut outbox, &mut outcome).await?;
    if let Some(verifier) = &mut verifier {
        verifier.begin(&mut connection).await?;
    }
    feed.fit(connection.limits().maximum_packet_size);
    let delivery = config.delivery;
    let progress = Progress::new(config.progress);
    let mut flow = Flow {
        connection,
        feed,
        outbox,
        outcome,
        verifier,
        are_unlike: matches!(config.recipe.making, Making::Line { .. }),
        underway: 0,
        is_full: false,
        delivery,
        progress,
    };
    while !flow.is_done() {
        flow.send().await?;
        flow.show();
        if let Err(error) = flow.turn().await {
            flow.recover(error).await?;
        }
    }
    flow.finish().await
}

struct Flow<R> {
    connection: Connection,
    feed: Feed<R>,
    outbox: Outbox,
    outcome: Outcome,
    /// What checks that everything comes back.
    verifier: Option<Verifier>,
    /// Whether a message may ask for what the broker does not support, and the next not.
    are_unlike: bool,
    /// Messages with QoS 0 given to this connection, of which nothing is heard.
    underway: u64,
    /// Whether the engine has refused to take more for now.
    is_full: bool,
    delivery: Delivery,
    progress: Progress,
}

impl<R: AsyncRead + Unpin> Flow<R> {
    fn is_done(&mut self) -> bool {
        self.outbox.is_empty() && self.feed.is_at_end() && self.connection.in_flight() == 0
    }

    /// Gives the connection the messages that are there, while it has room.
    async fn send(&mut self) -> Result<()> {
        self.is_full = false;
        if self.outbox.keeps_all() {
            self.outbox.take_in(&mut self.feed, &mut self.outcome, true).await?;
            self.outbox.settle(self.connection.in_flight() == 0).await?;
        }
        while self.has_room()
            && !self.is_held()
            && let Some(sent) = self.offer_next()
            && self.note(sent).await?
        {}
        Ok(())
    }

    /// Offers the connection the next message, if there is one: those that wait come first.
    fn offer_next(&mut self) -> Option<Sent> {
        let Self { connection, feed, outbox, outcome, verifier, are_unlike, .. } = self;
        let give = |publish: &Publish<'_>, token: Token, waited: bool| {
            let is_alone = |failure: &Failure| match failure {
                Failure::Unsupported(_) => *are_unlike,
                failure => is_about_size(failure),
            };
            let offer = offer(connection, publish, token, outcome, is_alone);
            if let (Some(verifier), Offer::Taken) = (verifier, &offer) {
                verifier.sent(publish);
            }
            Sent { offer, qos: publish.qos, waited }
        };
        match outbox.front() {
            Some((message, token)) => Some(give(&message.publish(None, false), token, true)),
            None if outbox.keeps_all() => None,
            None => feed.peek().map(|(publish, token)| give(&publish, token, false)),
        }
    }

    /// Whether to go on with the next message.
    async fn note(&mut self, sent: Sent) -> Result<bool> {
        let is_unsure = sent.qos == QoS::AtMostOnce;
        let mut is_done = is_unsure;
        match sent.offer {
            Offer::Taken => self.underway += u64::from(is_unsure),
            Offer::Rejected => is_done = true,
            Offer::Later => {
                self.is_full = true;
                return Ok(false);
            }
            Offer::Never(error) if sent.waited => return Err(error),
            Offer::Never(error) => {
                self.feed.stop(error);
                return Ok(false);
            }
        }
        if sent.waited {
            self.outbox.advance(is_done).await?;
        } else {
            self.feed.advance();
        }
        Ok(true)
    }

    /// Whether what was sent is still to be delivered before more is.
    fn is_held(&mut self) -> bool {
        let holds = self.feed.holds();
        let is_held = holds && self.connection.in_flight() > 0;
        if holds && !is_held {
            self.feed.delivered();
        }
        is_held
    }

    /// What the engine knows of the window is added to by what is wanted, or usual.
    fn has_room(&mut self) -> bool {
        let connection = &mut self.connection;
        let usual = if connection.version().is_v5() { WINDOW } else { OLD_WINDOW };
        let window = self.delivery.max_in_flight.map_or(usual, |most| most.get().into());
        connection.in_flight() < window && !self.is_full && !connection.is_congested()
    }

    /// Shows how far the messages are.
    fn show(&mut self) {
        if self.progress.is_due() {
            let unwritten = self.connection.unwritten() as u64;
            self.progress.show(Done { unwritten, ..self.feed.done() });
        }
    }

    /// Waits for the connection, and for the input if more of it is needed.
    async fn turn(&mut self) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        if !self.outbox.keeps_all() {
            self.outcome.stand(self.outbox.len(), self.connection.in_flight() as u64);
        }
        let wants_input = self.has_room() && self.outbox.is_empty() && self.feed.is_waiting();
        let (outcome, outbox) = (&mut self.outcome, &mut self.outbox);
        let verifier = &mut self.verifier;
        let mut on_event = |event: Event<'_>| {
            outcome.note(&event);
            outbox.note(&event);
            if let Some(verifier) = &mut *verifier {
                verifier.note(&event);
            }
        };
        tokio::select! {
            biased;
            exchanged = self.connection.exchange(&mut on_event) => exchanged,
            () = self.feed.wait(), if wants_input => Ok(()),
            () = self.progress.tick() => Ok(()),
        }
    }

    /// Connects again. What was under way with QoS 0 may be lost, and is not
    /// sent twice.
    async fn recover(&mut self, error: Error) -> Result<()> {
        self.progress.clear();
        let kept = self.connection.keep_unsent();
        let uncertain = self.underway.saturating_sub(kept);
        let has_lost = uncertain > 0 && self.delivery.on_disconnect == OnDisconnect::Fail;
        self.outcome.lost.uncertain += uncertain;
        self.underway = kept;
        if has_lost {
            return Err(self.lost(error));
        }
        let in_flight = self.connection.in_flight() as u64;
        let mut answers = Vec::new();
        let mut on_event = |event: Event<'_>| answers.extend(answer(&event));
        let connection = &mut self.connection;
        let connecting =
            Box::pin(reconnect(connection, error, self.delivery.retries.again, &mut on_event));
        let connected =
            meanwhile(&mut self.feed, &mut self.outbox, &mut self.outcome, in_flight, connecting)
                .await;
        for (token, reason) in answers {
            self.outcome.note(&Event::Published { token, reason });
            self.outbox.note(&Event::Published { token, reason });
        }
        connected.map_err(|error| self.lost(error))?;
        self.feed.fit(self.connection.limits().maximum_packet_size);
        self.verifier.iter().try_for_each(|verifier| verifier.ask(&mut self.connection))
    }

    /// `error`, which is the end, with what it means for the messages.
    fn lost(&mut self, error: Error) -> Error {
        self.outcome.lost.unsent += self.underway + self.outbox.len();
        self.outcome.lost.unanswered += self.connection.in_flight() as u64;
        match self.outcome.lost.words() {
            Some(what) if error.class() == Class::ConnectionLost => {
                let lost = Error::new(Class::ConnectionLost, what).because(error);
                // What is kept or would be sent again needs another cure: that of the cause.
                let is_unsure = !self.outbox.keeps_all() && self.outcome.lost.is_unsure();
                if is_unsure { lost.hint(SURE) } else { lost }
            }
            _ => error,
        }
    }

    /// Closes in order, which for QoS 0 is the only sign that the broker has
    /// taken everything; for the others every message is answered by now.
    async fn finish(mut self) -> Result<()> {
        // Everything is answered.
        self.outcome.stand(0, 0);
        self.progress.clear();
        self.outbox.settle(true).await?;
        if let Some(verifier) = &mut self.verifier {
            verifier.wait(&mut self.connection).await;
        }
        let closed = self.connection.close().await;
        let error = closed.err().filter(|_| self.underway > 0);
        let Some(error) = error else {
            let losses = self.outcome.lost.words();
            let result = self.outcome.result();
            let is_told = |error: &Error| error.class() == Class::ConnectionLost;
            if let Some(what) = losses.filter(|_| !result.as_ref().is_err_and(is_told)) {
                output::warn(what);
            }
            result?;
            self.feed.result()?;
            return self.verifier.map_or(Ok(()), |verifier| verifier.verdict());
        };
        if error.class() != Class::ConnectionLost {
            return Err(error);
        }
        self.outcome.lost.uncertain += self.underway;
        let what = self.outcome.lost.words().unwrap_or_default();
        Err(Error::new(Class::ConnectionLost, what).because(error).hint(SURE))
    }
}

/// What became of a message that was to be sent.
struct Sent {
    offer: Offer,
    qos: QoS,
    /// Whether it had waited in the outbox.
    waited: bool,
}

enum Offer {
    Taken,
    /// This one is not, which is noted.
    Rejected,
    /// When there is room again.
    Later,
    /// Nor will any other be.
    Never(Error),
}

/// Offers a message; `is_alone` says of a failure that it is about this one.
fn offer(
    connection: &mut Connection,
    publish: &Publish<'_>,
    token: Token,
    outcome: &mut Outcome,
    is_alone: impl FnOnce(&Failure) -> bool,
) -> Offer {
    match connection.publish(publish, token) {
        Ok(()) => Offer::Taken,
        Err(Failure::WindowFull) => Offer::Later,
        Err(failure) if is_alone(&failure) => {
            outcome.reject(token, failure.to_string());
            Offer::Rejected
        }
        Err(failure) => Offer::Never(explain(failure)),
    }
}

fn is_about_size(failure: &Failure) -> bool {
    match failure {
        Failure::TooLarge(..) => true,
        Failure::Invalid(error) => error.reason == ReasonCode::PACKET_TOO_LARGE,
        _ => false,
    }
}

/// What the broker says of a message.
const fn answer(event: &Event<'_>) -> Option<(Token, ReasonCode)> {
    match event {
        Event::Published { token, reason } => Some((*token, *reason)),
        _ => None,
    }
}

/// The outbox, with what is left from an earlier run.
async fn open_outbox(config: &Config) -> Result<Outbox> {
    let Some(place) = &config.store else { return Ok(Outbox::buffer(&config.delivery)) };
    let place = place.clone();
    let opened = spawn_blocking(move || shelf::open(&place)).await;
    let gone = |cause| Error::new(Class::Other, "the store cannot be opened").because(cause);
    let (stored, left) = Stored::open(opened.map_err(gone)??).await?;
    if left > 0 {
        output::note(format!("{left} messages of an earlier run come first"));
    }
    Ok(Outbox::Stored(stored))
}

/// Connects for the first time. Messages wait in memory only once the broker is known to be
/// away: a fast input would run over the buffer before the first answer is there.
async fn connect(
    config: &Config,
    feed: &mut Feed<impl AsyncRead + Unpin>,
    outbox: &mut Outbox,
    outcome: &mut Outcome,
) -> Result<Connection> {
    let mut ignored = |_: Event<'_>| {};
    let opening = Box::pin(Connection::open(config.connect.clone(), &mut ignored));
    let opened = if outbox.keeps_all() {
        meanwhile(feed, outbox, outcome, 0, opening).await
    } else {
        opening.await
    };
    let Err(error) = opened else { return opened };
    let (options, retry) = (&config.connect, config.delivery.retries.first);
    let connecting = Box::pin(connect_after(options, error, retry, &mut ignored));
    meanwhile(feed, outbox, outcome, 0, connecting).await
}

/// Waits for a connection and lets messages wait in the outbox meanwhile; `in_flight` of
/// them wait for their answer.
async fn meanwhile<T>(
    feed: &mut Feed<impl AsyncRead + Unpin>,
    outbox: &mut Outbox,
    outcome: &mut Outcome,
    in_flight: u64,
    mut connecting: impl Future<Output = Result<T>> + Unpin,
) -> Result<T> {
    loop {
        outbox.take_in(feed, outcome, false).await?;
        if !outbox.keeps_all() {
            outcome.stand(outbox.len(), in_flight);
        }
        // What is due and may not wait there is in front until there is a connection.
        let reads_on = outbox.reads_on() && feed.is_waiting() && feed.peek().is_none();
        tokio::select! {
            biased;
            connected = &mut connecting => return connected,
            () = feed.wait(), if reads_on => {}
        }
    }
}
