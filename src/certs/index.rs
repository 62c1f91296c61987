//! What a CA has issued and revoked: a file of JSON lines in its folder that only
//! grows, so that nothing in it can be lost by a crash or by two commands at once.

use crate::error::{Class, Error, Result};
use crate::net::facts::Facts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The name of the file.
pub(super) const NAME: &str = "index.jsonl";

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Event {
    /// A certificate was signed.
    Issued,
    /// It is not to be trusted any more.
    Revoked,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) event: Event,
    /// When, in RFC 3339.
    pub(super) at: String,
    /// The key that signs, which tells apart the CAs of one folder.
    pub(super) authority_key_id: Option<String>,
    pub(super) serial: String,
    pub(super) subject: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<String>,
    pub(super) not_after: String,
    /// The file that was written then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// Why it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

impl Entry {
    /// What happens now to the certificate with these facts.
    pub(super) fn now(event: Event, facts: &Facts) -> Self {
        Self {
            event,
            at: Timestamp::now().to_string(),
            authority_key_id: facts.authority_key_id.clone(),
            serial: facts.serial.clone(),
            subject: facts.subject.clone(),
            names: facts.names.clone(),
            not_after: facts.not_after.clone(),
            file: None,
            reason: None,
        }
    }
}

/// Adds lines to the index in `folder`.
pub(super) fn append(folder: &Path, entries: &[Entry]) -> Result<()> {
    let path = place(folder);
    let failed = |cause: io::Error| Error::file("write", &path, cause);
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry).map_err(|cause| failed(cause.into()))?;
        lines.push(b'\n');
    }
    let mut file = File::options().append(true).create(true).open(&path).map_err(failed)?;
    // One write, so that two commands at once do not mix their lines.
    file.write_all(&lines).and_then(|()| file.sync_all()).map_err(failed)
}

/// All lines of the index in `folder`, none if there is no index.
pub(super) fn read(folder: &Path) -> Result<Vec<Entry>> {
    let path = place(folder);
    let text = match fs::read_to_string(&path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|cause| Error::file("read", &path, cause))?,
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| entry(&path, number + 1, line)).collect()
}

fn entry(path: &Path, number: usize, line: &str) -> Result<Entry> {
    serde_json::from_str(line).map_err(|cause| {
        let what = format!("{}: line {number} is damaged", path.display());
        Error::new(Class::File, what).because(cause).hint("mend or remove that line")
    })
}

fn place(folder: &Path) -> PathBuf {
    super::folder::place(folder, NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_and_a_damaged_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), []);
        let entry = Entry {
            event: Event::Revoked,
            at: "2026-01-01T00:00:00Z".into(),
            authority_key_id: None,
            serial: "0A".into(),
            subject: "CN=a".into(),
            names: vec!["DNS:a".into()],
            not_after: "2027-01-01T00:00:00Z".into(),
            file: None,
            reason: Some("superseded".into()),
        };
        append(dir.path(), std::slice::from_ref(&entry)).unwrap();
        append(dir.path(), std::slice::from_ref(&entry)).unwrap();
        assert_eq!(read(dir.path()).unwrap(), [entry.clone(), entry]);
        fs::write(dir.path().join(NAME), "\n{}\n").unwrap();
        let said = read(dir.path()).unwrap_err().to_string();
        assert!(said.contains("index.jsonl: line 2 is damaged"), "{said}");
    }
}
