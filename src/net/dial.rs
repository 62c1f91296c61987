//! Opens the socket that everything else goes through.

use super::{Endpoint, Place, Stream, proxy};
use crate::error::{Class, Error, Result};
use crate::output::escape;
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

/// Connects a socket to the place of `endpoint` before `deadline`.
///
/// Of a host with several addresses each gets its share of the time that is
/// left, so one dead address cannot use up the time of the others.
///
/// # Errors
/// [`Class::Connect`] if nobody accepts the connection, or the proxy does not help.
pub async fn dial(endpoint: &Endpoint, deadline: Instant) -> Result<Stream> {
    match (&endpoint.place, &endpoint.proxy) {
        (Place::Tcp { host, port }, None) => {
            let socket = tcp(host, *port, endpoint.bind, deadline).await?;
            socket.map(Stream::Tcp).map_err(|cause| not_connected(endpoint, cause))
        }
        (Place::Tcp { host, port }, Some(proxy)) => {
            proxy::open(proxy, (host, *port), endpoint.bind, deadline).await
        }
        (Place::Unix(path), _) => match timeout_at(deadline, UnixStream::connect(path)).await {
            Ok(Ok(socket)) => Ok(Stream::Unix(socket)),
            Ok(Err(cause)) => Err(no_socket(path, cause)),
            Err(_) => Err(no_socket(path, io::ErrorKind::TimedOut.into())),
        },
    }
}

/// A socket connected to `host` from the address `bind` of this machine.
///
/// # Errors
/// When the host is not known; why it cannot be connected to is in the result,
/// for the caller to put into words.
pub(super) async fn tcp(
    host: &str,
    port: u16,
    bind: Option<IpAddr>,
    deadline: Instant,
) -> Result<io::Result<TcpStream>> {
    let addresses = resolve(host, port, deadline).await?;
    Ok(first_of(&addresses, bind, deadline).await)
}

/// The addresses of `host`, at least one, each with `port`.
///
/// # Errors
/// [`Class::Connect`] if the host is not known.
pub async fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>> {
    let found = match timeout_at(deadline, lookup_host((host, port))).await {
        Ok(found) => found.map(Vec::from_iter),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    match found {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(unknown(host, io::ErrorKind::NotFound.into())),
        Err(cause) => Err(unknown(host, cause)),
    }
}

fn unknown(host: &str, cause: io::Error) -> Error {
    let hint = match host {
        host if host.contains("://") => {
            "give the host name without the scheme, or the whole URL with -b"
        }
        host if host.contains(':') => "give the host name alone and the port with --port",
        _ => "check the spelling of the host name and that this machine can resolve names",
    };
    let what = format!("unknown host {}", escape(host));
    Error::new(Class::Connect, what).because(Unresolved(cause)).hint(hint)
}

/// Why a name has no address.
#[derive(Debug)]
struct Unresolved(io::Error);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Unresolved {}

/// Whether `error` says that a host is not known.
#[must_use]
pub fn is_unresolved(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<Unresolved>)
}

async fn first_of(
    addresses: &[SocketAddr],
    bind: Option<IpAddr>,
    deadline: Instant,
) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::TimedOut);
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = deadline.duration_since(Instant::now()) / u32::try_from(left).unwrap_or(1);
        let opened = timeout(share, open(*address, bind)).await;
        match opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = more_telling(failure, error),
        }
    }
    Err(failure)
}

/// A connection to this address and no other, before `deadline`; the error is for
/// [`not_connected`].
///
/// # Errors
/// Why nobody accepts it.
pub async fn try_address(
    address: SocketAddr,
    bind: Option<IpAddr>,
    deadline: Instant,
) -> io::Result<Stream> {
    let opened = timeout_at(deadline, open(address, bind)).await;
    opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map(Stream::Tcp)
}

async fn open(address: SocketAddr, bind: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = match bind {
        None => TcpStream::connect(address).await?,
        Some(bind) => bound(bind, address.is_ipv4())?.connect(address).await?,
    };
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn bound(bind: IpAddr, to_ipv4: bool) -> io::Result<TcpSocket> {
    if bind.is_ipv4() != to_ipv4 {
        let what = format!("the host has no address of the kind that {bind} is");
        return Err(io::Error::other(what));
    }
    let socket = if to_ipv4 { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    let failed = |cause| io::Error::other(format!("cannot connect from {bind}: {cause}"));
    socket.bind(SocketAddr::new(bind, 0)).map_err(failed)?;
    Ok(socket)
}

/// Of two failures the one to report: a refusal shows that a machine is there,
/// which says more than an address family this network does not have.
fn more_telling(old: io::Error, new: io::Error) -> io::Error {
    if old.kind() == io::ErrorKind::ConnectionRefused { old } else { new }
}

/// The failure to open a connection to `endpoint`, with its cure.
#[must_use]
pub fn not_connected(endpoint: &Endpoint, cause: io::Error) -> Error {
    let error = Error::new(Class::Connect, format!("cannot connect to {endpoint}"))
        .hint(cure(&cause, endpoint.tls.is_some()));
    match cause.kind() {
        io::ErrorKind::TimedOut => error.because(io::Error::new(cause.kind(), "no answer in time")),
        _ => error.because(cause),
    }
}

fn cure(cause: &io::Error, with_tls: bool) -> &'static str {
    match cause.kind() {
        io::ErrorKind::ConnectionRefused if with_tls => {
            "is a broker with TLS running there? `mqx broker --tls auto` starts one"
        }
        io::ErrorKind::ConnectionRefused => "is a broker running there? `mqx broker` starts one",
        io::ErrorKind::TimedOut => {
            "check the host and the port; a firewall may be dropping the packets"
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no free port left for a connection",
        _ if cause.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
            "allow this process more open files, with ulimit -n"
        }
        _ => "check the host and this machine's network",
    }
}

fn no_socket(path: &Path, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::PermissionDenied => {
            "the socket and its directories must be writable for this user"
        }
        _ => "is a broker listening there? `mqx broker --unix PATH` starts one",
    };
    let what = format!("cannot connect to {}", path.display());
    Error::new(Class::Connect, what).because(cause).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_outweighs_other_failures_and_otherwise_the_last_one_counts() {
        use io::ErrorKind::{ConnectionRefused, NetworkUnreachable, TimedOut};
        for (old, new, told) in [
            (ConnectionRefused, TimedOut, ConnectionRefused),
            (TimedOut, ConnectionRefused, ConnectionRefused),
            (NetworkUnreachable, TimedOut, TimedOut),
        ] {
            assert_eq!(more_telling(old.into(), new.into()).kind(), told);
        }
    }

    #[test]
    fn running_out_of_files_is_not_blamed_on_the_network() {
        let cause = Errno::MFILE.into();
        assert!(cure(&cause, false).contains("ulimit -n"));
    }
}
