//! One line of mosquitto.conf.

use crate::error::{Class, Error, Result};
use crate::output;
use std::net::{IpAddr, ToSocketAddrs as _};

/// A line that says something.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// What stands behind the name, without the spaces around.
    pub(super) value: &'a str,
    /// `FILE:LINE`.
    pub(super) place: String,
}

/// The lines of `text`, the content of the file `file`, that are neither empty
/// nor a comment.
pub(super) fn lines<'a>(text: &'a str, file: &str) -> impl Iterator<Item = Line<'a>> {
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        let (name, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let says = !line.is_empty() && !line.starts_with('#');
        says.then(|| Line { name, value: value.trim(), place: format!("{file}:{}", index + 1) })
    })
}

impl Line<'_> {
    /// The error for what is wrong with this line.
    pub(super) fn wrong(&self, what: &str) -> Error {
        let (name, value) = (output::escape(self.name), output::escape(self.value));
        let said = format!("{name} {value}");
        Error::new(Class::File, format!("{}: {}: {what}", self.place, said.trim_end()))
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self) -> Result<bool> {
        self.one_of(&[("true", true), ("1", true), ("false", false), ("0", false)])
    }

    /// What stands for the value in `table`.
    pub(super) fn one_of<T: Copy>(&self, table: &[(&str, T)]) -> Result<T> {
        let row = table.iter().find(|row| row.0 == self.value);
        row.map(|row| row.1).ok_or_else(|| {
            let known: Vec<_> = table.iter().map(|row| row.0).collect();
            self.wrong(&format!("this is one of {}", known.join(", ")))
        })
    }

    /// The address of this machine that `host` names.
    pub(super) fn address(&self, host: &str) -> Result<String> {
        let address = match host.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => self.resolved(host)?,
        };
        Ok(address.to_string())
    }

    fn resolved(&self, host: &str) -> Result<IpAddr> {
        let unknown = || self.wrong("this machine has no address of that name");
        let mut addresses = (host, 0).to_socket_addrs().map_err(|_| unknown())?;
        addresses.next().map(|address| address.ip()).ok_or_else(unknown)
    }
}
