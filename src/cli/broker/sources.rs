//! Where options are said beside the command line, and which of them holds.
//!
//! Each source becomes [`Entries`]: the long name of an option and its values as
//! text. Those of all sources are laid over one another and read by clap as a
//! command line would be, so there is one description of an option and one
//! check of its values.

use super::settings::Settings;
use crate::cli::{said, usage, with_conventions};
use crate::error::{Class, Error, Result};
use crate::output;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::ffi::{OsStr, OsString};

/// What stands before an option in the environment.
const PREFIX: &str = "MQX_BROKER_";

/// The variables behind [`PREFIX`] that are no settings.
const NO_SETTINGS: &[&str] = &["CONFIG"];

/// What one source says of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The long name of the option.
    pub(super) option: String,
    /// Its values; of a switch whether it is on.
    pub(super) values: Vec<OsString>,
    /// Where that is said, as an error names it.
    pub(super) place: Place,
}

/// Where an option is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// On the command line, which clap has checked.
    CommandLine,
    /// In this variable.
    Variable(String),
    /// In a file, `FILE:LINE`.
    File(String),
}

/// What has been said, each option once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Entries(Vec<Entry>);

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The options of the broker and of its first listener.
    pub(super) settings: Entries,
    /// What it says of what clients may do, of the first listener alone.
    pub(super) first: Entries,
    /// Those of the listeners beside it.
    pub(super) listeners: Vec<Section>,
    /// Those of the bridges.
    pub(super) bridges: Vec<Section>,
}

/// What a file says of one listener beside the first, or of one bridge.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Where that begins, `FILE:LINE`.
    pub(super) place: String,
    /// Whether it says all of it: nothing the file says of the first listener
    /// holds for this one.
    pub(super) complete: bool,
    /// What it says.
    pub(super) entries: Entries,
}

impl Entries {
    /// Adds an entry, which takes the place of an earlier one.
    pub(super) fn set(&mut self, entry: Entry) {
        self.0.retain(|earlier| earlier.option != entry.option);
        self.0.push(entry);
    }

    /// Adds that the file says this of an option at `place`.
    pub(super) fn say(&mut self, option: &str, value: &str, place: &str) {
        let place = Place::File(place.to_owned());
        self.set(Entry { option: option.to_owned(), values: vec![value.into()], place });
    }

    /// Adds that the file says this of an option too, at `place`.
    pub(super) fn add(&mut self, option: &str, value: &str, place: &str) {
        match self.0.iter_mut().find(|entry| entry.option == option) {
            Some(entry) => entry.values.push(value.into()),
            None => self.say(option, value, place),
        }
    }

    /// Whether something is said of this option.
    pub(super) fn has(&self, option: &str) -> bool {
        self.0.iter().any(|entry| entry.option == option)
    }

    /// The options that something is said of.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.option.as_str())
    }

    /// What is said, as `OPTION VALUE`.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.0.iter().map(|entry| {
            let values = entry.values.iter().map(|value| value.to_string_lossy());
            format!("{} {}", entry.option, values.collect::<Vec<_>>().join(" "))
        });
        lines.collect()
    }

    /// Forgets what is said of this option.
    pub(super) fn remove(&mut self, option: &str) {
        self.0.retain(|entry| entry.option != option);
    }

    /// What `variables` of the environment say. A variable that no option has
    /// is warned of.
    pub(super) fn environment(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let known = definition::<Settings>();
        let mut entries = Self::default();
        for (name, value) in variables {
            let name = name.to_string_lossy().into_owned();
            let Some(behind) = name.strip_prefix(PREFIX) else { continue };
            let option = said::option_named(behind);
            if find(&known, &option).is_some() {
                let values = vec![value];
                entries.set(Entry { option, values, place: Place::Variable(name) });
            } else if !NO_SETTINGS.contains(&behind) {
                output::warn(format!("{name} stands for no option of `mqx broker`"));
            }
        }
        entries
    }

    /// These entries, and those in `above` in place of the ones they are said
    /// of too.
    #[must_use]
    pub(super) fn under(mut self, above: Self) -> Self {
        above.0.into_iter().for_each(|entry| self.set(entry));
        self
    }

    /// Those of the options that `above` says nothing of.
    #[must_use]
    pub(super) fn without(mut self, above: &Self) -> Self {
        self.0.retain(|entry| !above.has(&entry.option));
        self
    }

    /// Those of the options that `S` describes.
    #[must_use]
    pub(super) fn only<S: Args>(&self) -> Self {
        let known = definition::<S>();
        let entries = self.0.iter().filter(|entry| find(&known, &entry.option).is_some());
        Self(entries.cloned().collect())
    }

    /// Reads the entries as the options that `S` describes.
    ///
    /// # Errors
    /// When there is no such option or its value is wrong; the error says
    /// where.
    pub(in crate::cli) fn parse<S: Args + FromArgMatches>(&self) -> Result<S> {
        let mut known = definition::<S>();
        let mut words = Vec::new();
        for entry in &self.0 {
            words.extend(entry.check(&mut known)?);
        }
        let read = known.try_get_matches_from_mut(words);
        read.and_then(|matches| S::from_arg_matches(&matches))
            .map_err(|wrong| Error::usage(usage::told(&wrong.to_string()).0))
    }
}

