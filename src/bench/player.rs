//! One connection of a run from CONNECT to DISCONNECT: it sends, receives or
//! does both, whatever its seat in the plan says.

use super::bell::Bell;
use super::link::Link;
use super::phase::Phase;
use super::plan::Seat;
use super::receiver::Receiver;
use super::sender::{Hold, Sender};
use super::worker::Desk;
use crate::client;
use crate::error::{Class, Error, Result};
use crate::mqtt::ReasonCode;
use crate::session::{Event, Time};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::time::timeout;

/// A connection and its parts in the run.
pub(super) struct Player {
    link: Link,
    sender: Option<Sender>,
    receiver: Option<Receiver>,
    bell: Rc<Bell>,
    desk: Rc<Desk>,
    /// The broker's answer to CONNECT has come.
    connected: bool,
    /// Its answer to SUBSCRIBE.
    subscribed: Option<ReasonCode>,
}

impl Player {
    /// Connects, subscribes if the seat says so, and waits for the answers.
    pub(super) async fn join(seat: Seat, bell: Rc<Bell>, desk: Rc<Desk>) -> Result<Self> {
        let limit = desk.options.connect_timeout;
        let joined = timeout(limit, Self::join_in_time(seat, bell, desk.clone())).await;
        joined.unwrap_or_else(|_| Err(client::no_answer(desk.options.broker(seat.number()))))
    }

    async fn join_in_time(seat: Seat, bell: Rc<Bell>, desk: Rc<Desk>) -> Result<Self> {
        let load = desk.plan.load();
        let options = &desk.options;
        let sender = |number| Sender::new(&desk.plan, desk.run, number, options);
        let mut player = Self {
            link: Link::open(options, seat.number(), desk.client_id(seat), desk.board.now())
                .await?,
            sender: seat.publisher.map(sender).transpose()?,
            receiver: seat.subscriber.map(|_| Receiver::new(desk.run, load.publishers)),
            bell,
            connected: false,
            subscribed: None,
            desk: desk.clone(),
        };
        let connected = player.until(|player| player.connected).await;
        connected.map_err(|error| client::not_accepted(error, options.broker(seat.number())))?;
        if let Some(sender) = &player.sender {
            sender.check(player.link.engine().limits())?;
        }
        if player.receiver.is_some() {
            let (filter, now) = (desk.plan.filter(), desk.board.now());
            player.link.subscribe(&filter, load.qos, now)?;
            player.until(|player| player.subscribed.is_some()).await?;
            player.check_granted()?;
        }
        Ok(player)
    }

    async fn until(&mut self, done: impl Fn(&Self) -> bool) -> Result<()> {
        while !done(self) {
            poll_fn(|cx| self.poll(cx)).await?;
        }
        Ok(())
    }

    fn check_granted(&self) -> Result<()> {
        match self.subscribed {
            Some(reason) if reason.is_error() => {
                let filter = self.desk.plan.filter();
                let what = format!("the broker denied the subscription to {filter}: {reason}");
                Err(Error::new(Class::SubscribeDenied, what))
            }
            _ => Ok(()),
        }
    }

    /// Plays its parts until the run is over.
    pub(super) async fn play(mut self) -> Result<()> {
        let desk = self.desk.clone();
        let played = loop {
            let phase = desk.phase.get();
            if phase == Phase::Over {
                break Ok(());
            }
            let step = self.step(phase);
            let moved = match step {
                Ok(()) => poll_fn(|cx| self.poll(cx)).await,
                failed => failed,
            };
            if moved.is_err() {
                break moved;
            }
        };
        self.account();
        match played {
            Ok(()) => self.link.close(desk.board.now()).await,
            failed => failed,
        }
    }

    /// Does what time asks for.
    fn step(&mut self, phase: Phase) -> Result<()> {
        let desk = &self.desk;
        self.link.tick(desk.board.now())?;
        let Some(sender) = &mut self.sender else {
            return Ok(());
        };
        let mut stats = desk.stats.borrow_mut();
        if sender.produce(&mut self.link, phase, &desk.board, &mut stats)? == Hold::Gate {
            desk.wait_at_gate(&self.bell);
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
        let (sender, receiver) = (&mut self.sender, &mut self.receiver);
        let (connected, subscribed) = (&mut self.connected, &mut self.subscribed);
        let mut scratch = desk.scratch.borrow_mut();
        let mut stats = desk.stats.borrow_mut();
        let mut on_event = |event: Event<'_>, now: Time| match (event, &mut *sender, &mut *receiver)
        {
            (Event::Message(publish), _, Some(receiver)) => {
                receiver.message(&publish, now, &desk.board, &mut stats);
            }
            (Event::Published { token, reason }, Some(sender), _) => {
                sender.answer(Time::from_nanos(token), reason, now, &mut stats);
            }
            (Event::Connected(_), ..) => *connected = true,
            (Event::Subscribed { reasons, .. }, ..) => *subscribed = reasons.first().copied(),
            _ => {}
        };
        let moved = self.link.poll(cx, &desk.board, &mut scratch, &mut on_event);
        if moved.is_ready() {
            if let Some(sender) = sender {
                sender.settle(&desk.board);
            }
            if let Some(receiver) = receiver {
                receiver.settle(&desk.board);
            }
        }
        moved
    }

    /// Leaves its counts with the worker.
    fn account(&mut self) {
        let mut stats = self.desk.stats.borrow_mut();
        stats.blocked += self.link.blocked;
        if let Some(receiver) = &self.receiver {
            stats.arrivals.add(receiver.arrivals());
        }
    }
}
