//! The client of a run: receives, passes on, acknowledges, and comes back.

use super::jobs::{Jobs, Settled};
use super::lull::{Limit, Lull};
use super::printer::Printer;
use super::sweep::Sweep;
use super::{Config, requests};
use crate::client::{self, Connection, part, reconnect};
use crate::error::{Class, Error, Result};
use crate::mqtt::ReasonCode;
use crate::output::{self, Sink};
use crate::session::Event;
use crate::signals::{self, Signal};
use std::num::NonZeroU16;
use tokio::time::{Interval, interval, timeout_at};

pub(super) struct Subscriber {
    config: Config,
    connection: Option<Connection>,
    printer: Printer,
    jobs: Jobs,
    /// Messages with QoS 1 and 2 that the broker sends before the first is acknowledged.
    window: u64,
    /// When what is shown from time to time is to be shown.
    pulse: Option<Interval>,
}

/// What ended a turn.
enum Turn {
    Exchanged(Result<()>),
    /// Nothing has come for as long as this allows.
    Silent(Limit),
    /// A command ended.
    Ran,
    /// It is time to show something.
    Beat,
}

/// Ready with the next beat of the pulse, if there is one.
async fn next(pulse: &mut Option<Interval>) {
    match pulse {
        Some(pulse) => {
            pulse.tick().await;
        }
        None => std::future::pending().await,
    }
}

impl Subscriber {
    /// # Errors
    /// When what is to be written to cannot be.
    pub(super) fn new(mut config: Config, sink: Sink) -> Result<Self> {
        config.connect.session.acknowledged_by_owner = config.acknowledges_late();
        let printer = Printer::new(&config, sink)?;
        let jobs = Jobs::new(config.exec.as_ref());
        let pulse = printer.outlets.period().map(interval);
        let window = config.connect.session.receive_maximum.unwrap_or(NonZeroU16::MAX);
        Ok(Self { connection: None, printer, jobs, window: window.get().into(), config, pulse })
    }

    /// Prints messages until there have been enough.
    ///
    /// # Errors
    /// When the broker cannot be reached or what came cannot be passed on.
    pub(super) async fn work(&mut self) -> Result<()> {
        let printer = &mut self.printer;
        let mut on_event = |event: Event<'_>| printer.note(&event);
        let Config { connect, retries, .. } = &self.config;
        let connection = client::connect(connect, retries.first, &mut on_event).await?;
        let connection = self.connection.insert(connection);
        requests::send(connection, &self.config, self.printer.sweep.is_some())?;
        let mut lull = Lull::new(self.config.idle_timeout);
        loop {
            self.pass_on()?;
            if !self.printer.is_open() && !self.jobs.are_busy() {
                return Ok(());
            }
            match self.turn(&mut lull).await? {
                Turn::Exchanged(Ok(())) | Turn::Ran => {}
                Turn::Beat => self.printer.outlets.beat(),
                Turn::Exchanged(Err(error)) => {
                    self.printer.outlets.write_out()?;
                    let error = self.blame(error);
                    let limit = lull.limit(self.printer.seen(), false);
                    if let Some(limit) = self.come_back(error, limit).await? {
                        return limit.end();
                    }
                }
                Turn::Silent(limit) => return limit.end(),
            }
        }
    }

    /// Waits until something has happened. While a command waits for another
    /// to end, nothing is read: what the broker sends has to wait as well.
    async fn turn(&mut self, lull: &mut Lull) -> Result<Turn> {
        let Self { connection, printer, jobs, pulse, window, .. } = self;
        let Some(connection) = connection else { return Ok(Turn::Ran) };
        let reads = printer.is_open() && !jobs.are_full();
        if !reads {
            lull.pause();
        }
        let over = printer.sweep.as_ref().is_some_and(Sweep::is_over);
        let limit = lull.limit(printer.seen(), over).filter(|_| reads);
        let exchange = async {
            if !reads {
                return Turn::Exchanged(connection.hold().await);
            }
            let mut on_event = |event: Event<'_>| printer.note(&event);
            let exchanged = connection.exchange(&mut on_event);
            match limit {
                None => Turn::Exchanged(exchanged.await),
                Some(limit) => match timeout_at(limit.time(), exchanged).await {
                    Ok(exchanged) => Turn::Exchanged(exchanged),
                    Err(_) => Turn::Silent(limit),
                },
            }
        };
        tokio::select! {
            biased;
            settled = jobs.next() => {
                if let Some(Settled { receipt, reason }) = settled {
                    connection.acknowledge(receipt, reason)?;
                }
                if printer.is_open() {
                    jobs.check_room(*window)?;
                }
                Ok(Turn::Ran)
            }
            () = next(pulse) => Ok(Turn::Beat),
            turn = exchange => Ok(turn),
        }
    }

