//! Sockets and TLS as one [`Stream`], and what went wrong with them in plain words.
//!
//! [`connect()`] turns an [`Endpoint`] into a [`Stream`]; [`TlsClient`] and
//! [`TlsServer`] turn certificate and key files into what rustls needs, and say
//! of every bad file what was found in it instead. [`explain()`] gives any later
//! error of a stream its class, its words and its cure. [`url`] reads what names a
//! place, [`Domain`] finds the brokers that the DNS names, [`proxy`] asks others for a way there, [`websocket`] and
//! [`proxy_protocol`] are what is spoken over a stream before MQTT is, without IO.
//!
//! Nothing here knows MQTT, prints, or installs anything for the whole process.

mod alert;
mod asked;
mod certificate_name;
mod certificate_problem;
mod ciphers;
mod client_fault;
mod connect;
mod dial;
mod encrypted_key;
mod endpoint;
mod explain;
pub mod facts;
mod identity;
mod insecure;
mod issuer;
mod key_facts;
mod key_log;
mod peer_chain;
pub mod pem;
mod pkcs12;
pub mod proxy;
pub mod proxy_protocol;
mod service;
mod stream;
mod tls_agreed;
mod tls_client;
mod tls_files;
mod tls_lab;
mod tls_server;
mod trust;
mod upgrade;
pub mod url;
mod validity;
mod verify;
mod weak_rsa;
pub mod websocket;
mod websocket_stream;

pub use certificate_name::{CertificateName, NameStyle, distinguished_name};
pub use ciphers::Ciphers;
pub use client_fault::{ClientFault, client_fault};
pub use connect::{Step, connect, connect_in_steps, encrypt};
pub use dial::{dial, is_unresolved, not_connected, resolve, try_address};
pub use endpoint::{Endpoint, Place};
pub use explain::{explain, is_tls};
pub use identity::exposed;
pub use key_facts::{KeyFacts, SHORTEST_RSA};
pub use peer_chain::{chain_of, peer_chain};
pub use service::{Directory, Domain};
pub use stream::Stream;
pub use tls_agreed::Agreed;
pub use tls_client::{TlsClient, TlsClientOptions, TlsVersion};
pub use tls_files::{Change, TlsServer};
pub use tls_lab::tls_lab_server;
pub use tls_server::{TlsServerOptions, tls_server};
pub use trust::Trust;
pub use upgrade::upgrade;
pub use validity::date;
pub use verify::{Checker, verify};
pub use websocket_stream::WebSocketStream;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use std::sync::Arc;

/// The one crypto provider, given to every configuration by hand so that
/// nothing global has to be installed first.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
