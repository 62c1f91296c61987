//! The options that say who to be.

use super::brokers::Login;
use super::secrets;
use crate::error::Result;
use crate::secret::Secret;
use clap::Args;
use std::path::PathBuf;

/// User and password.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct LoginArgs {
    /// User name
    #[arg(short, long, alias = "user", value_name = "NAME")]
    username: Option<String>,

    /// Password; on this machine everybody can see it, unlike with the next four
    #[arg(short = 'P', long, alias = "pw", value_name = "TEXT", group = PASSWORD)]
    password: Option<Secret>,

    /// Ask for the password at the terminal
    #[arg(long, group = PASSWORD)]
    ask_password: bool,

    /// Take the password from this file
    #[arg(long, value_name = "FILE", group = PASSWORD)]
    password_file: Option<PathBuf>,

    /// Take the password from this variable of the environment
    #[arg(long, value_name = "NAME", group = PASSWORD)]
    password_env: Option<String>,

    /// Take the password from what this command of the shell prints
    #[arg(long, value_name = "COMMAND", group = PASSWORD)]
    password_command: Option<String>,
}

/// The options of which at most one says what the password is.
pub(super) const PASSWORD: &str = "the_password";

impl LoginArgs {
    /// Who to be, where these options are silent as the URL says.
    pub(super) fn read(self, url: Login) -> Result<Login> {
        let password = if let Some(path) = self.password_file {
            Some(secrets::from_file(&path)?)
        } else if let Some(name) = self.password_env {
            Some(secrets::from_variable(&name)?)
        } else if let Some(command) = self.password_command {
            Some(secrets::from_command(&command)?)
        } else if self.ask_password {
            Some(secrets::from_terminal()?)
        } else {
            self.password
        };
        Ok(Login { username: self.username.or(url.username), password: password.or(url.password) })
    }
}
