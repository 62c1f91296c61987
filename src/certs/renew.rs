//! `mqx certs renew`: the same certificate with later dates, for the same key or
//! for a new one.

use super::authority::{Authority, is_self_signed};
use super::copy;
use super::delivery::{Delivery, Files, Kind, Made};
use super::folder;
use super::key::{self, KeyOptions};
use super::signer::Signer;
use crate::error::{Class, Error, Result};
use crate::net::facts::Facts;
use crate::net::pem;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod,
    KeyUsagePurpose, SubjectPublicKeyInfo,
};
use rustls::pki_types::CertificateDer;
use std::io::Write;
use std::path::{Path, PathBuf};
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;

/// What is to be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The files, which are replaced.
    pub files: Vec<PathBuf>,
    /// Who signs.
    pub signer: Signer,
    /// Take the CA in the folder of each file, not in that of the signer.
    pub own_folders: bool,
    /// How many days they are valid; without it as long as new ones.
    pub days: Option<u16>,
    /// Make new keys; without it the old ones stay.
    pub new_key: Option<KeyOptions>,
    /// Say it in JSON.
    pub json: bool,
}

/// Renews the certificates one after the other.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    config.files.iter().try_for_each(|path| renew(path, config, out))
}

fn renew(path: &Path, config: &Config, out: &mut dyn Write) -> Result<()> {
    let chain = pem::certificates(path)?;
    let old = chain.first().ok_or_else(|| Error::usage("there is no certificate"))?;
    let dir = folder::parent(path).to_owned();
    let ca_dir = if config.own_folders { dir.clone() } else { config.signer.dir.clone() };
    let signer = Signer { dir: ca_dir, ..config.signer.clone() };
    let made = if is_self_signed(old) {
        own(path, old, &signer, config)
    } else {
        Authority::load(&signer).and_then(|authority| leaf(old, &authority, config))
    };
    let made = made.map_err(|error| error.at(&path.display().to_string()))?;
    let delivery = Delivery { force: true, json: config.json, ..Delivery::into_folder(dir) };
    let mut files = Files::new(&delivery, &signer);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let key = path.with_extension("key");
    let key = key.file_name().unwrap_or_default().to_string_lossy();
    files.add_named(&name, &key, made);
    files.write(out)
}

fn leaf(old: &CertificateDer<'_>, authority: &Authority, config: &Config) -> Result<Made> {
    let (mut params, public, facts) = again(old)?;
    check_signer(&facts, authority)?;
    let days = config.days.unwrap_or(super::MAX_DAYS);
    let (signed, key) = match &config.new_key {
        None => (authority.sign(params, &public, days)?, None),
        Some(options) => {
            let new = super::made(options.kind.generate())?;
            params.key_identifier_method = KeyIdMethod::Sha256;
            let key = key::pem(&new, options.password.as_ref())?;
            (authority.sign(params, &new, days)?, Some(key))
        }
    };
    let kind = match (facts.is_ca, facts.extended_key_usage.iter().any(|one| one == "serverAuth")) {
        (true, _) => Kind::Intermediate,
        (false, true) => Kind::Server,
        (false, false) => Kind::Client,
    };
    let meaning = format!("{}, as before", signed.facts.subject);
    Ok(Made { kind, meaning, signed, key })
}

/// Refuses to sign what another CA has signed: those who trust it do not trust this one.
fn check_signer(old: &Facts, authority: &Authority) -> Result<()> {
    if old.authority_key_id.is_none() || old.authority_key_id == authority.facts().subject_key_id {
        return Ok(());
    }
    let what = format!("it was signed by {}, not by {}", old.issuer, authority.facts().subject);
    Err(Error::new(Class::Tls, what).hint("name the CA that has signed it with --ca"))
}

