//! What was typed, as the words of another command line that says the same of all but
//! the way to the broker.

use super::connection::{ClientIdArgs, ConnectionArgs};
use crate::secret::Secret;
use clap::builder::ValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

/// Options that say how to get to the broker, in whose place others are named.
const WAY: &[&str] = &[
    "broker",
    "host",
    "port",
    "unix",
    "ws",
    "ws_path",
    "proxy",
    "tls",
    "cafile",
    "capath",
    "cert",
    "key",
    "p12",
    "insecure",
    "sni",
    "tls_alpn",
    "tls_version",
    "no_tls",
];

/// Options that say who to be.
const LOGIN: &[&str] =
    &["username", "password", "ask_password", "password_file", "password_env", "password_command"];

/// The options of a client as they were typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Retyped {
    /// What has to do with neither.
    pub(super) kept: Vec<String>,
    /// Who to be; in place of a password it says to ask for it.
    pub(super) login: Vec<String>,
}

impl Args for Retyped {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for Retyped {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let known = ClientIdArgs::augment_args(ConnectionArgs::augment_args(Command::new("mqx")));
        let topic = Arg::new("topic").short('t').long("topic");
        let mut retyped = Self::default();
        for arg in known.get_arguments().chain([&topic]) {
            let id = arg.get_id().as_str();
            if matches.try_contains_id(id).is_err()
                || matches.value_source(id) != Some(ValueSource::CommandLine)
            {
                continue;
            }
            match (WAY.contains(&id), LOGIN.contains(&id)) {
                (true, _) => {}
                (false, true) => retyped.login.extend(words(arg, matches)),
                (false, false) => retyped.kept.extend(words(arg, matches)),
            }
        }
        Ok(retyped)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The words that say what `matches` have of an option.
fn words(arg: &Arg, matches: &ArgMatches) -> Vec<String> {
    let secret: ValueParser = value_parser!(Secret).into();
    let is_secret = arg.get_value_parser().type_id() == secret.type_id();
    if is_secret && arg.get_id() == "password" {
        return vec!["--ask-password".to_owned()];
    }
    let name = match (arg.get_short(), arg.get_long()) {
        (Some(short), _) => format!("-{short}"),
        (None, long) => format!("--{}", long.unwrap_or_default()),
    };
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return vec![name];
    }
    let shown = |value: &std::ffi::OsStr| {
        if is_secret { "SECRET".to_owned() } else { value.to_string_lossy().into_owned() }
    };
    let values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
    values.flat_map(|value| [name.clone(), shown(value)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Client {
        #[command(flatten)]
        retyped: Retyped,
        #[command(flatten)]
        id: ClientIdArgs,
        #[command(flatten)]
        connection: ConnectionArgs,
    }

    fn retyped(line: &str) -> Retyped {
        let command = Client::augment_args(Command::new("mqx").disable_help_flag(true));
        let matches = command.get_matches_from(line.split(' '));
        Client::from_arg_matches(&matches).unwrap().retyped
    }

    #[test]
    fn the_way_is_left_out_and_passwords_are_not_said_again() {
        let of = retyped("mqx -h a -p 1 --tls x -u ann -P hunter2 -V 5 --debug -i me");
        assert_eq!(of.login, ["-u", "ann", "--ask-password"]);
        assert_eq!(of.kept, ["-V", "5", "-d", "-i", "me"]);
        let of =
            retyped("mqx -b mqtt://a --password-file f --key-password hunter2 --key k --cert c");
        assert_eq!(of.login, ["--password-file", "f"]);
        assert_eq!(of.kept, ["--key-password", "SECRET"]);
    }

    #[test]
    fn every_option_that_is_left_out_exists() {
        let known = ConnectionArgs::augment_args(Command::new("mqx"));
        let ids: Vec<_> = known.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        for id in WAY.iter().chain(LOGIN) {
            assert!(ids.contains(id), "{id}");
        }
    }
}
