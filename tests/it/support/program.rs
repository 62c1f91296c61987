//! The program as a user runs it: its words, its lines, its exit code.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// A test that waits longer than this has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program with these words and nothing on stdin, in an environment that
/// says nothing about colours.
pub(crate) fn mqx<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqx"));
    command.args(words.into_iter().map(|word| word.as_ref().to_owned()));
    command.env_remove("NO_COLOR").env_remove("MQX_BLESS").stdin(Stdio::null());
    command
}

/// A program that runs; it is killed if the test ends first.
pub(crate) struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

/// What a program has left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none if a signal has killed it.
    pub(crate) code: Option<i32>,
    /// What it wrote and was not read before.
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// The next line on stdout.
    pub(crate) fn out_line(&self) -> String {
        self.out.recv_timeout(PATIENCE).expect("no more lines on stdout")
    }

    /// The next line on stderr that has this in it.
    pub(crate) fn err_line_with(&self, words: &str) -> String {
        loop {
            let line = self.err.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no line on stderr with {words:?}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn end(mut self) -> Ended {
        let rest = |lines: &Receiver<String>| {
            let mut text = String::new();
            loop {
                match lines.recv_timeout(PATIENCE) {
                    Ok(line) => text = text + &line + "\n",
                    Err(RecvTimeoutError::Timeout) => {
                        panic!("it does not end; so far: {text}")
                    }
                    Err(RecvTimeoutError::Disconnected) => return text,
                }
            }
        };
        let (out, err) = (rest(&self.out), rest(&self.err));
        Ended { code: self.child.wait().unwrap().code(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: Command) -> Ended {
    Running::start(command).end()
}

fn lines(input: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(input).split(b'\n') {
            let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
