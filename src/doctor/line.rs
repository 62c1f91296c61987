//! The command that examines a broker, as it would have to be typed: what was asked
//! for, with a change. No password is ever a part of it.

use super::{Config, Extent};
use crate::net::{Endpoint, Place, TlsClient, TlsVersion, Trust};
use crate::output::shell_word;
use std::fmt;
use std::path::Path;

/// The port at which clients speak TLS without being told to.
const TLS_PORT: u16 = 8883;

/// The path of WebSocket that need not be named.
const WS_PATH: &str = "/mqtt";

/// The words of a command.
pub(super) struct Line(Vec<String>);

impl Line {
    /// The command that examines `endpoint` in place of the broker of `config`.
    pub(super) fn to(endpoint: &Endpoint, config: &Config) -> Self {
        Self::of_words(config, way(endpoint)).and(&config.login)
    }

    /// The same, with another user or another password.
    pub(super) fn with_login(config: &Config, login: &[&str]) -> Self {
        Self::of_words(config, way(&config.connect.endpoint)).and(login)
    }

    fn of_words(config: &Config, way: Vec<String>) -> Self {
        let command = match config.extent {
            Extent::Ping => "ping",
            Extent::Messages => "doctor",
        };
        let begin = ["mqx", command].map(str::to_owned);
        Self(begin.into_iter().chain(way).chain(config.kept.iter().cloned()).collect())
    }

    /// The same with an option that has this value in place of any other.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        while let Some(place) = self.0.iter().position(|word| word == name) {
            self.0.drain(place..(place + 2).min(self.0.len()));
        }
        self.and(&[name, value])
    }

    fn and<W: AsRef<str>>(mut self, words: &[W]) -> Self {
        self.0.extend(words.iter().map(|word| word.as_ref().to_owned()));
        self
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|word| shell_word(word)).collect();
        f.write_str(&words.join(" "))
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.to_string()
    }
}

/// The options that lead to `endpoint`.
fn way(endpoint: &Endpoint) -> Vec<String> {
    let mut words = place(&endpoint.place);
    words.extend(endpoint.tls.as_ref().map(tls).unwrap_or_default());
    if endpoint.tls.is_none() && matches!(endpoint.place, Place::Tcp { port: TLS_PORT, .. }) {
        words.push("--no-tls".to_owned());
    }
    if let Some(request) = &endpoint.websocket {
        words.push("--ws".to_owned());
        if request.path != WS_PATH {
            words.extend(option("--ws-path", &request.path));
        }
    }
    if let Some(proxy) = &endpoint.proxy {
        words.extend(option("--proxy", &proxy.to_string()));
    }
    words
}

fn place(place: &Place) -> Vec<String> {
    match place {
        Place::Tcp { host, port } => [option("-h", host), option("-p", &port.to_string())].concat(),
        Place::Unix(path) => option("--unix", &shown(path)).into(),
    }
}

fn tls(tls: &TlsClient) -> Vec<String> {
    let options = tls.options();
    let mut words: Vec<String> = match (&options.ca, options.insecure) {
        (_, true) => vec!["--insecure".to_owned()],
        (Trust::System, _) => vec!["--tls".to_owned()],
        (Trust::File(path), _) => option("--tls", &shown(path)).into(),
        (Trust::Folder(path), _) => option("--capath", &shown(path)).into(),
    };
    if let Some((cert, key)) = &options.identity {
        words.extend(option("--cert", &shown(cert)));
        words.extend(option("--key", &shown(key)));
    }
    let version = options.version.map(|version| match version {
        TlsVersion::V12 => "1.2".to_owned(),
        TlsVersion::V13 => "1.3".to_owned(),
    });
    let further = [
        ("--p12", options.pkcs12.as_deref().map(shown)),
        ("--sni", options.server_name.clone()),
        ("--tls-version", version),
    ];
    words.extend(
        further.into_iter().filter_map(|(name, value)| Some(option(name, &value?))).flatten(),
    );
    words.extend(options.alpn.iter().flat_map(|name| option("--tls-alpn", name)));
    words
}

fn option(name: &str, value: &str) -> [String; 2] {
    [name.to_owned(), value.to_owned()]
}

/// The path as a value that is not taken for an option.
fn shown(path: &Path) -> String {
    let shown = path.display().to_string();
    if shown.starts_with('-') { format!("./{shown}") } else { shown }
}
