//! The two ends of a connection.

use super::said;
use mqx::error::Class;
use mqx::net::{
    Endpoint, Stream, TlsClient, TlsClientOptions, TlsServerOptions, connect, explain, tls_server,
};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How long a connection may take; nothing in these tests comes near it.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// A TLS server on a free loopback port that sends back every byte it gets.
pub(crate) async fn echo_server(options: &TlsServerOptions) -> u16 {
    let acceptor = TlsAcceptor::from(tls_server(options).unwrap().0);
    serve(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(socket).await?;
            let mut byte = [0];
            while stream.read(&mut byte).await? == 1 {
                stream.write_all(&byte).await?;
            }
            Ok(())
        }
    })
    .await
}

/// A server on a free loopback port that treats every connection with `talk`
/// and, having talked, closes it.
pub(crate) async fn serve<F, T>(talk: F) -> u16
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = io::Result<()>> + Send,
{
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A failed handshake is what many of these tests are about; the
            // client is the one that has to explain it.
            let _ = talk(socket).await;
        }
    });
    port
}

pub(crate) fn endpoint(host: &str, port: u16, options: &TlsClientOptions) -> Endpoint {
    let tls = Some(TlsClient::new(options).unwrap().0);
    Endpoint { tls, ..Endpoint::tcp(host, port) }
}

pub(crate) async fn echo(stream: &mut Stream) -> io::Result<()> {
    stream.write_all(b"x").await?;
    stream.flush().await?;
    assert_eq!(stream.read_u8().await?, b'x');
    Ok(())
}

pub(crate) async fn assert_works(endpoint: &Endpoint) {
    let mut stream = connect(endpoint, LIMIT).await.unwrap();
    echo(&mut stream).await.unwrap();
}

/// What the person is told when TLS with this endpoint fails, as it must,
/// be it in the handshake or at the first read.
pub(crate) async fn refusal(endpoint: &Endpoint) -> String {
    let error = match connect(endpoint, LIMIT).await {
        Err(error) => error,
        Ok(mut stream) => explain(echo(&mut stream).await.unwrap_err(), endpoint),
    };
    assert_eq!(error.class(), Class::Tls, "{error}");
    said(error)
}
