//! `mqx certs`, and TLS with what it makes: every handshake that must work
//! works, and every one that must not says why and what to do.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod alone;
mod bad_files;
mod changed;
mod choices;
mod contents;
mod files;
mod handed_on;
mod handshake;
mod issued;
mod kept;
mod looked;
pub(crate) mod peer;
mod refused_server;
mod revoked;
mod unreachable;

use crate::support::program::{self, Ended, mqx};
use mqx::certs::Delivery;
use mqx::certs::init::{self, Config};
use mqx::error::Error;
use mqx::net::{TlsClientOptions, TlsServerOptions, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;

/// The error with its causes and its hint, as the person reads it.
fn said(error: Error) -> String {
    let error = error.into();
    let hint = mqx::error::hint(&error).unwrap_or("none");
    format!("{} | hint: {hint}", mqx::error::line(&error))
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{text:?} lacks {word:?}");
    }
}

/// The configuration that writes into `dir`.
fn into(dir: &Path) -> Config {
    Config { delivery: Delivery::into_folder(dir.to_owned()), ..Config::default() }
}

fn init(config: &Config) -> Result<String, Error> {
    let mut out = Vec::new();
    init::run(config, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// Words of a command line, or a line in which they stand between spaces.
trait Words {
    fn words(self) -> Vec<String>;
}

impl Words for &str {
    fn words(self) -> Vec<String> {
        self.split(' ').map(str::to_owned).collect()
    }
}

impl<const N: usize> Words for [&str; N] {
    fn words(self) -> Vec<String> {
        self.map(str::to_owned).to_vec()
    }
}

impl Words for Vec<&str> {
    fn words(self) -> Vec<String> {
        self.into_iter().map(str::to_owned).collect()
    }
}

/// Runs `mqx certs` with these words in `dir`.
fn certs(dir: &Path, words: impl Words) -> Ended {
    let mut command = mqx(std::iter::once("certs".to_owned()).chain(words.words()));
    command.current_dir(dir);
    program::run(command)
}

/// What `mqx certs` with these words says in `dir`, where it has to succeed.
#[track_caller]
fn ok(dir: &Path, words: impl Words) -> String {
    let ended = certs(dir, words);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    ended.out
}

/// A directory with the files of one `certs init`.
pub(crate) fn made() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    init(&into(dir.path())).unwrap();
    dir
}

pub(crate) fn server_options(dir: &Path) -> TlsServerOptions {
    TlsServerOptions::new(dir.join("server.crt"), dir.join("server.key"))
}

pub(crate) fn mutual(dir: &Path) -> TlsServerOptions {
    let client_ca = vec![Trust::File(dir.join("ca.crt"))];
    TlsServerOptions { client_ca, require_client_cert: true, ..server_options(dir) }
}

pub(crate) fn trusting(dir: &Path) -> TlsClientOptions {
    TlsClientOptions { ca: Trust::File(dir.join("ca.crt")), ..TlsClientOptions::default() }
}

pub(crate) fn identified(dir: &Path) -> TlsClientOptions {
    let identity = Some((dir.join("client.crt"), dir.join("client.key")));
    TlsClientOptions { identity, ..trusting(dir) }
}

/// A directory with ca.crt, server.crt and server.key whose server certificate
/// is for localhost but for what `change` does to it.
pub(crate) fn forged(change: impl FnOnce(&mut CertificateParams)) -> TempDir {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();

    let address = "127.0.0.1".to_owned();
    let mut leaf = CertificateParams::new(["localhost".to_owned(), address]).unwrap();
    change(&mut leaf);
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let write = |name, content: String| fs::write(dir.path().join(name), content).unwrap();
    write("ca.crt", ca.pem());
    write("server.crt", leaf.pem());
    write("server.key", key.serialize_pem());
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(dir.path().join("server.key"), private).unwrap();
    dir
}
