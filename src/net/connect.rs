//! From a place to an open stream within a time limit, layer by layer.

use super::dial::dial;
use super::explain::{self, explain};
use super::upgrade::upgrade;
use super::{Endpoint, Stream};
use crate::error::{Class, Error, Result};
use crate::output::escape;
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What [`connect_in_steps`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A socket is connected, be it through a proxy.
    Socket,
    /// TLS is spoken over it.
    Tls,
    /// WebSocket is spoken over that.
    WebSocket,
}

/// Connects to the place, be it through a proxy, and does the handshakes of TLS
/// and of WebSocket if the endpoint asks for them, all within `limit`.
///
/// # Errors
/// [`Class::Connect`] if nothing accepts the connection, [`Class::Tls`] if that
/// handshake fails; both name the endpoint and, where known, the cure.
pub async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<Stream> {
    connect_in_steps(endpoint, limit, |_| {}).await
}

/// The same, telling of each step when it is done.
///
/// # Errors
/// As [`connect`].
pub async fn connect_in_steps(
    endpoint: &Endpoint,
    limit: Duration,
    mut done: impl FnMut(Step),
) -> Result<Stream> {
    let deadline = Instant::now() + limit;
    let stream = dial(endpoint, deadline).await?;
    done(Step::Socket);
    let stream = encrypt(endpoint, stream, deadline).await?;
    if endpoint.tls.is_some() {
        done(Step::Tls);
    }
    let stream = upgrade(endpoint, stream, deadline).await?;
    if endpoint.websocket.is_some() {
        done(Step::WebSocket);
    }
    Ok(stream)
}

/// Does the TLS handshake with the server of `endpoint` over `stream`, if the
/// endpoint asks for one.
///
/// # Errors
/// [`Class::Tls`] if it fails.
pub async fn encrypt(endpoint: &Endpoint, stream: Stream, deadline: Instant) -> Result<Stream> {
    let Some(tls) = &endpoint.tls else {
        return Ok(stream);
    };
    let name = endpoint.server_name();
    let name = ServerName::try_from(name.to_owned()).map_err(|cause| {
        let what = format!("TLS cannot check the host name {}", escape(name));
        Error::new(Class::Tls, what).because(cause)
    })?;
    match timeout_at(deadline, tls.connector().connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
        Ok(Err(error)) if explain::is_tls(&error) => Err(explain(error, endpoint)),
        Ok(Err(error)) => Err(explain::no_tls(endpoint, "closed the connection").because(error)),
        Err(_) => Err(explain::no_tls(endpoint, "did not answer in time")),
    }
}
