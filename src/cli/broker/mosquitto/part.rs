//! A listener of mosquitto.conf.

use super::line::Line;
use crate::broker::DEFAULT_PORT;
use crate::cli::broker::sources::Entries;
use crate::error::Result;
use crate::net::websocket::ANY_PATH;

/// The address that lets everybody in, over IPv4 and IPv6.
pub(super) const ANYWHERE: &str = "::";

/// A listener as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// What is said of it in the words of mqx.
    pub(super) entries: Entries,
    /// Where it begins, `FILE:LINE`.
    pub(super) place: String,
    pub(super) port: Option<String>,
    unix: Option<String>,
    pub(super) bind: Option<String>,
    /// The address that stands for the version of IP that is asked for.
    pub(super) domain: Option<&'static str>,
    /// Whether it is for WebSocket only.
    pub(super) websocket: bool,
}

impl Part {
    /// The listener that `listener PORT [ADDRESS|PATH]` begins.
    pub(super) fn new(line: &Line<'_>) -> Result<Self> {
        let (port, at) = line.value.split_once(char::is_whitespace).unwrap_or((line.value, ""));
        let mut new = Self { place: line.place.clone(), ..Self::default() };
        match (port, at.trim()) {
            ("0", "") => return Err(line.wrong("port 0 is for the path of a Unix socket")),
            ("0", path) => new.unix = Some(path.to_owned()),
            (port, "") => new.port = Some(port.to_owned()),
            (port, host) => {
                new.port = Some(port.to_owned());
                new.bind = Some(line.address(host)?);
            }
        }
        Ok(new)
    }

    /// All that is said of it: a default listener nobody has named is for this
    /// machine only.
    pub(super) fn finish(mut self, local: bool) -> Entries {
        let port = if self.websocket { "ws-port" } else { "port" };
        let bind = self.bind.take().unwrap_or_else(|| self.domain.unwrap_or(ANYWHERE).to_owned());
        let place = std::mem::take(&mut self.place);
        let mut say = |option: &str, value: &str| self.entries.say(option, value, &place);
        match self.unix.take() {
            Some(path) => say("unix", &path),
            None if local && !self.websocket => {}
            None => say(port, &self.port.take().unwrap_or_else(|| DEFAULT_PORT.to_string())),
        }
        if !local {
            say("bind", &bind);
        }
        if self.websocket {
            self.entries.say("ws-path", ANY_PATH, &place);
        }
        self.tls(&place);
        self.entries
    }

    /// A port with a certificate takes nothing but TLS, and clients are asked
    /// for theirs only if they must have one.
    fn tls(&mut self, place: &str) {
        if self.entries.has("cert") {
            self.entries.say("require-tls", "true", place);
        }
        if !self.entries.has("require-client-cert") {
            self.entries.remove("cafile");
            self.entries.remove("capath");
        }
    }
}
