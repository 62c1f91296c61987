//! The certificates that a server shows, whatever they are worth.

use super::{Endpoint, Stream, TlsClient, TlsClientOptions, connect};
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
    let endpoint = Endpoint { tls: Some(tls), ..Endpoint::tcp(host, port) };
    let stream = connect(&endpoint, limit).await?;
    let chain = match &stream {
        Stream::Tls(stream) => stream.get_ref().1.peer_certificates(),
        Stream::Tcp(_) | Stream::Unix(_) | Stream::WebSocket(_) => None,
    };
    let chain = chain
        .filter(|chain| !chain.is_empty())
        .map(|chain| chain.iter().map(|certificate| certificate.clone().into_owned()).collect());
    chain.ok_or_else(|| Error::new(Class::Tls, format!("{endpoint} shows no certificate")))
}
