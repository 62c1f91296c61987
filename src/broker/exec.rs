//! A command that runs beside the broker and ends it: `--exec`.
//!
//! Where no terminal is, the command leads a process group of its own, and all
//! of the group is told to stop: a shell would not pass a signal on to what it
//! runs. In the foreground of a terminal it stays in the group of the broker,
//! or it could not read what is typed; Ctrl-C is then told it by the terminal,
//! and not once more by the broker.

use super::Broker;
use super::environment::variables;
use crate::command::{SHELL, in_foreground};
use crate::error::{Class, Error, Result};
use crate::output;
use crate::signals::{self, Signal};
use rustix::process::{self, Pid, kill_process, kill_process_group};
use std::io;
use std::num::NonZeroU8;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use tokio::process::{Child, Command};

/// What the exit code of a command that a signal has ended is counted from, as
/// shells do.
const SIGNALLED: i32 = 128;

/// A command that has been started.
struct Running {
    child: Child,
    /// Whether a terminal tells it of Ctrl-C.
    foreground: bool,
}

/// Runs `command` until it ends. It is told of the first signal, and killed by
/// the next; it is also told to end when the broker can store nothing more.
///
/// # Errors
/// When it cannot be started, or has failed: then with its exit code.
pub(super) async fn run(
    command: &str,
    broker: &Broker,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    let mut running = Running::start(command, broker)?;
    let signal = tokio::select! {
        ended = running.child.wait() => return judge(ended),
        signal = stop => Some(signal),
        () = broker.store_failed() => None,
    };
    // Heard before anybody is told that it counts.
    let second = signals::stop_from_now_on();
    match signal {
        Some(signal) => running.pass_on(signal),
        None => running.send(process::Signal::TERM),
    }
    tokio::select! {
        ended = running.child.wait() => judge(ended),
        _ = second => {
            running.send(process::Signal::KILL);
            judge(running.child.wait().await)
        }
    }
}

impl Running {
    fn start(command: &str, broker: &Broker) -> Result<Self> {
        let foreground = in_foreground();
        let mut shell = Command::new(SHELL);
        shell.arg("-c").arg(command);
        for (name, value) in variables(broker.addresses()) {
            match value {
                Some(value) => shell.env(name, value),
                // Another broker's would mislead it.
                None => shell.env_remove(name),
            };
        }
        if !foreground {
            shell.process_group(0);
        }
        let child = shell.spawn();
        let child = child.map_err(|cause| Error::file("run", Path::new(SHELL), cause))?;
        Ok(Self { child, foreground })
    }

    /// Tells the command what the broker was told.
    fn pass_on(&self, signal: Signal) {
        output::note("the command is asked to end; a second signal kills it");
        match signal {
            Signal::Interrupt if self.foreground => {}
            Signal::Interrupt => self.send(process::Signal::INT),
            Signal::Terminate => self.send(process::Signal::TERM),
        }
    }

    fn send(&self, signal: process::Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            let send = if self.foreground { kill_process } else { kill_process_group };
            // It may just have ended; then there is nobody to tell.
            let _ = send(id, signal);
        }
    }
}

/// What the end of the command is for the broker's.
fn judge(ended: io::Result<ExitStatus>) -> Result<()> {
    let failed = |cause| Error::new(Class::Other, "cannot wait for the command").because(cause);
    let status = ended.map_err(failed)?;
    let signalled = || status.signal().map(|signal| signal + SIGNALLED);
    let code = status.code().or_else(signalled).and_then(|code| u8::try_from(code).ok());
    match code.map(NonZeroU8::new) {
        Some(None) => Ok(()),
        Some(Some(code)) => {
            Err(Error::new(Class::Command(code), format!("the command has ended with {status}")))
        }
        None => Err(Error::new(Class::Other, format!("the command has ended with {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class of what a raw wait status is judged to be.
    fn class(raw: i32) -> Option<Class> {
        judge(Ok(ExitStatus::from_raw(raw))).err().map(|error| error.class())
    }

    #[test]
    fn the_end_of_the_command_is_told_as_a_shell_tells_it() {
        let command = |code| Some(Class::Command(NonZeroU8::new(code).unwrap()));
        assert_eq!(class(0), None);
        assert_eq!(class(3 << 8), command(3));
        assert_eq!(class(255 << 8), command(255));
        assert_eq!(class(9), command(137));
        assert_eq!(class(15), command(143));
    }
}
