//! The only writer of stdout, and the look of what is written for people.
//!
//! stdout carries data, stderr carries talk. Colour and escaping depend on
//! whether a terminal reads; a pipe always gets the bytes untouched.

use crate::error::{Class, Error, Result};
use colored::Colorize as _;
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// When to colour what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// If stderr is a terminal and `NO_COLOR` is not set: talk alone has colours.
    #[default]
    Auto,
    /// Also into pipes and files.
    Always,
    /// Nowhere.
    Never,
}

impl ColorChoice {
    /// Makes the choice for the rest of the process.
    pub fn apply(self) {
        colored::control::set_override(match self {
            Self::Auto => io::stderr().is_terminal() && !no_color(),
            Self::Always => true,
            Self::Never => false,
        });
    }
}

/// Whether the environment asks for no colour, see <https://no-color.org>.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Where a command writes its data: stdout, or a buffer in tests.
pub type Sink = Box<dyn Write + Send>;

/// The process's stdout, buffered in large blocks; the writer flushes.
#[must_use]
pub fn stdout() -> Sink {
    Box::new(io::BufWriter::with_capacity(64 * 1024, io::stdout()))
}

/// Whether stdout is read by a terminal.
#[must_use]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns and rows of the terminal that reads stdout.
#[must_use]
pub fn stdout_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some((size.ws_col, size.ws_row))
}

/// Turns a failure to write data into the error the user sees; a closed pipe
/// becomes the quiet [`Class::BrokenPipe`].
///
/// # Errors
/// Whenever `written` is one.
pub fn check<T>(written: io::Result<T>) -> Result<T> {
    written.map_err(|cause| {
        let class = match cause.kind() {
            io::ErrorKind::BrokenPipe => Class::BrokenPipe,
            _ => Class::File,
        };
        Error::new(class, "cannot write to stdout").because(cause)
    })
}

/// Whether the person on stderr wants to hear nothing.
static SILENT: AtomicBool = AtomicBool::new(false);

/// Says nothing on stderr from now on; the exit code says enough.
pub fn be_silent() {
    SILENT.store(true, Ordering::Relaxed);
}

fn is_silent() -> bool {
    SILENT.load(Ordering::Relaxed)
}

/// Says something to the person on stderr, as `mqx: text`.
pub fn note(text: impl AsRef<str>) {
    if !is_silent() {
        eprintln!("mqx: {}", text.as_ref());
    }
}

/// Warns the person on stderr.
pub fn warn(text: impl AsRef<str>) {
    note(format!("{}: {}", "warning".yellow().bold(), text.as_ref()));
}

/// Whether the failure that ends the command is read by a program.
static JSON: AtomicBool = AtomicBool::new(false);

/// Has [`report`] write JSON from now on.
pub fn report_as_json() {
    JSON.store(true, Ordering::Relaxed);
}

/// Reports the failure that ends the command with exit code `code`, with its hint.
pub fn report(error: &anyhow::Error, code: u8) {
    if is_silent() {
        return;
    }
    if JSON.load(Ordering::Relaxed) {
        eprintln!("{}", as_json(error, code));
        return;
    }
    eprintln!("mqx: {}: {}", "error".red().bold(), crate::error::line(error));
    if let Some(hint) = crate::error::hint(error) {
        eprintln!("{}: {hint}", "hint".cyan().bold());
    }
}

/// A failure as programs read it.
#[derive(Debug, Serialize)]
struct Failure<'a> {
    error: String,
    code: u8,
    reason_code: Option<u8>,
    hint: Option<&'a str>,
}

fn as_json(error: &anyhow::Error, code: u8) -> String {
    let failure = Failure {
        error: crate::error::line(error),
        code,
        reason_code: crate::error::reason_code(error),
        hint: crate::error::hint(error),
    };
    serde_json::to_string(&failure).expect("text and numbers can be written as JSON")
}

/// `text` with every control character escaped, so that nothing from the
/// network can move the cursor or change the terminal's state.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Characters that no shell gives a meaning to.
const PLAIN: &str = "_./+=:@%,-";

/// The path as one word of a shell command that is not taken for an option.
#[must_use]
pub fn shell_path(path: &Path) -> String {
    let text = path.display().to_string();
    if text.starts_with('-') { shell_word(&format!("./{text}")) } else { shell_word(&text) }
}

/// The text as one word of a shell command.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_only_when_a_shell_would_read_them_differently() {
        for (path, expected) in [
            ("certs/ca.crt", "certs/ca.crt"),
            ("-d/ca.crt", "./-d/ca.crt"),
            ("my certs/ca.crt", "'my certs/ca.crt'"),
            ("it's/$HOME", r"'it'\''s/$HOME'"),
            ("~/ca.crt", "'~/ca.crt'"),
        ] {
            assert_eq!(shell_path(Path::new(path)), expected);
        }
    }

    #[test]
    fn control_characters_are_escaped_and_the_rest_is_kept() {
        assert_eq!(escape("a\u{1b}[2Jé\n"), "a\\u{1b}[2Jé\\n");
    }

    #[test]
    fn a_failure_for_programs_has_every_member_always() {
        let refused = Error::new(Class::Refused, "no \"you\"").reason_code(135).hint("ask");
        let said = as_json(&refused.into(), 5);
        assert_eq!(said, r#"{"error":"no \"you\"","code":5,"reason_code":135,"hint":"ask"}"#);
        let said = as_json(&Error::usage("what").into(), 2);
        assert_eq!(said, r#"{"error":"what","code":2,"reason_code":null,"hint":null}"#);
    }

    #[test]
    fn a_closed_pipe_is_told_apart_from_a_full_disk() {
        let broken = check::<()>(Err(io::ErrorKind::BrokenPipe.into())).unwrap_err();
        assert_eq!(broken.class(), Class::BrokenPipe);
        let full = check::<()>(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(full.class(), Class::File);
    }
}
