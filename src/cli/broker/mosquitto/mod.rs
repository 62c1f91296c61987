//! mosquitto.conf, read as the options of mqx.
//!
//! Lines `name value`; options below a `listener` are about that listener, those
//! before the first about the default one, which is there if a port or an address
//! is named for it or there is no other.

mod line;
mod options;
mod part;
#[cfg(test)]
mod tests;

use super::sources::{Entries, File, Section};
use crate::cli::usage;
use crate::error::{Class, Error, Result};
use crate::output;
use line::Line;
use options::{DEFAULTS, LOG_TYPES, Meaning, OPTIONS, Scope, Special, Value};
use part::{ANYWHERE, Part};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Reads the options in the file at `path` and in the directories it includes.
/// What has no effect here is warned of.
///
/// # Errors
/// When a file cannot be read, or a line is none of mosquitto's or cannot be
/// honoured; the error says which line.
pub(super) fn read(path: &Path) -> Result<File> {
    let mut reader = Reader::default();
    reader.file(path)?;
    let (file, warnings) = reader.finish()?;
    warnings.iter().for_each(output::warn);
    Ok(file)
}

/// Reads `text` as a mosquitto.conf, without the files that it names but with
/// the directories that it includes; returns what has no effect here.
///
/// # Errors
/// As for the file itself: which line, and what is wrong with it.
pub fn check(text: &str) -> Result<Vec<String>> {
    let mut reader = Reader::default();
    reader.text(text, "mosquitto.conf")?;
    let (_, warnings) = reader.finish()?;
    Ok(warnings)
}

/// The file that what outlives the broker is kept in; mosquitto's has another
/// format.
const STORE: &str = "mqx.db";

/// What has been read so far.
#[derive(Debug, Default)]
struct Reader {
    /// The broker's own.
    settings: Entries,
    /// Who may do what at every listener.
    access: Entries,
    /// The default listener, and the others.
    default: Part,
    /// Whether the default listener is named.
    named: bool,
    others: Vec<Part>,
    per_listener: bool,
    included: bool,
    /// Where it is said that sessions are kept in a file, and where that is.
    persistent: Option<String>,
    folder: PathBuf,
    /// The most talkative of the types of log lines, by its place in the table.
    log_type: Option<usize>,
    /// What can be honoured with one listener only.
    alone: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl Reader {
    fn file(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).map_err(|cause| Error::file("read", path, cause))?;
        let text = String::from_utf8_lossy(&bytes);
        self.text(&text, &path.display().to_string())
    }

