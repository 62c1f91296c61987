//! The options of `mqx broker` that say where it listens.

use crate::broker::{DEFAULT_PORT, DEFAULT_WS_PATH};
use crate::cli::values;
use std::net::IpAddr;
use std::path::PathBuf;

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct ListenArgs {
    /// Port for MQTT over TCP; 0 takes a free one, which the first line names.
    /// WebSocket is taken there too, and TLS if there is a certificate
    #[arg(short, long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    pub(super) port: u16,

    /// Address to listen on; 0.0.0.0 lets other machines in [default: this machine only]
    #[arg(long, value_name = "ADDRESS", value_parser = values::address)]
    pub(super) bind: Option<IpAddr>,

    /// Unix socket to listen at; one left behind by a broker is replaced
    #[arg(long, value_name = "PATH")]
    pub(super) unix: Option<PathBuf>,

    /// Every connection comes from a proxy that sends the PROXY header (version 1 or 2) first
    #[arg(long)]
    pub(super) proxy_protocol: bool,

    /// Port for WebSocket only; 0 takes a free one
    #[arg(long, value_name = "PORT", help_heading = "WebSocket")]
    pub(super) ws_port: Option<u16>,

    /// Path that WebSocket clients ask for
    #[arg(
        long,
        value_name = "PATH",
        default_value = DEFAULT_WS_PATH,
        value_parser = path,
        help_heading = "WebSocket",
    )]
    pub(super) ws_path: String,

    /// Origin of web pages that may connect, as `https://example.org`
    /// (repeatable); * is any [default: this machine]
    ///
    /// Without, a page may connect from this machine (`http://localhost:3000`) or
    /// from the address it connects to, and from anywhere if every client needs
    /// a user name and password: otherwise every page that is open in a browser
    /// here could use the broker. Clients that are no browsers name no origin
    /// and are not concerned.
    #[arg(long, value_name = "ORIGIN", value_parser = origin, help_heading = "WebSocket")]
    pub(super) ws_origin: Vec<String>,
}

/// An origin as a browser names it.
fn origin(text: &str) -> Result<String, &'static str> {
    let of_page = text.split_once("://").is_some_and(|(_, host)| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    });
    if of_page || ["*", "null"].contains(&text) {
        Ok(text.to_owned())
    } else {
        Err("an origin is https://HOST or https://HOST:PORT without a path, null or *")
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
