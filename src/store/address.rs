//! Where a Redis server is, and under which keys a store is there.

use crate::error::{Error, Result};
use crate::secret::Secret;
use ::redis::{Client, ConnectionAddr, IntoConnectionInfo as _};
use std::fmt;

/// What the keys begin with where nothing else is said.
const PREFIX: &str = "mqx";

/// How a place at a Redis server begins.
const SCHEME: &str = "redis://";

/// The same under TLS, which is not spoken here.
const OVER_TLS: &str = "rediss://";

/// A store at a Redis server: `redis://[user:password@]host[:port][/db][?prefix=mqx]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// With the password, if there is one.
    url: Secret,
    /// Without.
    shown: String,
    prefix: String,
}

impl Address {
    /// Reads an address; `None` is something else, such as a path.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] when it begins as one and cannot be read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Result<Self>> {
        if text.starts_with(OVER_TLS) {
            let hint = "use redis:// to a server on this machine, or through a tunnel";
            return Some(Err(Error::usage("a store at Redis is not reached over TLS").hint(hint)));
        }
        text.starts_with(SCHEME).then(|| Self::read(text))
    }

    fn read(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::usage(format!("the address of the store at Redis: {what}"))
                .hint("redis://[user:password@]host[:port][/db][?prefix=mqx]")
        };
        let (url, query) = text.split_once('?').unwrap_or((text, ""));
        let prefix = match query.split_once('=') {
            None if query.is_empty() => PREFIX,
            Some(("prefix", prefix)) if is_prefix(prefix) => prefix,
            Some(("prefix", _)) => return Err(wrong("a prefix has letters, digits and -._:")),
            _ => return Err(wrong("behind the question mark is prefix=... only")),
        };
        // What the library says of an address might repeat the password.
        let info = url.into_connection_info().map_err(|_| wrong("it cannot be read"))?;
        let (at, db) = (place(info.addr()), info.redis_settings().db());
        let shown = format!("{SCHEME}{at}/{db}?prefix={prefix}");
        Ok(Self { url: Secret::new(url), shown, prefix: prefix.to_owned() })
    }

    /// A client for the server.
    pub(super) fn client(&self) -> ::redis::RedisResult<Client> {
        Client::open(String::from_utf8_lossy(self.url.expose()).as_ref())
    }

    /// The name of a key of the store.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }
}

/// Host and port as an address names them.
fn place(addr: &ConnectionAddr) -> String {
    match addr {
        ConnectionAddr::Tcp(host, port) if host.contains(':') => {
            let host = host.trim_matches(['[', ']']);
            format!("[{host}]:{port}")
        }
        other => other.to_string(),
    }
}

fn is_prefix(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_whole_and_without_its_password() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379/0?prefix=mqx"),
            ("redis://u:secret@[::1]:7000/3?prefix=a:b", "redis://[::1]:7000/3?prefix=a:b"),
        ] {
            let address = Address::parse(text).unwrap().unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"));
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_its_password() {
        for text in [
            "rediss://:secret@localhost",
            "redis://:secret@localhost:x",
            "redis://:secret@localhost/x",
            "redis://:secret@localhost?perfix=a",
            "redis://:secret@localhost?prefix=",
            "redis://:secret@localhost?prefix=a%20",
        ] {
            let error = Address::parse(text).unwrap().unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{text}");
        }
        assert!(Address::parse("redis.db").is_none());
    }
}
