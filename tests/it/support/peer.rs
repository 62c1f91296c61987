//! A peer that says exactly the bytes a test gives it and hears what it is
//! told. It knows nothing of MQTT but where a packet ends.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener on a free port.
pub(crate) struct Peer {
    listener: TcpListener,
}

/// One connection to the peer.
pub(crate) struct Caller {
    stream: TcpStream,
}

impl Peer {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    pub(crate) async fn accept(&self) -> Caller {
        let accepted = timeout(PATIENCE, self.listener.accept()).await;
        let (stream, _) = accepted.expect("nobody connects").unwrap();
        Caller { stream }
    }
}

impl Caller {
    /// The next whole packet.
    pub(crate) async fn packet(&mut self) -> Vec<u8> {
        timeout(PATIENCE, self.read_packet()).await.expect("no packet arrives")
    }

    async fn read_packet(&mut self) -> Vec<u8> {
        let mut packet = vec![self.byte().await];
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte().await;
            packet.push(byte);
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let start = packet.len();
        packet.resize(start + length, 0);
        self.stream.read_exact(&mut packet[start..]).await.unwrap();
        packet
    }

    async fn byte(&mut self) -> u8 {
        self.stream.read_u8().await.expect("the packet is cut short")
    }

    /// Whether nothing more has arrived so far.
    pub(crate) async fn is_silent(&self) -> bool {
        timeout(Duration::ZERO, self.stream.peek(&mut [0])).await.is_err()
    }

    /// The head of an HTTP request.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await);
        }
        String::from_utf8(head).unwrap()
    }

    /// Where the other side is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.stream.peer_addr().unwrap()
    }

    /// Hears exactly this packet.
    pub(crate) async fn expect(&mut self, packet: &[u8]) {
        assert_eq!(self.packet().await, packet);
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Hears that the other side has nothing more to say.
    pub(crate) async fn expect_end(&mut self) {
        let mut byte = [0];
        let read = timeout(PATIENCE, self.stream.read(&mut byte)).await;
        assert_eq!(read.expect("the connection stays open").unwrap(), 0);
    }

    /// Closes the connection so that the other side gets a reset, not an end.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}
