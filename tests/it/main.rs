//! The integration tests, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a helper of a test fails as a test does: it panics"
)]

/// Everything a user can get wrong, by running the program.
mod bad_input;
/// The load generator against brokers whose faults are known.
mod bench;
/// Signals, pipes, terminals and limits: what needs a process.
mod binary;
/// Bridges between brokers, over sockets.
mod bridging;
/// The broker, by bytes and by a virtual clock, then over sockets.
mod broker;
/// Certificates, and what TLS makes of good and bad ones.
mod certs;
/// The client session, bytes against bytes.
mod client_session;
/// pub and sub against a peer that does as it is told.
mod clients;
/// The statements on codec and framing, bytes against expectation.
mod codec;
/// What must hold for any bytes and any packet.
mod codec_props;
/// What is found out about a broker, and what is wrong with it.
mod doctor;
/// The broker inside another program.
mod embedding;
mod exec;
/// The client session against a server session: cuts, delays, duplicates.
mod flows;
/// The committed completions and man pages.
mod generated;
/// Bytes written as hex.
mod hex;
/// Which module may name what.
mod layers;
/// What brokers are found to support, and in what two differ.
mod probing;
/// The header of the PROXY protocol.
mod proxy_protocol;
/// The README says what is true.
mod readme;
/// What several areas need.
mod support;
/// The topic matcher against an independent one.
mod topics;
/// Every packet of `tests/data/packets.tsv`.
mod vectors;
/// Frames of WebSocket.
mod websocket;
