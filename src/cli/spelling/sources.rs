//! Where the options of a client are said beside the command line, and which of
//! them holds.
//!
//! What is said elsewhere becomes words in front of those that were typed, as far
//! as nothing that comes before it says the same or what goes with it badly; clap
//! then reads all of it as one command line.

use super::line::{Options, Piece};
use super::option_file;
use crate::cli::said;
use crate::error::{Error, Result};
use crate::output;
use crate::profile::{Profiles, Setting};
use clap::{Arg, Command, Id};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What the help of every client says of this.
pub(in super::super) const ELSEWHERE: &str = "Each option is also read from a profile (-b NAME, \
    or MQX_PROFILE), from the environment, --connect-timeout as MQX_CONNECT_TIMEOUT, and from \
    an option file of mosquitto (-o). The command line comes before the profile it names, that \
    before the option file, that before the environment, and that before the profile of \
    MQX_PROFILE, which holds only where the command line names no broker.";

/// What stands before an option in the environment.
const PREFIX: &str = "MQX_";

/// The variables behind [`PREFIX`] that are no options of a client.
const NO_OPTIONS: &[&str] =
    &["API", "PROFILE", "CONFIG", "CONFIG_FILE", "PROPERTY", "HELP", "VERSION"];

/// What the variables of `mqx broker` begin with.
const OF_BROKER: &str = "BROKER_";

/// The options that say where the broker is.
const PLACES: [&str; 4] = ["broker", "host", "port", "unix"];

/// Options that mean nothing without another: where that gives way, what begins
/// with the second gives way with it.
const COMPANIONS: &[(&str, &str)] =
    &[("cert", "key"), ("jwt-key", "jwt-"), ("authentication-method", "authentication-")];

/// An option that is said elsewhere.
struct Said<'a> {
    arg: &'a Arg,
    words: Vec<OsString>,
    place: String,
}

/// A command line with what is said elsewhere in it.
#[derive(Debug)]
pub(in super::super) struct Whole {
    /// The words.
    pub(in super::super) words: Vec<OsString>,
    /// The options that are said elsewhere, and where.
    places: Vec<(String, String)>,
}

impl Whole {
    /// Where the option that `wrong` is about is said, if not on the command line.
    pub(in super::super) fn place_of(&self, wrong: &clap::Error) -> Option<&str> {
        let about = wrong.get(clap::error::ContextKind::InvalidArg)?.to_string();
        let name = about.split_whitespace().next()?.trim_start_matches('-');
        let found = self.places.iter().find(|(option, _)| option == name);
        found.map(|(_, place)| place.as_str())
    }
}

/// The variables of an environment.
type Variables<'a> = &'a [(OsString, OsString)];

/// Puts into `words` what the environment and the files it names say.
///
/// # Errors
/// When a file cannot be read, there is no such profile, or an option has a value
/// of a kind that it cannot have.
pub(in super::super) fn whole(
    words: &[OsString],
    root: &Command,
    variables: Variables<'_>,
) -> Result<Whole> {
    let Some((before, command, after)) = super::of_client(words, root) else {
        return Ok(Whole { words: words.to_vec(), places: Vec::new() });
    };
    let options = Options::of(command, root);
    let mut typed = options.cut(&after);
    let below = sources(options, &mut typed, variables)?;
    let said = lay(command, &typed, below);
    let places = said.iter().filter_map(|said| Some((said.arg.get_long()?, &said.place)));
    let places = places.map(|(option, place)| (option.to_owned(), place.clone())).collect();
    let said = said.into_iter().flat_map(|said| said.words);
    let typed = typed.into_iter().flat_map(|piece| piece.words);
    let words = before.iter().cloned().chain(said).chain(typed).collect();
    Ok(Whole { words, places })
}

