//! The options that say which way to take through the network.

use super::super::values;
use super::brokers::Broker;
use super::websocket::Carrier;
use crate::error::{Error, Result};
use crate::net::Place;
use crate::net::proxy::{Proxy, from_environment};
use crate::secret::Secret;
use clap::Args;
use std::net::IpAddr;

/// Goes to the broker directly, whatever the environment says.
const NONE: &str = "none";

/// Which way to take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct RouteArgs {
    #[arg(
        help = "Connect through this proxy: socks5h://, socks5://, http:// or \
                https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss \
                HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]",
        long,
        value_name = "URL"
    )]
    proxy: Option<Secret>,

    /// Connect from this address of the machine
    #[arg(
        short = 'A', long, alias = "ifaddr", value_name = "ADDRESS",
        value_parser = values::address, value_delimiter = ','
    )]
    bind: Vec<IpAddr>,
}

/// The variables that name a proxy, the first that is set counting. Browsers
/// and curl read `http_proxy` in small letters only: a web server hands its
/// programs a header `Proxy` in large ones.
fn variables(broker: &Broker) -> &'static [&'static str] {
    match (&broker.carrier, broker.tls) {
        (Carrier::Bare, _) => &["ALL_PROXY", "all_proxy"],
        (Carrier::WebSocket(_), false) => &["http_proxy", "ALL_PROXY", "all_proxy"],
        (Carrier::WebSocket(_), true) => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
    }
}

impl RouteArgs {
    /// The address of this machine to connect from.
    ///
    /// # Errors
    /// When there are several, which are of use to many clients only.
    pub(super) fn bind(&self) -> Result<Option<IpAddr>> {
        match self.bind.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            _ => Err(Error::usage("--bind: one client connects from one address")),
        }
    }

    /// Takes out the addresses if there are several.
    pub(super) fn take_several(&mut self) -> Vec<IpAddr> {
        if self.bind.len() > 1 { std::mem::take(&mut self.bind) } else { Vec::new() }
    }

    /// The proxy to this broker, if there is one.
    pub(super) fn proxy(&self, broker: &Broker) -> Result<Option<Proxy>> {
        let Place::Tcp { host, port } = &broker.place else {
            return Ok(None);
        };
        let typed = self.proxy.as_ref().map(|url| String::from_utf8_lossy(url.expose()));
        match typed {
            Some(url) if url == NONE => Ok(None),
            Some(url) => Proxy::new(&url).map(Some),
            None => {
                let variable = |name: &str| std::env::var(name).ok();
                let found = from_environment(variables(broker), host, *port, variable);
                found.map(|url| in_environment(&url)).transpose()
            }
        }
    }
}

/// Variables often lack the scheme, which is then that of HTTP.
fn in_environment(url: &str) -> Result<Proxy> {
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    Proxy::new(&url).map_err(|error| {
        Error::usage("the environment names a proxy that is none")
            .because(error)
            .hint("--proxy none does without")
    })
}