    /// Passes on what has come since the last time, acknowledges what was dealt
    /// with, and removes from the broker what is to be removed.
    fn pass_on(&mut self) -> Result<()> {
        let outlets = &mut self.printer.outlets;
        outlets.write_out()?;
        self.jobs.add(outlets.take_orders());
        let receipts = outlets.take_receipts();
        let Some(connection) = &mut self.connection else { return Ok(()) };
        for receipt in receipts {
            connection.acknowledge(receipt, ReasonCode::SUCCESS)?;
        }
        match &mut self.printer.sweep {
            Some(sweep) => sweep.send(connection, requests::REMOVAL),
            None => Ok(()),
        }
    }

    /// What it means that the connection has ended with `error`: while only the subscriptions
    /// are asked for, it is about them.
    fn blame(&self, error: Error) -> Error {
        let asks = !self.printer.answers.are_complete() && self.printer.sweep.is_none();
        if error.class() != Class::PublishRejected || !asks {
            return error;
        }
        Error::new(Class::SubscribeDenied, "the broker took no subscription").because(error)
    }

    /// Connects and asks again after the connection was lost, unless the limit comes before
    /// that, which is returned then.
    async fn come_back(&mut self, error: Error, limit: Option<Limit>) -> Result<Option<Limit>> {
        let Self { connection, printer, config, .. } = self;
        let Some(connection) = connection else { return Ok(None) };
        let mut on_event = |event: Event<'_>| printer.note(&event);
        let connecting = reconnect(connection, error, config.retries.again, &mut on_event);
        match limit {
            None => connecting.await?,
            Some(limit) => match timeout_at(limit.time(), connecting).await {
                Ok(connected) => connected?,
                Err(_) => return Ok(Some(limit)),
            },
        }
        printer.sweep.iter_mut().for_each(Sweep::restart);
        requests::send(connection, config, printer.sweep.is_some())?;
        output::note("subscribing again");
        Ok(None)
    }

    /// How a run ends that a signal has stopped: with success, once the broker
    /// has accepted the connection.
    pub(super) fn stopped(&self, signal: Signal) -> Result<()> {
        match self.connection {
            Some(_) => Ok(()),
            None => Err(signal.error()),
        }
    }

    /// Deals with what was received, leaves, and says how the run has ended:
    /// with the first failure.
    ///
    /// # Errors
    /// `end`, or what fails now.
    pub(super) async fn finish(&mut self, end: Result<()>) -> Result<()> {
        let passed_on = self.pass_on();
        self.let_jobs_end().await;
        part(self.connection.take()).await;
        end.and(passed_on).and(self.printer.finish()).and(self.jobs.verdict())
    }

    /// Lets the commands that run end, until a signal asks for haste.
    async fn let_jobs_end(&mut self) {
        // Heard before anybody is told that it counts.
        let stop = signals::stop_from_now_on();
        tokio::pin!(stop);
        self.jobs.close();
        while self.jobs.are_busy() {
            tokio::select! {
                biased;
                _ = &mut stop => return self.jobs.kill().await,
                settled = self.jobs.next() => {
                    if let (Some(settled), Some(connection)) = (settled, &mut self.connection) {
                        // If it cannot be sent, the broker sends the message again.
                        let _ = connection.acknowledge(settled.receipt, settled.reason);
                    }
                }
            }
        }
    }
}
