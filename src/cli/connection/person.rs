//! The options that say who a client is, apart from where it connects to.

use super::brokers::Login;
use super::login::LoginArgs;
use super::token::TokenArgs;
use super::will::WillArgs;
use crate::client::ConnectOptions;
use crate::error::Result;
use clap::Args;
use std::sync::Arc;

/// Who a client is, where it is not as all others are.
#[derive(Debug, Args)]
pub struct PersonArgs {
    #[command(flatten)]
    login: LoginArgs,

    #[command(flatten)]
    token: TokenArgs,

    #[command(flatten)]
    will: WillArgs,

    /// Seconds of silence after which a ping is sent; 0 for none
    #[arg(short, long, value_name = "SECONDS")]
    keepalive: Option<u16>,
}

impl PersonArgs {
    /// Puts what is said into `options`.
    ///
    /// # Errors
    /// When a file is not what it should be.
    pub fn apply(self, options: &mut ConnectOptions) -> Result<()> {
        let session = &mut options.session;
        let Login { username, password } = self.login.read(Login::default())?;
        session.username = username.or(session.username.take());
        session.password = password.or(session.password.take());
        if let Some(token) = self.token.read(session.username.as_deref())? {
            options.token = Some(Arc::new(token));
        }
        session.will = self.will.read()?.or(session.will.take());
        session.keep_alive = self.keepalive.unwrap_or(session.keep_alive);
        Ok(())
    }
}
