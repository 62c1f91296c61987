//! The options that say where messages go.

use crate::cli::look::LookArgs;
use crate::look::{Layout, Look};
use clap::Args;
use std::path::PathBuf;

/// How messages are printed, and where they are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    #[command(flatten)]
    look: LookArgs,

    /// Record the messages in this file, to be played by pub --replay; compressed
    /// when its name ends in .zst. Nothing is printed unless -v, -F, -J or --select
    /// asks for it
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

impl OutputArgs {
    /// How messages are printed; `selects` says that what to print of them was
    /// asked for.
    pub(super) fn into_look(self, selects: bool) -> Look {
        let elsewhere = self.record.is_some() && !selects;
        self.look.into_look(if elsewhere { Layout::Nothing } else { Layout::Payload })
    }
}
