//! The options of `mqx broker` that open ports for testing clients.

use super::own_certificate;
use crate::broker::{LabPort, Listen, OwnCertificate};
use crate::certs::bad::Kind;
use crate::certs::kept;
use crate::error::{Error, Result};
use crate::net::{TlsServer, TlsServerOptions, tls_lab_server};
use std::path::{Path, PathBuf};

const TLS: &str = "TLS";

/// The kind that cannot be shown: what speaks TLS here does not sign with such a key.
const NOT_SHOWN: &str = "weak-key";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TlsLabArgs {
    /// Open a TLS port with a good certificate and one for each way a certificate can
    /// be bad, and say what a client has to do at each
    ///
    /// The kinds are those of `mqx certs bad`, but for weak-key, which `openssl
    /// s_server` can show. The CA is that of --tls auto; the list of what it has
    /// revoked is beside it, as ca.crl.
    #[arg(long, help_heading = TLS)]
    tls_lab: bool,

    /// The first of the ports of --tls-lab, which follow one another; 0 takes free ones
    #[arg(long, value_name = "PORT", default_value_t = 0, help_heading = TLS)]
    tls_lab_port: u16,
}

/// A certificate to show, and what is said of its port.
struct Exhibit {
    tls: TlsServer,
    port: LabPort,
}

impl TlsLabArgs {
    /// The listeners of the lab, if there is to be one, at the address of `first`;
    /// their files are below `dir` or in the usual place.
    ///
    /// # Errors
    /// When the certificates cannot be made or there are too few ports.
    pub(super) fn read(&self, dir: Option<PathBuf>, first: Option<&Listen>) -> Result<Vec<Listen>> {
        if !self.tls_lab {
            return Ok(Vec::new());
        }
        let config = kept::Config { dir: own_certificate::folder(dir)?, hosts: Vec::new() };
        let good = kept::keep(&config)?;
        let bad = kept::keep_bad(&config)?;
        let control = TlsServer::new(TlsServerOptions::new(good.certificate, good.key))?.0;
        let mut exhibits = vec![Exhibit {
            tls: control,
            port: LabPort { name: "good", duty: "connect".to_owned() },
        }];
        for kind in Kind::all().filter(|kind| kind.name() != NOT_SHOWN) {
            exhibits.push(exhibit(kind, &bad)?);
        }
        let numbered = exhibits.into_iter().zip(0..);
        numbered.map(|(exhibit, number)| self.listen(exhibit, number, &good.ca, first)).collect()
    }

    fn listen(
        &self,
        exhibit: Exhibit,
        number: u16,
        ca: &Path,
        first: Option<&Listen>,
    ) -> Result<Listen> {
        let port = match self.tls_lab_port {
            0 => Some(0),
            base => base.checked_add(number),
        };
        let too_high = || Error::usage("--tls-lab-port leaves too few ports above it");
        Ok(Listen {
            bind: first.and_then(|first| first.bind),
            interface: first.and_then(|first| first.interface.clone()),
            tls_port: Some(port.ok_or_else(too_high)?),
            tls: Some(exhibit.tls),
            own_certificate: Some(OwnCertificate { ca: ca.to_owned(), lab: Some(exhibit.port) }),
            ..Listen::default()
        })
    }
}

fn exhibit(kind: Kind, dir: &Path) -> Result<Exhibit> {
    let file = |end: &str| dir.join(format!("{}.{end}", kind.name()));
    Ok(Exhibit {
        tls: tls_lab_server(&file("crt"), &file("key"))?.into(),
        port: LabPort { name: kind.name(), duty: format!("refuse: {}", kind.meaning()) },
    })
}
