//! The options of WebSocket.

use crate::error::{Error, Result};
use crate::net::websocket::{HeaderField, Request};
use clap::Args;

/// The path most brokers have.
const PATH: &str = "/mqtt";

/// How to ask for WebSocket.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct WebSocketArgs {
    /// Speak MQTT over WebSocket
    #[arg(long, conflicts_with = "broker")]
    ws: bool,

    /// Path of the broker for WebSocket [default: /mqtt]
    #[arg(long, alias = "path", value_name = "PATH")]
    ws_path: Option<String>,

    /// Header of the WebSocket request, as in 'Authorization: Bearer x' (repeatable)
    #[arg(long, value_name = "NAME: VALUE")]
    ws_header: Vec<HeaderField>,
}

/// What carries the packets to one broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Nothing between.
    Bare,
    /// WebSocket, and the path that a URL names.
    WebSocket(Option<String>),
}

impl WebSocketArgs {
    /// What carries the packets to a broker that is not named by a URL.
    pub(super) const fn carrier(&self) -> Carrier {
        if self.ws { Carrier::WebSocket(None) } else { Carrier::Bare }
    }

    /// Checks that the options have a use for one of these.
    pub(super) fn check<'a>(&self, mut carriers: impl Iterator<Item = &'a Carrier>) -> Result<()> {
        let given = self.ws_path.is_some() || !self.ws_header.is_empty();
        if given && carriers.all(|carrier| *carrier == Carrier::Bare) {
            let what = "--ws-path and --ws-header are of use with WebSocket only";
            return Err(Error::usage(what).hint("add --ws, or write ws:// or wss:// in the URL"));
        }
        Ok(())
    }

    /// What to ask this broker for.
    pub(super) fn request(&self, carrier: &Carrier) -> Result<Option<Request>> {
        let path = match (carrier, &self.ws_path) {
            (Carrier::Bare, _) => return Ok(None),
            (Carrier::WebSocket(Some(_)), Some(_)) => {
                return Err(Error::usage("the path is given twice: with --ws-path and in the URL"));
            }
            (Carrier::WebSocket(Some(path)), None) | (_, Some(path)) => path,
            (Carrier::WebSocket(None), None) => PATH,
        };
        if !Request::is_path(path) {
            let what = "a path of WebSocket begins with / and has no blanks, no # and ASCII only";
            return Err(Error::usage(what).hint("other characters are written as %20"));
        }
        Ok(Some(Request { path: path.to_owned(), headers: self.ws_header.clone() }))
    }
}
