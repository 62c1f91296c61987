//! The options of `mqx broker` about tokens in place of passwords.

use super::settings::{Said, need};
use crate::broker::access::{TokenOptions, Tokens};
use crate::error::Result;
use std::path::PathBuf;

const PERMISSIONS: &str = "Permissions";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TokenArgs {
    /// Key that JSON Web Tokens are signed with: a client with such a token for
    /// a password is let in until the token ends
    ///
    /// A public key in PEM (RSA for RS256, ECDSA with P-256 for ES256), a JWKS
    /// file, or a secret of 32 bytes or more for HS256. Every token needs an
    /// end (exp). A password that is no token is looked for in --password-file. A
    /// client of version 5 may leave its user name to the token.
    #[arg(long = "jwt-key", value_name = "FILE", help_heading = PERMISSIONS)]
    key_file: Option<PathBuf>,

    /// Claim of a token that must be the user name of the client
    #[arg(long = "jwt-user-claim", value_name = "CLAIM", default_value = "sub", help_heading = PERMISSIONS)]
    user_claim: String,

    /// Audience a token must be for (repeatable; one is enough)
    ///
    /// Without, a token that is for some audience is refused (RFC 7519 4.1.3).
    #[arg(long = "jwt-audience", value_name = "NAME", help_heading = PERMISSIONS)]
    audience: Vec<String>,

    /// Issuer a token must be from (repeatable; one is enough)
    #[arg(long = "jwt-issuer", value_name = "NAME", help_heading = PERMISSIONS)]
    issuer: Vec<String>,
}

impl TokenArgs {
    /// Whether tokens are taken.
    pub(super) const fn key(&self) -> Said {
        ("jwt-key", self.key_file.is_some())
    }

    /// What tokens are checked by, if they are taken.
    ///
    /// # Errors
    /// When the file has no key, or there is none for what else is said.
    pub(super) fn read(self) -> Result<Option<Tokens>> {
        need(("jwt-audience", !self.audience.is_empty()), self.key())?;
        need(("jwt-issuer", !self.issuer.is_empty()), self.key())?;
        let Some(keys) = self.key_file else {
            return Ok(None);
        };
        let options = TokenOptions {
            keys,
            user_claim: self.user_claim,
            audience: self.audience,
            issuer: self.issuer,
        };
        Tokens::load(&options).map(Some)
    }
}
