//! `mqx certs csr` and `mqx certs sign`: a request for a certificate, and the
//! certificate that answers one.

use super::authority::Authority;
use super::copy;
use super::delivery::{Delivery, Files, Made};
use super::folder::{self, NewFile, place};
use super::issue::{Leaf, Purpose, plain_names};
use super::key::{self, KeyOptions};
use super::name::Host;
use super::signer::Signer;
use super::source::in_file;
use super::subject::Subject;
use crate::error::{Class, Error, Result};
use crate::output;
use rcgen::{CertificateParams, SanType, SubjectPublicKeyInfo};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

/// A request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Who asks.
    pub leaf: Leaf,
    /// What the subject begins with.
    pub subject: Subject,
    /// How the key is made and kept.
    pub key: KeyOptions,
    /// Where the files go.
    pub delivery: Delivery,
}

/// Makes a request and its key.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let Config { leaf, delivery, .. } = config;
    let key = super::made(config.key.kind.generate())?;
    let request = super::made(leaf.params(&config.subject).serialize_request(&key))?;
    let (csr, key_name) = (format!("{}.csr", leaf.stem), format!("{}.key", leaf.stem));
    let files = [
        NewFile::public(csr.clone(), key::pem_text("CERTIFICATE REQUEST", request.der())),
        NewFile::secret(key_name.clone(), key::pem(&key, config.key.password.as_ref())?),
    ];
    folder::write(&delivery.dir, &files, delivery.force)?;
    let (csr, key) = (place(&delivery.dir, &csr), place(&delivery.dir, &key_name));
    output::check(say(config, &csr, &key, out).and_then(|()| out.flush()))
}

fn say(config: &Config, csr: &Path, key: &Path, out: &mut dyn Write) -> std::io::Result<()> {
    if config.delivery.json {
        return writeln!(out, "{}", json!({ "kind": "request", "request": csr, "key": key }));
    }
    super::delivery::write_rows(
        &[
            (csr.to_owned(), "for the CA to sign, as `mqx certs sign` does".to_owned()),
            (key.to_owned(), "its private key, which stays here".to_owned()),
        ],
        out,
    )
}

/// Requests that are to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignConfig {
    /// Who signs.
    pub signer: Signer,
    /// The files with the requests.
    pub requests: Vec<PathBuf>,
    /// What the certificates are for; without it servers if they name hosts.
    pub purpose: Option<Purpose>,
    /// Hosts beside those that are asked for.
    pub hosts: Vec<Host>,
    /// How many days they are valid.
    pub days: u16,
    /// Where the files go.
    pub delivery: Delivery,
}

/// Signs requests, all of them or none.
pub(super) fn sign(config: &SignConfig, out: &mut dyn Write) -> Result<()> {
    let authority = Authority::load(&config.signer)?;
    let mut files = Files::new(&config.delivery, &config.signer);
    for path in &config.requests {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let made = answer(&authority, path, config)
            .map_err(|error| error.at(&path.display().to_string()))?;
        files.add(&stem, made)?;
    }
    files.write(out)
}

fn answer(authority: &Authority, path: &Path, config: &SignConfig) -> Result<Made> {
    let der = in_file(path)?.requests.into_iter().next().ok_or_else(|| {
        Error::new(Class::Tls, "it should hold a request, but holds something else")
            .hint("`mqx certs csr` and `openssl req -new` make requests")
    })?;
    let (mut params, public) = asked(&der)?;
    params.subject_alt_names.extend(config.hosts.iter().map(Host::san));
    let is_host = |name: &SanType| matches!(name, SanType::DnsName(_) | SanType::IpAddress(_));
    let purpose = config.purpose.unwrap_or_else(|| {
        let named = params.subject_alt_names.iter().any(is_host);
        if named { Purpose::Server } else { Purpose::Client }
    });
    if purpose == Purpose::Server && params.subject_alt_names.is_empty() {
        let what = "it names no host, and clients would refuse such a server";
        return Err(Error::usage(what).hint("name its hosts with --host HOST"));
    }
    // What its key may do is for the CA to say, not for the one who asks.
    purpose.apply(&mut params);
    let signed = authority.sign(params, &public, config.days)?;
    let meaning = match purpose {
        Purpose::Server => format!("for {}", plain_names(&signed.facts.names)),
        Purpose::Client => format!("for the client {}", signed.facts.subject),
    };
    Ok(Made { kind: purpose.into(), meaning, signed, key: None })
}

/// Reads a foreign request as one that is to be signed.
pub(super) fn look_at(der: &[u8]) {
    let _ = asked(der);
}

/// The names that a request in DER asks for, and the key.
///
/// # Errors
/// [`Class::Tls`] if it is damaged, or the one who asks does not have the key.
fn asked(der: &[u8]) -> Result<(CertificateParams, SubjectPublicKeyInfo)> {
    let wrong = |what: &str| Error::new(Class::Tls, what);
    let (_, request) =
        X509CertificationRequest::from_der(der).map_err(|_| wrong("the request is damaged"))?;
    if request.verify_signature().is_err() {
        return Err(wrong("the request is not signed by the key it is for"));
    }
    let info = &request.certification_request_info;
    let mut params = CertificateParams::default();
    params.distinguished_name = copy::name(&info.subject)?;
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(names) = extension {
            params.subject_alt_names = copy::alt_names(&names.general_names)?;
        }
    }
    let public = SubjectPublicKeyInfo::from_der(info.subject_pki.raw);
    Ok((params, public.map_err(|cause| wrong("its key cannot be used").because(cause))?))
}
