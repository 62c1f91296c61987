//! The options that say where the brokers are, and what URLs say beside that.

use super::websocket::Carrier;
use crate::error::{Error, Result};
use crate::net::Place;
use crate::net::url::{self, Url, percent_decoded};
use crate::secret::Secret;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use std::path::PathBuf;

/// The port of MQTT over TLS; one that is named without a scheme means TLS.
const TLS_PORT: u16 = 8883;

/// Where to look for a broker when nothing says it.
const HOST: &str = "localhost";

/// What the scheme of a URL means.
struct Scheme {
    names: &'static [&'static str],
    tls: bool,
    /// Whether the path is that of WebSocket and not a topic.
    ws: bool,
    /// The port when none is named; a scheme without one names a file.
    port: Option<u16>,
}

const SCHEMES: &[Scheme] = &[
    Scheme { names: &["mqtt", "tcp"], tls: false, ws: false, port: Some(1883) },
    Scheme { names: &["mqtts", "ssl", "tls"], tls: true, ws: false, port: Some(TLS_PORT) },
    Scheme { names: &["ws"], tls: false, ws: true, port: Some(80) },
    Scheme { names: &["wss"], tls: true, ws: true, port: Some(443) },
    Scheme { names: &["unix"], tls: false, ws: false, port: None },
];

/// Where the brokers are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct BrokerArgs {
    /// Host name or address of the broker; of several the next is tried when one
    /// fails (repeatable) [default: localhost]
    #[arg(short = 'h', long, alias = "hostname", value_parser = NonEmptyStringValueParser::new())]
    host: Vec<String>,

    /// Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,

    #[arg(
        help = "Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], \
                ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile",
        short, long, alias = "url", value_name = "URL|PROFILE",
        conflicts_with_all = ["host", "port", "unix"]
    )]
    broker: Vec<Secret>,

    /// Unix socket of the broker
    #[arg(long, value_name = "PATH", conflicts_with_all = ["host", "port"])]
    unix: Option<PathBuf>,
}

/// One broker, as far as these options say.
#[derive(Debug)]
pub(super) struct Broker {
    pub(super) place: Place,
    pub(super) tls: bool,
    pub(super) carrier: Carrier,
    pub(super) login: Login,
    pub(super) topic: Option<String>,
}

/// Who a URL says to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Login {
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
}

/// What other options say of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Wanted,
    Forbidden,
    /// Nothing was said.
    Open,
}

impl BrokerArgs {
    /// The broker with this URL and no other.
    pub(super) fn at(url: &Secret) -> Self {
        Self { broker: vec![url.clone()], host: Vec::new(), port: None, unix: None }
    }

    /// The brokers in the order in which they are tried; at least one.
    /// What is not named by a URL speaks over `carrier`.
    pub(super) fn read(self, encryption: Encryption, carrier: &Carrier) -> Result<Vec<Broker>> {
        if !self.broker.is_empty() {
            return from_urls(&self.broker, encryption);
        }
        let implied = self.port == Some(TLS_PORT) && encryption == Encryption::Open;
        let tls = encryption == Encryption::Wanted || implied;
        let port = self.port.unwrap_or(if tls { TLS_PORT } else { 1883 });
        let (carrier, login) = (carrier.clone(), Login::default());
        let at = |place| Broker {
            place,
            tls,
            carrier: carrier.clone(),
            login: login.clone(),
            topic: None,
        };
        if let Some(path) = self.unix {
            return Ok(vec![at(Place::Unix(path))]);
        }
        let hosts = if self.host.is_empty() { vec![HOST.to_owned()] } else { self.host };
        Ok(hosts.into_iter().map(|host| at(Place::Tcp { host, port })).collect())
    }
}

fn from_urls(texts: &[Secret], encryption: Encryption) -> Result<Vec<Broker>> {
    let texts = texts.iter().map(|text| String::from_utf8_lossy(text.expose()));
    let brokers = texts.map(|text| broker(&text)).collect::<Result<Vec<_>>>()?;
    match encryption {
        Encryption::Wanted if !brokers.iter().any(|broker| broker.tls) => {
            Err(Error::usage("options of TLS are given, but the URL is without TLS")
                .hint("write mqtts:// instead of mqtt://"))
        }
        Encryption::Forbidden if brokers.iter().any(|broker| broker.tls) => {
            Err(Error::usage("--no-tls is given, but the URL is one with TLS"))
        }
        _ if !are_alike(&brokers) => Err(Error::usage(
            "the URLs name different users, passwords or topics; only the places may differ",
        )),
        _ => Ok(brokers),
    }
}

