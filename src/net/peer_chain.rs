//! The certificates that a server shows, whatever they are worth.

use super::{Agreed, Endpoint, TlsClient, TlsClientOptions, connect};
use crate::error::{Class, Error, Result};
use rustls::pki_types::CertificateDer;
use std::time::Duration;

/// The certificates that the TLS server at this port shows when it is asked for
/// `server_name`, its own first. None of them is checked.
///
/// # Errors
/// When there is no connection or no TLS within `limit`.
pub async fn peer_chain(
    host: &str,
    port: u16,
    server_name: Option<String>,
    limit: Duration,
) -> Result<Vec<CertificateDer<'static>>> {
    let options = TlsClientOptions { insecure: true, server_name, ..TlsClientOptions::default() };
    let (tls, _) = TlsClient::new(&options)?;
    chain_of(&Endpoint { tls: Some(tls), ..Endpoint::tcp(host, port) }, limit).await
}

/// The certificates that the server of `endpoint` shows, its own first, checked as the
/// endpoint says; WebSocket is not asked for.
///
/// # Errors
/// When there is no connection or no TLS within `limit`.
pub async fn chain_of(
    endpoint: &Endpoint,
    limit: Duration,
) -> Result<Vec<CertificateDer<'static>>> {
    let bare = Endpoint { websocket: None, ..endpoint.clone() };
    let agreed = Agreed::of(&connect(&bare, limit).await?);
    let chain = agreed.map(|agreed| agreed.chain).filter(|chain| !chain.is_empty());
    chain.ok_or_else(|| Error::new(Class::Tls, format!("{endpoint} shows no certificate")))
}