impl Entry {
    /// This entry as the words of a command line, which has been read alone.
    fn check(&self, known: &mut Command) -> Result<Vec<OsString>> {
        let arg = find(known, &self.option).ok_or_else(|| self.unknown(known))?;
        let words = said::words(arg, &self.values).map_err(|what| self.wrong(what))?;
        if self.place != Place::CommandLine {
            let read = known.try_get_matches_from_mut(&words);
            // What it goes with may be said beside it.
            let wrong =
                read.err().filter(|wrong| wrong.kind() != ErrorKind::MissingRequiredArgument);
            wrong.map_or(Ok(()), |wrong| Err(self.wrong(&usage::told(&wrong.to_string()).0)))?;
        }
        Ok(words)
    }

    fn unknown(&self, known: &Command) -> Error {
        let names = known.get_arguments().filter_map(Arg::get_long);
        let error = self.wrong("there is no such option");
        match usage::nearest(&self.option, names) {
            Some(name) => error.hint(format!("a similar one is {name}")),
            None => error.hint("`--help` names the options; a key has no dashes in front"),
        }
    }

    /// The error for what is wrong with this entry.
    fn wrong(&self, what: &str) -> Error {
        let (class, place) = match &self.place {
            Place::CommandLine => (Class::Usage, "the command line"),
            Place::Variable(name) => (Class::Usage, name.as_str()),
            Place::File(place) => (Class::File, place.as_str()),
        };
        let option = output::escape(&self.option);
        Error::new(class, format!("{place}: {option}: {what}"))
    }
}

/// The options that `S` describes, as a command line of their own.
fn definition<S: Args>() -> Command {
    with_conventions(S::augment_args(Command::new("mqx broker").no_binary_name(true)))
}

fn find<'a>(known: &'a Command, option: &str) -> Option<&'a Arg> {
    known.get_arguments().find(|arg| arg.get_long() == Some(option))
}

/// The settings as they were typed, before the other sources are known.
#[derive(Debug, Clone)]
pub(super) struct Typed(Entries);

impl Typed {
    pub(super) fn entries(&self) -> Entries {
        self.0.clone()
    }
}

