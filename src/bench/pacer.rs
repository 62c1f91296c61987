//! Rings the publishers of a worker when their messages are due, and those
//! that wait for the subscribers now and then.

use super::bell::Bell;
use super::pace::Pace;
use super::phase::Phase;
use super::timer::Timer;
use super::worker::Desk;
use crate::session::Time;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// The shortest span between two looks at the clock: messages due within it
/// are sent together. A fraction of what is worth calling late.
const TICK: Duration = Duration::from_micros(50);

/// The publishers of a worker in the order in which their messages are due.
struct Round {
    pace: Pace,
    /// Ascending by number.
    publishers: Vec<(u32, Rc<Bell>)>,
    /// The message that is due next: its sequence number and who sends it.
    sequence: u64,
    position: usize,
}

impl Round {
    /// Rings everyone with messages due at `now` and returns when the next is.
    fn ring(&mut self, now: Time) -> Option<Time> {
        let mut rung = 0;
        loop {
            let (number, bell) = self.publishers.get(self.position)?;
            let due = self.pace.due(*number, self.sequence);
            if due > now {
                return Some(due);
            }
            if rung == self.publishers.len() {
                self.catch_up(now);
                rung = 0;
                continue;
            }
            bell.ring();
            rung += 1;
            self.advance();
        }
    }

    const fn advance(&mut self) {
        self.position += 1;
        if self.position == self.publishers.len() {
            self.position = 0;
            self.sequence += 1;
        }
    }

    /// Skips the rounds that are wholly due: everyone has been rung.
    fn catch_up(&mut self, now: Time) {
        if let Some((last, _)) = self.publishers.last() {
            let rounds = self.pace.due_by(*last, now);
            if rounds > self.sequence {
                (self.sequence, self.position) = (rounds, 0);
            }
        }
    }
}

/// Rings for the worker of this desk as long as it lives.
///
/// # Errors
/// When the machine gives no timer.
pub(super) async fn run(desk: &Desk, publishers: Vec<(u32, Rc<Bell>)>) -> io::Result<Infallible> {
    let mut timer = Timer::new()?;
    let mut round =
        desk.plan.pace().map(|pace| Round { pace, publishers, sequence: 0, position: 0 });
    loop {
        let now = desk.board.now();
        let due = ring_due(desk, round.as_mut(), now);
        let waiting = desk.ring_waiting().then_some(now + TICK);
        if let Some(next) = due.into_iter().chain(waiting).min() {
            timer.set(desk.board.until(next.max(now + TICK)))?;
        }
        poll_fn(|cx| match desk.pacer.poll(cx) {
            Poll::Ready(()) => Poll::Ready(Ok(())),
            Poll::Pending => timer.poll(cx),
        })
        .await?;
    }
}

fn ring_due(desk: &Desk, round: Option<&mut Round>, now: Time) -> Option<Time> {
    let Phase::Running { start } = desk.phase.get() else {
        return None;
    };
    if now < start {
        return Some(start);
    }
    let next = round?.ring(Time::ZERO + (now - start))?;
    Some(start + (next - Time::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(numbers: &[u32]) -> Round {
        Round {
            pace: Pace::new(1_000.0, 4),
            publishers: numbers.iter().map(|number| (*number, Rc::default())).collect(),
            sequence: 0,
            position: 0,
        }
    }

    fn rung(round: &Round) -> Vec<u32> {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let heard = round.publishers.iter().filter(|(_, bell)| bell.poll(&mut cx).is_ready());
        heard.map(|(number, _)| *number).collect()
    }

    fn at(micros: u64) -> Time {
        Time::ZERO + Duration::from_micros(micros)
    }

    #[test]
    fn only_publishers_with_something_due_are_rung() {
        let mut round = round(&[1, 3]);
        assert_eq!((round.ring(at(500)), rung(&round)), (Some(at(1_000)), vec![]));
        assert_eq!((round.ring(at(1_500)), rung(&round)), (Some(at(3_000)), vec![1]));
        assert_eq!((round.ring(at(5_000)), rung(&round)), (Some(at(7_000)), vec![1, 3]));
        assert_eq!((round.ring(at(6_000)), rung(&round)), (Some(at(7_000)), vec![]));
    }

    #[test]
    fn after_a_pause_everyone_is_rung_and_the_next_is_in_the_future() {
        let mut round = round(&[0, 2]);
        assert_eq!(round.ring(at(3_600_000_001)), Some(at(3_600_002_000)));
        assert_eq!(rung(&round), [0, 2]);
    }
}
