//! The options of `mqx broker` that open ports for testing clients.

use super::{Purpose, own_certificate};
use crate::broker::{LabPort, Listen, OwnCertificate};
use crate::certs::bad::Kind;
use crate::certs::kept;
use crate::error::{Error, Result};
use crate::net::{TlsServer, TlsServerOptions, tls_lab_server};
use std::path::{Path, PathBuf};

const TLS: &str = "TLS";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct TlsLabArgs {
    /// Open a TLS port with a good certificate and one for each way a certificate can
    /// be bad, and say what a client has to do at each
    ///
    /// The kinds are those of `mqx certs bad`. The CA is that of --tls auto; the list
    /// of what it has revoked is beside it, as ca.crl.
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
    /// their files are below `dir` or in the usual place. There are none where it is
    /// only to be looked whether there could be.
    ///
    /// # Errors
    /// When the certificates cannot be made or there are too few ports.
    pub(super) fn read(
        &self,
        dir: Option<PathBuf>,
        first: Option<&Listen>,
        purpose: Purpose,
    ) -> Result<Vec<Listen>> {
        if !self.tls_lab {
            return Ok(Vec::new());
        }
        let ports = self.ports()?;
        let config = kept::Config { dir: own_certificate::folder(dir)?, hosts: Vec::new() };
        if purpose == Purpose::Check {
            return kept::find(&config).map(|_| Vec::new());
        }
        let good = kept::keep(&config)?;
        let bad = kept::keep_bad(&config)?;
        let control = TlsServer::new(TlsServerOptions::new(good.certificate, good.key))?.0;
        let mut exhibits = vec![Exhibit {
            tls: control,
            port: LabPort { name: "good", duty: "connect".to_owned() },
        }];
        for kind in Kind::all() {
            exhibits.push(exhibit(kind, &bad)?);
        }
        let open = |(exhibit, port)| listen(exhibit, port, &good.ca, first);
        Ok(exhibits.into_iter().zip(ports).map(open).collect())
    }

    /// The ports: one for the good certificate and one for each kind.
    fn ports(&self) -> Result<Vec<u16>> {
        let last = u16::try_from(Kind::all().count()).unwrap_or(u16::MAX);
        let port = |number: u16| match self.tls_lab_port {
            0 => Some(0),
            base => base.checked_add(number),
        };
        let ports: Option<_> = (0..=last).map(port).collect();
        ports.ok_or_else(|| Error::usage("--tls-lab-port leaves too few ports above it"))
    }
}

fn listen(exhibit: Exhibit, port: u16, ca: &Path, first: Option<&Listen>) -> Listen {
    let own = OwnCertificate {
        upkeep: own_certificate::upkeep(ca),
        ca: ca.to_owned(),
        lab: Some(exhibit.port),
    };
    Listen {
        bind: first.and_then(|first| first.bind),
        interface: first.and_then(|first| first.interface.clone()),
        tls_port: Some(port),
        tls: Some(exhibit.tls),
        own_certificate: Some(own),
        ..Listen::default()
    }
}

fn exhibit(kind: Kind, dir: &Path) -> Result<Exhibit> {
    let file = |end: &str| dir.join(format!("{}.{end}", kind.name()));
    Ok(Exhibit {
        tls: tls_lab_server(&file("crt"), &file("key"))?.into(),
        port: LabPort { name: kind.name(), duty: format!("refuse: {}", kind.meaning()) },
    })
}
