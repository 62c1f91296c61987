//! From a host name to an open stream within a time limit.

use super::explain::{self, explain};
use super::{Endpoint, Stream, TlsClient};
use crate::error::{Class, Error, Result};
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

/// Resolves the host, tries its addresses in turn until one accepts, and does
/// the TLS handshake if the endpoint asks for it, all within `limit`.
///
/// An address that does not answer gets its share of the time that is left, so
/// one dead address cannot use up the time of the others.
///
/// # Errors
/// [`Class::Connect`] if nothing accepts the connection, [`Class::Tls`] if the
/// handshake fails; both name the endpoint and, where known, the cure.
pub async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<Stream> {
    let deadline = Instant::now() + limit;
    let addresses = resolve(endpoint, deadline).await?;
    let socket = dial(endpoint, &addresses, deadline).await?;
    match &endpoint.tls {
        None => Ok(Stream::Tcp(socket)),
        Some(tls) => handshake(endpoint, tls, socket, deadline).await,
    }
}

async fn resolve(endpoint: &Endpoint, deadline: Instant) -> Result<Vec<SocketAddr>> {
    let lookup = lookup_host((endpoint.host.as_str(), endpoint.port));
    let found = match timeout_at(deadline, lookup).await {
        Ok(found) => found.map(Vec::from_iter),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    match found {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(unknown_host(endpoint, io::ErrorKind::NotFound.into())),
        Err(cause) => Err(unknown_host(endpoint, cause)),
    }
}

fn unknown_host(endpoint: &Endpoint, cause: io::Error) -> Error {
    let host = &endpoint.host;
    let hint = match host {
        host if host.contains("://") => "give the host name alone, without the scheme",
        host if host.contains(':') => "give the host name alone and the port with --port",
        _ => "check the spelling of the host name and that this machine can resolve names",
    };
    let what = format!("unknown host {}", crate::output::escape(host));
    Error::new(Class::Connect, what).because(cause).hint(hint)
}

async fn dial(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::TimedOut);
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = deadline.duration_since(Instant::now()) / u32::try_from(left).unwrap_or(1);
        let opened = timeout(share, open(*address)).await;
        match opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = more_telling(failure, error),
        }
    }
    Err(not_connected(endpoint, failure))
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Of two failures the one to report: a refusal shows that a machine is there,
/// which says more than an address family this network does not have.
fn more_telling(old: io::Error, new: io::Error) -> io::Error {
    if old.kind() == io::ErrorKind::ConnectionRefused { old } else { new }
}

fn not_connected(endpoint: &Endpoint, cause: io::Error) -> Error {
    let error = Error::new(Class::Connect, format!("cannot connect to {endpoint}"))
        .hint(cure(&cause, endpoint.tls.is_some()));
    match cause.kind() {
        io::ErrorKind::TimedOut => error.because(io::Error::other("no answer in time")),
        _ => error.because(cause),
    }
}

fn cure(cause: &io::Error, with_tls: bool) -> &'static str {
    match cause.kind() {
        io::ErrorKind::ConnectionRefused if with_tls => {
            "is a broker with TLS running there? `mqx broker --cert CRT --key KEY` starts one, \
             `mqx certs init` makes the files"
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

async fn handshake(
    endpoint: &Endpoint,
    tls: &TlsClient,
    socket: TcpStream,
    deadline: Instant,
) -> Result<Stream> {
    let name = ServerName::try_from(endpoint.host.clone()).map_err(|cause| {
        let what =
            format!("TLS cannot check the host name {}", crate::output::escape(&endpoint.host));
        Error::new(Class::Tls, what).because(cause)
    })?;
    match timeout_at(deadline, tls.connector().connect(name, socket)).await {
        Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
        Ok(Err(error)) if explain::is_tls(&error) => Err(explain(error, endpoint)),
        Ok(Err(error)) => Err(explain::no_tls(endpoint, "closed the connection").because(error)),
        Err(_) => Err(explain::no_tls(endpoint, "did not answer in time")),
    }
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
