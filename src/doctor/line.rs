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

/// The options that say what opens the key of a certificate.
const KEY_PASSWORDS: &[&str] = &["--key-password", "--key-password-file", "--key-password-env"];

/// The words of a command.
pub(super) struct Line(Vec<String>);

impl Line {
    /// The command that examines `endpoint` in place of the broker of `config`.
    pub(super) fn to(endpoint: &Endpoint, config: &Config) -> Self {
        Self::of(config, endpoint).and(&config.login)
    }

    /// The same, with another user or another password.
    pub(super) fn with_login(config: &Config, login: &[&str]) -> Self {
        Self::of(config, &config.connect.endpoint).and(login)
    }

    fn of(config: &Config, endpoint: &Endpoint) -> Self {
        let command = match config.extent {
            Extent::Ping => "ping",
            Extent::Messages => "doctor",
        };
        let begin = ["mqx", command].map(str::to_owned);
        let words = begin.into_iter().chain(way(endpoint)).chain(config.kept.iter().cloned());
        let tls = endpoint.tls.as_ref().map(TlsClient::options);
        // Of what was typed this is refused, or would not help, on another way.
        let rows: [(bool, &[&str]); 4] = [
            (tls.is_some(), &["--tls-keylog"]),
            (tls.is_some_and(|tls| tls.ciphers.is_some()), &["--ciphers"]),
            (tls.is_some_and(|tls| tls.key_password.is_some()), KEY_PASSWORDS),
            (endpoint.websocket.is_some(), &["--ws-header"]),
        ];
        let idle = rows.iter().filter(|(is_of_use, _)| !is_of_use).flat_map(|(_, names)| *names);
        idle.fold(Self(words.collect()), |line, name| line.without(name))
    }

    /// The same with an option that has this value in place of any other.
    pub(super) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(&[name, value])
    }

    /// The same without this option, which has a value.
    fn without(mut self, name: &str) -> Self {
        while let Some(place) = self.0.iter().position(|word| word == name) {
            self.0.drain(place..(place + 2).min(self.0.len()));
        }
        self
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

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::*;
    use crate::client::ConnectOptions;
    use crate::net::{Ciphers, TlsClientOptions};
    use crate::secret::Secret;

    #[test]
    fn what_was_typed_for_another_way_is_left_out() {
        let kept = ["--ciphers", "x", "-k", "9", "--ws-header", "A: b", "--key-password", "SECRET"];
        let config = Config {
            connect: ConnectOptions::default(),
            topic: String::new(),
            extent: Extent::Ping,
            form: Form::Line,
            kept: kept.map(str::to_owned).to_vec(),
            login: vec!["-u".to_owned(), "ann".to_owned()],
            folders: Vec::new(),
        };
        let plain = Endpoint::tcp("h", 1);
        assert_eq!(Line::to(&plain, &config).to_string(), "mqx ping -h h -p 1 -k 9 -u ann");
        let with_tls = |options: &TlsClientOptions| {
            let tls = Some(TlsClient::new(options).unwrap().0);
            Line::to(&Endpoint { tls, ..plain.clone() }, &config).to_string()
        };
        let fewer = TlsClientOptions { insecure: true, ..TlsClientOptions::default() };
        assert_eq!(with_tls(&fewer), "mqx ping -h h -p 1 --insecure -k 9 -u ann");
        let all = TlsClientOptions {
            ciphers: Ciphers::parse("TLS_AES_128_GCM_SHA256").ok(),
            key_password: Some(Secret::new("p")),
            ..fewer
        };
        let line = with_tls(&all);
        assert!(line.contains("--ciphers x -k 9 --key-password SECRET"), "{line}");
    }
}
