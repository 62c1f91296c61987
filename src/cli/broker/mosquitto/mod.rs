//! mosquitto.conf, read as the options of mqx.
//!
//! Lines `name value`; options below a `listener` are about that listener, those
//! before the first about the default one, which is there if a port or an address
//! is named for it or there is no other.

mod bridge;
mod line;
#[cfg(test)]
mod manual;
mod options;
mod part;
#[cfg(test)]
mod tests;

use super::grants::GrantArgs;
use super::sources::{Entries, File, Section};
use crate::cli::usage;
use crate::error::{Error, Result};
use crate::output;
use line::Line;
use options::{DEFAULTS, LOG_TYPES, Meaning, Scope, Special, Value};
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
    let (file, warnings) = reader.finish();
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
    let (_, warnings) = reader.finish();
    Ok(warnings)
}

/// The file that what outlives the broker is kept in; mosquitto's has another
/// format.
const STORE: &str = "mqx.db";

/// What has been read so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the lines")]
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
    bridges: Vec<Section>,
    per_listener: bool,
    /// Whether something is said that `per_listener_settings` changes.
    access_said: bool,
    /// What stands before the first listener and is about one.
    early: Vec<Early>,
    included: bool,
    /// Where it is said that sessions are kept in a file, and where that is.
    persistent: Option<String>,
    folder: PathBuf,
    /// The most talkative of the types of log lines, by its place in the table.
    log_type: Option<usize>,
    warnings: Vec<String>,
}

