//! The options that say how `mqx pub` repeats what was recorded.

use crate::error::{Error, Result};
use crate::publish::{Pace, Recording};
use crate::record::TopicMap;
use clap::Args;
use std::path::PathBuf;

/// How a recording is replayed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Replay")]
pub(super) struct ReplayArgs {
    /// Publish what sub --record or sub -J has written into this file, in its time; a name
    /// that ends in .zst is of a compressed file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["encode", "template"])]
    replay: Option<PathBuf>,

    /// Replay so many times faster, or as fast as it goes: 10, 0.5 or max [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    speed: Option<Speed>,

    /// Begin again at the end of the recording
    #[arg(long = "loop")]
    repeats: bool,

    /// Subscribe to what is replayed and check that all of it comes back, byte for byte and in
    /// order; exit code 9 if not
    #[arg(long, conflicts_with = "store")]
    pub(super) verify: bool,

    /// Other names for topics, as in s#old#new#, s#^old#new# at the start only, or with a g
    /// behind for all (repeatable; also with --ndjson)
    #[arg(long = "map", value_name = "s#OLD#NEW#")]
    maps: Vec<TopicMap>,
}

/// How fast a recording is replayed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Speed {
    Times(f64),
    Max,
}

fn speed(text: &str) -> Result<Speed, String> {
    let times = text.strip_suffix('x').unwrap_or(text).parse::<f64>().ok();
    match times.filter(|times| times.is_finite() && *times >= 0.001) {
        Some(times) => Ok(Speed::Times(times)),
        None if text == "max" => Ok(Speed::Max),
        None => Err("give a number from 0.001 on, or max".to_owned()),
    }
}

impl ReplayArgs {
    /// Checks that nothing is said of a replay where there is none.
    pub(super) fn check(&self, reads_json: bool) -> Result<()> {
        let rows = [
            (self.speed.is_some(), "--speed is of use with --replay only"),
            (self.repeats, "--loop is of use with --replay only"),
            (self.verify, "--verify is of use with --replay only"),
            (
                !self.maps.is_empty() && !reads_json,
                "--map is of use with --replay and --ndjson only",
            ),
        ];
        let wrong = rows.iter().find(|row| row.0 && self.replay.is_none());
        wrong.map_or(Ok(()), |row| Err(Error::usage(row.1)))
    }

    /// Whether there is a recording.
    pub(super) const fn is_asked_for(&self) -> bool {
        self.replay.is_some()
    }

    /// How fast messages follow each other: as they were recorded, or as `said` of all.
    ///
    /// # Errors
    /// When both are asked for.
    pub(super) fn pace(&self, said: Pace) -> Result<Pace> {
        match (&self.replay, self.speed.unwrap_or(Speed::Times(1.0))) {
            (None, _) | (_, Speed::Max) => Ok(said),
            (Some(_), Speed::Times(times)) if said == Pace::Free => Ok(Pace::Recorded(times)),
            (Some(_), Speed::Times(_)) => {
                let what = "--rate and --repeat-delay are not for a replay in its own time";
                Err(Error::usage(what).hint("leave them out, or add --speed max"))
            }
        }
    }

    /// The recording, and other names for topics.
    pub(super) fn into_parts(self) -> (Option<Recording>, Vec<TopicMap>) {
        let repeats = self.repeats;
        (self.replay.map(|path| Recording { path, repeats }), self.maps)
    }
}
