//! `mqx certs bad`: certificates that must be refused, each for one reason, to see
//! whether clients and brokers do.

use super::authority::{self, Authority, Signed};
use super::delivery::{Delivery, Files, Kind as Delivered, Made};
use super::issue::{Leaf, Purpose};
use super::key::KeyKind;
use super::name::Host;
use super::revoke;
use super::signer::Signer;
use super::subject::Subject;
use crate::error::{Error, Result};
use crate::net::facts::Facts;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SubjectPublicKeyInfo,
};
use std::fmt;
use std::io::Write;
use std::str::FromStr;
use time::Duration;

/// A key of 1024 bits, which is too short; this one is no secret at all.
const WEAK_KEY: &str = include_str!("weak.key");

/// Its public half.
const WEAK_PUBLIC: &str = include_str!("weak.pub");

/// A name that no host has (RFC 6761 §6.4).
const WRONG_HOST: &str = "wrong-host.invalid";

/// How long what is not to be believed would be valid.
const DAYS: u16 = 30;

/// What makes a certificate bad.
struct Row {
    name: &'static str,
    /// What is wrong with it, and who has to see it.
    meaning: &'static str,
    make: fn(&Scene<'_>) -> Result<(Signed, String)>,
}

const ROWS: &[Row] = &[
    Row { name: "expired", meaning: "it ended yesterday", make: expired },
    Row { name: "not-yet-valid", meaning: "it begins in 30 days", make: not_yet_valid },
    Row { name: "wrong-host", meaning: "it is for wrong-host.invalid only", make: wrong_host },
    Row { name: "unknown-ca", meaning: "a CA that nobody knows has signed it", make: unknown_ca },
    Row { name: "self-signed", meaning: "no CA has signed it", make: self_signed },
    Row { name: "revoked", meaning: "it is on the CA's list, for those who have that", make: good },
    Row { name: "no-server-usage", meaning: "it is for clients only", make: no_server_usage },
    Row { name: "weak-key", meaning: "its RSA key has 1024 bits", make: weak_key },
    Row { name: "broken-chain", meaning: "the CA between is not in the file", make: broken_chain },
    Row { name: "mismatched-key", meaning: "the key is another one's", make: mismatched_key },
];

/// A kind of bad certificate.
#[derive(Clone, Copy)]
pub struct Kind(&'static Row);

impl Kind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::all().find(|kind| kind.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(Self::name).collect();
            Error::usage(format!("known kinds are {}", known.join(", ")))
        })
    }
}

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Who signs what has to be signed.
    pub signer: Signer,
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// The hosts that the certificates are for, but for their fault.
    pub hosts: Vec<Host>,
    /// Where the files go.
    pub delivery: Delivery,
}

/// What the makers know.
struct Scene<'a> {
    authority: &'a Authority,
    hosts: &'a [Host],
}

/// Makes the certificates in files called after their kinds.
pub(super) fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let authority = Authority::load(&config.signer)?;
    let scene = Scene { authority: &authority, hosts: &config.hosts };
    let mut files = Files::new(&config.delivery, &config.signer);
    for kind in &config.kinds {
        let (signed, key) = (kind.0.make)(&scene)?;
        let meaning = format!("{}: refuse it", kind.meaning());
        files
            .add(kind.name(), Made { kind: Delivered::Server, meaning, signed, key: Some(key) })?;
    }
    files.write(out)?;
    if config.kinds.iter().any(|kind| kind.name() == "revoked") {
        revoke(config, out)?;
    }
    Ok(())
}

fn revoke(config: &Config, out: &mut dyn Write) -> Result<()> {
    let path = super::folder::place(&config.delivery.dir, "revoked.crt");
    let revoked = revoke::Config {
        signer: config.signer.clone(),
        certificates: vec![path.display().to_string()],
        reason: None,
        days: 365,
        json: config.delivery.json,
    };
    revoke::run(&revoked, out)
}

/// What would be a good certificate, for servers and clients.
fn params(hosts: &[Host]) -> CertificateParams {
    let mut params = Leaf::server(hosts).params(&Subject::default());
    Purpose::Server.apply(&mut params);
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    params
}

fn new_key() -> Result<KeyPair> {
    super::made(KeyKind::default().generate())
}

fn signed(scene: &Scene<'_>, params: CertificateParams) -> Result<(Signed, String)> {
    let key = new_key()?;
    Ok((scene.authority.sign(params, &key, DAYS)?, key.serialize_pem()))
}

fn good(scene: &Scene<'_>) -> Result<(Signed, String)> {
    signed(scene, params(scene.hosts))
}

/// Valid for so many days from a day that is `from` days away.
fn dated(scene: &Scene<'_>, from: i64, days: i64) -> Result<(Signed, String)> {
    let mut params = params(scene.hosts);
    params.not_before = authority::now()? + Duration::days(from);
    params.not_after = params.not_before + Duration::days(days);
    let key = new_key()?;
    Ok((scene.authority.sign_dated(params, &key)?, key.serialize_pem()))
}

fn expired(scene: &Scene<'_>) -> Result<(Signed, String)> {
    dated(scene, -31, 30)
}

fn not_yet_valid(scene: &Scene<'_>) -> Result<(Signed, String)> {
    dated(scene, 30, 30)
}

fn wrong_host(scene: &Scene<'_>) -> Result<(Signed, String)> {
    signed(scene, params(&[WRONG_HOST.parse()?]))
}

fn unknown_ca(scene: &Scene<'_>) -> Result<(Signed, String)> {
    let stranger = Authority::root(authority_params()?, new_key()?, DAYS)?;
    signed(&Scene { authority: &stranger, hosts: scene.hosts }, params(scene.hosts))
}

fn self_signed(scene: &Scene<'_>) -> Result<(Signed, String)> {
    let key = new_key()?;
    let mut params = params(scene.hosts);
    authority::date(&mut params, DAYS, None)?;
    let own = super::made(params.self_signed(&key))?.into();
    let facts = Facts::of(&own, Timestamp::now())?;
    Ok((Signed { chain: vec![own], facts }, key.serialize_pem()))
}

fn no_server_usage(scene: &Scene<'_>) -> Result<(Signed, String)> {
    let mut params = params(scene.hosts);
    Purpose::Client.apply(&mut params);
    signed(scene, params)
}

fn weak_key(scene: &Scene<'_>) -> Result<(Signed, String)> {
    let public = super::made(SubjectPublicKeyInfo::from_pem(WEAK_PUBLIC))?;
    Ok((scene.authority.sign(params(scene.hosts), &public, DAYS)?, WEAK_KEY.to_owned()))
}

fn broken_chain(scene: &Scene<'_>) -> Result<(Signed, String)> {
    let between = scene.authority.below(authority_params()?, new_key()?, DAYS)?;
    let below = Scene { authority: &between, hosts: scene.hosts };
    let (mut leaf, key) = signed(&below, params(scene.hosts))?;
    leaf.chain.truncate(1);
    Ok((leaf, key))
}

fn mismatched_key(scene: &Scene<'_>) -> Result<(Signed, String)> {
    let (leaf, _) = good(scene)?;
    Ok((leaf, new_key()?.serialize_pem()))
}

/// A CA that nobody knows.
fn authority_params() -> Result<CertificateParams> {
    let name = authority::own_name()?.parse()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = Subject::default().named(Some(&name));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}
