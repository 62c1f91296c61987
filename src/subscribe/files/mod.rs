//! Payloads in files by topic: `--out-dir`.

mod folder;
mod names;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use folder::Folder;
use names::names;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where payloads are kept in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutDir {
    /// The folder that the topics begin in; it is made if it is not there.
    pub path: PathBuf,
    /// What becomes of a topic's second message.
    pub mode: OutMode,
}

/// What becomes of the messages of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutMode {
    /// Each takes the place of the one before.
    #[default]
    Overwrite,
    /// Each is added to the end of the file.
    Append,
    /// Each has a file of its own, with a number behind the name.
    Number,
}

impl OutMode {
    /// Every mode by its name on the command line.
    pub const ALL: [(&'static str, Self); 3] =
        [("overwrite", Self::Overwrite), ("append", Self::Append), ("number", Self::Number)];
}

/// The digits of a number, at least: so many files are in order by name.
const DIGITS: usize = 6;

/// The files of a run.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
    root: Folder,
    mode: OutMode,
    /// What follows each payload in a file of many.
    line_end: &'static [u8],
    numbers: Numbers,
}

/// The last number of each file name, by folder. Grows with the number of
/// topics, as the folder itself does.
type Numbers = HashMap<PathBuf, HashMap<String, u64>>;

impl Files {
    /// Opens the folder; with `newline`, payloads in one file end in a line feed.
    ///
    /// # Errors
    /// When it cannot be made or opened.
    pub(super) fn open(out: &OutDir, newline: bool) -> Result<Self> {
        let OutDir { path, mode } = out.clone();
        let root = Folder::at(&path).map_err(|cause| Error::file("write to", &path, cause))?;
        let line_end: &[u8] = if newline { b"\n" } else { b"" };
        Ok(Self { path, root, mode, line_end, numbers: HashMap::new() })
    }

    /// Puts the payload of a message on this topic into its file.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it is there.
    pub(super) fn store(&mut self, topic: &str, payload: &[u8]) -> Result<()> {
        let names = names(topic);
        let stored = self.try_store(&names, payload);
        stored.map_err(|cause| {
            let path = names.iter().fold(self.path.clone(), |path, name| path.join(name));
            Error::file("write", &path, cause)
        })
    }

    fn try_store(&mut self, names: &[String], payload: &[u8]) -> io::Result<()> {
        let Some((name, folders)) = names.split_last() else {
            return Ok(());
        };
        let mut entered: Option<Folder> = None;
        for folder in folders {
            entered = Some(entered.as_ref().unwrap_or(&self.root).enter(folder)?);
        }
        let folder = entered.as_ref().unwrap_or(&self.root);
        match self.mode {
            OutMode::Overwrite => folder.replace(name, payload),
            OutMode::Append => folder.append(name, &[payload, self.line_end].concat()),
            OutMode::Number => {
                let place: PathBuf = folders.iter().collect();
                let last = last_number(&mut self.numbers, &place, folder, name)?;
                let next_name = || {
                    *last += 1;
                    format!("{name}.{last:0DIGITS$}")
                };
                folder.add(next_name, payload)
            }
        }
    }
}

/// The last number of the files of this name in the folder, which is read once.
fn last_number<'a>(
    numbers: &'a mut Numbers,
    place: &Path,
    folder: &Folder,
    name: &str,
) -> io::Result<&'a mut u64> {
    if !numbers.contains_key(place) {
        let mut found = HashMap::new();
        for entry in folder.names()? {
            if let Some((name, number)) = numbered(&entry) {
                let last = found.entry(name.to_owned()).or_default();
                *last = number.max(*last);
            }
        }
        numbers.insert(place.to_owned(), found);
    }
    Ok(numbers.entry(place.to_owned()).or_default().entry(name.to_owned()).or_default())
}

/// The name and the number that the name of a file is made of.
fn numbered(entry: &str) -> Option<(&str, u64)> {
    let (name, number) = entry.rsplit_once('.').filter(|(_, digits)| digits.len() >= DIGITS)?;
    Some((name, number.parse().ok()?))
}
