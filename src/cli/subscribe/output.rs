//! The options that say where messages go.

use crate::cli::look::LookArgs;
use crate::cli::values;
use crate::look::{Layout, Look};
use crate::output;
use crate::subscribe::{Exec, OnFailure, OutDir, OutMode};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// How messages are printed, and where else they go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    #[command(flatten)]
    look: LookArgs,

    /// Show a line for each topic: how many messages there were, how many come in a second,
    /// and the last. Where stdout is no terminal each message is a line, as with -v
    #[arg(short, long, conflicts_with = "json")]
    pub(super) watch: bool,

    /// Say on stderr each second how many messages came. Nothing is printed unless -v, -F
    /// or -J asks for it
    #[arg(long)]
    pub(super) message_rate: bool,

    /// Record the messages in this file, to be played by pub --replay; compressed
    /// when its name ends in .zst. Nothing is printed unless -v, -F, -J or --select
    /// asks for it
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,

    /// Keep payloads in files in this folder, by topic: a/b is DIR/a/b. Nothing is
    /// printed unless -v, -F or -J asks for it
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    /// What becomes of the messages of a topic: overwrite (each takes the place of the
    /// one before), append (as lines) or number (each in a file, as in a/b.000001)
    #[arg(
        long, value_name = "WAY", default_value = "overwrite", requires = "out_dir",
        value_parser = PossibleValuesParser::new(OutMode::ALL.map(|row| row.0))
            .map(|name| out_mode(&name)),
        hide_possible_values = true
    )]
    out_mode: OutMode,

    /// Run this command for each message, with the payload at its stdin and `MQTT_TOPIC`,
    /// `MQTT_QOS`, `MQTT_RETAIN`, `MQTT_PROPERTIES` and more in its environment. A message
    /// with QoS 1 or 2 is acknowledged when it succeeds. Nothing is printed unless -v, -F
    /// or -J asks for it
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// So many of these commands run at once; if all do, nothing more is read
    #[arg(
        long, value_name = "NUMBER", default_value = "1", requires = "exec",
        value_parser = values::jobs
    )]
    exec_jobs: NonZeroUsize,

    /// What becomes of a message with QoS 1 or 2 whose command fails: keep (it is not
    /// acknowledged, so that the broker has it for the next run with -c; when too many are
    /// kept it sends no more), reject (the broker is told so and forgets it, MQTT 5) or ack
    /// (it is acknowledged nevertheless). In any case it counts, and the exit code is 14 if
    /// nothing else ends the run with a failure
    #[arg(
        long, value_name = "WAY", default_value = "keep", requires = "exec",
        value_parser = PossibleValuesParser::new(OnFailure::ALL.map(|row| row.0))
            .map(|name| on_failure(&name)),
        hide_possible_values = true
    )]
    on_exec_failure: OnFailure,
}

fn on_failure(name: &str) -> OnFailure {
    let way = OnFailure::ALL.into_iter().find(|row| row.0 == name);
    way.map_or_else(OnFailure::default, |row| row.1)
}

fn out_mode(name: &str) -> OutMode {
    let mode = OutMode::ALL.into_iter().find(|row| row.0 == name);
    mode.map_or_else(OutMode::default, |row| row.1)
}

impl OutputArgs {
    /// An option that is given and unknown before MQTT 5.
    pub(super) fn needs_v5(&self) -> Option<&'static str> {
        (self.on_exec_failure == OnFailure::Reject).then_some("--on-exec-failure reject")
    }

    /// The folder of files, if there is to be one.
    pub(super) fn out_dir(&self) -> Option<OutDir> {
        let path = self.out_dir.clone()?;
        Some(OutDir { path, mode: self.out_mode })
    }

    /// What is run for each message.
    pub(super) fn exec(&self) -> Option<Exec> {
        let command = self.exec.as_deref()?.into();
        Some(Exec { command, jobs: self.exec_jobs, on_failure: self.on_exec_failure })
    }

    /// How messages are printed; `selects` says that what to print of them was
    /// asked for.
    pub(super) fn into_look(self, selects: bool) -> Look {
        let kept = self.record.is_some() && !selects;
        let elsewhere = kept || self.out_dir.is_some() || self.exec.is_some() || self.message_rate;
        self.look.into_look(match self.watch {
            true if !output::stdout_is_terminal() => Layout::TopicAndPayload,
            false if elsewhere => Layout::Nothing,
            _ => Layout::Payload,
        })
    }
}