/// Whether a client can go from each to each without becoming another.
fn are_alike(brokers: &[Broker]) -> bool {
    let mut pairs = brokers.iter().zip(brokers.iter().skip(1));
    pairs.all(|(one, other)| one.login == other.login && one.topic == other.topic)
}

fn broker(text: &str) -> Result<Broker> {
    let shown = url::without_user(text);
    let wrong = |what: &str| Error::usage(format!("{shown} is not the URL of a broker: {what}"));
    let help = "as in mqtt://localhost:1883; -h HOST -p PORT needs no scheme";
    let url = Url::parse(text).map_err(|what| wrong(&what.to_string()).hint(help))?;
    let scheme = SCHEMES.iter().find(|scheme| scheme.names.contains(&url.scheme.as_str()));
    let scheme = scheme.ok_or_else(|| wrong(&known_schemes()))?;
    let (mut carrier, mut topic) = (Carrier::Bare, None);
    if scheme.ws {
        carrier = Carrier::WebSocket(Some(url.path.clone()).filter(|path| !path.is_empty()));
    } else if scheme.port.is_some() {
        topic = topic_in(&url.path).map_err(wrong)?;
    }
    let place = match scheme.port {
        Some(_) if url.host.is_empty() => return Err(wrong("it names no host")),
        Some(port) => Place::Tcp { host: url.host, port: url.port.unwrap_or(port) },
        None if url.path.is_empty() || !url.host.is_empty() || url.port.is_some() => {
            return Err(wrong("the path of a socket follows three slashes: unix:///run/mqx.sock"));
        }
        None => Place::Unix(url.path.into()),
    };
    let login = Login { username: url.username, password: url.password };
    Ok(Broker { place, tls: scheme.tls, carrier, login, topic })
}

fn known_schemes() -> String {
    let names: Vec<_> = SCHEMES.iter().filter_map(|scheme| scheme.names.first().copied()).collect();
    format!("the schemes are {}", names.join(", "))
}

/// The topic that a path names, without its first slash.
fn topic_in(path: &str) -> Result<Option<String>, &'static str> {
    let text = path.strip_prefix('/').unwrap_or_default();
    let bytes = percent_decoded(text).map_err(|_| "a % in its topic is written %25")?;
    let topic = String::from_utf8(bytes).map_err(|_| "its topic is not UTF-8")?;
    Ok((!topic.is_empty()).then_some(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Broker {
        broker(text).unwrap()
    }

    fn wrong(text: &str) -> String {
        broker(text).unwrap_err().to_string()
    }

    #[test]
    fn a_scheme_gives_the_port_and_says_whether_tls_is_spoken() {
        for (text, place, tls) in [
            ("mqtt://h", "h:1883", false),
            ("tcp://h:1", "h:1", false),
            ("mqtts://h", "h:8883", true),
            ("ssl://[::1]", "[::1]:8883", true),
            ("ws://h/mqtt", "h:80", false),
            ("wss://h", "h:443", true),
            ("unix:///run/a.sock", "/run/a.sock", false),
        ] {
            assert_eq!((url(text).place.to_string().as_str(), url(text).tls), (place, tls));
        }
    }

    #[test]
    fn the_path_of_mqtt_is_a_topic() {
        assert_eq!(url("mqtt://h/a/%20/+/#").topic.as_deref(), Some("a/ /+/#"));
        assert_eq!(url("mqtt://h/").topic, None);
        assert_eq!(url("mqtt://h").topic, None);
        assert_eq!(url("mqtt://h//a").topic.as_deref(), Some("/a"));
    }

    #[test]
    fn the_path_of_websocket_is_asked_for_as_it_is_written() {
        assert_eq!(url("ws://h/a?b=%20").carrier, Carrier::WebSocket(Some("/a?b=%20".to_owned())));
        assert_eq!(url("wss://h").carrier, Carrier::WebSocket(None));
        assert_eq!(url("ws://h/a").topic, None);
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        for (text, what) in [
            ("localhost", "no scheme"),
            ("http://h", "the schemes are mqtt, mqtts"),
            ("mqtt://u:hunter2@", "no host"),
            ("mqtt://u:hunter2@h:x", "port"),
            ("mqtt://u:hunter2@h/%", "%25"),
            ("unix://run/a.sock", "three slashes"),
        ] {
            let said = wrong(text);
            assert!(said.contains(what) && !said.contains("hunter2"), "{said}");
        }
    }
}