    fn text(&mut self, text: &str, name: &str) -> Result<()> {
        for line in line::lines(text, name) {
            self.line(&line)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &Line<'_>) -> Result<()> {
        let Some((scope, meaning)) = options::find(line.name) else {
            return Err(unknown(line));
        };
        match meaning {
            Meaning::Plugin => self.warn(line, "plugins of mosquitto cannot be loaded"),
            Meaning::Bridge => return Err(line.wrong("mqx has no bridges yet")),
            Meaning::Missing(why) => return Err(line.wrong(why)),
            Meaning::Idle(why) => self.warn(line, why),
            _ if line.value.is_empty() => return Err(line.wrong("a value is missing")),
            Meaning::Only(values, _) if values.contains(&line.value) => {}
            Meaning::Only(_, why) => return Err(line.wrong(why)),
            Meaning::Unless(why) if line.is_on()? => return Err(line.wrong(why)),
            Meaning::Unless(_) => {}
            Meaning::Switch(on, off) => {
                let option = if line.is_on()? { on } else { off };
                self.put(scope, &[option], "true", line);
            }
            Meaning::Is(names, reading) => match reading(line.value) {
                Value::Is(value) => self.put(scope, names, &value, line),
                Value::Usual => {}
                Value::Wrong(what) => return Err(line.wrong(what)),
            },
            Meaning::Special(special) => self.special(special, line)?,
        }
        Ok(())
    }

    fn warn(&mut self, line: &Line<'_>, why: &str) {
        self.warnings.push(format!("{}: {} has no effect: {why}", line.place, line.name));
    }

    /// The listener that the lines are about.
    fn part(&mut self) -> &mut Part {
        self.others.last_mut().unwrap_or(&mut self.default)
    }

    fn put(&mut self, scope: Scope, names: &[&str], value: &str, line: &Line<'_>) {
        let entries = match scope {
            Scope::Rules if !self.per_listener => &mut self.settings,
            Scope::Alone | Scope::Rules => {
                self.alone.push((line.place.clone(), line.name.to_owned()));
                &mut self.settings
            }
            Scope::Broker => &mut self.settings,
            Scope::Everywhere => &mut self.access,
            Scope::Access if !self.per_listener => &mut self.access,
            Scope::Access | Scope::Listener => &mut self.part().entries,
        };
        for name in names.iter().filter(|name| !name.is_empty()) {
            entries.say(name, value, &line.place);
        }
    }

    fn special(&mut self, special: Special, line: &Line<'_>) -> Result<()> {
        match special {
            Special::Anonymous => {
                let option = if line.is_on()? { "allow-anonymous" } else { "no-anonymous" };
                self.put(Scope::Access, &[option], "true", line);
            }
            Special::PerListener => self.per_listener = line.is_on()?,
            Special::Persistence => {
                self.persistent = line.is_on()?.then(|| line.place.clone());
            }
            Special::PersistenceLocation => self.folder = line.value.into(),
            Special::IncludeDir => self.include(line)?,
            Special::LogDest => self.log_dest(line)?,
            Special::LogType => self.log_type(line)?,
            Special::Listener => self.others.push(Part::new(line)?),
            Special::Port => {
                self.named = true;
                self.default.port = Some(line.value.to_owned());
                self.default.place.clone_from(&line.place);
            }
            Special::BindAddress => {
                self.named = true;
                self.default.bind = Some(line.address(line.value)?);
            }
            Special::Protocol => {
                self.part().websocket = line.one_of(&[("mqtt", false), ("websockets", true)])?;
            }
            Special::SocketDomain => {
                let domain = line.one_of(&[("ipv4", "0.0.0.0"), ("ipv6", ANYWHERE)])?;
                self.part().domain = Some(domain);
            }
        }
        Ok(())
    }

    fn log_dest(&mut self, line: &Line<'_>) -> Result<()> {
        match line.value.split_once(char::is_whitespace).unwrap_or((line.value, "")) {
            ("stderr", "") => {}
            ("stdout", "") => self.warn(line, "mqx logs to stderr"),
            ("file", path) if !path.is_empty() => {
                self.put(Scope::Broker, &["log-file"], path.trim(), line);
            }
            _ => return Err(line.wrong("mqx logs to stderr or to file PATH")),
        }
        Ok(())
    }

    /// Each type is one more: the line of the most talkative holds.
    fn log_type(&mut self, line: &Line<'_>) -> Result<()> {
        let types: Vec<_> = LOG_TYPES.iter().enumerate().map(|(at, row)| (row.0, at)).collect();
        let at = line.one_of(&types)?;
        if self.log_type.is_none_or(|loudest| at > loudest) {
            self.log_type = Some(at);
            let level = LOG_TYPES.get(at).map_or("", |row| row.1);
            self.put(Scope::Broker, &["log-level"], level, line);
        }
        Ok(())
    }

    /// Reads every `.conf` of a directory, in the order of their names.
    fn include(&mut self, line: &Line<'_>) -> Result<()> {
        if self.included {
            return Err(line.wrong("only the main file includes others"));
        }
        let folder = Path::new(line.value);
        let failed = |cause| Error::file("read", folder, cause).at(&line.place);
        let files = fs::read_dir(folder).map_err(failed)?;
        let files = files.map(|file| file.map(|file| file.path()));
        let mut files = files.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        files.retain(|path| path.extension().is_some_and(|end| end == "conf"));
        files.sort();
        self.included = true;
        let read = files.iter().try_for_each(|path| self.file(path));
        self.included = false;
        read
    }

    /// What the lines say together, and what to warn of.
    fn finish(self) -> Result<(File, Vec<String>)> {
        let count = self.others.len() + usize::from(self.named);
        if let Some((place, name)) = self.alone.first().filter(|_| count > 1) {
            let what = format!("{place}: {name}: mqx has this for all listeners together only");
            return Err(Error::new(Class::File, what));
        }
        let local = count == 0;
        let mut settings = Entries::default();
        for (name, value) in DEFAULTS {
            settings.say(name, value, "mosquitto.conf");
        }
        let mut access = Entries::default();
        access.say(
            if local { "allow-anonymous" } else { "no-anonymous" },
            "true",
            "mosquitto.conf",
        );
        access.say("auto-id-prefix", "auto-", "mosquitto.conf");
        let access = access.under(self.access);
        settings = settings.under(self.settings).under(access.clone());
        if let Some(place) = &self.persistent {
            settings.say("store", &self.folder.join(STORE).display().to_string(), place);
        }
        if self.named || local {
            settings = settings.under(self.default.finish(local));
        }
        let listeners = self.others.into_iter().map(|part| Section {
            place: part.place.clone(),
            complete: true,
            entries: access.clone().under(part.finish(false)),
        });
        Ok((File { settings, listeners: listeners.collect() }, self.warnings))
    }
}

fn unknown(line: &Line<'_>) -> Error {
    let error = line.wrong("mosquitto has no such option");
    let names = OPTIONS.iter().map(|row| row.0);
    match usage::nearest(line.name, names) {
        Some(name) => error.hint(format!("a similar one is {name}")),
        None => error.hint("a file of mqx's own options ends in .toml"),
    }
}
