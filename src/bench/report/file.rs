//! Files that reports are written to, each in the form that its name ends with.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// How something is written in one form.
pub type Form<T> = fn(&T, &mut dyn Write) -> io::Result<()>;

/// What can be written in several forms.
pub trait Forms: Sized + 'static {
    /// The forms by the ends of their files' names.
    const FORMS: &'static [(&'static str, Form<Self>)];
}

/// Where something is to be written to, by a name that says how.
#[derive(Debug, Clone)]
pub struct Target<T> {
    path: PathBuf,
    form: Form<T>,
}

impl<T: Forms> Target<T> {
    /// The file with the name in `text`.
    ///
    /// # Errors
    /// When the name says nothing of the form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let end = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match T::FORMS.iter().find(|(known, _)| *known == end) {
            Some((_, form)) => Ok(Self { path, form: *form }),
            None => Err(format!("the name must end with {}", known::<T>())),
        }
    }

    /// Makes sure that the file can be written, before there is anything to write.
    ///
    /// # Errors
    /// When it cannot be.
    pub(in crate::bench) fn open(&self) -> Result<OpenTarget<T>> {
        let path = &self.path;
        let is_new = !path.exists();
        let file = File::options().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|cause| Error::file("write", path, cause))?;
        let (path, form) = (path.clone(), self.form);
        Ok(OpenTarget { form, file, empty: Empty(is_new.then(|| path.clone())), path })
    }
}

/// A file that can be written to.
#[derive(Debug)]
pub(in crate::bench) struct OpenTarget<T> {
    path: PathBuf,
    form: Form<T>,
    file: File,
    /// The file if it was made here and is not written yet.
    empty: Empty,
}

/// A file that is taken away when it is not needed.
#[derive(Debug)]
struct Empty(Option<PathBuf>);

impl<T> OpenTarget<T> {
    /// Writes `what` over what may be in the file.
    ///
    /// # Errors
    /// When the disk is full, or something like it.
    pub(in crate::bench) fn write(mut self, what: &T) -> Result<()> {
        self.try_write(what).map_err(|cause| Error::file("write", &self.path, cause))?;
        self.empty.0 = None;
        Ok(())
    }

    fn try_write(&self, what: &T) -> io::Result<()> {
        // A pipe or a terminal has no length.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        let mut out = BufWriter::new(&self.file);
        (self.form)(what, &mut out)?;
        out.flush()
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Whoever has taken it away before has done it.
            let _ = fs::remove_file(path);
        }
    }
}

/// The ends of names, as a sentence has them.
fn known<T: Forms>() -> String {
    let names: Vec<_> = T::FORMS.iter().map(|(name, _)| format!(".{name}")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Report;
    use super::*;

    type ReportPath = Target<Report>;

    #[test]
    fn the_name_says_the_form() {
        assert!(ReportPath::parse("a/b.JSON").is_ok());
        let told = ReportPath::parse("out.txt").unwrap_err();
        assert_eq!(told, "the name must end with .json, .csv, .md, .html or .xml");
    }

    #[test]
    fn a_file_that_is_not_written_to_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old.json", "new.json"].map(|name| folder.path().join(name));
        fs::write(&old, "before").unwrap();
        for path in [&old, &new] {
            drop(ReportPath::parse(path.to_str().unwrap()).unwrap().open().unwrap());
        }
        assert_eq!(fs::read_to_string(&old).unwrap(), "before");
        assert!(!new.exists());
    }

    #[test]
    fn what_cannot_be_written_is_found_when_it_is_opened() {
        let path = ReportPath::parse("/no/such/folder/report.md").unwrap();
        let error = path.open().unwrap_err();
        assert_eq!(error.to_string(), "cannot write /no/such/folder/report.md");
    }
}