/// A line about the default listener.
#[derive(Debug)]
struct Early {
    place: String,
    name: String,
    /// Whether there is one because of it.
    names: bool,
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
        if scope == Scope::Bridge && self.bridges.is_empty() {
            return Err(line.wrong("this stands below a connection"));
        }
        match meaning {
            Meaning::Plugin => self.warn(line, "plugins of mosquitto cannot be loaded"),
            Meaning::Missing(why) => return Err(line.wrong(why)),
            Meaning::Idle(why) => self.warn(line, why),
            _ if line.value.is_empty() => return Err(line.wrong("a value is missing")),
            Meaning::Only(values, _) if values.contains(&line.value) => {}
            Meaning::Only(_, why) => return Err(line.wrong(why)),
            Meaning::Unless(why) if line.is_on()? => return Err(line.wrong(why)),
            Meaning::IdleUnless(why) if line.is_on()? => self.warn(line, why),
            Meaning::Unless(_) | Meaning::IdleUnless(_) => {}
            Meaning::Switch(on, off) => {
                let option = if line.is_on()? { on } else { off };
                self.put(scope, &[option], "true", line);
            }
            Meaning::Is(names, reading) => match reading(line.value) {
                Value::Is(value) => self.put(scope, names, &value, line),
                Value::Are(values) => {
                    for value in values {
                        self.add(scope, names, &value, line);
                    }
                }
                Value::Usual => {}
                Value::Wrong(what) => return Err(line.wrong(what)),
            },
            Meaning::Each(name) => self.add(scope, &[name], line.value, line),
            Meaning::Special(special) => self.special(special, scope, line)?,
        }
        Ok(())
    }

    fn warn(&mut self, line: &Line<'_>, why: &str) {
        self.warnings.push(format!("{}: {} has no effect: {why}", line.place, line.name));
    }

    /// The listener that a line is about; before the first one it `names` the
    /// default one or does not.
    fn part(&mut self, line: &Line<'_>, names: bool) -> &mut Part {
        if self.others.is_empty() {
            let Line { name, place, .. } = line;
            self.early.push(Early { place: place.clone(), name: (*name).to_owned(), names });
        }
        self.others.last_mut().unwrap_or(&mut self.default)
    }

    fn add(&mut self, scope: Scope, names: &[&str], value: &str, line: &Line<'_>) {
        let entries = self.entries(scope, line);
        for name in names {
            entries.add(name, value, &line.place);
        }
    }

    fn put(&mut self, scope: Scope, names: &[&str], value: &str, line: &Line<'_>) {
        let entries = self.entries(scope, line);
        for name in names.iter().filter(|name| !name.is_empty()) {
            entries.say(name, value, &line.place);
        }
    }

    /// Where what a line of this scope says is kept.
    fn entries(&mut self, scope: Scope, line: &Line<'_>) -> &mut Entries {
        self.access_said |= matches!(scope, Scope::Access | Scope::Rules);
        match scope {
            Scope::Broker => &mut self.settings,
            Scope::Rules if !self.per_listener => &mut self.settings,
            Scope::Everywhere => &mut self.access,
            Scope::Access if !self.per_listener => &mut self.access,
            Scope::Access | Scope::Rules => &mut self.part(line, false).entries,
            Scope::Listener => &mut self.part(line, true).entries,
            Scope::Bridge => match self.bridges.last_mut() {
                Some(bridge) => &mut bridge.entries,
                None => &mut self.settings,
            },
        }
    }

    fn special(&mut self, special: Special, scope: Scope, line: &Line<'_>) -> Result<()> {
        match special {
            Special::Connection => self.bridges.push(bridge::begin(line)),
            Special::Anonymous => {
                let option = if line.is_on()? { "allow-anonymous" } else { "no-anonymous" };
                self.put(scope, &[option], "true", line);
            }
            Special::MountPoint if self.others.is_empty() => {
                return Err(line.wrong("this stands below a listener"));
            }
            Special::MountPoint => self.mount(line),
            Special::PerListener if line.is_on()? && self.access_said => {
                return Err(line.wrong("this stands before all that it changes"));
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
                self.part(line, true).websocket =
                    line.one_of(&[("mqtt", false), ("websockets", true)])?;
            }
            Special::SocketDomain => {
                let domain = line.one_of(&[("ipv4", "0.0.0.0"), ("ipv6", ANYWHERE)])?;
                self.part(line, true).domain = Some(domain);
            }
        }
        Ok(())
    }

    fn mount(&mut self, line: &Line<'_>) {
        if !line.value.ends_with('/') {
            let (place, name, value) = (&line.place, line.name, output::escape(line.value));
            self.warnings.push(format!(
                "{place}: {name} ends without a slash: topic a is {value}a, and no filter may \
                 begin with a wildcard"
            ));
        }
        self.put(Scope::Listener, &["mount-point"], line.value, line);
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
    fn finish(mut self) -> (File, Vec<String>) {
        self.name_default();
        let local = self.others.is_empty() && !self.named;
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
        let mut first = Entries::default();
        if self.named || local {
            let default = self.default.finish(local);
            first = default.only::<GrantArgs>();
            settings = settings.under(default.without(&first));
        }
        let listeners = self.others.into_iter().map(|part| Section {
            place: part.place.clone(),
            complete: true,
            entries: access.clone().under(part.finish(false)),
        });
        let listeners = listeners.collect();
        (File { settings, first, listeners, bridges: self.bridges }, self.warnings)
    }

    /// Whether there is a default listener beside others, because of what stands
    /// before them.
    fn name_default(&mut self) {
        if self.named || self.others.is_empty() {
            return;
        }
        self.named = self.early.iter().any(|early| early.names);
        for Early { place, name, names } in &self.early {
            if *names {
                self.default.place.clone_from(place);
            }
            let what = match (names, self.named) {
                (true, _) => {
                    "is about a listener and stands before the first, so port 1883 is \
                     open too, as with mosquitto"
                }
                (false, true) => continue,
                (false, false) => {
                    "has no effect: it is about a listener and stands before the first"
                }
            };
            self.warnings.push(format!("{place}: {name} {what}"));
        }
    }
}

fn unknown(line: &Line<'_>) -> Error {
    let error = line.wrong("mosquitto has no such option");
    let names = options::all().map(|row| row.0);
    match usage::nearest(line.name, names) {
        Some(name) => error.hint(format!("a similar one is {name}")),
        None => error.hint("a file of mqx's own options ends in .toml"),
    }
}
