//! `mqx broker`: its arguments.

use super::access::AccessArgs;
use super::client_certificate::ClientCertificateArgs;
use super::limits::LimitArgs;
use super::passwd::PasswdArgs;
use super::values;
use crate::broker::access::passwd;
use crate::broker::core::Limits;
use crate::broker::{Config, DEFAULT_PORT, DEFAULT_TLS_PORT, DEFAULT_WS_PATH};
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
    /// Port for MQTT over TCP; 0 takes a free one, which the first line names.
    /// WebSocket is taken there too, and TLS if there is a certificate
    #[arg(short, long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Address to listen on; 0.0.0.0 lets other machines in [default: this machine only]
    #[arg(long, value_name = "ADDRESS", value_parser = values::address)]
    bind: Option<IpAddr>,

    /// Unix socket to listen at; one left behind by a broker is replaced
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,

    /// Every connection comes from a proxy that sends the PROXY header (version 1 or 2) first
    #[arg(long)]
    proxy_protocol: bool,

    /// Server certificate with its chain (PEM); opens the TLS port. The file that
    /// SSLKEYLOGFILE names gets the secrets, for Wireshark
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

    #[command(flatten)]
    clients: ClientCertificateArgs,

    /// Port for WebSocket only; 0 takes a free one
    #[arg(long, value_name = "PORT", help_heading = "WebSocket")]
    ws_port: Option<u16>,

    /// Path that WebSocket clients ask for
    #[arg(
        long,
        value_name = "PATH",
        default_value = DEFAULT_WS_PATH,
        value_parser = path,
        help_heading = "WebSocket",
    )]
    ws_path: String,

    #[command(flatten)]
    access: AccessArgs,

    #[command(flatten)]
    limits: LimitArgs,

    /// Threads that serve connections [default: one per core, 4 at most]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl RunArgs {
    fn into_config(self) -> Result<Config> {
        let default = Config::default();
        let client_certificates = self.cafile.is_some();
        let identity = self.clients.identity();
        let tls = self.cert.zip(self.key).map(|(cert, key)| {
            let options = TlsServerOptions {
                cert,
                key,
                client_ca: self.cafile,
                revocations: self.clients.crlfile,
                require_client_cert: self.clients.require_client_cert,
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
            identity,
            unix: self.unix,
            proxy_protocol: self.proxy_protocol,
            ws_port: self.ws_port,
            ws_path: self.ws_path,
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

/// A path as a request names it.
fn path(text: &str) -> Result<String, &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#');
    if text.starts_with('/') && plain {
        Ok(text.to_owned())
    } else {
        Err("a path begins with a slash and has no spaces, ? or #")
    }
}
