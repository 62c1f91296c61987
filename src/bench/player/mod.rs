//! One client of a run while it is connected: it sends, receives, answers or
//! does several of these, whatever its group in the plan says.

mod answerer;
mod endpoints;
mod gate;
mod link;
mod receiver;
mod sender;
mod ticket;
mod tour;
mod writer;

pub(super) use endpoints::Endpoints;
pub(super) use tour::tour;

use crate::bench::phase::Phase;
use crate::bench::plan::Seat;
use crate::bench::tally::{Account, Tracks};
use crate::bench::worker::{Bell, Desk};
use crate::client;
use crate::error::{Class, Error, Result};
use crate::mqtt::ReasonCode;
use crate::session::{Event, Time};
use answerer::Answerer;
use link::Link;
use receiver::Receiver;
use sender::{Hold, Sender};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use ticket::Ticket;
use tokio::time::timeout;

/// A client and its parts in the run.
pub(super) struct Player {
    pub(super) seat: Seat,
    pub(super) bell: Rc<Bell>,
    pub(super) desk: Rc<Desk>,
    link: Link,
    senders: Vec<Sender>,
    receiver: Option<Receiver>,
    answerer: Option<Answerer>,
    /// The broker's answer to CONNECT has come.
    connected: bool,
    /// What it has granted, in the order of the filters.
    granted: Option<Vec<ReasonCode>>,
}

/// Why a client that is connected no longer plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curtain {
    /// The run is over.
    Over,
    /// Its connection is ended on purpose, in order or not.
    Outage {
        /// Whether DISCONNECT is said.
        orderly: bool,
    },
}

impl Player {
    /// A client that has not connected yet.
    ///
    /// # Errors
    /// When it cannot be what its group says.
    pub(super) fn new(seat: Seat, bell: Rc<Bell>, desk: Rc<Desk>) -> Result<Self> {
        let plan = &desk.plan;
        let (group, options) = (plan.group(seat), plan.options(seat));
        let session = plan.persona(seat).session(&options.session)?;
        let sender = |stream| Sender::new(plan, seat, stream);
        let account = || match group.subscriptions.iter().find_map(|asked| asked.share.as_ref()) {
            Some(share) => Account::shared(desk.pool(seat.group, share)),
            None if plan.lanes() == 0 => Account::Overheard(Tracks::default()),
            None => Account::Own(Tracks::default()),
        };
        let measures = group.subscribes() && !group.answers;
        Ok(Self {
            link: Link::new(options, session, desk.endpoint(seat)?)?,
            senders: (0..group.streams.len()).map(sender).collect::<Result<_>>()?,
            receiver: measures.then(|| Receiver::new(desk.signs.clone(), account())),
            answerer: group.answers.then(Answerer::default),
            connected: false,
            granted: None,
            seat,
            bell,
            desk,
        })
    }

    /// Connects, subscribes if its group does, and waits for the answers.
    ///
    /// # Errors
    /// When any of that fails, or takes too long.
    pub(super) async fn join(&mut self) -> Result<()> {
        let limit = self.desk.plan.options(self.seat).connect_timeout;
        let joined = timeout(limit, self.join_in_time()).await;
        let joined = joined.unwrap_or_else(|late| {
            Err(client::no_answer(self.link.endpoint()).because(io::Error::from(late)))
        });
        if joined.is_err() {
            self.link.cut();
        }
        joined
    }

    async fn join_in_time(&mut self) -> Result<()> {
        (self.connected, self.granted) = (false, None);
        let desk = self.desk.clone();
        let begun = desk.board.now();
        let mut last = begun;
        let step = |step| {
            let now = desk.board.now();
            desk.stats.borrow_mut().connecting.step(step, now - last);
            last = now;
        };
        self.link.open(&desk.board, step).await?;
        let accepted = self.until(|player| player.connected).await;
        accepted.map_err(|error| client::not_accepted(error, self.link.endpoint()))?;
        let now = desk.board.now();
        desk.stats.borrow_mut().connecting.accepted(now, now - last, now - begun);
        let limits = self.link.engine().limits();
        self.senders.iter().try_for_each(|sender| sender.check(limits))?;
        self.subscribe(now).await
    }

    async fn subscribe(&mut self, begun: Time) -> Result<()> {
        let filters = self.desk.plan.filters(self.seat);
        if filters.is_empty() {
            return Ok(());
        }
        self.link.subscribe(&filters, begun)?;
        self.until(|player| player.granted.is_some()).await?;
        let took = self.desk.board.now() - begun;
        self.desk.stats.borrow_mut().connecting.subscribe.record(took);
        let granted = self.granted.iter().flatten();
        let denied = filters.iter().zip(granted).find(|(_, reason)| reason.is_error());
        denied.map_or(Ok(()), |((filter, _), reason)| {
            let what = format!("the broker denied the subscription to {filter}: {reason}");
            Err(Error::new(Class::SubscribeDenied, what))
        })
    }

