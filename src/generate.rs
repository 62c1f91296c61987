//! `mqx generate`, hidden: writes the files that follow from the definition of
//! the command line. What they contain is decided in `cli::generate`.

use crate::error::{Error, Result};
use crate::output;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// A file that follows from the definition of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Where it belongs, relative to the root of the repository.
    pub path: PathBuf,
    /// All of it.
    pub content: Vec<u8>,
}

/// What is to be written where.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory that the paths of the files begin at.
    pub dir: PathBuf,
    /// The files to write.
    pub files: Vec<GeneratedFile>,
}

/// Writes the files, over what may be there, and names each on `out`.
///
/// # Errors
/// When a file or its directory cannot be written, or `out` cannot.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    for file in &config.files {
        let path = config.dir.join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|cause| Error::file("create", folder, cause))?;
        }
        fs::write(&path, &file.content).map_err(|cause| Error::file("write", &path, cause))?;
        output::check(writeln!(out, "{}", path.display()))?;
    }
    output::check(out.flush())
}
