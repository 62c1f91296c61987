//! mosquitto.conf, read as the options of mqx.
//!
//! Lines `name value`; options below a `listener` are about that listener, those
//! before the first about the default one, which is there if a port or an address
//! is named for it or there is no other.

mod line;
mod options;
mod part;

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
            Scope::Alone => {
                self.alone.push((line.place.clone(), line.name.to_owned()));
                &mut self.settings
            }
            Scope::Broker => &mut self.settings,
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

#[cfg(test)]
mod tests {
    use super::options::Row;
    use super::*;
    use crate::broker::Config;
    use crate::cli::broker::lower;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// What `text` says, and the warnings; or the line that says what is wrong.
    fn read(text: &str) -> Result<(Config, Vec<String>), String> {
        let read = || {
            let mut reader = Reader::default();
            reader.text(text, "m.conf")?;
            let (file, warnings) = reader.finish()?;
            Ok((lower(file, Entries::default())?, warnings))
        };
        read().map_err(|error: Error| crate::error::line(&error.into()))
    }

    /// The listeners as lines.
    fn listeners(text: &str) -> Vec<String> {
        let (config, _) = read(text).unwrap();
        let line = |listen: &crate::broker::Listen| {
            let mut line = String::new();
            let bind = listen.bind.map_or("local".to_owned(), |bind| bind.to_string());
            let unix = listen.unix.as_ref().map(|path| path.display().to_string());
            write!(line, "{bind} {:?} {:?} {unix:?}", listen.port, listen.ws_port).unwrap();
            line + if listen.anonymous { " open" } else { " closed" }
        };
        config.listeners.iter().map(line).collect()
    }

