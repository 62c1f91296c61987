//! Why somebody does not come in at a door.

use super::core::{Obstacle, Refusal};
use crate::net::client_fault;
use std::io;

/// Why somebody does not come in at a door.
#[derive(Debug)]
pub(super) struct Hindrance {
    pub(super) why: Refusal,
    /// What led to it, in the words of whoever found it out.
    pub(super) cause: Option<String>,
}

impl Hindrance {
    /// It has left.
    pub(super) const LEFT: Self = Self { why: Refusal::Lost, cause: None };

    /// It has not said in time what it wants.
    pub(super) const SILENT: Self = Self { why: Refusal::Silent, cause: None };

    /// It speaks TLS at a door without.
    pub(super) const NO_TLS: Self = Self::new(
        "the client speaks TLS, and there is none at this port",
        Some("give the broker --cert and --key, or let the client leave out TLS"),
    );

    /// It speaks something else at a door for WebSocket.
    pub(super) const ONLY_WEB_SOCKET: Self = Self::new(
        "this port is for MQTT over WebSocket only",
        Some("let the client connect to ws:// (wss:// with TLS), or to a port for MQTT"),
    );

    /// It speaks something else at a door for HTTP.
    pub(super) const ONLY_HTTP: Self =
        Self::new("this port is for HTTP only", Some("let the client connect to a port for MQTT"));

    const fn new(what: &'static str, hint: Option<&'static str>) -> Self {
        Self { why: Refusal::Transport(Obstacle { what, hint }), cause: None }
    }

    fn because(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// No header of a proxy comes first, or a bad one.
    pub(super) fn proxy(cause: &str) -> Self {
        let hint = "let the proxy send one (send-proxy of HAProxy, proxy_protocol of nginx), \
                    or leave out --proxy-protocol";
        Self::new("the proxy has not said whom it serves", Some(hint)).because(cause)
    }

    /// Its request for WebSocket was refused.
    pub(super) fn web_socket(cause: &str) -> Self {
        Self::new("its request for WebSocket was refused", None).because(cause)
    }

    /// TLS with it has failed.
    pub(super) fn tls(error: &io::Error) -> Self {
        let fault = client_fault(error);
        Self::new(fault.what, fault.hint).because(error.to_string())
    }
}

impl From<io::Error> for Hindrance {
    /// What breaks outside of a handshake is a connection that is lost.
    fn from(_: io::Error) -> Self {
        Self::LEFT
    }
}
