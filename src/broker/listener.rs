//! Listening, and handing on who comes.

use super::address::Address;
use super::config::{DEFAULT_WS_PATH, Listen};
use super::door::{Door, Place};
use super::reception::Reception;
use super::socket::Accepted;
use super::unix::{self, SocketFile};
use super::worker::{Arrival, Incoming};
use crate::error::{Class, Error, Result};
use crate::net::websocket::ANY_PATH;
use crate::output;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
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

/// A bound socket that accepts connections for all workers.
#[derive(Debug)]
pub(super) struct Listener {
    bound: Bound,
    door: Arc<Door>,
}

#[derive(Debug)]
enum Bound {
    Tcp(std::net::TcpListener, SocketAddr),
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

/// What a worker accepts from.
enum Acceptor {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

/// Binds everything `listen` says, for clients that `reception` meets.
pub(super) fn bind_all(listen: &Listen, reception: &Arc<Reception>) -> Result<Vec<Listener>> {
    let door = Door {
        bare: !listen.require_tls,
        place: Place::Port,
        proxied: listen.proxy_protocol,
        path: listen.ws_path.as_str().into(),
        reception: Arc::clone(reception),
    };
    let ports = [
        ("--port", listen.port, door.clone()),
        ("--tls-port", listen.tls_port, Door { bare: false, ..door.clone() }),
        ("--ws-port", listen.ws_port, Door { place: Place::WebSocketPort, ..door.clone() }),
        ("--http-port", listen.http_port, Door { place: Place::HttpPort, ..door.clone() }),
    ];
    let mut listeners = Vec::new();
    for (option, port, door) in ports {
        let Some(port) = port else { continue };
        let door = Arc::new(door);
        for (socket, at) in bind(listen, port, option)? {
            listeners.push(Listener { bound: Bound::Tcp(socket, at), door: Arc::clone(&door) });
        }
    }
    if let Some(path) = &listen.unix {
        let (socket, file) = unix::listen(path)?;
        let door = Arc::new(Door { bare: true, place: Place::UnixSocket, ..door });
        listeners.push(Listener { bound: Bound::Unix(socket, file), door });
    }
    Ok(listeners)
}

/// A bound TCP socket and where it is.
type BoundTcp = (std::net::TcpListener, SocketAddr);

/// Binds `port`, which `option` gave, where `listen` says, which without an
/// address is on the loopback addresses.
fn bind(listen: &Listen, port: u16, option: &str) -> Result<Vec<BoundTcp>> {
    let interface = listen.interface.as_deref();
    let bind = |ip: IpAddr, port: u16| {
        let address = SocketAddr::from((ip, port));
        listen_at(address, interface).map_err(|cause| refused(address, option, cause))
    };
    if let Some(address) = listen.bind {
        return Ok(vec![bind(address, port)?]);
    }
    let first = bind(Ipv4Addr::LOCALHOST.into(), port)?;
    let port = first.1.port();
    let mut bound = vec![first];
    // A machine without IPv6 has no second loopback address, and a free port
    // of the first may be taken on the second: neither keeps a broker down.
    bound.extend(bind(Ipv6Addr::LOCALHOST.into(), port));
    Ok(bound)
}

/// How clients name what is listened on: MQTT first, then WebSocket and HTTP.
pub(super) fn addresses(listeners: &[Listener]) -> Vec<Address> {
    let mqtt = listeners.iter().filter_map(Listener::mqtt);
    let websocket = listeners.iter().filter_map(Listener::websocket);
    mqtt.chain(websocket).chain(listeners.iter().filter_map(Listener::http)).collect()
}

impl Listener {
    fn mqtt(&self) -> Option<Address> {
        match &self.bound {
            Bound::Tcp(_, at) => {
                let tls = !self.door.bare;
                let mqtt = self.door.place == Place::Port;
                mqtt.then_some(Address::Mqtt { tls, socket: *at })
            }
            Bound::Unix(_, file) => Some(Address::Unix(file.path())),
        }
    }

    fn websocket(&self) -> Option<Address> {
        let Bound::Tcp(_, socket) = self.bound else { return None };
        let path = match &*self.door.path {
            ANY_PATH => DEFAULT_WS_PATH.into(),
            _ => Arc::clone(&self.door.path),
        };
        let spoken = self.door.place != Place::HttpPort;
        spoken.then_some(Address::WebSocket { tls: !self.door.bare, socket, path })
    }

    /// Only a port of its own is named: that others serve it too goes without
    /// saying.
    fn http(&self) -> Option<Address> {
        let Bound::Tcp(_, socket) = self.bound else { return None };
        (self.door.place == Place::HttpPort)
            .then_some(Address::Http { tls: !self.door.bare, socket })
    }

    /// The file to remove when nobody listens any more.
    pub(super) fn file(&self) -> Option<SocketFile> {
        match &self.bound {
            Bound::Tcp(..) => None,
            Bound::Unix(_, file) => Some(file.clone()),
        }
    }

    /// Accepts connections and hands them to the workers in turn.
    pub(super) async fn accept(self, workers: Vec<mpsc::UnboundedSender<Arrival>>) {
        let Ok(acceptor) = self.bound.register() else {
            return;
        };
        let mut warned = false;
        for worker in workers.iter().cycle() {
            let socket = loop {
                match acceptor.accept().await {
                    Ok(socket) => break socket,
                    Err(cause) => wait_after(&cause, &mut warned).await,
                }
            };
            let door = Arc::clone(&self.door);
            if worker.send(Arrival::Incoming(Incoming { socket, door })).is_err() {
                return;
            }
        }
    }
}

impl Bound {
    fn register(self) -> io::Result<Acceptor> {
        match self {
            Self::Tcp(socket, _) => tokio::net::TcpListener::from_std(socket).map(Acceptor::Tcp),
            Self::Unix(socket, _) => tokio::net::UnixListener::from_std(socket).map(Acceptor::Unix),
        }
    }
}

impl Acceptor {
    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                socket.into_std().map(Accepted::Tcp)
            }
            Self::Unix(listener) => {
                let (socket, _) = listener.accept().await?;
                socket.into_std().map(Accepted::Unix)
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

/// Listens on `address`; where there is no IPv6, `::` is every address there is.
fn listen_at(address: SocketAddr, interface: Option<&str>) -> io::Result<BoundTcp> {
    let everywhere = address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    listen_on(address, interface).or_else(|failed| match failed.raw_os_error() {
        Some(code) if everywhere && code == Errno::AFNOSUPPORT.raw_os_error() => {
            listen_on((Ipv4Addr::UNSPECIFIED, address.port()).into(), interface)
        }
        _ => Err(failed),
    })
}

fn listen_on(address: SocketAddr, interface: Option<&str>) -> io::Result<BoundTcp> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    if let Some(interface) = interface {
        keep_to(&socket, interface)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = std::net::TcpListener::from(socket);
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Keeps out whoever does not come by this network interface.
#[cfg(target_os = "linux")]
fn keep_to(socket: &Socket, interface: &str) -> io::Result<()> {
    socket.bind_device(Some(interface.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn keep_to(_: &Socket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn refused(address: SocketAddr, option: &str, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        _ if cause.raw_os_error() == Some(Errno::NODEV.raw_os_error()) => {
            "no interface of this machine has that name: use another --bind-interface".to_owned()
        }
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