/// The sources, the one that comes first in front; what names them is taken out
/// of the `typed`.
fn sources<'a>(
    options: Options<'a>,
    typed: &mut Vec<Piece<'a>>,
    variables: Variables<'_>,
) -> Result<Vec<Vec<Said<'a>>>> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let config = take(typed, |piece| piece.is("config")).map(OsString::from);
    let option_file = take(typed, |piece| piece.is("config_file"));
    let named = take(typed, |piece| piece.is("broker") && is_name(piece));
    let is_placed = typed.iter().any(|piece| PLACES.iter().any(|id| piece.is(id)));
    let usual = variable("MQX_PROFILE").filter(|_| !is_placed && named.is_none());
    let path = config.or_else(|| variable("MQX_CONFIG")).map(PathBuf::from);
    let path = path.or_else(|| usual_path(&variable));
    let profile = |name: &OsStr| -> Result<Vec<Said<'a>>> {
        let nowhere = || Error::usage("no file of profiles is known").hint("name it with --config");
        from_profile(options, path.as_deref().ok_or_else(nowhere)?, &name.to_string_lossy())
    };
    let mut sources = Vec::new();
    if let Some(name) = named {
        sources.push(profile(name.as_ref())?);
    }
    if let Some(file) = option_file {
        sources.push(from_option_file(options, file.as_ref())?);
    }
    sources.push(from_environment(options, variables)?);
    if let Some(name) = usual {
        sources.push(profile(&name)?);
    }
    Ok(sources)
}

/// The pieces with those of an option file in front: that of `-o`, or the `usual` one.
///
/// # Errors
/// When the file cannot be read or holds what is no option.
pub(super) fn with_option_file<'a>(
    options: Options<'a>,
    command: &Command,
    mut typed: Vec<Piece<'a>>,
    usual: Option<&Path>,
) -> Result<Vec<Piece<'a>>> {
    let named = take(&mut typed, |piece| piece.is("config_file")).map(PathBuf::from);
    let Some(path) = named.as_deref().or(usual) else {
        return Ok(typed);
    };
    let said = lay(command, &typed, vec![from_option_file(options, path)?]);
    let said = said.into_iter().map(|said| Piece { arg: Some(said.arg), words: said.words });
    Ok(said.chain(typed).collect())
}

/// Takes out the pieces that are meant; the value of the last.
fn take(typed: &mut Vec<Piece<'_>>, is_meant: impl Fn(&Piece<'_>) -> bool) -> Option<String> {
    let is_whole = |piece: &Piece<'_>| is_meant(piece) && piece.value().is_some();
    let value = typed.iter().rfind(|piece| is_whole(piece))?.value()?.to_owned();
    typed.retain(|piece| !is_whole(piece));
    Some(value)
}

/// Whether the broker is named by its profile and not by a URL.
fn is_name(piece: &Piece<'_>) -> bool {
    piece.value().is_some_and(|value| !value.contains(':'))
}

/// Where the profiles are when nobody says it.
pub(in super::super) fn usual_path(
    variable: &impl Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    configured(variable, "mqx/config.toml")
}

/// Where the configuration of this name is.
pub(super) fn configured(
    variable: &impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Option<PathBuf> {
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")))?;
    Some(folder.join(name))
}

fn from_profile<'a>(options: Options<'a>, path: &Path, name: &str) -> Result<Vec<Said<'a>>> {
    let place = format!("profile {name} in {}", path.display());
    let mut said = Vec::new();
    for setting in Profiles::read(path)?.get(name)? {
        let Setting { option, values } = &setting;
        if let Some(arg) = options.long(option) {
            let values: Vec<_> = values.iter().map(OsString::from).collect();
            said.push(Said { arg, words: words(arg, &values, &place)?, place: place.clone() });
        } else if !super::is_known(option) {
            let what = format!("{place}: {}: no client has such an option", output::escape(option));
            return Err(Error::new(crate::error::Class::File, what));
        }
    }
    Ok(said)
}

fn from_environment<'a>(options: Options<'a>, variables: Variables<'_>) -> Result<Vec<Said<'a>>> {
    let mut said = Vec::new();
    for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
        let name = name.to_string_lossy();
        let Some(behind) = name.strip_prefix(PREFIX) else { continue };
        let option = said::option_named(behind);
        if behind.starts_with(OF_BROKER) || NO_OPTIONS.contains(&behind) {
            continue;
        }
        if let Some(arg) = options.long(&option) {
            let words = words(arg, std::slice::from_ref(value), &name)?;
            said.push(Said { arg, words, place: name.into_owned() });
        } else if !super::is_known(&option) {
            output::warn(format!("{} stands for no option of a client", output::escape(&name)));
        }
    }
    Ok(said)
}

