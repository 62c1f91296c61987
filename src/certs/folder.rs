//! Writing files into a folder: all of them or none, keys for the owner's eyes
//! only, and nothing over what is there unless told to.

use crate::error::{Class, Error, Result};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A file that is to be written.
pub(super) struct NewFile {
    name: String,
    content: Vec<u8>,
    mode: u32,
    meaning: &'static str,
}

impl NewFile {
    /// A file for everybody, as far as the umask allows.
    pub(super) fn public(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: content.into(), mode: 0o644, meaning: "" }
    }

    /// A file only its owner may read and write.
    pub(super) fn secret(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: content.into(), mode: 0o600, meaning: "" }
    }

    /// The same file, with what it is in words.
    pub(super) const fn means(mut self, meaning: &'static str) -> Self {
        self.meaning = meaning;
        self
    }

    /// What it is in words, if that was said.
    pub(super) const fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The folder of a file.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where a file of this name goes, without a `./` that says nothing.
pub(super) fn place(dir: &Path, name: &str) -> PathBuf {
    if dir == Path::new(".") {
        return PathBuf::from(name);
    }
    dir.join(name)
}

/// Writes all files into `dir`, which is made if missing. Everything is written
/// to a directory beside them first and then renamed, so that a full disk or a
/// lost race leaves no half file and no half set.
pub(super) fn write(dir: &Path, files: &[NewFile], overwrite: bool) -> Result<()> {
    for file in files {
        check_free(&place(dir, &file.name), overwrite)?;
    }
    fs::create_dir_all(dir).map_err(|cause| elsewhere("make the directory", dir, cause))?;
    let staging = Staging::new(dir).map_err(|cause| elsewhere("write into", dir, cause))?;
    for file in files {
        let written = staging.write(file);
        written.map_err(|cause| elsewhere("write", &place(dir, &file.name), cause))?;
    }
    for file in files {
        let target = place(dir, &file.name);
        let renamed = fs::rename(staging.path.join(&file.name), &target);
        renamed.map_err(|cause| Error::file("write", &target, cause))?;
    }
    Ok(())
}

fn check_free(path: &Path, overwrite: bool) -> Result<()> {
    let shown = path.display();
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => {
            Err(Error::new(Class::File, format!("{shown} is a directory in the way")))
        }
        Ok(_) if !overwrite => {
            Err(Error::new(Class::File, format!("{shown} exists, nothing was written"))
                .hint("--force replaces it; --dir DIR writes somewhere else"))
        }
        _ => Ok(()),
    }
}

fn elsewhere(verb: &str, path: &Path, cause: io::Error) -> Error {
    Error::file(verb, path, cause).hint("choose a directory you may write to with --dir DIR")
}

/// A directory only the owner can look into; removed with all that is left in it.
struct Staging {
    path: PathBuf,
}

impl Staging {
    fn new(dir: &Path) -> io::Result<Self> {
        let id = super::random().map_err(io::Error::other)?;
        let path = dir.join(format!(".mqx-certs-{:08x}", u32::from_ne_bytes(id)));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path })
    }

    fn write(&self, file: &NewFile) -> io::Result<()> {
        let mut options = File::options();
        options.write(true).create_new(true).mode(file.mode);
        let mut opened = options.open(self.path.join(&file.name))?;
        opened.write_all(&file.content)?;
        opened.sync_all()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nothing better can be done about a directory that cannot be removed.
        let _ = fs::remove_dir_all(&self.path);
    }
}
