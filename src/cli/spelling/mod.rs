//! Other ways to say what mqx has an option for: those of mosquitto, MQTTX,
//! `HiveMQ`'s and `NanoMQ`'s tools, and other places to say it. Here the words of a
//! command line become the ones that clap knows; what stands for nothing is left,
//! and refused by clap.

pub(super) mod drop_in;
mod line;
pub(super) mod option_file;
mod other_tools;
pub(super) mod sources;

use super::properties;
use crate::profile::Setting;
use clap::{Arg, Command};
use line::Options;
use std::ffi::OsString;

/// The words as clap is to read them.
pub(super) fn spelled_out(words: Vec<OsString>, root: &Command) -> Vec<OsString> {
    let Some((before, command, after)) = of_client(&words, root) else {
        return words;
    };
    let pieces = Options::of(command, root).cut(&after);
    before.iter().cloned().chain(pieces.into_iter().flat_map(|piece| piece.words)).collect()
}

/// The words up to the name of a client, that client, and the words behind with every
/// `-D` as its option; nothing if they are for something else.
fn of_client<'w, 'a>(
    words: &'w [OsString],
    root: &'a Command,
) -> Option<(&'w [OsString], &'a Command, Vec<OsString>)> {
    let (at, command) = client_in(words, root)?;
    let (before, after) = words.split_at_checked(at + 1)?;
    Some((before, command, properties::spelled_out(after)))
}

/// The client that the words are for, and which of them says so; a client may have
/// commands that are clients themselves.
fn client_in<'a>(words: &[OsString], root: &'a Command) -> Option<(usize, &'a Command)> {
    let mut at = words.iter().position(|word| root.find_subcommand(word).is_some())?;
    let mut command = root.find_subcommand(words.get(at)?)?;
    while is_client(command)
        && let Some(below) = words.get(at + 1).and_then(|word| command.find_subcommand(word))
    {
        (at, command) = (at + 1, below);
    }
    is_client(command).then_some((at, command))
}

/// Whether the command connects to a broker by the options that all clients have.
pub(super) fn is_client(command: &Command) -> bool {
    command.get_arguments().map(Arg::get_id).any(|id| id == "broker")
}

/// Whether any client has this option.
fn is_known(option: &str) -> bool {
    let root = super::definition();
    let has = |command| is_client(command) && Options::of(command, &root).long(option).is_some();
    let mut commands = root.get_subcommands();
    commands.any(|command| has(command) || is_client(command) && command.get_subcommands().any(has))
}

/// What these words of a client say, as a profile would keep it; and the words that
/// say nothing.
pub(super) fn settings(words: &[OsString], root: &Command) -> (Vec<Setting>, Vec<OsString>) {
    let Some(command) = root.find_subcommand("sub") else {
        return (Vec::new(), Vec::new());
    };
    let mut settings: Vec<Setting> = Vec::new();
    let mut unknown = Vec::new();
    for piece in Options::of(command, root).cut(words) {
        let Some(option) = piece.arg.and_then(Arg::get_long) else {
            unknown.extend(piece.words);
            continue;
        };
        let value = piece.value().unwrap_or("true").to_owned();
        match settings.iter_mut().find(|setting| setting.option == option) {
            Some(setting) => setting.values.push(value),
            None => settings.push(Setting { option: option.to_owned(), values: vec![value] }),
        }
    }
    (settings, unknown)
}

#[cfg(test)]
mod tests;
