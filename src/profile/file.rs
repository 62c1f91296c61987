//! The file with the profiles: a table `[profile.NAME]` for each, with options for keys.

use crate::error::{Class, Error, Result};
use crate::toml_values;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

/// The table that the profiles are in.
const PROFILES: &str = "profile";

/// An option and what a profile says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The long name of the option.
    pub option: String,
    /// Its values; of a switch `true` or `false`.
    pub values: Vec<String>,
}

/// The profiles in a file, which may be missing and then has none.
#[derive(Debug)]
pub struct Profiles {
    path: PathBuf,
    document: DocumentMut,
}

impl Profiles {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is there and cannot be read, or is not TOML.
    pub fn read(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|cause| Error::file("read", path, cause))?,
        };
        let document = text.parse().map_err(|wrong: toml_edit::TomlError| {
            let line = wrong.span().map_or(1, |span| toml_values::line(&text, span.start));
            let what = wrong.message().replace('\n', " ");
            Error::new(Class::File, format!("{}:{line}: {what}", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), document })
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Their names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let table = self.document.get(PROFILES).and_then(Item::as_table_like);
        table.into_iter().flat_map(|table| table.iter().map(|(name, _)| name))
    }

    /// What the profile of this name says.
    ///
    /// # Errors
    /// When there is none, or a value in it is none of an option.
    pub fn get(&self, name: &str) -> Result<Vec<Setting>> {
        let profile = self.document.get(PROFILES).and_then(|profiles| profiles.get(name));
        let table = profile.and_then(Item::as_table_like).ok_or_else(|| self.unknown(name))?;
        let settings = table.iter().map(|(option, item)| {
            let values = toml_values::texts(item).map_err(|_| self.no_value(name, option))?;
            Ok(Setting { option: option.to_owned(), values })
        });
        settings.collect()
    }

    fn unknown(&self, name: &str) -> Error {
        let place = self.path.display();
        let known: Vec<_> = self.names().collect();
        let error = Error::usage(format!("there is no profile {name:?} in {place}"));
        if known.is_empty() {
            return error.hint("`mqx profile add` makes one; a URL begins with mqtt://");
        }
        error.hint(format!("there are {}; a URL begins with mqtt://", known.join(", ")))
    }

    fn no_value(&self, name: &str, option: &str) -> Error {
        let what = format!("{}: profile {name}: {option}: ", self.path.display());
        Error::new(Class::File, what + "an option is text, a number, true, false or a list of text")
    }

    /// Puts the profile into the file, in place of one of this name.
    pub fn set(&mut self, name: &str, settings: &[Setting]) {
        let mut table = Table::new();
        for Setting { option, values } in settings {
            let item = match values.as_slice() {
                [one] => value(typed(one)),
                several => value(several.iter().map(|one| typed(one)).collect::<Array>()),
            };
            table.insert(option, item);
        }
        let profiles = self.document.entry(PROFILES).or_insert_with(|| {
            let mut profiles = Table::new();
            profiles.set_implicit(true);
            Item::Table(profiles)
        });
        if let Some(profiles) = profiles.as_table_like_mut() {
            profiles.insert(name, Item::Table(table));
        }
    }

    /// Takes the profile out.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        let profiles = self.document.get_mut(PROFILES).and_then(Item::as_table_like_mut);
        let removed = profiles.and_then(|profiles| profiles.remove(name));
        removed.map(drop).ok_or_else(|| self.unknown(name))
    }

    /// Writes the file, for its owner alone if it is new.
    ///
    /// # Errors
    /// When it cannot be written; the old one is still there then.
    pub fn write(&self) -> Result<()> {
        let failed = |cause| Error::file("write", &self.path, cause);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut beside = target.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
        let written = written.and_then(|mut file| {
            if let Ok(known) = fs::metadata(&target) {
                file.set_permissions(known.permissions())?;
            }
            file.write_all(self.document.to_string().as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &target)
        });
        written.map_err(|cause| {
            let _ = fs::remove_file(&beside);
            failed(cause)
        })
    }
}

/// A value as TOML has it: whole numbers and switches are written bare.
fn typed(text: &str) -> Value {
    let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
    match (text.parse::<bool>(), number) {
        (Ok(on), _) => on.into(),
        (_, Some(number)) => number.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn setting(option: &str, values: &[&str]) -> Setting {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Setting { option: option.to_owned(), values }
    }

    #[test]
    fn what_is_put_in_is_read_again_and_the_rest_of_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mqx/config.toml");
        let settings = [
            setting("broker", &["mqtts://h"]),
            setting("port", &["1883"]),
            setting("tls", &["true"]),
            setting("topic", &["a", "007"]),
        ];
        let mut profiles = Profiles::read(&path).unwrap();
        profiles.set("lab", &settings);
        profiles.write().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let written = fs::read_to_string(&path).unwrap();
        assert!(written.starts_with("[profile.lab]\nbroker = \"mqtts://h\"\nport = 1883\n"));
        fs::write(&path, format!("# mine\n{written}# end\n")).unwrap();
        let mut profiles = Profiles::read(&path).unwrap();
        assert_eq!(profiles.get("lab").unwrap(), settings);
        profiles.set("two", &settings[..1]);
        assert_eq!(profiles.names().collect::<Vec<_>>(), ["lab", "two"]);
        profiles.remove("lab").unwrap();
        assert!(profiles.remove("lab").is_err());
        profiles.write().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("[profile.two]") && !text.contains("lab]"), "{text}");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        let refusal = |text: &str| {
            fs::write(&path, text).unwrap();
            let got = Profiles::read(&path).and_then(|profiles| profiles.get("a"));
            crate::error::line(&got.unwrap_err().into())
        };
        assert!(refusal("\nx =").contains("c.toml:2: "));
        assert!(refusal("profile = 1").contains("no profile \"a\""));
        assert!(refusal("[profile.a]\nport = [[1]]").contains("profile a: port: an option is"));
        assert!(refusal("[profile.a]\nport = 2026-01-01").contains("profile a: port: "));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(\\[profile\\.a\\]\n|[a-z\"'\\[\\]{}=.,#-]|[0-9]|\n|\\PC){0,40}") {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            let _ = Profiles::read(file.path()).and_then(|profiles| profiles.get("a"));
        }
    }
}
