//! `mqx broker passwd`: its arguments.

use crate::broker::access::passwd::{Change, Config, HashKind};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// What may be typed behind `mqx broker passwd`.
#[derive(Debug, clap::Args)]
pub(super) struct PasswdArgs {
    /// The file; it is made if it is missing, and other lines stay
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The user; the password is asked for, or read from stdin as one line
    #[arg(value_name = "USER")]
    user: String,

    /// Remove the user
    #[arg(long)]
    delete: bool,

    /// How the password is hashed; mosquitto reads argon2id since 2.1 and
    /// scram-sha-256 never. With the last the client can authenticate without
    /// sending the password
    #[arg(
        long,
        value_name = "HASH",
        default_value = "sha512-pbkdf2",
        value_parser = PossibleValuesParser::new(["sha512-pbkdf2", "argon2id", "scram-sha-256"])
            .map(|name| hash(&name))
    )]
    hash: HashKind,
}

fn hash(name: &str) -> HashKind {
    match name {
        "argon2id" => HashKind::Argon2id,
        "scram-sha-256" => HashKind::ScramSha256,
        _ => HashKind::Sha512Pbkdf2,
    }
}

impl PasswdArgs {
    /// What is to be changed.
    pub(super) fn into_config(self) -> Config {
        Config {
            file: self.file,
            user: self.user,
            change: if self.delete { Change::Delete } else { Change::Set(self.hash) },
            at_terminal: std::io::stdin().is_terminal(),
        }
    }
}