fn from_option_file<'a>(options: Options<'a>, path: &Path) -> Result<Vec<Said<'a>>> {
    let pieces = options.cut(&option_file::read(path)?);
    let unknown = |piece: &Piece<'_>| {
        let word = piece.words.first().map(|word| word.to_string_lossy().into_owned());
        let word = output::escape(&word.unwrap_or_default());
        let what = format!("{}: {word} is no option here", path.display());
        Error::new(crate::error::Class::File, what)
    };
    let said = pieces.into_iter().map(|piece| {
        let arg = piece.arg.ok_or_else(|| unknown(&piece))?;
        Ok(Said { arg, words: piece.words, place: path.display().to_string() })
    });
    said.collect()
}

/// An option with these values as words.
fn words(arg: &Arg, values: &[OsString], place: &str) -> Result<Vec<OsString>> {
    said::words(arg, values).map_err(|what| {
        let option = arg.get_long().unwrap_or_default();
        Error::usage(format!("{place}: --{option}: {what}"))
    })
}

/// What holds of the sources below what was typed.
fn lay<'a>(command: &Command, typed: &[Piece<'_>], below: Vec<Vec<Said<'a>>>) -> Vec<Said<'a>> {
    if below.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let mut built = command.clone();
    built.build();
    let mut taken: Vec<Id> =
        typed.iter().filter_map(|piece| Some(piece.arg?.get_id().clone())).collect();
    let mut holding: Vec<Said<'a>> = Vec::new();
    for source in below {
        let (mut kept, dropped): (Vec<_>, Vec<_>) =
            source.into_iter().partition(|said| is_free(&built, &taken, said.arg));
        kept.retain(|said| !dropped.iter().any(|lost| is_companion(lost.arg, said.arg)));
        taken.extend(kept.iter().map(|said| said.arg.get_id().clone()));
        holding.extend(kept);
    }
    holding
}

/// Whether nothing of what is `taken` is the same option or conflicts with it.
fn is_free(command: &Command, taken: &[Id], arg: &Arg) -> bool {
    let groups = command.get_groups();
    let alone = groups.filter(|group| !(*group).clone().is_multiple());
    let beside: Vec<&Id> = alone
        .filter(|group| group.get_args().any(|id| id == arg.get_id()))
        .flat_map(clap::ArgGroup::get_args)
        .collect();
    let conflict = |one: &Arg, other: &Id| {
        command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other)
    };
    taken.iter().all(|id| {
        let other = command.get_arguments().find(|known| known.get_id() == id);
        let conflicts = other.is_some_and(|other| {
            conflict(arg, id) || conflict(other, arg.get_id()) || beside.contains(&id)
        });
        id != arg.get_id() && !conflicts
    })
}

fn is_companion(lost: &Arg, arg: &Arg) -> bool {
    let (lost, name) = (lost.get_long().unwrap_or_default(), arg.get_long().unwrap_or_default());
    COMPANIONS.iter().any(|(first, rest)| lost == *first && name.starts_with(rest))
}

#[cfg(test)]
mod tests {
    use super::super::is_client;
    use super::*;
    use crate::cli::{CommandLine, definition};
    use std::fs;

    const PROFILES: &str = "[profile.lab]\nbroker = 'mqtts://lab'\nusername = 'ann'\n\
        password = 'pw'\ncert = 'c'\nkey = 'k'\nverbose = true\nqos = 1\ntls = true\n\
        [profile.home]\nhost = 'home'\nport = 7\n[profile.odd]\nhots = 'x'\n";

