//! Proxies that open a connection to a broker for us: SOCKS5 (RFC 1928, 1929)
//! and HTTP CONNECT (RFC 9110 §9.3.6).
//!
//! [`Proxy`] says which one, [`Dialogue`] is what is said to it before it falls
//! silent and passes bytes on. The dialogues do no IO; `open` does it for them.

mod environment;
mod http;
mod open;
mod socks5;

pub use environment::{from_environment, is_exempt};
pub use http::HttpConnect;
pub(super) use open::open;
pub use socks5::Socks5;

use super::url::{Url, without_user};
use super::{TlsClient, TlsClientOptions};
use crate::error::{Error, Result};
use crate::secret::Secret;
use std::fmt;
use std::net::IpAddr;

/// A proxy and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Proxy {
    kind: Kind,
    host: String,
    port: u16,
    /// User and password; both may be empty.
    login: Option<(String, Secret)>,
    /// How to speak TLS with the proxy itself.
    tls: Option<TlsClient>,
}

/// The kinds of proxies, with what their URLs begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// SOCKS5, asked for an address that was looked up here.
    Socks5,
    /// SOCKS5, asked for the name of the host.
    Socks5h,
    /// HTTP CONNECT.
    Http,
    /// HTTP CONNECT, itself over TLS.
    Https,
}

const KINDS: [(Kind, &str, u16); 4] = [
    (Kind::Socks5, "socks5", 1080),
    (Kind::Socks5h, "socks5h", 1080),
    (Kind::Http, "http", 8080),
    (Kind::Https, "https", 443),
];

/// What a proxy is asked to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A host by its name, which is at most 255 bytes.
    Name(String, u16),
    /// A host by its address.
    Address(IpAddr, u16),
}

/// What to do after what the proxy has said so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Wait for more.
    More,
    /// Answer with these bytes; so many of the proxy's are dealt with.
    Say(usize, Vec<u8>),
    /// From behind so many bytes on it is the broker who speaks.
    Done(usize),
}

/// Why a proxy is of no help, in words that follow its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it said or did.
    pub what: String,
    /// What helps.
    pub hint: Option<&'static str>,
}

impl Fault {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

/// What to do about a proxy that does not know us.
const LOGIN_HINT: &str = "give user and password in its URL: http://USER:PASSWORD@HOST:PORT";

/// What is said to a proxy until it passes bytes on.
pub trait Dialogue {
    /// The first words.
    fn begin(&self) -> Vec<u8>;

    /// What follows on `bytes`, which the proxy sent and were not dealt with.
    ///
    /// # Errors
    /// When the proxy refuses, or is none of this kind.
    fn hear(&mut self, bytes: &[u8]) -> Result<Step, Fault>;
}

impl Proxy {
    /// Its host and its port.
    #[must_use]
    pub fn place(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The proxy with this URL: `socks5`, `socks5h`, `http` or `https`.
    ///
    /// # Errors
    /// A usage error when it is none; it does not show the password.
    pub fn new(text: &str) -> Result<Self> {
        let shown = without_user(text);
        let wrong = |what: &str| Error::usage(format!("{shown} is not the URL of a proxy: {what}"));
        let help = "as in socks5h://localhost:1080 or http://USER:PASSWORD@HOST:3128";
        let url = Url::parse(text).map_err(|what| wrong(&what.to_string()).hint(help))?;
        let kind = KINDS.iter().find(|(_, scheme, _)| *scheme == url.scheme);
        let (kind, _, port) =
            kind.ok_or_else(|| wrong("the schemes are socks5, socks5h, http and https"))?;
        if url.host.is_empty() || !url.path.trim_matches('/').is_empty() {
            return Err(wrong("it is a host and a port and nothing more").hint(help));
        }
        let login = (url.username.is_some() || url.password.is_some()).then(|| {
            let none = Secret::new("");
            (url.username.unwrap_or_default(), url.password.unwrap_or(none))
        });
        let too_long = |(user, password): &(String, Secret)| {
            user.len() > socks5::LONGEST || password.expose().len() > socks5::LONGEST
        };
        if login.as_ref().is_some_and(too_long) {
            return Err(wrong("its user or password is longer than 255 bytes"));
        }
        let tls = (*kind == Kind::Https).then(|| TlsClient::new(&TlsClientOptions::default()));
        let tls = tls.transpose()?.map(|(client, _)| client);
        let port = url.port.unwrap_or(*port);
        Ok(Self { kind: *kind, host: url.host, port, login, tls })
    }

    /// The same, believing in TLS what `tls` does.
    #[must_use]
    pub fn with_tls(self, tls: TlsClient) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Whether it is to be asked for addresses only.
    fn takes_addresses_only(&self) -> bool {
        self.kind == Kind::Socks5
    }

    fn dialogue(&self, target: Target) -> Box<dyn Dialogue + Send + '_> {
        let login = self.login.as_ref();
        let login = login.map(|(user, password)| (user.as_str(), password.expose()));
        match self.kind {
            Kind::Socks5 | Kind::Socks5h => Box::new(Socks5::new(target, login)),
            Kind::Http | Kind::Https => Box::new(HttpConnect::new(target, login)),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = KINDS.iter().find(|(kind, ..)| *kind == self.kind);
        let scheme = row.map_or("", |(_, scheme, _)| scheme);
        let place = super::Place::Tcp { host: self.host.clone(), port: self.port };
        write!(f, "{scheme}://{place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Proxy::new(text).unwrap_err().to_string()
    }

    #[test]
    fn each_kind_has_its_usual_port_and_is_shown_without_its_password() {
        for (text, shown) in [
            ("socks5://h", "socks5://h:1080"),
            ("socks5h://u:hunter2@h/", "socks5h://h:1080"),
            ("HTTP://u:hunter2@[::1]:3128", "http://[::1]:3128"),
        ] {
            let proxy = Proxy::new(text).unwrap();
            assert_eq!(proxy.to_string(), shown);
            assert!(!format!("{proxy:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_proxy_is_said_without_its_password() {
        let long = format!("socks5://{}@h", "u".repeat(256));
        for (text, what) in [
            ("localhost:1080", "no scheme"),
            ("socks4://u:hunter2@h", "the schemes are"),
            ("http://u:hunter2@h/path", "nothing more"),
            ("http://u:hunter2@", "nothing more"),
            (&long, "longer than 255"),
        ] {
            let said = wrong(text);
            assert!(said.contains(what) && !said.contains("hunter2"), "{said}");
        }
    }
}
