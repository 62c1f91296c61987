//! Rings the clients of a worker when something is due for them, and those
//! that wait for the subscribers now and then.

use super::bell::Bell;
use super::timer::Timer;
use super::{Desk, Part};
use crate::bench::phase::Phase;
use crate::bench::plan::{NEVER, Plan, Seat};
use crate::session::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// The shortest span between two looks at the clock: messages due within it
/// are sent together. A fraction of what is worth calling late.
const TICK: Duration = Duration::from_micros(50);

/// The clients of a worker in the order in which something is due for them.
#[derive(Debug, Default)]
struct Queue {
    parts: Vec<(Seat, Rc<Bell>)>,
    /// When, counted from the start of the run, and whose position.
    due: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Queue {
    /// All of them at the start of the run, which rings everyone itself.
    fn new(plan: &Plan, parts: &[Part]) -> Self {
        let first = |(position, (seat, _)): (usize, &Part)| {
            let due = plan.next_due(*seat, Time::ZERO);
            (due < NEVER).then_some(Reverse((due, position)))
        };
        let due = parts.iter().enumerate().filter_map(first).collect();
        Self { parts: parts.to_vec(), due }
    }

    /// Rings everyone with something due at `now` and returns when the next is.
    fn ring(&mut self, plan: &Plan, now: Time) -> Option<Time> {
        while let Some(mut next) = self.due.peek_mut() {
            let Reverse((due, position)) = *next;
            if due > now {
                return Some(due);
            }
            let (seat, bell) = self.parts.get(position)?;
            bell.ring();
            let following = plan.next_due(*seat, now);
            if following < NEVER {
                *next = Reverse((following, position));
            } else {
                std::collections::binary_heap::PeekMut::pop(next);
            }
        }
        None
    }
}

/// Rings for the worker of this desk as long as it lives.
///
/// # Errors
/// When the machine gives no timer.
pub(in crate::bench) async fn run(desk: &Desk, parts: &[Part]) -> io::Result<Infallible> {
    let mut timer = Timer::new()?;
    let mut queue = Queue::new(&desk.plan, parts);
    loop {
        let now = desk.board.now();
        let due = ring_due(desk, &mut queue, now);
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

fn ring_due(desk: &Desk, queue: &mut Queue, now: Time) -> Option<Time> {
    let Phase::Running { start } = desk.phase.get() else {
        return None;
    };
    if now < start {
        return Some(start);
    }
    let next = queue.ring(&desk.plan, Time::ZERO + (now - start))?;
    Some(start + (next - Time::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::{Load, Stream, Tempo};
    use crate::client::ConnectOptions;
    use std::sync::Arc;

    fn plan() -> Plan {
        let stream = Stream { tempo: Tempo::Rate(1_000.0), ..Stream::default() };
        let load = Load { publishers: 4, subscribers: 0, stream, ..Load::default() };
        Plan::new(load.into(), Arc::new(ConnectOptions::default()), 1).unwrap()
    }

    fn queue(plan: &Plan, numbers: &[u32]) -> Queue {
        let part = |number: &u32| (Seat { group: 0, number: *number }, Rc::default());
        Queue::new(plan, &numbers.iter().map(part).collect::<Vec<_>>())
    }

    fn rung(queue: &Queue) -> Vec<u32> {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let heard = queue.parts.iter().filter(|(_, bell)| bell.poll(&mut cx).is_ready());
        heard.map(|(seat, _)| seat.number).collect()
    }

    fn at(micros: u64) -> Time {
        Time::ZERO + Duration::from_micros(micros)
    }

    #[test]
    fn only_clients_with_something_due_are_rung() {
        let plan = plan();
        let mut queue = queue(&plan, &[1, 3]);
        let mut ring = |now| (queue.ring(&plan, at(now)), rung(&queue));
        assert_eq!(ring(500), (Some(at(1_000)), vec![]));
        assert_eq!(ring(1_500), (Some(at(3_000)), vec![1]));
        assert_eq!(ring(5_000), (Some(at(7_000)), vec![1, 3]));
        assert_eq!(ring(6_000), (Some(at(7_000)), vec![]));
    }

    #[test]
    fn after_a_pause_everyone_is_rung_and_the_next_is_in_the_future() {
        let plan = plan();
        let mut queue = queue(&plan, &[0, 2]);
        assert_eq!(queue.ring(&plan, at(3_600_000_001)), Some(at(3_600_002_000)));
        assert_eq!(rung(&queue), [0, 2]);
    }
}
