//! The options of tokens in place of a password.

use super::super::values;
use crate::client::{TokenAlgorithm, TokenMaker, TokenOptions};
use crate::error::Result;
use clap::Args;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::time::Duration;

/// What the tokens say.
#[allow(clippy::struct_field_names, reason = "they are the names of the options")]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "JSON Web Token")]
pub(super) struct TokenArgs {
    /// Sign a token with this private key (PEM) for a password, a new one for
    /// every connection
    #[arg(long, value_name = "FILE", group = super::login::PASSWORD)]
    jwt_key: Option<PathBuf>,

    /// How to sign it: RS256 or ES256 [default: as the key is made for]
    #[arg(long, value_name = "NAME", requires = "jwt_key")]
    jwt_alg: Option<TokenAlgorithm>,

    /// Whom it is for (aud; repeatable)
    #[arg(long, alias = "jwt-audience", value_name = "NAME", requires = "jwt_key")]
    jwt_aud: Vec<String>,

    /// Whom it is about (sub) [default: the user name]
    #[arg(long, alias = "jwt-subject", value_name = "NAME", requires = "jwt_key")]
    jwt_sub: Option<String>,

    /// Whom it is from (iss)
    #[arg(long, alias = "jwt-issuer", value_name = "NAME", requires = "jwt_key")]
    jwt_iss: Option<String>,

    /// Name of the key (kid)
    #[arg(long, value_name = "NAME", requires = "jwt_key")]
    jwt_kid: Option<String>,

    /// Another claim, as in name=value; a value in JSON is taken as that (repeatable)
    #[arg(
        long, value_name = "NAME=VALUE", requires = "jwt_key",
        value_parser = values::user_property
    )]
    jwt_claim: Vec<(String, String)>,

    /// How long it counts, as in 600 or 1h
    #[arg(
        long, value_name = "TIME", default_value = "1h", requires = "jwt_key",
        value_parser = values::duration
    )]
    jwt_ttl: Duration,
}

impl TokenArgs {
    /// What signs the tokens, if there are to be any, for this user.
    pub(super) fn read(self, user: Option<&str>) -> Result<Option<TokenMaker>> {
        let Some(key) = self.jwt_key.clone() else {
            return Ok(None);
        };
        let claims = self.claims(user);
        TokenMaker::load(TokenOptions {
            key,
            algorithm: self.jwt_alg,
            key_id: self.jwt_kid,
            claims,
            lifetime: self.jwt_ttl,
        })
        .map(Some)
    }

    fn claims(&self, user: Option<&str>) -> Map<String, Value> {
        let json =
            |text: &String| serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into());
        let own = self.jwt_claim.iter().map(|(name, value)| (name.clone(), json(value)));
        let mut claims: Map<_, _> = own.collect();
        let audience = match self.jwt_aud.as_slice() {
            [] => None,
            [one] => Some(one.as_str().into()),
            several => Some(several.into()),
        };
        let named = [
            ("aud", audience),
            ("sub", self.jwt_sub.as_deref().or(user).map(Value::from)),
            ("iss", self.jwt_iss.as_deref().map(Value::from)),
        ];
        for (name, value) in named {
            claims.extend(value.map(|value| (name.to_owned(), value)));
        }
        claims
    }
}
