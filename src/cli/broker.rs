//! `mqx broker`: its arguments.

use super::access::AccessArgs;
use crate::broker::core::Limits;
use crate::broker::{Config, DEFAULT_PORT, DEFAULT_TLS_PORT};
use crate::error::Result;
use crate::net::{TlsServerOptions, tls_server};
use crate::output;
use std::net::IpAddr;
use std::path::PathBuf;

/// What may be typed behind `mqx broker`.
#[derive(Debug, clap::Args)]
pub struct BrokerArgs {
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

    /// Threads that serve connections [default: one per core, 4 at most]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl BrokerArgs {
    /// Reads the certificates and rules and says what to run.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn into_config(self) -> Result<Config> {
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
            limits: Limits { acl_subscribe_check: access.subscribe_check, ..default.limits },
            workers: self.workers.map_or(default.workers, usize::from),
        })
    }
}
