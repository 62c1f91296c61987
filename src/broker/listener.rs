//! Addresses the broker listens on.

use super::Config;
use super::door::Door;
use super::worker::Incoming;
use crate::error::{Class, Error, Result};
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// How long to wait when no more connections can be accepted because the
/// process has no file descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A bound address and how clients name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// MQTT over TCP.
    Mqtt {
        /// Whether under TLS.
        tls: bool,
        /// Where it is.
        socket: SocketAddr,
    },
    /// MQTT over WebSocket.
    WebSocket {
        /// Whether under TLS.
        tls: bool,
        /// Where it is.
        socket: SocketAddr,
        /// What its clients have to ask for.
        path: Arc<str>,
    },
}

/// `mqtt://127.0.0.1:1883`, `mqtts://...`, `ws://127.0.0.1:1883/mqtt`, `wss://...`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secure = |tls: bool| if tls { "s" } else { "" };
        match self {
            Self::Mqtt { tls, socket } => write!(f, "mqtt{}://{socket}", secure(*tls)),
            Self::WebSocket { tls, socket, path } => {
                write!(f, "ws{}://{socket}{path}", secure(*tls))
            }
        }
    }
}

/// A bound socket that accepts connections for all workers.
#[derive(Debug)]
pub(super) struct Listener {
    socket: std::net::TcpListener,
    at: SocketAddr,
    door: Arc<Door>,
}

/// Binds everything `config` says.
pub(super) fn bind_all(config: &Config) -> Result<Vec<Listener>> {
    let path: Arc<str> = config.ws_path.as_str().into();
    let (tls_port, tls) = config.tls.clone().unzip();
    let bare = Door { bare: true, mqtt: true, tls, path };
    let ports = [
        (Some(config.port), bare.clone()),
        (tls_port, Door { bare: false, ..bare.clone() }),
        (config.ws_port, Door { mqtt: false, ..bare }),
    ];
    let mut listeners = Vec::new();
    for (port, door) in ports {
        if let Some(port) = port {
            listeners.extend(bind(config.bind, port, Arc::new(door))?);
        }
    }
    Ok(listeners)
}

/// Binds `port` on `address`, or on the loopback addresses when that is `None`.
fn bind(address: Option<IpAddr>, port: u16, door: Arc<Door>) -> Result<Vec<Listener>> {
    if let Some(address) = address {
        return Ok(vec![Listener::bind((address, port).into(), door)?]);
    }
    let first = Listener::bind((Ipv4Addr::LOCALHOST, port).into(), Arc::clone(&door))?;
    let port = first.at.port();
    let mut listeners = vec![first];
    // A machine without IPv6 has no second loopback address, and a free port
    // of the first may be taken on the second: neither keeps a broker down.
    listeners.extend(Listener::bind((Ipv6Addr::LOCALHOST, port).into(), door));
    Ok(listeners)
}

/// How clients name what is listened on: MQTT first, then WebSocket.
pub(super) fn addresses(listeners: &[Listener]) -> Vec<Address> {
    let mqtt = listeners.iter().filter(|listener| listener.door.mqtt);
    let mqtt = mqtt.map(|Listener { at, door, .. }| Address::Mqtt { tls: !door.bare, socket: *at });
    let websocket = listeners.iter().map(|Listener { at, door, .. }| Address::WebSocket {
        tls: !door.bare,
        socket: *at,
        path: Arc::clone(&door.path),
    });
    mqtt.chain(websocket).collect()
}

impl Listener {
    fn bind(address: SocketAddr, door: Arc<Door>) -> Result<Self> {
        let (socket, at) = listen(address).map_err(|cause| refused(address, cause))?;
        Ok(Self { socket, at, door })
    }

    /// Accepts connections and hands them to the workers in turn.
    pub(super) async fn accept(self, workers: Vec<mpsc::UnboundedSender<Incoming>>) {
        let Ok(listener) = tokio::net::TcpListener::from_std(self.socket) else {
            return;
        };
        for worker in workers.iter().cycle() {
            let socket = loop {
                match listener.accept().await.and_then(|(socket, _)| prepare(socket)) {
                    Ok(socket) => break socket,
                    Err(_) => tokio::time::sleep(EXHAUSTED).await,
                }
            };
            let door = Arc::clone(&self.door);
            if worker.send(Incoming { socket, door }).is_err() {
                return;
            }
        }
    }
}

fn prepare(socket: tokio::net::TcpStream) -> io::Result<std::net::TcpStream> {
    socket.set_nodelay(true)?;
    socket.into_std()
}

fn listen(address: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = std::net::TcpListener::from(socket);
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

fn refused(address: SocketAddr, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::AddrInUse => "is a broker running there already? --port 0 takes a free port",
        io::ErrorKind::AddrNotAvailable => "no interface of this machine has that address",
        io::ErrorKind::PermissionDenied => "ports below 1024 need more rights: use another --port",
        _ => {
            return Error::new(Class::Listen, format!("cannot listen on {address}")).because(cause);
        }
    };
    Error::new(Class::Listen, format!("cannot listen on {address}")).because(cause).hint(hint)
}
