//! What stands behind stdin.

use crate::publish::Source;
use std::fs::File;
use std::io::stdin;
use std::os::fd::AsFd as _;

/// Whether payloads come from a file, which waits until it is read.
pub(super) fn is_file(source: &Source) -> bool {
    match source {
        Source::Message(_) => false,
        Source::Stdin | Source::Records(_) => size_of_stdin().is_some(),
        Source::Recording(_) => true,
    }
}

/// The size of a file that stdin is.
pub(super) fn size_of_stdin() -> Option<u64> {
    let file = File::from(stdin().as_fd().try_clone_to_owned().ok()?);
    let about = file.metadata().ok()?;
    about.is_file().then_some(about.len())
}
