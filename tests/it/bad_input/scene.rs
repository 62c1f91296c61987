//! What the command lines meet: brokers, peers, ports and files, each with a
//! name that stands in braces for its port or path.

use crate::certs::{forged, made, mutual, server_options};
use mqx::broker::{Address, Broker, Config, Listen, start};
use mqx::net::{TlsServerOptions, tls_server};
use rcgen::CertificateParams;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::thread;
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// CONNACK of MQTT 5: success, success with a maximum packet size of 32 bytes,
/// and the refusal of a user name or password.
const ACCEPTED: &[u8] = &[0x20, 3, 0, 0, 0];
const ACCEPTED_SMALL: &[u8] = &[0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 32];
const REFUSED: &[u8] = &[0x20, 3, 0, 0x86, 0];

/// SUBACK for the packet identifier 1: not authorized.
const DENIED: &[u8] = &[0x90, 4, 0, 1, 0, 0x87];

/// More than the largest payload; the file has holes and takes no room.
const TOO_LARGE: u64 = 300_000_000;

pub(crate) struct Scene {
    names: Vec<(&'static str, String)>,
    brokers: Vec<Broker>,
    folders: Vec<TempDir>,
    _refused: TcpSocket,
}

impl Scene {
    pub(crate) fn set() -> Self {
        let (dir, other) = (made(), made());
        let expired = forged(|leaf| leaf.not_after = rcgen::date_time_ymd(2020, 2, 3));
        let names = CertificateParams::new(["a.example".to_owned()]).unwrap().subject_alt_names;
        let foreign = forged(|leaf| leaf.subject_alt_names = names);
        // Bound and not listening, so that nobody else gets the port meanwhile.
        let refused = TcpSocket::new_v4().unwrap();
        refused.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let mut scene = Self {
            names: vec![("refused", refused.local_addr().unwrap().port().to_string())],
            brokers: Vec::new(),
            folders: Vec::new(),
            _refused: refused,
        };
        scene.broker("plain", None);
        scene.broker("tls", Some(&server_options(dir.path())));
        scene.broker("mutual", Some(&mutual(dir.path())));
        scene.broker("expired", Some(&server_options(expired.path())));
        scene.broker("foreign", Some(&server_options(foreign.path())));
        scene.peer("small", &[ACCEPTED_SMALL]);
        scene.peer("refusing", &[REFUSED]);
        scene.peer("denying", &[ACCEPTED, DENIED]);
        scene.files(dir.path());
        let kept = [("dir", dir), ("other", other), ("old", expired), ("far", foreign)];
        for (name, folder) in kept {
            scene.names.push((name, folder.path().display().to_string()));
            scene.folders.push(folder);
        }
        scene
    }

    /// The text with every name in braces replaced.
    pub(crate) fn fill(&self, text: &str) -> String {
        let text = self.names.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        });
        assert!(!text.contains('{'), "a name of nothing in {text}");
        text
    }

    /// A broker with a port of this name: under TLS with `options`, where the
    /// plain one takes TLS as well, or without any.
    fn broker(&mut self, name: &'static str, options: Option<&TlsServerOptions>) {
        let tls = options.map(|options| tls_server(options).unwrap().0.into());
        let listen = Listen { tls_port: tls.as_ref().map(|_| 0), tls, ..Listen::on_port(0) };
        let config = Config { workers: 1, ..Config::at(listen) };
        let broker = start(&config).unwrap();
        for address in broker.addresses() {
            if let Address::Mqtt { tls, socket: SocketAddr::V4(socket) } = address
                && *tls == options.is_some()
            {
                self.names.push((name, socket.port().to_string()));
            }
        }
        self.brokers.push(broker);
    }

    /// A port of this name where nothing but WebSocket is spoken.
    pub(crate) fn websocket_only(&mut self, name: &'static str) {
        let listen = Listen { ws_port: Some(0), ..Listen::default() };
        let broker = start(&Config { workers: 1, ..Config::at(listen) }).unwrap();
        let port = broker.addresses().iter().find_map(Address::socket).unwrap().port();
        self.names.push((name, port.to_string()));
        self.brokers.push(broker);
    }

    /// A peer that answers each read of a connection with the next of these.
    pub(crate) fn peer(&mut self, name: &'static str, answers: &'static [&'static [u8]]) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        self.names.push((name, listener.local_addr().unwrap().port().to_string()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let mut answers = answers.iter();
                    while stream.read(&mut [0; 8192]).is_ok_and(|count| count > 0) {
                        let answer = answers.next().copied().unwrap_or_default();
                        // A client that is gone is what is wanted of it.
                        let _ = stream.write_all(answer);
                    }
                });
            }
        });
    }

    fn files(&mut self, dir: &Path) {
        let mut name = |name, file: &str| {
            let path = dir.join(file);
            self.names.push((name, path.display().to_string()));
            path
        };
        fs::write(name("text", "text"), "neither a certificate nor a key").unwrap();
        File::create(name("large", "large")).unwrap().set_len(TOO_LARGE).unwrap();
        name("missing", "missing");
        name("ca", "ca.crt");
    }
}
