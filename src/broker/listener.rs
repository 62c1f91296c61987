//! Addresses the broker listens on.

use super::worker::Incoming;
use crate::error::{Class, Error, Result};
use crate::output;
use rustix::io::Errno;
use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// How long to wait when no more connections can be accepted because there
/// are no file descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// What the system says then: the process or the machine has none.
const NO_FILES: [Errno; 2] = [Errno::MFILE, Errno::NFILE];

/// A bound address and how clients name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Where it is.
    pub socket: SocketAddr,
}

/// `mqtt://127.0.0.1:1883`, or `mqtts://` under TLS.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}", self.socket)
    }
}

/// A bound socket that accepts connections for all workers.
#[derive(Debug)]
pub(super) struct Listener {
    socket: std::net::TcpListener,
    tls: Option<Arc<ServerConfig>>,
    pub(super) address: Address,
}

/// Binds `port` on `bind`, or on the loopback addresses when that is `None`.
pub(super) fn bind_all(
    bind: Option<IpAddr>,
    port: u16,
    tls: Option<&Arc<ServerConfig>>,
) -> Result<Vec<Listener>> {
    if let Some(address) = bind {
        return Ok(vec![Listener::bind((address, port).into(), tls)?]);
    }
    let first = Listener::bind((Ipv4Addr::LOCALHOST, port).into(), tls)?;
    let port = first.address.socket.port();
    let mut listeners = vec![first];
    // A machine without IPv6 has no second loopback address, and a free port
    // of the first may be taken on the second: neither keeps a broker down.
    listeners.extend(Listener::bind((Ipv6Addr::LOCALHOST, port).into(), tls));
    Ok(listeners)
}

impl Listener {
    fn bind(address: SocketAddr, tls: Option<&Arc<ServerConfig>>) -> Result<Self> {
        let (socket, bound) =
            listen(address).map_err(|cause| refused(address, tls.is_some(), cause))?;
        Ok(Self {
            socket,
            tls: tls.cloned(),
            address: Address { tls: tls.is_some(), socket: bound },
        })
    }

    /// Accepts connections and hands them to the workers in turn.
    pub(super) async fn accept(self, workers: Vec<mpsc::UnboundedSender<Incoming>>) {
        let Ok(listener) = tokio::net::TcpListener::from_std(self.socket) else {
            return;
        };
        let mut warned = false;
        for worker in workers.iter().cycle() {
            let socket = loop {
                match listener.accept().await.and_then(|(socket, _)| prepare(socket)) {
                    Ok(socket) => break socket,
                    Err(cause) => wait_after(&cause, &mut warned).await,
                }
            };
            let tls = self.tls.clone();
            if worker.send(Incoming { socket, tls }).is_err() {
                return;
            }
        }
    }
}

/// Waits until there may be file descriptors again, and warns the first time
/// that there are none.
async fn wait_after(cause: &io::Error, warned: &mut bool) {
    let client_left = cause.kind() == io::ErrorKind::ConnectionAborted;
    if client_left {
        return;
    }
    let no_files = NO_FILES.iter().any(|errno| cause.raw_os_error() == Some(errno.raw_os_error()));
    if no_files && !std::mem::replace(warned, true) {
        output::warn(format!(
            "clients have to wait, for no more connections can be opened: {cause}; \
             allow the broker more open files with ulimit -n"
        ));
    }
    tokio::time::sleep(EXHAUSTED).await;
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

fn refused(address: SocketAddr, tls: bool, cause: io::Error) -> Error {
    let option = if tls { "--tls-port" } else { "--port" };
    let hint = match cause.kind() {
        io::ErrorKind::AddrInUse => {
            format!("is a broker running there already? {option} 0 takes a free port")
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this machine has that address: use another --bind".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 need more rights: use another {option}")
        }
        _ => format!("use another --bind or {option}"),
    };
    Error::new(Class::Listen, format!("cannot listen on {address}")).because(cause).hint(hint)
}
