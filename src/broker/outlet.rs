//! A thread that writes what observers have to say, so that no worker waits
//! for a disk or a terminal. What it cannot keep up with is left out, counted
//! and said to be missing.

use crate::error::{Class, Error, Result};
use crate::output;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Items that may wait to be written, and bytes of them.
const CAPACITY: usize = 8192;
const BYTES: usize = 64 * 1024 * 1024;

/// Where items end up.
pub(super) trait Writer<T>: Send + 'static {
    /// What is written, as a failure names it.
    fn name(&self) -> String;
    /// Writes an item, perhaps to a buffer.
    fn write(&mut self, item: T) -> io::Result<()>;
    /// Says that `count` items are missing here.
    fn skip(&mut self, count: u64) -> io::Result<()>;
    /// Begins again at the place that the name now stands for, where there is a
    /// name.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }
    /// Writes what is in the buffer.
    fn flush(&mut self) -> io::Result<()>;
}

enum Order<T> {
    /// An item, and its size.
    Write(T, usize),
    Reopen,
    Finish,
}

/// What both sides count.
#[derive(Debug, Default)]
struct Counts {
    /// Bytes of the items that wait.
    waiting: AtomicUsize,
    /// Items left out and not yet said to be.
    missing: AtomicU64,
}

/// The way to the thread of a [`Writer`].
#[derive(Debug)]
pub(super) struct Outlet<T> {
    orders: SyncSender<Order<T>>,
    counts: Arc<Counts>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<T: Send + 'static> Outlet<T> {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(name: &str, writer: impl Writer<T>) -> Result<Self> {
        let (orders, ordered) = sync_channel(CAPACITY);
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(writer, &ordered, &counted))
            .map_err(|cause| Error::new(Class::Other, "cannot start a thread").because(cause))?;
        Ok(Self { orders, counts, thread: Mutex::new(Some(thread)) })
    }

    /// Has an item of so many bytes written, or counts it as missing. Never
    /// waits.
    pub(super) fn offer(&self, item: T, size: usize) {
        let waiting = self.counts.waiting.fetch_add(size, Ordering::Relaxed);
        let fits = waiting.saturating_add(size) <= BYTES;
        if !fits || self.orders.try_send(Order::Write(item, size)).is_err() {
            self.counts.waiting.fetch_sub(size, Ordering::Relaxed);
            self.counts.missing.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Has what follows written to the place that the name then stands for.
    pub(super) fn reopen(&self) {
        // It fails only when the thread has ended.
        let _ = self.orders.send(Order::Reopen);
    }

    /// Waits until everything is written, and ends the thread.
    pub(super) fn finish(&self) {
        let Some(thread) = self.thread.lock().take() else {
            return;
        };
        // Both fail only if the thread has failed, which is too late to mend.
        let _ = self.orders.send(Order::Finish);
        let _ = thread.join();
    }
}

/// Writes until it is told to finish; after a failure, which is said once,
/// everything is thrown away.
fn run<T>(mut writer: impl Writer<T>, orders: &Receiver<Order<T>>, counts: &Counts) {
    let mut broken = false;
    while let Ok(first) = orders.recv() {
        match batch(&mut writer, first, orders, counts, broken) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                output::warn(format!("cannot write {}: {error}", writer.name()));
                broken = true;
            }
        }
    }
}

/// Writes what there is to write; whether more is to come.
fn batch<T>(
    writer: &mut impl Writer<T>,
    first: Order<T>,
    orders: &Receiver<Order<T>>,
    counts: &Counts,
    broken: bool,
) -> io::Result<bool> {
    let mut next = Some(first);
    while let Some(order) = next {
        match order {
            Order::Write(item, size) => {
                counts.waiting.fetch_sub(size, Ordering::Relaxed);
                if !broken {
                    writer.write(item)?;
                }
            }
            Order::Reopen => {
                if let Err(error) = writer.reopen() {
                    output::warn(format!("cannot open {} anew: {error}", writer.name()));
                }
            }
            Order::Finish => {
                writer.flush()?;
                return Ok(false);
            }
        }
        next = orders.try_recv().ok();
    }
    let missed = counts.missing.swap(0, Ordering::Relaxed);
    if missed > 0 && !broken {
        writer.skip(missed)?;
    }
    writer.flush()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::Sender;

    /// Reports what it is asked for, and waits for a word before each item.
    struct Slow {
        reports: Sender<String>,
        go: Receiver<()>,
    }

    impl Writer<u64> for Slow {
        fn name(&self) -> String {
            "slowly".to_owned()
        }

        fn write(&mut self, item: u64) -> io::Result<()> {
            self.reports.send(item.to_string()).unwrap();
            // Nobody says any word any more: then it need not wait.
            let _ = self.go.recv();
            Ok(())
        }

        fn skip(&mut self, count: u64) -> io::Result<()> {
            self.reports.send(format!("{count} missing")).unwrap();
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_everything_else_is_written_before_the_end() {
        let (reports, reported) = std::sync::mpsc::channel();
        let (go, waiting) = std::sync::mpsc::channel();
        let outlet = Outlet::start("test", Slow { reports, go: waiting }).unwrap();
        outlet.offer(0, 0);
        assert_eq!(reported.recv().unwrap(), "0");
        let many = CAPACITY as u64 + 3;
        (1..=many).for_each(|item| outlet.offer(item, 0));
        drop(go);
        // It waits for room: what was left out is told before what follows.
        while outlet.counts.missing.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        outlet.finish();
        let told: Vec<_> = reported.iter().collect();
        assert_eq!(told.len(), CAPACITY + 1);
        assert_eq!(told.last().unwrap(), "3 missing");
    }
}
