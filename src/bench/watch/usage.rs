//! What the broker's process takes of the machine, where the run is told which
//! it is.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a broker's process took during a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BrokerUsage {
    /// Processor time, as a share of one core.
    pub cores: f64,
    /// Processor time for each message that was published or arrived, in
    /// nanoseconds.
    pub cpu_ns_per_message: f64,
    /// The most memory it had at once, in bytes.
    pub memory: u64,
}

/// Watches the process of a broker.
#[derive(Debug)]
pub(in crate::bench) struct Watch {
    pid: u32,
    begun: Duration,
    memory: u64,
}

impl Watch {
    /// Of the process with this number, from now on.
    ///
    /// # Errors
    /// When there is no such process, or it is nobody's business.
    pub(in crate::bench) fn new(pid: u32) -> Result<Self> {
        let begun = processor_time(pid).ok_or_else(|| {
            Error::usage(format!("--broker-pid {pid}: there is no such process to be seen")).hint(
                "the number is that of a process of this machine, as `pgrep mosquitto` prints it",
            )
        })?;
        Ok(Self { pid, begun, memory: 0 })
    }

    /// Begins anew: what was before is not of the run.
    pub(in crate::bench) fn restart(&mut self) {
        self.begun = processor_time(self.pid).unwrap_or(self.begun);
    }

    /// Looks at its memory.
    pub(in crate::bench) fn look(&mut self) {
        self.memory = self.memory.max(memory(self.pid).unwrap_or_default());
    }

    /// The processor time it took, and the most memory.
    pub(in crate::bench) fn taken(&mut self) -> (Duration, u64) {
        self.look();
        let now = processor_time(self.pid).unwrap_or(self.begun);
        (now.saturating_sub(self.begun), self.memory)
    }
}

/// A field of `/proc/PID/stat`, counted from 0 behind the name of the program,
/// which may have any characters.
fn stat(pid: u32, field: usize) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    fields.split_whitespace().nth(field)?.parse().ok()
}

/// User and system time of the process (proc(5): `utime` and `stime`).
fn processor_time(pid: u32) -> Option<Duration> {
    let ticks = stat(pid, 11)? + stat(pid, 12)?;
    let per_second = rustix::param::clock_ticks_per_second();
    Some(Duration::from_nanos(ticks.checked_mul(1_000_000_000)?.checked_div(per_second)?))
}

/// The memory of the process in bytes (proc(5): `rss`, in pages).
fn memory(pid: u32) -> Option<u64> {
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    stat(pid, 21)?.checked_mul(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_is_seen_and_one_that_is_none_is_refused() {
        let mut own = Watch::new(std::process::id()).unwrap();
        let (_, memory) = own.taken();
        assert!(memory > 1 << 20, "{memory}");
        assert!(Watch::new(u32::MAX).is_err());
    }
}
