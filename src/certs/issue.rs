//! `mqx certs server` and `mqx certs client`: certificates with new keys.

use super::alt_name::AltName;
use super::authority::{Authority, Signed};
use super::delivery::{Delivery, Files, Made};
use super::key::KeyOptions;
use super::name::{CommonName, Host, file_stem};
use super::signer::Signer;
use super::subject::Subject;
use crate::error::{Error, Result};
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
};
use std::io::Write;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A broker that clients check.
    Server,
    /// A client that a broker checks.
    Client,
}

impl Purpose {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// What a certificate for this says its key may do.
    pub(super) fn apply(self, params: &mut CertificateParams) {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match self {
            Self::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Self::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
    }
}

/// Somebody who gets a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// What for.
    pub purpose: Purpose,
    /// The common name; none when the first host is too long for one.
    pub name: Option<CommonName>,
    /// The entries of subjectAltName.
    pub alt_names: Vec<AltName>,
    /// What the files are called, without what stands behind the dot.
    pub stem: String,
}

impl Leaf {
    /// A server with these hosts, the first of which it is called after.
    #[must_use]
    pub fn server(hosts: &[Host]) -> Self {
        let first = hosts.first().map(Host::to_string).unwrap_or_default();
        Self {
            purpose: Purpose::Server,
            name: first.parse().ok(),
            alt_names: hosts.iter().map(AltName::from).collect(),
            stem: file_stem(&first),
        }
    }

    /// A client of this name. If that is an e-mail address or a URI it is also an
    /// entry of subjectAltName, before those in `more`.
    #[must_use]
    pub fn client(name: &CommonName, more: &[AltName]) -> Self {
        let own = AltName::guess(name.as_str());
        Self {
            purpose: Purpose::Client,
            name: Some(name.clone()),
            alt_names: own.into_iter().chain(more.iter().cloned()).collect(),
            stem: file_stem(name.as_str()),
        }
    }

    /// The certificate of this leaf, but for issuer and dates.
    pub(super) fn params(&self, subject: &Subject) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject.named(self.name.as_ref());
        params.subject_alt_names = self.alt_names.iter().map(AltName::san).collect();
        self.purpose.apply(&mut params);
        params
    }
}

/// Who gets certificates from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Who signs.
    pub signer: Signer,
    /// Who gets one.
    pub leaves: Vec<Leaf>,
    /// What all their subjects begin with.
    pub subject: Subject,
    /// How many days they are valid.
    pub days: u16,
    /// How their keys are made and kept.
    pub key: KeyOptions,
    /// Where the files go.
    pub delivery: Delivery,
}

/// Makes the certificates and writes their files, all of them or none.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    check_stems(config)?;
    if let Some(product) = config.delivery.print {
        config.leaves.iter().try_for_each(|leaf| product.check(leaf.purpose))?;
    }
    let authority = Authority::load(&config.signer)?;
    let mut files = Files::new(&config.delivery, &config.signer);
    for leaf in &config.leaves {
        let made = issue(&authority, leaf, config)?;
        files.add(&leaf.stem, made)?;
    }
    files.write(out)
}

/// A certificate and a new key for `leaf`.
pub(super) fn issue(authority: &Authority, leaf: &Leaf, config: &Config) -> Result<Made> {
    let key = super::made(config.key.kind.generate())?;
    let mut params = leaf.params(&config.subject);
    if key.algorithm() == &PKCS_RSA_SHA256 {
        // Devices without elliptic curves encrypt the session key with that of the server.
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    let signed = authority.sign(params, &key, config.days)?;
    made(leaf, signed, &key, &config.key)
}

fn made(leaf: &Leaf, signed: Signed, key: &KeyPair, options: &KeyOptions) -> Result<Made> {
    let key = super::key::pem(key, options.password.as_ref())?;
    let meaning = match (leaf.purpose, &leaf.name) {
        (Purpose::Client, Some(name)) => format!("for the client {name}"),
        _ => format!("for {}", plain_names(&signed.facts.names)),
    };
    Ok(Made { kind: leaf.purpose.into(), meaning, signed, key: Some(key) })
}

/// The names without their kinds.
pub(super) fn plain_names(names: &[String]) -> String {
    let plain = names.iter().map(|name| name.split_once(':').map_or(&**name, |(_, name)| name));
    plain.collect::<Vec<_>>().join(", ")
}

/// Refuses two certificates in one file.
fn check_stems(config: &Config) -> Result<()> {
    let stems: Vec<_> = config.leaves.iter().map(|leaf| &leaf.stem).collect();
    let twice = stems
        .iter()
        .enumerate()
        .find(|(place, stem)| stems.iter().take(*place).any(|other| other == *stem));
    match twice {
        Some((_, stem)) => {
            let what = format!("two of the names would be written to {stem}.crt");
            Err(Error::usage(what).hint("make one of them in a command of its own, with --name"))
        }
        None => Ok(()),
    }
}
