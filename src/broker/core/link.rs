//! What the core knows of a connection's transport.

use super::outflow::Outflow;
use std::fmt;

/// How an attempt to write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// So many bytes were taken; fewer than given means that no more fit now.
    Wrote(usize),
    /// The connection is broken; whoever reads from it will notice.
    Broken,
}

/// The far side of a connection, as the core sees it.
///
/// Any worker may write to any link, which is what makes a delivery cost no
/// task wake-up. A link that only its owner can write to (TLS) takes nothing
/// and is woken instead.
pub trait Link: fmt::Debug + Send + Sync {
    /// Writes what fits without waiting.
    fn try_write(&self, output: &Outflow) -> Attempt;

    /// Asks the owner to fetch output with [`super::Core::take_output`].
    fn wake(&self);

    /// Asks the owner to write these last bytes behind all it has, and to
    /// close the connection.
    fn finish(&self, last: Outflow);
}
