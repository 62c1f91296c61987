//! What the two ends of a TLS connection have agreed on.

use super::Stream;
use rustls::ProtocolVersion;
use rustls::pki_types::CertificateDer;

/// What a handshake came to, from the side of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The version, as in `TLS 1.3`.
    pub version: String,
    /// The cipher suite under its registered name.
    pub cipher: String,
    /// How the keys were exchanged, as in `X25519MLKEM768`.
    pub key_exchange: Option<String>,
    /// The application protocol, if one was chosen.
    pub alpn: Option<String>,
    /// The certificates of the server, its own first.
    pub chain: Vec<CertificateDer<'static>>,
}

impl Agreed {
    /// What was agreed on for `stream`; nothing if it is no TLS, or TLS below
    /// something else.
    #[must_use]
    pub fn of(stream: &Stream) -> Option<Self> {
        let Stream::Tls(stream) = stream else {
            return None;
        };
        let (_, tls) = stream.get_ref();
        let chain = tls.peer_certificates().unwrap_or_default();
        let group = tls.negotiated_key_exchange_group();
        let alpn = tls.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        Some(Self {
            version: tls.protocol_version().map_or_else(String::new, version),
            cipher: tls
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or("a cipher without a name")
                .to_owned(),
            key_exchange: group.map(|group| format!("{:?}", group.name())),
            alpn,
            chain: chain.iter().map(|one| one.clone().into_owned()).collect(),
        })
    }
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    }
}
