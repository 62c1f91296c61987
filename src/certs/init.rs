//! `mqx certs init`: a CA with a server and a client certificate, enough for TLS
//! and mutual TLS between any MQTT broker and its clients.

use super::MAX_DAYS;
use super::delivery::{Delivery, Files, Kind};
use super::issue::{self, Leaf};
use super::key::KeyOptions;
use super::name::{self, CommonName, Host};
use super::new_ca;
use super::session;
use super::signer::Signer;
use super::subject::Subject;
use crate::error::Result;
use crate::output;
use std::io::Write;
use std::path::PathBuf;

/// What `mqx certs init` makes and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Hosts of the server certificate beside this machine's own.
    pub hosts: Vec<Host>,
    /// Who the client certificate says it is.
    pub client_name: CommonName,
    /// What all subjects begin with.
    pub subject: Subject,
    /// Validity of the two leaves; more than [`MAX_DAYS`] counts as that.
    pub days: u16,
    /// How the keys are made and kept.
    pub key: KeyOptions,
    /// Where the files go; the folder is made if it is missing.
    pub delivery: Delivery,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            client_name: CommonName::default(),
            subject: Subject::default(),
            days: MAX_DAYS,
            key: KeyOptions::default(),
            delivery: Delivery::into_folder(PathBuf::from(".")),
        }
    }
}

/// Makes the files and says what they are and how to use them.
///
/// # Errors
/// [`crate::error::Class::File`] if a file is there already and is not to be
/// replaced, or if one cannot be written; then none is.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let Config { delivery, key, .. } = config;
    let signer = Signer::in_folder(delivery.dir.clone());
    let authority = new_ca::root(&new_ca::Config {
        subject: config.subject.clone(),
        key: key.clone(),
        ..new_ca::Config::of_leaves(delivery.dir.clone())
    })?;
    let mut files = Files::new(delivery, &signer);
    files.add("ca", new_ca::made(Kind::Ca, &authority, key)?)?;
    let leaves = issue::Config {
        leaves: leaves(config),
        subject: config.subject.clone(),
        days: config.days,
        key: key.clone(),
        delivery: delivery.clone(),
        signer: signer.clone(),
    };
    for leaf in &leaves.leaves {
        files.add(&leaf.stem, issue::issue(&authority, leaf, &leaves)?)?;
    }
    files.save()?;
    let says_commands = !delivery.json && delivery.print.is_none();
    output::check(files.say(out))?;
    if says_commands {
        output::check(session::write(&delivery.dir, key.password.is_some(), out))?;
    }
    output::check(out.flush())
}

fn leaves(config: &Config) -> Vec<Leaf> {
    let server = Leaf::server(&name::with_own(&config.hosts));
    let client = Leaf::client(&config.client_name, &[]);
    vec![Leaf { stem: "server".to_owned(), ..server }, Leaf { stem: "client".to_owned(), ..client }]
}
