//! `mqx certs`: a certificate authority with a server and a client certificate,
//! enough for TLS and mutual TLS between any MQTT broker and its clients.
//!
//! Works offline and without openssl. It never touches the system's trust store
//! and never overwrites a file it was not told to.

mod authority;
mod files;
mod issue;
mod name;
mod report;

pub use name::{CommonName, Host};

use crate::error::{Class, Error, Result};
use authority::Authority;
use files::NewFile;
use issue::Issued;
use rustls::crypto::{GetRandomFailed, aws_lc_rs};
use std::io::Write;
use std::path::PathBuf;

/// The longest validity of a leaf in days: Apple's systems reject longer ones.
pub const MAX_DAYS: u16 = 825;

/// What `mqx certs init` makes and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The directory for the files; made if it is missing.
    pub dir: PathBuf,
    /// Hosts of the server certificate beside this machine's own.
    pub hosts: Vec<Host>,
    /// Who the client certificate says it is.
    pub client_name: CommonName,
    /// Validity of the two leaves; more than [`MAX_DAYS`] counts as that.
    pub days: u16,
    /// Replace files that are there.
    pub force: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("."),
            hosts: Vec::new(),
            client_name: CommonName::default(),
            days: MAX_DAYS,
            force: false,
        }
    }
}

/// What was made, for the report.
struct Made {
    hosts: Vec<Host>,
    authority: Issued,
    server: Issued,
    client: Issued,
}

/// Makes the six files and writes to `out` what they are and how to use them.
///
/// # Errors
/// [`Class::File`] if a file is there already and `force` is not set, or if one
/// cannot be written; then none is.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<()> {
    let made = make(config).map_err(|cause| {
        Error::new(Class::Tls, "the certificates cannot be made").because(cause)
    })?;
    files::write(&config.dir, &made.files(), config.force)?;
    crate::output::check(report::write(config, &made, out))
}

fn make(config: &Config) -> Result<Made, rcgen::Error> {
    let hosts = name::with_own(&config.hosts);
    let authority = Authority::generate()?;
    Ok(Made {
        server: authority.issue(issue::server(&hosts), config.days)?,
        client: authority.issue(issue::client(&config.client_name), config.days)?,
        authority: authority.into_issued(),
        hosts,
    })
}

impl Made {
    fn files(&self) -> [NewFile<'_>; 6] {
        let Self { authority, server, client, .. } = self;
        [
            NewFile::public("ca.crt", &authority.certificate),
            NewFile::secret("ca.key", &authority.key),
            NewFile::public("server.crt", &server.certificate),
            NewFile::secret("server.key", &server.key),
            NewFile::public("client.crt", &client.certificate),
            NewFile::secret("client.key", &client.key),
        ]
    }
}

fn random<const N: usize>() -> Result<[u8; N], GetRandomFailed> {
    let mut bytes = [0; N];
    aws_lc_rs::default_provider().secure_random.fill(&mut bytes)?;
    Ok(bytes)
}
