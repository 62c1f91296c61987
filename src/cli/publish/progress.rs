//! Whether somebody watches, and how much there is to see.

use super::stdin::size_of_stdin;
use crate::publish::{Extent, Making, Recording, Source};
use crate::record::is_compressed;
use std::io::{IsTerminal as _, stderr, stdin};
use std::num::NonZeroU64;

/// Bytes from which a single payload is large.
const LARGE: usize = 1 << 20;

/// How much there is to do, if stderr is a terminal and it is worth a bar.
pub(super) fn extent(source: &Source, making: &Making, repeat: NonZeroU64) -> Option<Extent> {
    if !stderr().is_terminal() {
        return None;
    }
    let size = match (source, making) {
        (_, Making::Random(size)) => *size,
        (Source::Message(payload), _) => payload.len(),
        (Source::Stdin, _) => 0,
        (Source::Recording(recording), _) => return Some(Extent::Input(size_of(recording))),
        // What a person types is seen already.
        (Source::Records(_), _) => {
            return (!stdin().is_terminal()).then(|| Extent::Input(size_of_stdin()));
        }
    };
    match repeat.get() {
        1 => (size >= LARGE).then_some(Extent::Payload(size as u64)),
        many => Some(Extent::Messages(many)),
    }
}

/// The size of a recording that ends, if it is that of what is read.
fn size_of(recording: &Recording) -> Option<u64> {
    let is_known = !recording.repeats && !is_compressed(&recording.path);
    let about = std::fs::metadata(&recording.path).ok().filter(|_| is_known);
    about.map(|about| about.len())
}
