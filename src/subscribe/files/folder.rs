//! A folder that is written to by names, one step at a time: no path is ever
//! looked up, so that no symbolic link can lead elsewhere.

use super::names::TAKEN;
use rustix::fs::{self, AtFlags, Dir, Mode, OFlags, fstat, ftruncate, linkat, renameat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// What a name already is when it cannot be what it is to be: a folder instead
/// of a file, a file instead of a folder, or a link.
const OTHER_KIND: [Errno; 3] = [Errno::ISDIR, Errno::NOTDIR, Errno::LOOP];

/// Does something with a name, or with its other form if something of another
/// kind has the plain one.
fn with_free<T>(name: &str, act: impl Fn(&str) -> Result<T, Errno>) -> Result<T, Errno> {
    match act(name) {
        Err(error) if OTHER_KIND.contains(&error) => act(&format!("{name}{TAKEN}")),
        done => done,
    }
}

impl Folder {
    /// Opens the folder at a path, and makes it if it is not there.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(fs::open(path, flags, Mode::empty())?))
    }

    /// Opens the folder of this name in it, and makes it if it is not there.
    pub(super) fn enter(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = |name: &str| fs::openat(&self.0, name, flags, Mode::empty());
        let open_or_make = |name: &str| match open(name) {
            Err(Errno::NOENT) => match fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => open(name),
                Err(error) => Err(error),
            },
            opened => opened,
        };
        Ok(Self(with_free(name, open_or_make)?))
    }

    /// The names of what is in it.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = Dir::read_from(&self.0)?;
        let name = |entry: Result<fs::DirEntry, Errno>| {
            let entry = entry?;
            Ok(entry.file_name().to_string_lossy().into_owned())
        };
        entries.map(name).collect()
    }

    /// Writes a file in place of one that may be there. It is never there in part.
    pub(super) fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let draft = self.draft(content)?;
        let named = with_free(name, |name| renameat(&self.0, &draft, &self.0, name));
        if named.is_err() {
            self.discard(&draft);
        }
        Ok(named?)
    }

    /// Writes a file that is not there yet, under the first name for which
    /// there is none. It is never there in part.
    pub(super) fn add(
        &self,
        mut next_name: impl FnMut() -> String,
        content: &[u8],
    ) -> io::Result<()> {
        let draft = self.draft(content)?;
        let added = loop {
            match linkat(&self.0, &draft, &self.0, next_name(), AtFlags::empty()) {
                Err(Errno::EXIST) => {}
                added => break added,
            }
        };
        self.discard(&draft);
        Ok(added?)
    }

    /// Adds to the end of a file: all of it, or nothing.
    pub(super) fn append(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let file = with_free(name, |name| fs::openat(&self.0, name, flags, mode))?;
        let length = u64::try_from(fstat(&file)?.st_size).unwrap_or_default();
        let mut file = File::from(file);
        file.write_all(content).inspect_err(|_| {
            // What cannot be undone is told as the failure that it is.
            let _ = ftruncate(&file, length);
        })
    }

    /// Writes a file with a name that no topic has, and returns the name.
    fn draft(&self, content: &[u8]) -> io::Result<String> {
        let name = format!(".mqx-{}", std::process::id());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || fs::openat(&self.0, &name, flags, Mode::from_raw_mode(0o666));
        let file = match create() {
            // One with the same process identifier was killed here.
            Err(Errno::EXIST) => {
                self.discard(&name);
                create()?
            }
            created => created?,
        };
        let written = File::from(file).write_all(content);
        if written.is_err() {
            self.discard(&name);
        }
        written.map(|()| name)
    }

    /// Removes a draft. One that stays takes room and does no other harm.
    fn discard(&self, draft: &str) {
        let _ = unlinkat(&self.0, draft, AtFlags::empty());
    }
}