impl Args for Typed {
    fn augment_args(command: Command) -> Command {
        Settings::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Settings::augment_args_for_update(command)
    }
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let known = definition::<Settings>();
        let mut entries = Entries::default();
        for arg in known.get_arguments() {
            let id = arg.get_id().as_str();
            let typed = matches.value_source(id) == Some(ValueSource::CommandLine);
            if let (true, Some(option)) = (typed, arg.get_long()) {
                let values = matches.get_raw(id).into_iter().flatten();
                let values = values.map(OsStr::to_owned).collect();
                let place = Place::CommandLine;
                entries.set(Entry { option: option.to_owned(), values, place });
            }
        }
        Ok(Self(entries))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let typed = Self::from_arg_matches(matches)?;
        self.0 = std::mem::take(&mut self.0).under(typed.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Config;
    use crate::cli::broker::{Purpose, lower, toml_file};
    use crate::cli::{Command as Chosen, parse_from};
    use crate::mqtt::QoS;

    fn entries(text: &str) -> Entries {
        toml_file::parse(text, "mqx.toml").unwrap().settings
    }

    fn variables(list: &[(&str, &str)]) -> Entries {
        Entries::environment(list.iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn typed(words: &str) -> Entries {
        let words = ["mqx", "broker"].into_iter().chain(words.split_whitespace());
        match parse_from(words).unwrap().command {
            Chosen::Broker(args) => args.typed.entries(),
            other => panic!("{other:?}"),
        }
    }

    fn config(said: &Entries) -> Config {
        said.parse::<Settings>().unwrap().into_config(Ok, Vec::new(), Purpose::Run).unwrap()
    }

    fn refusal(said: &Entries) -> String {
        let error = said.parse::<Settings>().map(|_| ()).unwrap_err();
        crate::error::line(&error.into())
    }

    #[test]
    fn the_command_line_comes_before_the_environment_and_that_before_the_file() {
        let file = entries("port = 1\nws-port = 1\nmax-queued = 1\n");
        let environment = variables(&[("MQX_BROKER_PORT", "2"), ("MQX_BROKER_WS_PORT", "2")]);
        let said = config(&file.under(environment).under(typed("--port 3")));
        let first = &said.listeners[0];
        let ports = (first.port, first.ws_port, said.limits.queue.messages);
        assert_eq!(ports, (Some(3), Some(2), 1));
        assert_eq!(said.limits.maximum_packet_size, Config::default().limits.maximum_packet_size);
    }

    #[test]
    fn a_switch_is_turned_off_by_what_comes_before_the_file() {
        let file =
            || entries("no-retain = true\nproxy-protocol = true\nacl-subscribe-check = false");
        let before = config(&file());
        assert!(!before.limits.retain_available && before.listeners[0].proxy_protocol);
        assert!(!before.limits.acl_subscribe_check);
        let after = config(&file().under(variables(&[("MQX_BROKER_NO_RETAIN", "off")])));
        assert!(after.limits.retain_available && after.listeners[0].proxy_protocol);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, wanted) in [
            ("\nprot = 1", "mqx.toml:2: prot: there is no such option"),
            ("port = 70000", "mqx.toml:1: port: invalid value '70000' for '--port <PORT>'"),
            ("port = true", "mqx.toml:1: port: invalid value 'true'"),
            ("no-retain = 2", "mqx.toml:1: no-retain: this is on or off: true or false"),
            ("no-retain = []", "mqx.toml:1: no-retain: this is on or off, not a list"),
            ("help = true", "mqx.toml:1: help: there is no such option"),
            ("config = 'x'", "mqx.toml:1: config: there is no such option"),
            ("max-qos = 3", "mqx.toml:1: max-qos: invalid value '3'"),
        ] {
            let said = refusal(&entries(text));
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
        let said = refusal(&variables(&[("MQX_BROKER_MAX_QOS", "x")]));
        assert!(said.starts_with("MQX_BROKER_MAX_QOS: max-qos: invalid value 'x'"), "{said}");
    }

    #[test]
    fn the_nearest_option_is_proposed() {
        let error = entries("max-packet-sise = 1").parse::<Settings>().map(|_| ()).unwrap_err();
        assert_eq!(crate::error::hint(&error.into()), Some("a similar one is max-packet-size"));
    }

    #[test]
    fn what_was_typed_holds_against_its_opposite_in_the_file() {
        let file = entries("password-file = 'p'\nno-anonymous = true");
        let said = file.under(typed("--allow-anonymous"));
        let error = said
            .parse::<Settings>()
            .unwrap()
            .into_config(Ok, Vec::new(), Purpose::Run)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read p",
            "the options are good, the file is not there"
        );
    }

    /// The configuration of a file, or the line that says why there is none.
    fn whole(text: &str) -> Result<Config, String> {
        let read = || {
            let file = toml_file::parse(text, "mqx.toml")?;
            lower(file, Entries::default(), Purpose::Run)
        };
        read().map_err(|error| crate::error::line(&error.into()))
    }

    #[test]
    fn a_listener_of_its_own_is_as_the_first_where_it_says_nothing_else() {
        let config = whole(
            "port = 1\nbind = '0.0.0.0'\nproxy-protocol = true\n\
             [[listener]]\nport = 2\nproxy-protocol = false\n\
             [[listener]]\nunix = 'x'\nbind = '::1'\n",
        );
        let listeners = config.unwrap().listeners;
        let ports: Vec<_> = listeners.iter().map(|listen| listen.port).collect();
        assert_eq!(ports, [Some(1), Some(2), None]);
        let proxied: Vec<_> = listeners.iter().map(|listen| listen.proxy_protocol).collect();
        assert_eq!(proxied, [true, false, true]);
        let binds: Vec<_> =
            listeners.iter().map(|listen| listen.bind.unwrap().to_string()).collect();
        assert_eq!(binds, ["0.0.0.0", "0.0.0.0", "::1"]);
    }

    #[test]
    fn a_listener_has_the_limits_of_the_broker_but_those_it_names_itself() {
        let config = whole(
            "max-qos = 1\nmax-queued = 5\n[[listener]]\nport = 1\n\
             [[listener]]\nport = 2\nmax-qos = 0\nmax-connections = 3\nmount-point = 'm/'",
        );
        let config = config.unwrap();
        let [first, second] = config.listeners.as_slice() else { panic!() };
        assert!(first.limits.is_none() && first.mount_point.is_empty());
        let limits = second.limits.as_deref().unwrap();
        assert_eq!((limits.maximum_qos, limits.queue.messages), (QoS::AtMostOnce, 5));
        assert_eq!((limits.maximum_connections, second.mount_point.as_str()), (3, "m/"));
        assert_eq!(config.limits.maximum_connections, usize::MAX);
    }

    #[test]
    fn a_bridge_is_a_table_of_its_own() {
        let config = whole(
            "port = 1\n[[bridge]]\nname = 'cloud'\naddress = ['one', 'two:2']\n\
             topic = ['up/# out 1', 'down/# in 1 \"\" site/']\nmqtt-version = 5\nretry = 20\n\
             no-notifications = true\n",
        );
        let config = config.unwrap();
        let [bridge] = config.bridges.as_slice() else { panic!() };
        assert_eq!((bridge.name.as_str(), bridge.endpoints.len()), ("cloud", 2));
        assert_eq!(bridge.routes.to_local("site/down/x").as_deref(), Some("down/x"));
        assert!(bridge.notification.is_none() && bridge.remote.version.is_v5());
    }

    #[test]
    fn the_usual_port_is_open_if_no_other_is_named() {
        let ports = |text| {
            let listeners = whole(text).unwrap().listeners;
            listeners.iter().map(|listen| listen.port).collect::<Vec<_>>()
        };
        assert_eq!(ports(""), [Some(1883)]);
        assert_eq!(ports("ws-port = 1"), [Some(1883)]);
        assert_eq!(ports("[[listener]]\nport = 1"), [Some(1)]);
    }

    #[test]
    fn what_is_wrong_with_a_listener_is_said_with_its_place() {
        for (text, wanted) in [
            ("\n[[listener]]\nbind = '::'", "mqx.toml:2: a listener has a port"),
            (
                "[[listener]]\nport = 1\nrequire-tls = true",
                "mqx.toml:1: --require-tls needs --cert",
            ),
            ("[[listener]]\nworkers = 1", "mqx.toml:2: workers: there is no such option"),
            ("[[listener]]\nmax-qos = 3", "mqx.toml:2: max-qos: invalid value"),
            ("listener = 1", "mqx.toml:1: a listener is a table"),
            ("[listener]\nport = 1", "mqx.toml:1: a listener is a table"),
            ("[bridge]\nname = 'b'", "mqx.toml:1: a bridge is a table"),
            ("\n[[bridge]]\naddress = 'h'", "mqx.toml:2: a bridge has a name"),
            ("[[bridge]]\nname = 'b'", "mqx.toml:1: the bridge b has no address"),
            ("[[bridge]]\nname = 'b'\ntopics = 'a'", "mqx.toml:3: topics: there is no such"),
        ] {
            let said = whole(text).unwrap_err();
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }
}