    async fn until(&mut self, done: impl Fn(&Self) -> bool) -> Result<()> {
        while !done(self) {
            poll_fn(|cx| self.poll(cx)).await?;
        }
        Ok(())
    }

    /// Plays its parts until the run is over or the connection is ended on
    /// purpose.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn play(&mut self) -> Result<Curtain> {
        let desk = self.desk.clone();
        let mut outage = self.next_outage();
        let played = loop {
            let phase = desk.phase.get();
            if phase == Phase::Over {
                break Ok(Curtain::Over);
            }
            outage = outage.or_else(|| self.next_outage());
            if let Some((_, orderly)) = outage.filter(|(at, _)| *at <= desk.board.now()) {
                break Ok(Curtain::Outage { orderly });
            }
            if let Err(error) = self.step(phase) {
                break Err(error);
            }
            if let Err(error) = poll_fn(|cx| self.poll(cx)).await {
                break Err(error);
            }
        };
        match played {
            Ok(Curtain::Over | Curtain::Outage { orderly: true }) => {
                self.link.close(desk.board.now()).await?;
            }
            _ => self.link.cut(),
        }
        played
    }

    /// When the connection is to be ended next, and whether in order.
    fn next_outage(&self) -> Option<(Time, bool)> {
        let desk = &self.desk;
        let Phase::Running { start } = desk.phase.get() else { return None };
        let outages = desk.plan.outages(self.seat);
        let now = Time::ZERO + (desk.board.now() - start);
        let next = outages.next_after(self.seat.number, now)?;
        Some((start + (next.at - Time::ZERO), next.orderly))
    }

    /// Does what time asks for.
    fn step(&mut self, phase: Phase) -> Result<()> {
        let desk = &self.desk;
        let now = desk.board.now();
        self.link.tick(now)?;
        if let Some(answerer) = &mut self.answerer {
            answerer.answer(&mut self.link, now)?;
        }
        if self.senders.is_empty() || !self.link.is_flushed() {
            return Ok(());
        }
        let mut stats = desk.stats.borrow_mut();
        for sender in &mut self.senders {
            if sender.produce(&mut self.link, phase, &desk.board, &mut stats)? == Hold::Gate {
                desk.wait_at_gate(&self.bell);
            }
        }
        Ok(())
    }

    /// Ready when bytes moved or the bell rang.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let moved = self.poll_link(cx)?;
        let rung = self.bell.poll(cx);
        if moved.is_ready() || rung.is_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn poll_link(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let desk = &self.desk;
        let (senders, receiver) = (&mut self.senders, &mut self.receiver);
        let (answerer, connected) = (&mut self.answerer, &mut self.connected);
        let granted = &mut self.granted;
        let mut scratch = desk.scratch.borrow_mut();
        let mut stats = desk.stats.borrow_mut();
        let mut on_event = |event: Event<'_>, now: Time| match event {
            Event::Message(publish) => {
                if let Some(receiver) = receiver {
                    receiver.message(&publish, now, &desk.board, &mut stats);
                } else if let Some(answerer) = answerer {
                    stats.overrun += u64::from(answerer.take(&publish));
                }
            }
            Event::Published { token, reason } => {
                let ticket = Ticket::from(token);
                if let Some(sender) = senders.get_mut(usize::from(ticket.stream)) {
                    sender.answer(ticket.due, reason, now, &mut stats);
                }
            }
            Event::Connected(_) => *connected = true,
            Event::Subscribed { reasons, .. } => *granted = Some(reasons.to_vec()),
            _ => {}
        };
        let moved = self.link.poll(cx, &desk.board, &mut scratch, &mut on_event);
        if moved.is_ready() {
            for sender in senders.iter() {
                sender.settle(&desk.board);
            }
            if let Some(receiver) = receiver {
                receiver.settle(&desk.board);
            }
        }
        moved
    }

    /// Leaves its counts with the worker.
    pub(super) fn account(&mut self) {
        let desk = self.desk.clone();
        let mut stats = desk.stats.borrow_mut();
        stats.blocked += self.link.blocked;
        if let Some(receiver) = &self.receiver {
            stats.arrivals.add(receiver.arrivals());
            stats.shares.extend(receiver.share());
        }
    }
}
