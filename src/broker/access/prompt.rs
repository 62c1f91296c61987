//! Asks for a new password: twice and unseen at a terminal, otherwise one line.

use crate::error::{Error, Result};
use crate::prompt::{Unseen, from_input};
use crate::session::Secret;
use std::io;
use tokio::io::AsyncBufRead;

/// Reads a password from `input`, which is stdin or stands for it.
///
/// # Errors
/// When nothing is given or the two do not agree.
pub(super) async fn new_password(
    input: &mut (impl AsyncBufRead + Unpin),
    at_terminal: bool,
) -> Result<Secret> {
    let stdin = io::stdin();
    let _unseen = at_terminal.then(|| Unseen::new(&stdin)).flatten();
    let password = from_input(input, at_terminal.then_some("Password: ")).await?;
    if password.expose().is_empty() {
        return Err(Error::usage("an empty password is none"));
    }
    if at_terminal && from_input(input, Some("The same again: ")).await? != password {
        return Err(Error::usage("the two passwords are not the same"));
    }
    Ok(password)
}
