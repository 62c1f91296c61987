//! `mqx certs ca` and `mqx certs intermediate`: a CA of one's own, and CAs below it.

use super::authority::{self, Authority};
use super::delivery::{Delivery, Files, Kind, Made};
use super::key::{self, KeyOptions};
use super::name::CommonName;
use super::signer::Signer;
use super::subject::Subject;
use crate::error::{Error, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyUsagePurpose};
use std::io::Write;
use std::path::PathBuf;

/// How many days a CA is valid unless told: ten years with their leap days.
pub const CA_DAYS: u16 = 3652;

/// A CA that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Its name; without one it gets a name that no other CA has.
    pub name: Option<CommonName>,
    /// What its subject begins with.
    pub subject: Subject,
    /// How many days it is valid.
    pub days: u16,
    /// How many CAs may be below it.
    pub path_length: u8,
    /// How its key is made and kept.
    pub key: KeyOptions,
    /// Where its files go.
    pub delivery: Delivery,
    /// What its files are called.
    pub stem: String,
    /// Who signs it; without one it signs itself.
    pub parent: Option<Signer>,
}

impl Config {
    /// A CA in `dir` that signs leaves and no other CAs.
    pub(super) fn of_leaves(dir: PathBuf) -> Self {
        Self {
            name: None,
            subject: Subject::default(),
            days: CA_DAYS,
            path_length: 0,
            key: KeyOptions::default(),
            delivery: Delivery::into_folder(dir),
            stem: "ca".to_owned(),
            parent: None,
        }
    }
}

/// Makes the CA and writes its files.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let own = Signer::in_folder(config.delivery.dir.clone());
    let (kind, authority) = match &config.parent {
        None => (Kind::Ca, root(config)?),
        Some(parent) => (Kind::Intermediate, below(&Authority::load(parent)?, config)?),
    };
    let made = made(kind, &authority, &config.key)?;
    let mut files = Files::new(&config.delivery, config.parent.as_ref().unwrap_or(&own));
    files.add(&config.stem, made)?;
    files.write(out)
}

/// A CA that signs itself.
pub(super) fn root(config: &Config) -> Result<Authority> {
    let key = super::made(config.key.kind.generate())?;
    Authority::root(params(config)?, key, config.days)
}

fn below(parent: &Authority, config: &Config) -> Result<Authority> {
    if parent.path_length().is_some_and(|left| left <= config.path_length.into()) {
        let what = "the CA allows no such CA below it (its path length is too short)";
        return Err(
            Error::usage(what).hint("make it with a longer one: mqx certs ca --path-length 2")
        );
    }
    let key = super::made(config.key.kind.generate())?;
    parent.below(params(config)?, key, config.days)
}

/// The files of `authority`.
pub(super) fn made(kind: Kind, authority: &Authority, options: &KeyOptions) -> Result<Made> {
    let meaning = match kind {
        Kind::Ca => "the CA that brokers and clients trust".to_owned(),
        _ => format!("a CA below {}", authority.facts().issuer),
    };
    let key = key::pem(authority.issuer().key(), options.password.as_ref())?;
    Ok(Made { kind, meaning, signed: authority.signed(), key: Some(key) })
}

fn params(config: &Config) -> Result<CertificateParams> {
    let own = authority::own_name()?.parse()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = config.subject.named(Some(config.name.as_ref().unwrap_or(&own)));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(config.path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