    /// The whole line for these words in this environment, or what is wrong.
    fn line(words: &str, variables: &[(&str, &str)]) -> std::result::Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        fs::write(&config, PROFILES).unwrap();
        let config = config.to_string_lossy().into_owned();
        let variables = variables.iter().copied().chain([("MQX_CONFIG", &*config)]);
        let variables: Vec<_> =
            variables.map(|(name, value)| (name.into(), value.into())).collect();
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        let whole = whole(&words, &definition(), &variables);
        let words = whole.map_err(|error| crate::error::line(&error.into()))?.words;
        Ok(words.join(OsStr::new(" ")).into_string().unwrap())
    }

    #[test]
    fn the_variable_that_the_help_names_is_one_of_every_client() {
        let root = definition();
        let behind = ELSEWHERE.split("--").nth(1).unwrap();
        let (option, variable) = behind.split_once(" as MQX_").unwrap();
        assert!(variable.starts_with(&option.replace('-', "_").to_ascii_uppercase()));
        for client in root.get_subcommands().filter(|command| is_client(command)) {
            assert!(Options::of(client, &root).long(option).is_some(), "{}", client.get_name());
        }
    }

    #[test]
    fn a_profile_stands_in_front_of_what_is_typed() {
        let lab = "--broker=mqtts://lab --username=ann --password=pw --cert=c --key=k";
        assert_eq!(
            line("mqx sub -b lab -t a", &[]),
            Ok(format!("mqx sub {lab} --verbose --qos=1 --tls -t a"))
        );
        assert_eq!(
            line("mqx pub -n -t a", &[("MQX_PROFILE", "lab")]),
            Ok(format!("mqx pub {lab} --qos=1 --tls -n -t a")),
            "what the command does not have is left out"
        );
        assert_eq!(line("mqx sub -b mqtt://h -t a", &[]), Ok("mqx sub -b mqtt://h -t a".into()));
    }

    #[test]
    fn what_comes_first_holds_and_what_it_does_not_go_with_is_left_out() {
        for (words, variables, wanted) in [
            (
                "-b lab -h x -q 0 --no-tls",
                &[][..],
                "--username=ann --password=pw --verbose -h x -q 0 --no-tls",
            ),
            (
                "-b lab --password-file f",
                &[],
                "--broker=mqtts://lab --username=ann --cert=c --key=k --verbose --qos=1 --tls --password-file f",
            ),
            (
                "-b home",
                &[("MQX_HOST", "x"), ("MQX_PORT", "9"), ("MQX_QOS", "2")],
                "--host=home --port=7 --qos=2",
            ),
            (
                "-q 0",
                &[("MQX_PROFILE", "home"), ("MQX_PORT", "9"), ("MQX_QOS", "2")],
                "--port=9 --host=home -q 0",
            ),
            ("-h x", &[("MQX_PROFILE", "lab")], "-h x"),
            (
                "-q 0",
                &[("MQX_VERBOSE", "false"), ("MQX_TLS", "on"), ("MQX_HOST", "")],
                "--tls -q 0",
            ),
            ("-q 0", &[("MQX_BROKER_PORT", "1"), ("MQX_MESSAGE", "x")], "-q 0"),
        ] {
            let got = line(&format!("mqx sub {words}"), variables);
            assert_eq!(got, Ok(format!("mqx sub {wanted}")), "{words} {variables:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (words, variables, wanted) in [
            ("-b nowhere", &[][..], "there is no profile \"nowhere\" in "),
            ("-b odd", &[], "config.toml: hots: no client has such an option"),
            ("-q 0", &[("MQX_VERBOSE", "perhaps")], "MQX_VERBOSE: --verbose: this is on or off"),
            ("-o /no/such", &[], "cannot read /no/such"),
        ] {
            let said = line(&format!("mqx sub {words}"), variables).unwrap_err();
            assert!(said.contains(wanted), "{said}");
        }
        let words = ["mqx", "sub", "-t", "a"].map(OsString::from);
        let variables = [("MQX_PORT".into(), "none".into())];
        let error = CommandLine(words.to_vec()).parse_in(&variables).unwrap_err().to_string();
        assert!(error.starts_with("MQX_PORT: invalid value 'none' for '--port"), "{error}");
    }
}
