//! `mqx broker export` and `mqx broker import`: what a store holds as one JSON
//! object, to be looked at, kept, changed or brought to another store.
//!
//! `document` has the names of its members. The version stands in the member
//! `mqx-store`; reading is strict, so that nothing is lost by a typing error.

mod document;
mod reading;
mod writing;

use super::{Config, backend, load};
use crate::broker::core::{Record, State};
use crate::broker::store::rows::Changes;
use crate::error::{Class, Error, Result};
use crate::output::{self, Sink};
use document::{Cover, Document, PRESENT};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What `mqx broker export` is to do.
#[derive(Debug)]
pub struct Export {
    /// The store.
    pub store: Config,
    /// Where to write the document; `None` is stdout.
    pub file: Option<PathBuf>,
}

/// What `mqx broker import` is to do.
#[derive(Debug)]
pub struct Import {
    /// The store, which is made if it is missing.
    pub store: Config,
    /// The document; `None` is stdin.
    pub file: Option<PathBuf>,
    /// Whether what the store holds is replaced.
    pub force: bool,
}

/// Writes what a store holds, that no broker has open.
///
/// # Errors
/// When there is no such store, it is in use or damaged, or the document
/// cannot be written.
pub fn export(config: &Export, mut out: Sink) -> Result<()> {
    let state = load(backend(&config.store, false)?.as_mut())?;
    let text = write(&state);
    match &config.file {
        Some(path) => {
            fs::write(path, &text).map_err(|cause| Error::file("write", path, cause))?;
        }
        None => output::check(out.write_all(&text).and_then(|()| out.flush()))?,
    }
    output::note(format!("exported {}", told(&state)));
    Ok(())
}

/// Puts a document into a store, all of it or, with an error, none.
///
/// # Errors
/// When the document is not one, or the store cannot be used or is not empty.
pub fn import(config: &Import, mut input: impl Read) -> Result<()> {
    let name = config.file.as_deref().unwrap_or(Path::new("stdin"));
    let mut text = Vec::new();
    let got = match &config.file {
        Some(path) => File::open(path).and_then(|mut file| file.read_to_end(&mut text)),
        None => input.read_to_end(&mut text),
    };
    got.map_err(|cause| Error::file("read", name, cause))?;
    let state = read(&text, &name.display().to_string())?;
    let mut backend = backend(&config.store, true)?;
    let before = load(backend.as_mut())?;
    if before != State::default() && !config.force {
        let what = format!("the store {} is not empty", config.store.place);
        return Err(Error::new(Class::File, what).hint("--force replaces what it holds"));
    }
    let imported = format!("imported {}", told(&state));
    backend.commit(&Changes::of(removal(before).chain(state.into_records())))?;
    output::note(imported);
    Ok(())
}

/// What makes nothing of `state`.
fn removal(state: State) -> impl Iterator<Item = Record> {
    let sessions = state.sessions.into_keys().map(Record::Ended);
    let retained = state.retained.into_keys().map(Record::Cleared);
    sessions.chain(retained).chain(state.messages.into_keys().map(Record::Forgotten))
}

fn told(state: &State) -> String {
    format!(
        "{} sessions, {} retained messages, {} messages in all",
        state.sessions.len(),
        state.retained.len(),
        state.messages.len()
    )
}

/// The document of `state`, on several lines.
#[must_use]
pub fn write(state: &State) -> Vec<u8> {
    // Strings, numbers, lists and objects of them always have a JSON form.
    let mut text = serde_json::to_vec_pretty(&writing::document(state)).unwrap_or_default();
    text.push(b'\n');
    text
}

/// The state that the document `text` describes; its sessions and deliveries
/// are numbered anew. `name` is where it is from.
///
/// # Errors
/// [`Class::File`] when it is not a document of this version, with the line or
/// the member that is wrong.
pub fn read(text: &[u8], name: &str) -> Result<State> {
    let wrong = |wrong: serde_json::Error| {
        let told = wrong.to_string();
        let what = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what);
        Error::new(Class::File, format!("{name}:{}: {what}", wrong.line()))
    };
    let cover: Cover = serde_json::from_slice(text).map_err(wrong)?;
    if cover.version != PRESENT {
        let what = format!("{name}: a document of version {}", cover.version);
        return Err(Error::new(Class::File, format!("{what}; this mqx has {PRESENT}")));
    }
    let document: Document = serde_json::from_slice(text).map_err(wrong)?;
    let wrong = |what| Error::new(Class::File, format!("{name}: {what}"));
    reading::state(&document).map_err(wrong)
}
