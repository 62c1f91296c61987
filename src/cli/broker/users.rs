//! The options of `mqx broker` that say who may connect.

use super::token::TokenArgs;
use crate::broker::access::{Passwords, Tokens, load_passwords};
use crate::error::Result;
use crate::output;
use std::path::PathBuf;

const PERMISSIONS: &str = "Permissions";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct UserArgs {
    /// Users and their passwords, in the format of mosquitto
    ///
    /// Lines `user:password`, the password hashed ($6$, $7$ or $argon2id$, as
    /// `mosquitto_passwd` writes them). With this file clients without a user
    /// name are refused unless --allow-anonymous is given.
    #[arg(long, value_name = "FILE", help_heading = PERMISSIONS)]
    password_file: Option<PathBuf>,

    #[command(flatten)]
    tokens: TokenArgs,

    /// Let clients without a user name in beside those of --password-file and
    /// --jwt-key
    #[arg(long, overrides_with = "no_anonymous", help_heading = PERMISSIONS)]
    allow_anonymous: bool,

    /// Refuse clients without a user name; this is so with --password-file and
    /// --jwt-key, and without either nobody is let in
    #[arg(long, help_heading = PERMISSIONS)]
    no_anonymous: bool,
}

/// What they and their files say.
pub(super) struct Users {
    pub(super) passwords: Option<Passwords>,
    pub(super) tokens: Option<Tokens>,
    pub(super) anonymous: bool,
}

impl UserArgs {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub(super) fn read(self) -> Result<Users> {
        let guarded = self.password_file.is_some() || self.tokens.key().1;
        let passwords = self.password_file.as_deref().map(load_passwords).transpose()?;
        let passwords = passwords.map(|(passwords, warnings)| {
            warnings.iter().for_each(output::warn);
            passwords
        });
        // A name alone does not open the door to the nameless: as in mosquitto
        // nobody is let in, but for those with a certificate.
        let nobody = (self.no_anonymous && !guarded).then(Passwords::default);
        Ok(Users {
            anonymous: !self.no_anonymous && (self.allow_anonymous || !guarded),
            passwords: passwords.or(nobody),
            tokens: self.tokens.read()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::broker::Task;
    use crate::cli::{Command, parse_from};
    use std::io::Write as _;

    /// Whether clients without a name may connect.
    fn anonymous(options: &[&str]) -> bool {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"ann:pw\n").unwrap();
        let path = file.path().to_str().unwrap();
        let words = ["mqx", "broker"].into_iter().chain(options.iter().copied());
        let words = words.map(|word| if word == "FILE" { path } else { word });
        match parse_from(words).unwrap().command {
            Command::Broker(args) => match args.into_task().unwrap() {
                Task::Run(config) => config.listeners[0].anonymous,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clients_without_a_name_are_let_in_as_mosquitto_does() {
        assert!(anonymous(&[]));
        assert!(!anonymous(&["--password-file", "FILE"]));
        assert!(anonymous(&["--password-file", "FILE", "--allow-anonymous"]));
        assert!(!anonymous(&["--password-file", "FILE", "--no-anonymous"]));
        let both = ["--password-file", "FILE", "--no-anonymous", "--allow-anonymous"];
        assert!(anonymous(&both), "the last holds");
    }
}
