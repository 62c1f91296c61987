//! Who may connect and what they may do, as files say it: read here into the
//! plain data that the core decides by.

mod acl_file;
mod authenticator;
mod gate;
pub mod passwd;
mod password;
mod password_file;
mod prompt;
mod scram;
mod slowdown;
mod token;
mod token_key;

pub use acl_file::load as load_acl;
pub use authenticator::{Authenticator, Exchange};
pub(super) use gate::{Checked, Common, Gate};
pub use password_file::{Passwords, load as load_passwords};
pub use scram::Scram;
pub use token::{TokenOptions, Tokens};

use crate::error::{Class, Error, Result};
use std::fs;
use std::path::Path;

/// What is wrong with a line.
type Problem = String;

/// Gives `take` each line of a file that says something: without the white
/// space around it, and neither empty nor a comment.
fn read_lines(path: &Path, mut take: impl FnMut(&str) -> Result<(), Problem>) -> Result<()> {
    let bytes = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
    for (number, line) in lines(&bytes) {
        let taken = match line {
            Some(line) => take(line),
            None => Err("this is not UTF-8".to_owned()),
        };
        taken.map_err(|problem| {
            let place = format!("{}:{number}: ", path.display());
            Error::new(Class::File, place + &problem)
        })?;
    }
    Ok(())
}

/// The lines that say something, with their numbers; `None` is not text.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Option<&str>)> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.map(|(index, line)| (index + 1, std::str::from_utf8(line.trim_ascii()).ok()));
    lines.filter(|(_, line)| line.is_none_or(|line| !line.is_empty() && !line.starts_with('#')))
}
