//! Any path, parameters and body as an HTTP request to a broker: no panic, and
//! always an answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::broker::{Broker, Config, start};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;

const METHODS: [&str; 4] = ["GET", "POST", "DELETE", "PUT"];

/// The beginnings of paths, so that what is behind them is reached.
const PATHS: [&str; 8] = [
    "",
    "api/v1/publish",
    "api/v1/clients",
    "api/v1/clients/",
    "api/v1/sessions/",
    "api/v1/subscriptions?",
    "api/v1/retained?filter=",
    "metrics?",
];

/// The broker that is asked, and where it is.
static BROKER: LazyLock<(Broker, SocketAddr)> = LazyLock::new(|| {
    let broker = start(&Config { workers: 1, ..Config::on_port(0) }).expect("a free port");
    let address = broker.address().expect("it listens on TCP");
    (broker, address)
});

/// Bytes as a request line may hold them.
fn escaped(bytes: &[u8]) -> String {
    let visible = |byte: &u8| match byte {
        b'!'..=b'~' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(visible).collect()
}

fuzz_target!(|request: (usize, usize, Vec<u8>, Vec<u8>)| {
    let (method, path, rest, body) = request;
    let (method, path) = (METHODS[method % METHODS.len()], PATHS[path % PATHS.len()]);
    let mut bytes = format!(
        "{method} /{path}{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        escaped(&rest),
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    let mut stream = TcpStream::connect(BROKER.1).expect("the broker is there");
    // It may have answered before it has read everything.
    let _ = stream.write_all(&bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(read.is_err() || answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
});
