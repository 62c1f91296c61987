//! Opens a connection through a proxy: what its dialogue says goes over a socket.

use super::{Dialogue, Fault, Proxy, Step, Target};
use crate::error::{Class, Error, Result};
use crate::net::connect::encrypt;
use crate::net::{Endpoint, Stream, dial};
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

/// Connects to `host` through `proxy` before `deadline`, from the address
/// `bind` of this machine if there is one.
///
/// # Errors
/// [`Class::Connect`] or [`Class::Tls`], in words that say whether it is the
/// proxy that failed.
pub(in crate::net) async fn open(
    proxy: &Proxy,
    (host, port): (&str, u16),
    bind: Option<IpAddr>,
    deadline: Instant,
) -> Result<Stream> {
    let mut failure = Error::new(Class::Connect, "no address was found");
    for target in targets(proxy, host, port, deadline).await? {
        match through(proxy, target, bind, deadline).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn targets(proxy: &Proxy, host: &str, port: u16, deadline: Instant) -> Result<Vec<Target>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![Target::Address(address, port)]);
    }
    if !proxy.takes_addresses_only() {
        return Ok(vec![Target::Name(host.to_owned(), port)]);
    }
    let addresses = dial::resolve(host, port, deadline).await?;
    Ok(addresses.iter().map(|address| Target::Address(address.ip(), port)).collect())
}

async fn through(
    proxy: &Proxy,
    target: Target,
    bind: Option<IpAddr>,
    deadline: Instant,
) -> Result<Stream> {
    let socket = dial::tcp(&proxy.host, proxy.port, bind, deadline).await?;
    let socket = socket.map_err(|cause| {
        let what = format!("cannot connect to the proxy {proxy}");
        let hint = "check --proxy and the variables ALL_PROXY, HTTPS_PROXY and http_proxy";
        Error::new(Class::Connect, what).because(cause).hint(hint)
    })?;
    let mut stream = Stream::Tcp(socket);
    if let Some(tls) = &proxy.tls {
        let own = Endpoint { tls: Some(tls.clone()), ..Endpoint::tcp(&proxy.host, proxy.port) };
        stream = encrypt(&own, stream, deadline).await?;
    }
    let mut dialogue = proxy.dialogue(target);
    match timeout_at(deadline, converse(&mut stream, &mut *dialogue)).await {
        Ok(Ok(())) => Ok(stream),
        Ok(Err(trouble)) => Err(trouble.explain(proxy)),
        Err(_) => Err(Trouble::Fault(Fault::new("does not answer in time")).explain(proxy)),
    }
}

/// What ended a dialogue before its end.
enum Trouble {
    Socket(io::Error),
    Fault(Fault),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Trouble {
    fn explain(self, proxy: &Proxy) -> Error {
        let error = |what: &str| Error::new(Class::Connect, format!("the proxy {proxy} {what}"));
        match self {
            Self::Socket(cause) => error("was lost before it opened the way").because(cause),
            Self::Fault(Fault { what, hint: None }) => error(&what),
            Self::Fault(Fault { what, hint: Some(hint) }) => error(&what).hint(hint),
        }
    }
}

async fn converse(stream: &mut Stream, dialogue: &mut dyn Dialogue) -> Result<(), Trouble> {
    stream.write_all(&dialogue.begin()).await?;
    stream.flush().await?;
    let mut heard = Vec::new();
    loop {
        match dialogue.hear(&heard)? {
            Step::More => {
                let mut bytes = [0; 1024];
                let count = stream.read(&mut bytes).await?;
                if count == 0 {
                    return Err(Fault::new("closes the connection").into());
                }
                heard.extend_from_slice(bytes.get(..count).unwrap_or_default());
            }
            Step::Say(taken, words) => {
                heard.drain(..taken.min(heard.len()));
                stream.write_all(&words).await?;
                stream.flush().await?;
            }
            Step::Done(taken) if taken == heard.len() => return Ok(()),
            // A broker does not speak before it is spoken to.
            Step::Done(_) => return Err(Fault::new("sends what nobody asked for").into()),
        }
    }
}
