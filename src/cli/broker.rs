//! `mqx broker`: its arguments.

use super::access::AccessArgs;
use super::limits::LimitArgs;
use super::passwd::PasswdArgs;
use crate::broker::access::passwd;
use crate::broker::core::Limits;
use crate::broker::{Config, DEFAULT_PORT, DEFAULT_TLS_PORT};
use crate::error::Result;
use crate::net::{TlsServerOptions, tls_server};
use crate::output;
use std::net::IpAddr;
use std::path::PathBuf;

/// What may be typed behind `mqx broker`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BrokerArgs {
    #[command(subcommand)]
    command: Option<BrokerCommand>,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, clap::Subcommand)]
enum BrokerCommand {
    /// Set or delete a user's password in a file for --password-file
    Passwd(PasswdArgs),
}

/// What `mqx broker` is to do.
#[derive(Debug)]
pub enum Task {
    /// To run a broker.
    Run(Box<Config>),
    /// To change a password.
    Passwd(passwd::Config),
}

impl BrokerArgs {
    /// Reads the certificates and rules and says what to do.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn into_task(self) -> Result<Task> {
        Ok(match self.command {
            Some(BrokerCommand::Passwd(args)) => Task::Passwd(args.into_config()),
            None => Task::Run(Box::new(self.run.into_config()?)),
        })
    }
}

/// The options of a broker that runs.
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Port for MQTT over TCP; 0 takes a free one
    #[arg(short, long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Address to listen on [default: this machine only, 127.0.0.1 and `::1`]
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<IpAddr>,

    /// Server certificate (PEM, with its chain); opens the TLS port
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "TLS")]
    cert: Option<PathBuf>,

    /// Private key of the server certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    key: Option<PathBuf>,

    /// Port for MQTT over TLS; 0 takes a free one [default: 8883]
    #[arg(long, value_name = "PORT", requires = "cert", help_heading = "TLS")]
    tls_port: Option<u16>,

    /// CA that client certificates are checked against (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    cafile: Option<PathBuf>,

    /// Refuse clients on the TLS port that show no certificate
    #[arg(long, requires = "cafile", help_heading = "TLS")]
    require_client_cert: bool,

    #[command(flatten)]
    access: AccessArgs,

    #[command(flatten)]
    limits: LimitArgs,

    /// Threads that serve connections [default: one per core, 4 at most]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl RunArgs {
    fn into_config(self) -> Result<Config> {
        let default = Config::default();
        let client_certificates = self.cafile.is_some();
        let tls = self.cert.zip(self.key).map(|(cert, key)| {
            let options = TlsServerOptions {
                cert,
                key,
                client_ca: self.cafile,
                require_client_cert: self.require_client_cert,
            };
            let (config, warnings) = tls_server(&options)?;
            warnings.iter().for_each(output::warn);
            Ok((self.tls_port.unwrap_or(DEFAULT_TLS_PORT), config))
        });
        let access = self.access.read()?;
        Ok(Config {
            bind: self.bind,
            port: self.port,
            tls: tls.transpose()?,
            client_certificates,
            passwords: access.passwords,
            anonymous: access.anonymous,
            acl: access.acl,
            limits: Limits {
                acl_subscribe_check: access.subscribe_check,
                ..self.limits.into_limits()
            },
            workers: self.workers.map_or(default.workers, usize::from),
        })
    }
}
