//! What the broker takes of the machine, where the run is told where it is.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a broker took during a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BrokerUsage {
    /// Processor time, as a share of one core.
    pub cores: f64,
    /// Processor time for each message that was published or arrived, in
    /// nanoseconds.
    pub cpu_ns_per_message: f64,
    /// The most memory its process had at once, in bytes.
    pub memory: u64,
    /// Whether that process is the load generator's, too.
    pub embedded: bool,
}

/// Where a broker is that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// In the process with this number.
    Process(u32),
    /// In the threads of this process whose names begin with this.
    Threads(String),
}

/// Watches a broker.
#[derive(Debug)]
pub(in crate::bench) struct Watch {
    watched: Watched,
    begun: Duration,
    /// The processor time at the last look.
    last: Duration,
    memory: u64,
}

impl Watch {
    /// Of this broker, from now on; none where the machine does not tell what threads
    /// take.
    ///
    /// # Errors
    /// When there is no such process, or it is nobody's business.
    pub(in crate::bench) fn new(watched: &Watched) -> Result<Option<Self>> {
        let begun = match (watched.processor_time(), watched) {
            (Some(begun), _) => begun,
            (None, Watched::Threads(_)) => return Ok(None),
            (None, Watched::Process(pid)) => return Err(not_seen(*pid)),
        };
        Ok(Some(Self { watched: watched.clone(), begun, last: begun, memory: 0 }))
    }

    /// Begins anew: what was before is not of the run.
    pub(in crate::bench) fn restart(&mut self) {
        self.begun = self.watched.processor_time().unwrap_or(self.begun);
        self.last = self.begun;
    }

    /// Looks at its memory; returns the processor time it took since the last look.
    pub(in crate::bench) fn look(&mut self) -> Duration {
        self.memory = self.memory.max(memory(self.watched.pid()).unwrap_or_default());
        let now = self.watched.processor_time().unwrap_or(self.last).max(self.last);
        now.saturating_sub(std::mem::replace(&mut self.last, now))
    }

    /// The processor time it took up to the last look, and the most memory, in bytes.
    pub(in crate::bench) const fn taken(&self) -> (Duration, u64) {
        (self.last.saturating_sub(self.begun), self.memory)
    }

    /// Whether the broker is in this process.
    pub(in crate::bench) const fn is_embedded(&self) -> bool {
        matches!(self.watched, Watched::Threads(_))
    }
}

fn not_seen(pid: u32) -> Error {
    let what = format!("--broker-pid {pid}: there is no such process to be seen");
    Error::usage(what)
        .hint("the number is that of a process of this machine, as `pgrep mosquitto` prints it")
}

impl Watched {
    fn pid(&self) -> u32 {
        match self {
            Self::Process(pid) => *pid,
            Self::Threads(_) => std::process::id(),
        }
    }

    fn processor_time(&self) -> Option<Duration> {
        match self {
            Self::Process(pid) => time_of(&process(*pid)),
            Self::Threads(name) => time_of_threads(name),
        }
    }
}

/// Fields that follow each other in the file `stat` of a process or a thread, the first
/// counted from 0 behind its name, which may have any characters (proc(5)).
fn stat<const N: usize>(folder: &Path, first: usize) -> Option<[u64; N]> {
    let text = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(first);
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = fields.next()?.parse().ok()?;
    }
    Some(numbers)
}

fn process(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

/// User and system time of a process or a thread: `utime` and `stime`.
fn time_of(folder: &Path) -> Option<Duration> {
    let [user, system] = stat(folder, 11)?;
    let per_second = rustix::param::clock_ticks_per_second();
    Some(Duration::from_nanos((user + system).checked_mul(1_000_000_000)?.checked_div(per_second)?))
}

/// That of all threads of this process whose names begin with `name`.
fn time_of_threads(name: &str) -> Option<Duration> {
    Some(threads(name)?.filter_map(|thread| time_of(&thread)).sum())
}

/// Those threads; a thread that has not begun to run has not taken its name yet.
fn threads(name: &str) -> Option<impl Iterator<Item = PathBuf>> {
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten().map(|thread| thread.path());
    Some(threads.filter(move |thread| {
        fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.starts_with(name))
    }))
}

/// The memory of the process in bytes: `rss`, which is in pages.
fn memory(pid: u32) -> Option<u64> {
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    let [pages] = stat(&process(pid), 21)?;
    pages.checked_mul(page)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_and_one_that_is_none_is_refused() {
        let mut own = Watch::new(&Watched::Process(std::process::id())).unwrap().unwrap();
        own.look();
        let (_, memory) = own.taken();
        assert!(memory > 1 << 20, "{memory}");
        assert!(Watch::new(&Watched::Process(u32::MAX)).is_err());
    }

    #[test]
    fn threads_are_seen_by_their_names() {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let name = "watched-1";
        let busy = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _ = wait.recv();
        });
        let busy = busy.unwrap();
        // The thread gives itself its name.
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while threads("watched-").unwrap().count() == 0 && std::time::Instant::now() < patience {
            std::thread::yield_now();
        }
        assert_eq!(threads("watched-").unwrap().count(), 1);
        assert!(time_of_threads("watched-").is_some());
        drop(done);
        busy.join().unwrap();
        // Threads that have not begun to run have no name yet.
        let mut nobody = Watch::new(&Watched::Threads("nobody".to_owned())).unwrap().unwrap();
        assert_eq!(nobody.look(), Duration::ZERO);
    }
}