/// A CA that signs itself keeps its key: what it has signed stays valid.
fn own(path: &Path, old: &CertificateDer<'_>, signer: &Signer, config: &Config) -> Result<Made> {
    if config.new_key.is_some() {
        let what = format!("{} is a CA: with another key it would be another one", path.display());
        return Err(Error::usage(what).hint("`mqx certs ca` makes a new CA"));
    }
    let (params, ..) = again(old)?;
    let signer = Signer { ca: Some(path.to_owned()), ..signer.clone() };
    let days = config.days.unwrap_or(super::new_ca::CA_DAYS);
    let renewed = Authority::root(params, signer.read_key()?, days)?;
    let meaning = "the CA as before, for what it has signed too".to_owned();
    Ok(Made { kind: Kind::Ca, meaning, signed: renewed.signed(), key: None })
}

/// Reads a foreign certificate as one that is to be renewed.
pub(super) fn look_at(certificate: &CertificateDer<'static>) {
    let _ = again(certificate);
    let _ = is_self_signed(certificate);
}

/// What describes the same certificate again, its key, and what it says.
fn again(old: &CertificateDer<'_>) -> Result<(CertificateParams, SubjectPublicKeyInfo, Facts)> {
    let damaged = || Error::new(Class::Tls, "the certificate is damaged");
    let (_, parsed) = parse_x509_certificate(old).map_err(|_| damaged())?;
    let facts = Facts::of(old, Timestamp::now())?;
    let mut params = CertificateParams::default();
    params.distinguished_name = copy::name(parsed.subject())?;
    if let Some(names) = parsed.subject_alternative_name().ok().flatten() {
        params.subject_alt_names = copy::alt_names(&names.value.general_names)?;
    }
    params.is_ca = match (facts.is_ca, facts.path_length) {
        (false, _) => IsCa::ExplicitNoCa,
        (true, None) => IsCa::Ca(BasicConstraints::Unconstrained),
        (true, Some(length)) => {
            IsCa::Ca(BasicConstraints::Constrained(u8::try_from(length).unwrap_or(u8::MAX)))
        }
    };
    copy_usages(&parsed, &mut params)?;
    if let Some(id) = super::authority::key_id(old) {
        params.key_identifier_method = KeyIdMethod::PreSpecified(id);
    }
    params.use_authority_key_identifier_extension = true;
    let public = SubjectPublicKeyInfo::from_der(parsed.public_key().raw);
    Ok((params, super::made(public)?, facts))
}

/// The bits of key usage in their order (RFC 5280 §4.2.1.3).
const KEY_USAGES: [KeyUsagePurpose; 9] = [
    KeyUsagePurpose::DigitalSignature,
    KeyUsagePurpose::ContentCommitment,
    KeyUsagePurpose::KeyEncipherment,
    KeyUsagePurpose::DataEncipherment,
    KeyUsagePurpose::KeyAgreement,
    KeyUsagePurpose::KeyCertSign,
    KeyUsagePurpose::CrlSign,
    KeyUsagePurpose::EncipherOnly,
    KeyUsagePurpose::DecipherOnly,
];

fn copy_usages(parsed: &X509Certificate<'_>, params: &mut CertificateParams) -> Result<()> {
    if let Some(usage) = parsed.key_usage().ok().flatten() {
        let flags = usage.value.flags;
        let set = KEY_USAGES.iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0);
        params.key_usages = set.map(|(_, usage)| *usage).collect();
    }
    let Some(usage) = parsed.extended_key_usage().ok().flatten().map(|found| found.value) else {
        return Ok(());
    };
    if !usage.other.is_empty() {
        let what = "the certificate is for purposes that cannot be copied";
        return Err(Error::new(Class::Tls, what));
    }
    let rows = [
        (usage.any, ExtendedKeyUsagePurpose::Any),
        (usage.server_auth, ExtendedKeyUsagePurpose::ServerAuth),
        (usage.client_auth, ExtendedKeyUsagePurpose::ClientAuth),
        (usage.code_signing, ExtendedKeyUsagePurpose::CodeSigning),
        (usage.email_protection, ExtendedKeyUsagePurpose::EmailProtection),
        (usage.time_stamping, ExtendedKeyUsagePurpose::TimeStamping),
        (usage.ocsp_signing, ExtendedKeyUsagePurpose::OcspSigning),
    ];
    params.extended_key_usages = rows.into_iter().filter(|row| row.0).map(|row| row.1).collect();
    Ok(())
}
