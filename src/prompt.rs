//! Asks a person for a secret, which the terminal does not show while it is typed.

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::signals::Signal;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};
use tokio::task::spawn_blocking;

/// The terminal that the process belongs to, whatever stdin is.
const TERMINAL: &str = "/dev/tty";

/// Asks at the terminal of the process, so that stdin stays free for other data.
///
/// # Errors
/// When there is no terminal, it is closed, or `stop` comes first.
pub async fn at_terminal(prompt: &str, stop: impl Future<Output = Signal>) -> Result<Secret> {
    let opened = File::options().read(true).write(true).open(TERMINAL);
    let terminal = opened.map_err(|cause| {
        Error::usage("there is no terminal to ask for the password at")
            .because(cause)
            .hint("take it from --password-file, --password-env or --password-command")
    })?;
    let closed = |cause| Error::usage("the terminal gives no password").because(cause);
    let input = terminal.try_clone().map_err(closed)?;
    let _unseen = Unseen::new(&terminal);
    let _ = (&terminal).write_all(prompt.as_bytes());
    let typed = tokio::select! {
        typed = spawn_blocking(move || first_line(input)) => typed,
        signal = stop => return Err(signal.error()),
    };
    let _ = (&terminal).write_all(b"\n");
    typed.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(closed)
}

fn first_line(input: File) -> io::Result<Secret> {
    let mut line = Vec::new();
    match BufReader::new(input).read_until(b'\n', &mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(Secret::without_line_end(&line)),
    }
}

/// Reads a line from `input`; with a `prompt`, shows it on stderr before.
///
/// # Errors
/// When `input` cannot be read.
pub async fn from_input(
    input: &mut (impl AsyncBufRead + Unpin),
    prompt: Option<&str>,
) -> Result<Secret> {
    // A prompt that cannot be shown is no reason not to read the answer.
    let show = |text: &str| prompt.map(|_| io::stderr().write_all(text.as_bytes()));
    let _ = show(prompt.unwrap_or_default());
    let mut line = Vec::new();
    let read = input.read_until(b'\n', &mut line).await;
    let _ = show("\n");
    read.map_err(|cause| Error::usage("cannot read the password from stdin").because(cause))?;
    Ok(Secret::without_line_end(&line))
}

/// While this lives, the terminal does not show what is typed.
#[derive(Debug)]
pub struct Unseen<'a, T: AsFd> {
    terminal: &'a T,
    before: Termios,
}

impl<'a, T: AsFd> Unseen<'a, T> {
    /// Hides what is typed at `terminal`; `None` if it is none.
    #[must_use]
    pub fn new(terminal: &'a T) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &unseen).ok()?;
        Some(Self { terminal, before })
    }
}

impl<T: AsFd> Drop for Unseen<'_, T> {
    fn drop(&mut self) {
        // There is nothing else to try.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, openpt};

    #[test]
    fn the_terminal_shows_what_is_typed_again_afterwards() {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        let shows = || tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO);
        assert!(shows());
        let unseen = Unseen::new(&terminal);
        assert!(unseen.is_some() && !shows());
        drop(unseen);
        assert!(shows());
    }

    #[test]
    fn what_is_no_terminal_cannot_hide_anything() {
        assert!(Unseen::new(&tempfile::tempfile().unwrap()).is_none());
    }

    #[tokio::test]
    async fn a_line_ends_without_its_end() {
        let mut input = &b"pw \r\nrest"[..];
        assert_eq!(from_input(&mut input, None).await.unwrap(), Secret::new("pw "));
        assert_eq!(from_input(&mut input, None).await.unwrap(), Secret::new("rest"));
        assert_eq!(from_input(&mut input, None).await.unwrap(), Secret::new(""));
    }
}
