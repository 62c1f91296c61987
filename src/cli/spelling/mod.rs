//! Other ways to say what mqx has an option for: those of mosquitto, MQTTX,
//! `HiveMQ`'s and `NanoMQ`'s tools. Here the words of a command line become the ones
//! that clap knows; what stands for nothing is left, and refused by clap.

pub(super) mod drop_in;
mod line;
mod other_tools;

use super::properties;
use clap::{Arg, Command};
use line::Options;
use std::ffi::OsString;

/// The words as clap is to read them.
pub(super) fn spelled_out(words: Vec<OsString>, root: &Command) -> Vec<OsString> {
    let words = properties::spelled_out(words);
    let found = words.iter().position(|word| root.find_subcommand(word).is_some());
    let command = found.and_then(|at| Some((at, root.find_subcommand(words.get(at)?)?)));
    let Some((at, command)) = command.filter(|(_, command)| is_client(command)) else {
        return words;
    };
    let (before, after) = words.split_at_checked(at + 1).unwrap_or((&words, &[]));
    let pieces = Options::of(command, root).cut(after);
    before.iter().cloned().chain(pieces.into_iter().flat_map(|piece| piece.words)).collect()
}

/// Whether the command connects to a broker by the options that all clients have.
pub(super) fn is_client(command: &Command) -> bool {
    command.get_arguments().map(Arg::get_id).any(|id| id == "broker")
}

#[cfg(test)]
mod tests;
