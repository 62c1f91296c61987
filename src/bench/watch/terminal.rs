//! stderr as the live view draws on it.
//!
//! The cursor rests at the start of the last line, not behind its end as the
//! library's own terminal leaves it: there the `^C` that a terminal shows when
//! a run is ended would begin another line, and the view could not be cleared.

use indicatif::TermLike;
use std::io::{self, IsTerminal as _, Write as _, stderr};

/// A terminal of 80 columns that does not know better.
const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// The terminal on stderr.
#[derive(Debug)]
pub(super) struct Terminal(());

impl Terminal {
    /// None when stderr is something else.
    pub(super) fn on_stderr() -> Option<Self> {
        stderr().is_terminal().then_some(Self(()))
    }

    /// Columns and rows; both change when a person wants it.
    fn size() -> (u16, u16) {
        match rustix::termios::tcgetwinsize(stderr()) {
            Ok(size) if size.ws_col > 0 => (size.ws_col, size.ws_row),
            _ => DEFAULT_SIZE,
        }
    }
}

/// Sends a control sequence that does something `count` times.
fn control(count: usize, what: char) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    write!(stderr(), "\x1b[{count}{what}")
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        Self::size().0
    }

    fn height(&self) -> u16 {
        Self::size().1
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        control(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        control(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        control(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        control(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        writeln!(stderr(), "{s}")
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        write!(stderr(), "{s}")
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        self.write_str("\r")?;
        stderr().flush()
    }
}