    #[test]
    fn without_a_listener_it_is_for_this_machine_and_with_one_for_all_but_the_nameless() {
        for (text, wanted) in [
            ("", vec!["local Some(1883) None None open"]),
            ("allow_anonymous false", vec!["local Some(1883) None None closed"]),
            ("listener 1", vec![":: Some(1) None None closed"]),
            ("port 1\nallow_anonymous true", vec![":: Some(1) None None open"]),
            ("bind_address 127.0.0.1", vec!["127.0.0.1 Some(1883) None None closed"]),
            (
                "port 1\nlistener 2 192.0.2.1\nprotocol websockets\nlistener 0 /x y\n",
                vec![
                    ":: Some(1) None None closed",
                    "192.0.2.1 None Some(2) None closed",
                    ":: None None Some(\"/x y\") closed",
                ],
            ),
            ("listener 1\nsocket_domain ipv4", vec!["0.0.0.0 Some(1) None None closed"]),
            (
                "per_listener_settings true\nlistener 1\nallow_anonymous true\nlistener 2",
                vec![":: Some(1) None None open", ":: Some(2) None None closed"],
            ),
        ] {
            assert_eq!(listeners(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_the_file_does_not_say_is_as_in_mosquitto() {
        let limits = read("").unwrap().0.limits;
        assert_eq!((limits.maximum_in_flight, limits.receive_maximum), (20, 20));
        assert_eq!((limits.queue.messages, limits.topic_alias_maximum), (1000, 10));
        assert_eq!(limits.maximum_packet_size, 2_000_000);
        assert!(!limits.acl_subscribe_check);
    }

    #[test]
    fn options_reach_the_configuration() {
        let text = "# comment\n\n  max_inflight_messages 0\nmax_queued_messages   7\r\n\
             max_packet_size 100\nretain_available false\nmax_qos 1\nmax_keepalive 60\n\
             max_connections 9\nsys_interval 3\npersistent_client_expiration 2d\n";
        let (config, warnings) = read(text).unwrap();
        let limits = &config.limits;
        assert_eq!((limits.maximum_in_flight, limits.queue.messages), (65535, 7));
        assert_eq!((limits.maximum_packet_size, limits.retain_available), (100, false));
        assert_eq!((limits.maximum_qos as u8, limits.maximum_connections), (1, 9));
        assert_eq!(limits.maximum_session_expiry, Some(172_800));
        assert_eq!(config.sys_interval.as_secs(), 3);
        assert!(warnings.is_empty());
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_with_its_line() {
        for (text, wanted) in [
            ("\nlistner 1", "m.conf:2: listner 1: mosquitto has no such option"),
            ("connection b\naddress x", "m.conf:1: connection b: mqx has no bridges yet"),
            ("remote_username x", "m.conf:1: remote_username x: mqx has no bridges yet"),
            ("mount_point a/", "m.conf:1: mount_point a/: mqx has no such setting yet"),
            ("queue_qos0_messages true", "m.conf:1: queue_qos0_messages true: mqx has no"),
            ("allow_anonymous yes", "m.conf:1: allow_anonymous yes: this is one of true, 1,"),
            ("max_qos", "m.conf:1: max_qos: a value is missing"),
            ("max_qos 3", "m.conf:1: max-qos: invalid value '3'"),
            ("listener 0", "m.conf:1: listener 0: port 0 is for the path of a Unix socket"),
            ("listener 1\nlistener 2\nmax_qos 1", "m.conf:3: max_qos: mqx has this for all"),
            ("listener 1\ncertfile x", "m.conf:1: --cert needs --key"),
            ("persistent_client_expiration 2", "m.conf:1: persistent_client_expiration 2: this is"),
            ("include_dir /no/such", "m.conf:1: cannot read /no/such"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }

    #[test]
    fn what_changes_nothing_is_warned_of_once_a_line() {
        let text = "ciphers x\nautosave_interval 5\nplugin /x.so\nplugin_opt_a b\nuser me";
        let (_, warnings) = read(text).unwrap();
        assert_eq!(warnings.len(), 5);
        assert_eq!(warnings[0], "m.conf:1: ciphers has no effect: mqx chooses good ciphers itself");
    }

    #[test]
    fn the_nearest_name_is_proposed() {
        let mut reader = Reader::default();
        let error = reader.text("max_inflight_mesages 1", "f").unwrap_err();
        assert_eq!(
            crate::error::hint(&error.into()),
            Some("a similar one is max_inflight_messages")
        );
    }

    #[test]
    fn the_log_has_what_the_most_talkative_type_has() {
        let text = "log_dest file /x y\nlog_type error\nlog_type subscribe\nlog_type notice";
        let log = read(text).unwrap().0.log.unwrap();
        assert_eq!(log.level.name(), "debug");
        assert_eq!(log.file, Some("/x y".into()));
        assert!(read("log_dest syslog").unwrap_err().contains("mqx logs to stderr or to file"));
    }

    #[test]
    fn what_is_to_be_kept_is_kept_in_a_file_of_mqx() {
        let store = |text| format!("{:?}", read(text).unwrap().0.store);
        assert!(store("persistence true\npersistence_location /var/m").contains("/var/m/mqx.db"));
        assert_eq!(store("persistence false\npersistence_location /var/m"), "None");
    }

    #[test]
    fn without_users_a_listener_lets_nobody_in() {
        let nobody = |text| {
            let listen = read(text).unwrap().0.listeners.remove(0);
            !listen.anonymous && listen.passwords.is_some()
        };
        assert!(nobody("listener 1"));
        assert!(!nobody("listener 1\nallow_anonymous true"));
    }

    #[test]
    fn the_table_is_sorted() {
        let names: Vec<_> = OPTIONS.iter().map(|row: &Row| row.0).collect();
        assert!(names.is_sorted());
    }

    #[test]
    fn files_of_a_directory_are_read_in_order_and_include_no_others() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("b.conf"), "max_queued_messages 2").unwrap();
        fs::write(dir.path().join("a.conf"), "max_queued_messages 1").unwrap();
        fs::write(dir.path().join("c.txt"), "nonsense").unwrap();
        let include = format!("include_dir {}", dir.path().display());
        assert_eq!(read(&include).unwrap().0.limits.queue.messages, 2);
        fs::write(dir.path().join("c.conf"), &include).unwrap();
        assert!(read(&include).unwrap_err().contains("only the main file includes others"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(
            lines in proptest::collection::vec(
                (proptest::sample::select(OPTIONS), "(true|false|0|1|-1|[a-z0-9./: ]{0,8}|\\PC{0,4})"),
                0..8,
            ),
            noise in "\\PC{0,20}",
        ) {
            let mut text = noise;
            for ((name, ..), value) in lines {
                // The lookup of a name asks the network.
                if !["listener", "bind_address", "include_dir"].contains(&name) {
                    write!(text, "\n{name} {value}").unwrap();
                }
            }
            let mut reader = Reader::default();
            if reader.text(&text, "f").is_ok() {
                let _ = reader.finish();
            }
        }
    }
}
