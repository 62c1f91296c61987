//! Asks for a new password: twice and unseen at a terminal, otherwise one line.

use crate::error::{Error, Result};
use crate::session::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal as _, Stdin, Write as _};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Reads a password from `input`, which is stdin or stands for it.
///
/// # Errors
/// When nothing is given or the two do not agree.
pub(super) async fn new_password(
    input: &mut (impl AsyncBufRead + Unpin),
    at_terminal: bool,
) -> Result<Secret> {
    let stdin = io::stdin();
    let _unseen = (at_terminal && stdin.is_terminal()).then(|| Unseen::new(&stdin)).flatten();
    let password = ask(input, at_terminal, "Password: ").await?;
    if password.expose().is_empty() {
        return Err(Error::usage("an empty password is none"));
    }
    if at_terminal && ask(input, at_terminal, "The same again: ").await? != password {
        return Err(Error::usage("the two passwords are not the same"));
    }
    Ok(password)
}

async fn ask(
    input: &mut (impl AsyncBufRead + Unpin),
    at_terminal: bool,
    prompt: &str,
) -> Result<Secret> {
    // A prompt that cannot be shown is no reason not to read the answer.
    if at_terminal {
        let _ = io::stderr().write_all(prompt.as_bytes());
    }
    let mut line = Vec::new();
    let read = input.read_until(b'\n', &mut line).await;
    if at_terminal {
        let _ = io::stderr().write_all(b"\n");
    }
    read.map_err(|cause| Error::usage("cannot read the password from stdin").because(cause))?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    Ok(Secret::new(line.strip_suffix(b"\r").unwrap_or(line)))
}

/// While this lives, the terminal does not show what is typed.
struct Unseen<'a> {
    stdin: &'a Stdin,
    before: Termios,
}

impl<'a> Unseen<'a> {
    fn new(stdin: &'a Stdin) -> Option<Self> {
        let before = tcgetattr(stdin).ok()?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin, OptionalActions::Flush, &unseen).ok()?;
        Some(Self { stdin, before })
    }
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        // There is nothing else to try.
        let _ = tcsetattr(self.stdin, OptionalActions::Flush, &self.before);
    }
}
