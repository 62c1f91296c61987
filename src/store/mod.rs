//! Where a store is, and the way to one at a Redis server, for whatever
//! outlives the process: the broker's sessions and a publisher's messages.

mod address;
mod link;

pub use address::Address;
pub use link::{Failure, LOOK, Link, broken, patiently, token};

use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this path.
    File(PathBuf),
    /// At a Redis server.
    Redis(Address),
}

impl Place {
    /// Reads the address of a Redis server; what is none is a path.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] when it begins as an address and cannot
    /// be read, or is one of something else.
    pub fn parse(text: &OsStr) -> Result<Self> {
        let known = text.to_str().unwrap_or_default();
        match Address::parse(known) {
            Some(address) => address.map(Self::Redis),
            None if known.contains("://") => {
                Err(Error::usage("a store is a path or at a Redis server")
                    .hint("redis://[user:password@]host[:port][/db][?prefix=mqx]"))
            }
            None => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for Place {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address_is_no_path() {
        let place = |text: &str| Place::parse(OsStr::new(text));
        assert_eq!(place("a/b").unwrap(), Place::File("a/b".into()));
        assert!(matches!(place("redis://h").unwrap(), Place::Redis(_)));
        for text in ["http://:secret@h", "rediss://:secret@h", "Redis://:secret@h", "redis://:x"] {
            let error = format!("{:?}", place(text).unwrap_err());
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
