//! Small proxies: enough of SOCKS5 and of HTTP CONNECT for a client to get
//! through, and a note of what it asked for.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A proxy on a free port of this machine; every connection through it goes to
/// one port, whatever host it names.
pub(crate) struct FakeProxy {
    port: u16,
    asked: Receiver<String>,
}

/// What a proxy speaks.
#[derive(Clone)]
pub(crate) enum Kind {
    /// SOCKS5 without a password.
    Socks,
    /// SOCKS5 for the user `me` with the password `pw`.
    SocksWithLogin,
    /// HTTP CONNECT; what it answers instead of success, if anything.
    Http(Option<&'static str>),
    /// The same over TLS.
    Https(TlsAcceptor),
}

impl FakeProxy {
    pub(crate) async fn start(kind: Kind, target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = channel();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A client that goes away is part of some tests.
                let serve = serve(kind.clone(), socket, target, sender.clone());
                tokio::spawn(async move { serve.await.map_err(drop) });
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self, scheme_and_user: &str) -> String {
        format!("{scheme_and_user}localhost:{}", self.port)
    }

    /// What the last client asked for.
    pub(crate) fn asked(&self) -> String {
        self.asked.try_iter().last().expect("nobody has asked")
    }
}

async fn serve(
    kind: Kind,
    socket: TcpStream,
    target: u16,
    asked: Sender<String>,
) -> io::Result<()> {
    match kind {
        Kind::Socks => socks(socket, target, asked, false).await,
        Kind::SocksWithLogin => socks(socket, target, asked, true).await,
        Kind::Http(refusal) => http(socket, target, asked, refusal).await,
        Kind::Https(acceptor) => http(acceptor.accept(socket).await?, target, asked, None).await,
    }
}

async fn socks(
    mut socket: TcpStream,
    target: u16,
    asked: Sender<String>,
    login: bool,
) -> io::Result<()> {
    assert_eq!(socket.read_u8().await?, 5);
    let methods = short(&mut socket).await?;
    let method = if login { 2 } else { 0 };
    assert!(methods.contains(&method));
    socket.write_all(&[5, method]).await?;
    if login {
        assert_eq!(socket.read_u8().await?, 1);
        let (user, password) = (short(&mut socket).await?, short(&mut socket).await?);
        let known = user == b"me" && password == b"pw";
        socket.write_all(&[1, u8::from(!known)]).await?;
    }
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    assert_eq!(head[..3], [5, 1, 0]);
    let host = match head[3] {
        1 => std::net::Ipv4Addr::from(socket.read_u32().await?).to_string(),
        4 => std::net::Ipv6Addr::from(socket.read_u128().await?).to_string(),
        _ => String::from_utf8(short(&mut socket).await?).unwrap(),
    };
    let port = socket.read_u16().await?;
    asked.send(format!("{host} {port}")).unwrap();
    socket.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 1]).await?;
    pass_on(socket, target).await
}

async fn short(socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; socket.read_u8().await?.into()];
    socket.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn http(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    target: u16,
    asked: Sender<String>,
    refusal: Option<&str>,
) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(socket.read_u8().await?);
    }
    asked.send(String::from_utf8(request).unwrap()).unwrap();
    if let Some(refusal) = refusal {
        return socket.write_all(format!("HTTP/1.1 {refusal}\r\n\r\n").as_bytes()).await;
    }
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    socket.flush().await?;
    pass_on(socket, target).await
}

async fn pass_on(mut socket: impl AsyncRead + AsyncWrite + Unpin, target: u16) -> io::Result<()> {
    let mut broker = TcpStream::connect(("127.0.0.1", target)).await?;
    tokio::io::copy_bidirectional(&mut socket, &mut broker).await.map(drop)
}
