//! `mqx certs bundle`: a certificate, its key and its CAs as other programs and
//! devices want them.

mod header;
mod pkcs12;

use super::authority::is_self_signed;
use super::delivery::{Delivery, write_rows};
use super::folder::{self, NewFile, place};
use super::inspect::belongs;
use super::key;
use crate::error::{Class, Error, Result};
use crate::net::pem;
use crate::output;
use crate::secret::Secret;
use rustls::pki_types::CertificateDer;
use serde_json::json;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// How the files are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The certificate and all CAs above it in one PEM file.
    Pem,
    /// PKCS#12, for Windows, Java and clients with a window.
    Pkcs12,
    /// A DER file each, for devices.
    Der,
    /// A header of C with everything in it, for firmware.
    Header,
}

/// The formats with their names.
const FORMATS: &[(Format, &str)] = &[
    (Format::Pem, "pem"),
    (Format::Pkcs12, "p12"),
    (Format::Der, "der"),
    (Format::Header, "header"),
];

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let row = FORMATS.iter().find(|(_, name)| *name == text);
        row.map(|(format, _)| *format).ok_or_else(|| {
            let known: Vec<_> = FORMATS.iter().map(|(_, name)| *name).collect();
            Error::usage(format!("known formats are {}", known.join(", ")))
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = FORMATS.iter().find(|(format, _)| format == self);
        f.write_str(row.map_or("", |(_, name)| name))
    }
}

/// What is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file of the certificate, with those of the CAs between.
    pub certificate: PathBuf,
    /// The file of its key; without it beside the certificate, as `.key`.
    pub key: Option<PathBuf>,
    /// What the key is encrypted with.
    pub key_password: Option<Secret>,
    /// The file of the CA at the top; without it `ca.crt` beside the certificate.
    pub ca: Option<PathBuf>,
    /// How.
    pub format: Format,
    /// What PKCS#12 is encrypted with.
    pub password: Option<Secret>,
    /// Where the files go.
    pub delivery: Delivery,
}

/// What was read.
struct Parts {
    /// What the new files are called, without what stands behind the dot.
    stem: String,
    /// The certificate, then the CAs above it.
    chain: Vec<CertificateDer<'static>>,
    /// The key in PKCS#8, where the format has one.
    key: Vec<u8>,
}

/// Puts the files together.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let parts = read(config)?;
    let files = match config.format {
        Format::Pem => vec![chain(&parts)],
        Format::Pkcs12 => vec![pkcs12::file(&parts, config.password.as_ref())?],
        Format::Der => der(&parts),
        Format::Header => vec![header::file(&parts)],
    };
    let Delivery { dir, force, json, .. } = &config.delivery;
    folder::write(dir, &files, *force)?;
    let paths = files.iter().map(|file| place(dir, file.name()));
    if *json {
        let told = json!({ "kind": "bundle", "format": config.format.to_string(),
            "files": paths.collect::<Vec<_>>() });
        return output::check(writeln!(out, "{told}").and_then(|()| out.flush()));
    }
    let rows: Vec<_> = paths.zip(files.iter().map(|file| file.meaning().to_owned())).collect();
    output::check(write_rows(&rows, out).and_then(|()| out.flush()))
}

fn read(config: &Config) -> Result<Parts> {
    let path = &config.certificate;
    let mut chain = pem::certificates(path)?;
    let ca = config.ca.clone().unwrap_or_else(|| place(folder::parent(path), "ca.crt"));
    if config.ca.is_some() || ca.exists() {
        let above = pem::certificates(&ca)?;
        chain.extend(above.into_iter().filter(is_self_signed));
    }
    chain.dedup();
    let key = match config.format {
        Format::Pem => Vec::new(),
        _ => read_key(config, &chain)?,
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Parts { stem, chain, key })
}

fn read_key(config: &Config, chain: &[CertificateDer<'_>]) -> Result<Vec<u8>> {
    let path = config.key.clone().unwrap_or_else(|| config.certificate.with_extension("key"));
    let key = pem::private_key(&path, config.key_password.as_ref())?;
    if chain.first().and_then(|own| belongs(key.secret_der(), own)) == Some(false) {
        let shown = |path: &Path| path.display().to_string();
        let (key, own) = (shown(&path), shown(&config.certificate));
        let what = format!("the key {key} does not belong to the certificate {own}");
        return Err(Error::new(Class::Tls, what).hint("give two files that were made together"));
    }
    key::pkcs8(&key, &path)
}

fn chain(parts: &Parts) -> NewFile {
    let text: String = parts.chain.iter().map(|each| key::pem_text("CERTIFICATE", each)).collect();
    NewFile::public(format!("{}.pem", parts.stem), text).means("the certificate and its CAs")
}

fn der(parts: &Parts) -> Vec<NewFile> {
    let Parts { stem, chain, key } = parts;
    let file = |name: String, der: &CertificateDer<'_>| NewFile::public(name, der.to_vec());
    let own = chain.first().map(|own| file(format!("{stem}.der"), own).means("the certificate"));
    let top = chain.last().filter(|top| is_self_signed(top));
    let top = top.map(|top| file(format!("{stem}.ca.der"), top).means("the CA that it trusts"));
    let key = NewFile::secret(format!("{stem}.key.der"), key.clone()).means("the key, as PKCS#8");
    own.into_iter().chain([key]).chain(top).collect()
}
