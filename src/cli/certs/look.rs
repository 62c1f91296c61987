//! `mqx certs inspect`, `verify` and `needs-renewal`: their arguments.

use super::super::connection::secrets;
use super::super::values::duration;
use crate::certs::issue::Purpose;
use crate::certs::look::{Checks, Config, Question};
use crate::certs::{Source, Task};
use crate::error::Result;
use crate::net::Trust;
use crate::secret::Secret;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What all three have.
#[derive(Debug, Args)]
struct SourceArgs {
    /// A file (PEM or DER), or a server: mqtts://HOST:PORT, wss:// or https://
    #[arg(value_name = "FILE|URL")]
    source: Source,

    /// Say it in JSON
    #[arg(long)]
    json: bool,

    /// Name to ask the server for (SNI) in place of the host
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,

    /// How long the server may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    connect_timeout: Duration,
}

impl SourceArgs {
    fn into_config(self, question: Question) -> Config {
        Config {
            source: self.source,
            server_name: self.sni,
            limit: self.connect_timeout,
            key: None,
            key_password: None,
            json: self.json,
            question,
        }
    }
}

/// The arguments of `mqx certs inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// Say whether this private key (PEM) belongs to the certificate
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Password of that key; on this machine everybody can see it
    #[arg(long, value_name = "TEXT", requires = "key", conflicts_with = "key_password_file")]
    key_password: Option<Secret>,

    /// Take the password of that key from this file
    #[arg(long, value_name = "FILE", requires = "key")]
    key_password_file: Option<PathBuf>,
}

impl InspectArgs {
    pub(super) fn into_task(self) -> Result<Task> {
        let key_password = secrets::chosen(self.key_password, self.key_password_file, None)?;
        let config = self.source.into_config(Question::What);
        Ok(Task::Look(Config { key: self.key, key_password, ..config }))
    }
}

/// The arguments of `mqx certs verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// CA that has to have signed it (PEM) [default: those of the system]
    #[arg(long, alias = "ca", value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Host that a server's certificate has to be for
    #[arg(long, value_name = "HOST", conflicts_with = "client")]
    host: Option<String>,

    /// Check it as the certificate of a client
    #[arg(long)]
    client: bool,

    /// Lists of what the CAs have revoked (PEM)
    #[arg(long, visible_alias = "crl", value_name = "FILE")]
    crlfile: Option<PathBuf>,
}

impl VerifyArgs {
    pub(super) fn into_task(self) -> Task {
        Task::Look(self.source.into_config(Question::Valid(Checks {
            purpose: if self.client { Purpose::Client } else { Purpose::Server },
            host: self.host,
            trust: self.cafile.map_or(Trust::System, Trust::File),
            revocations: self.crlfile,
        })))
    }
}

/// The arguments of `mqx certs needs-renewal`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 0 says that there is time, 9 that the certificate has to be \
    renewed:\n  mqx certs needs-renewal server.crt || mqx certs renew server.crt")]
pub(super) struct NeedsRenewalArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// How much time there has to be
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    within: Duration,
}

impl NeedsRenewalArgs {
    pub(super) fn into_task(self) -> Task {
        Task::Look(self.source.into_config(Question::NeedsRenewal(self.within)))
    }
}
