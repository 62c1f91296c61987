//! The options that say who to be.

use super::brokers::Login;
use super::secrets;
use crate::error::Result;
use crate::secret::Secret;
use clap::Args;
use std::path::PathBuf;

/// User and password.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct LoginArgs {
    /// User name
    #[arg(short, long, alias = "user", value_name = "NAME")]
    username: Option<String>,

    /// Password; on this machine everybody can see it, unlike with the next three
    #[arg(
        short = 'P', long, alias = "pw", value_name = "TEXT",
        conflicts_with_all = ["password_file", "password_env", "password_command"]
    )]
    password: Option<Secret>,

    /// Take the password from this file
    #[arg(
        long, value_name = "FILE", conflicts_with_all = ["password_env", "password_command"]
    )]
    password_file: Option<PathBuf>,

    /// Take the password from this variable of the environment
    #[arg(long, value_name = "NAME", conflicts_with = "password_command")]
    password_env: Option<String>,

    /// Take the password from what this command of the shell prints
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
}

impl LoginArgs {
    /// Who to be, where these options are silent as the URL says.
    pub(super) fn read(self, url: Login) -> Result<Login> {
        let password = if let Some(path) = self.password_file {
            Some(secrets::from_file(&path)?)
        } else if let Some(name) = self.password_env {
            Some(secrets::from_variable(&name)?)
        } else if let Some(command) = self.password_command {
            Some(secrets::from_command(&command)?)
        } else {
            self.password
        };
        Ok(Login { username: self.username.or(url.username), password: password.or(url.password) })
    }
}
