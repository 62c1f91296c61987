//! The options that say how to reach a broker, the same for every client.

use super::values::{self, NamedVersion};
use crate::client::{ConnectOptions, EngineKind};
use crate::error::{Error, Result};
use crate::mqtt::Version;
use crate::net::{Endpoint, TlsClient, TlsClientOptions, Trust};
use crate::output;
use crate::session::{ClientConfig, Secret};
use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser as _};
use std::path::PathBuf;
use std::time::Duration;

/// The port of MQTT over TCP and over TLS.
const PORTS: (u16, u16) = (1883, 8883);

/// The name a client gives itself; apart because `bench` has its own.
#[derive(Debug, Args)]
pub struct ClientIdArgs {
    /// Client identifier [default: the broker chooses one]
    #[arg(
        short = 'i', long = "id", aliases = ["client-id", "identifier"],
        value_name = "ID", default_value = "", hide_default_value = true,
        help_heading = "Connection"
    )]
    pub id: String,
}

/// Where the broker is and how to talk to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Host name or address of the broker
    #[arg(
        short = 'h', long, alias = "hostname",
        default_value_t = ConnectOptions::default().endpoint.host,
        value_parser = NonEmptyStringValueParser::new()
    )]
    host: String,

    /// Port of the broker [default: 1883, with TLS 8883]
    #[arg(short, long)]
    port: Option<u16>,

    /// User name
    #[arg(short, long, alias = "user", value_name = "NAME")]
    username: Option<String>,

    /// Password
    #[arg(short = 'P', long, alias = "pw", value_name = "TEXT")]
    password: Option<Secret>,

    /// Seconds of silence after which a ping is sent; 0 for none
    #[arg(
        short, long, alias = "keep-alive", value_name = "SECONDS",
        default_value_t = ClientConfig::default().keep_alive
    )]
    keepalive: u16,

    /// Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]
    #[arg(
        short = 'V', long, alias = "protocol-version", value_name = "VERSION",
        value_parser = values::version
    )]
    mqtt_version: Option<NamedVersion>,

    /// Give up connecting after this time, as in 10, 500ms or 2m
    #[arg(
        long, value_name = "TIME", value_parser = values::duration,
        default_value = "10s"
    )]
    connect_timeout: Duration,

    /// Whose implementation of MQTT speaks: native (that of mqx) or rumqttc
    #[arg(
        long, default_value = EngineKind::Native.name(), hide_possible_values = true,
        value_parser = PossibleValuesParser::new(EngineKind::ALL.map(EngineKind::name))
            .map(|name| EngineKind::from_name(&name).unwrap_or_default())
    )]
    engine: EngineKind,

    /// Say on stderr which packets are sent and received
    #[arg(short, long)]
    debug: bool,

    #[command(flatten)]
    tls: TlsArgs,
}

/// How to encrypt, whom to believe and who to be.
#[allow(clippy::option_option, reason = "--tls is absent, alone or with a value")]
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
struct TlsArgs {
    /// Use TLS; trust the CA in this file, or without one those of the system
    #[arg(
        long, value_name = "CA", num_args = 0..=1,
        conflicts_with = "cafile"
    )]
    tls: Option<Option<PathBuf>>,

    /// The same as --tls with a CA
    #[arg(long, aliases = ["ca", "ca-cert", "cacertfile"], value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Use TLS and show this certificate to the broker (PEM)
    #[arg(long, aliases = ["certfile", "client-cert"], value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// The private key of that certificate (PEM)
    #[arg(
        long, aliases = ["keyfile", "client-key", "client-private-key"],
        value_name = "FILE", requires = "cert"
    )]
    key: Option<PathBuf>,

    /// Use TLS and believe any certificate; for tests only
    #[arg(long)]
    insecure: bool,
}

impl ConnectionArgs {
    /// What a client needs to connect; the TLS files are read here. The client
    /// identifier is left empty.
    ///
    /// # Errors
    /// When a file is not what it should be, or the engine cannot do what is
    /// asked for.
    pub fn into_options(self) -> Result<ConnectOptions> {
        let tls = self.tls.into_client()?;
        let default_port = if tls.is_some() { PORTS.1 } else { PORTS.0 };
        let version = self.mqtt_version.map(|named| named.version);
        if self.mqtt_version.is_some_and(|named| named.ambiguous) {
            output::note("-V 3 is read as MQTT 3.1.1; say 3.1 or 3.1.1 to be clear");
        }
        check_password(version, self.username.as_ref(), self.password.as_ref())?;
        let options = ConnectOptions {
            endpoint: Endpoint { host: self.host, port: self.port.unwrap_or(default_port), tls },
            session: ClientConfig {
                version: version.unwrap_or_default(),
                keep_alive: self.keepalive,
                username: self.username,
                password: self.password,
                ..ClientConfig::default()
            },
            connect_timeout: self.connect_timeout,
            engine: self.engine,
            fall_back: version.is_none(),
            debug: self.debug,
        };
        options.engine.check(&options.session)?;
        Ok(options)
    }
}

fn check_password(
    version: Option<Version>,
    username: Option<&String>,
    password: Option<&Secret>,
) -> Result<()> {
    let alone = password.is_some() && username.is_none();
    if alone && version.is_some_and(|version| !version.is_v5()) {
        let what = "-P needs -u: before MQTT 5 a password goes with a user name";
        return Err(Error::usage(what));
    }
    Ok(())
}

impl TlsArgs {
    fn into_client(self) -> Result<Option<TlsClient>> {
        let wanted =
            self.tls.is_some() || self.cafile.is_some() || self.cert.is_some() || self.insecure;
        if !wanted {
            return Ok(None);
        }
        let ca = self.cafile.or(self.tls.flatten());
        let (client, warnings) = TlsClient::new(&TlsClientOptions {
            ca: ca.map_or(Trust::System, Trust::File),
            insecure: self.insecure,
            identity: self.cert.zip(self.key),
        })?;
        if self.insecure {
            output::warn("--insecure: the broker's certificate is not checked");
        }
        warnings.iter().for_each(output::warn);
        Ok(Some(client))
    }
}
