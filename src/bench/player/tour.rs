//! One client of a run from its first connection to its last: it comes when it
//! is due, and comes back when its connection is lost or ended on purpose.

use super::{Curtain, Player};
use crate::bench::phase::Phase;
use crate::bench::plan::Seat;
use crate::bench::worker::{Bell, Desk, Notice, Run};
use crate::client::is_about_version;
use crate::error::{Class, Error, Result};
use crate::session::Time;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Plays the part of this seat to its end.
///
/// # Errors
/// When it is given up before the run is over.
pub(in crate::bench) async fn tour(
    (seat, bell): (Seat, Rc<Bell>),
    desk: &Rc<Desk>,
    opening: &Semaphore,
    run: &Run,
) -> Result<()> {
    let due = desk.board.until(desk.origin + (desk.plan.arrival(seat) - Time::ZERO));
    if desk.unless_over(&bell, sleep(due)).await.is_none() {
        return Ok(());
    }
    let mut tour =
        Tour { player: Player::new(seat, bell, desk.clone())?, failures: 0, known: false };
    let ended = tour.go(opening, run).await;
    tour.player.account();
    ended
}

struct Tour {
    player: Player,
    /// Attempts in a row that have failed.
    failures: u32,
    /// Whether the run knows that it has come.
    known: bool,
}

impl Tour {
    async fn go(&mut self, opening: &Semaphore, run: &Run) -> Result<()> {
        let (desk, bell) = (self.player.desk.clone(), self.player.bell.clone());
        loop {
            let joined = async {
                let _permit = opening.acquire().await;
                self.player.join().await
            };
            let Some(joined) = desk.unless_over(&bell, joined).await else {
                return Ok(());
            };
            let ended = match joined {
                Ok(()) => self.play(run).await,
                Err(error) => Err((error, Fault::NotConnected)),
            };
            let pause = match ended {
                Ok(Curtain::Over) => return Ok(()),
                Ok(Curtain::Outage { .. }) => Duration::ZERO,
                Err((error, fault)) => self.pause_after(error, fault)?,
            };
            if desk.unless_over(&bell, sleep(pause)).await.is_none() {
                return Ok(());
            }
        }
    }

    async fn play(&mut self, run: &Run) -> Result<Curtain, (Error, Fault)> {
        let desk = self.player.desk.clone();
        self.failures = 0;
        if !std::mem::replace(&mut self.known, true) {
            // Nobody listens when the run has been given up; then its phase is Over.
            let _ = run.notices.send(Notice::Ready);
        }
        desk.board.note_connection(true);
        let played = self.player.play().await;
        desk.board.note_connection(false);
        let receives = desk.plan.group(self.player.seat).subscribes();
        let publishing = matches!(desk.phase.get(), Phase::Running { .. });
        desk.stats.borrow_mut().connecting.away += u64::from(receives && publishing);
        played.map_err(|error| (error, Fault::Lost))
    }

    /// How long to wait after a failure.
    ///
    /// # Errors
    /// `error`, when the client is not to come back.
    fn pause_after(&mut self, error: Error, fault: Fault) -> Result<Duration> {
        let desk = &self.player.desk;
        let comeback = desk.plan.group(self.player.seat).comeback;
        self.failures = self.failures.saturating_add(1);
        let mut stats = desk.stats.borrow_mut();
        match fault {
            Fault::NotConnected => stats.connecting.failed += 1,
            Fault::Lost => stats.connecting.lost += 1,
        }
        let may = comeback.attempts.is_none_or(|attempts| self.failures <= attempts);
        // The run goes on with another version, if it may.
        let hopeless =
            matches!(error.class(), Class::Usage | Class::File) || is_about_version(&error);
        if !may || hopeless {
            return Err(error);
        }
        stats.errors.note(&error);
        Ok(comeback.pause)
    }
}

/// What has failed.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// No connection came about.
    NotConnected,
    /// One was lost.
    Lost,
}

impl Desk {
    /// What `task` comes to, unless the run is over before.
    async fn unless_over<T>(&self, bell: &Bell, task: impl Future<Output = T>) -> Option<T> {
        let mut task = pin!(task);
        poll_fn(|cx| {
            if self.phase.get() == Phase::Over {
                return Poll::Ready(None);
            }
            if let Poll::Ready(done) = task.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            // Everybody is rung when the phase changes.
            while bell.poll(cx).is_ready() {
                if self.phase.get() == Phase::Over {
                    return Poll::Ready(None);
                }
            }
            Poll::Pending
        })
        .await
    }
}
