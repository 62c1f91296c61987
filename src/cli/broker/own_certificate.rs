//! The options of `mqx broker` about a certificate that it makes itself.

use super::Purpose;
use super::settings::need;
use crate::broker::Upkeep;
use crate::certs::Host;
use crate::certs::kept::{self, Kept};
use crate::error::{Error, Result};
use crate::output;
use clap::ValueEnum;
use rustix::process::geteuid;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

const TLS: &str = "TLS";

/// Where services of the system keep what is theirs.
const OF_SYSTEM: &str = "/var/lib";

/// Addresses of no host (RFC 5737, RFC 3849): the way there is the way out, and
/// nothing is sent.
const ABROAD: [&str; 2] = ["192.0.2.1:9", "[2001:db8::1]:9"];

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct OwnCertificateArgs {
    /// auto: show a certificate that the broker keeps itself, and opens the TLS port
    ///
    /// The first time a CA and a certificate for this machine's names and
    /// addresses are made; later they are used again, and renewed a month before they
    /// end, also while the broker runs. The broker says where the CA is that clients
    /// have to trust.
    #[arg(long, value_name = "auto", hide_possible_values = true, help_heading = TLS)]
    tls: Option<Making>,

    /// Where --tls auto and --tls-lab keep their files
    ///
    /// By default the folder mqx/tls where the system keeps such things:
    /// `STATE_DIRECTORY`, `XDG_STATE_HOME`, /var/lib for root, ~/.local/state for
    /// others.
    #[arg(long, value_name = "DIR", help_heading = TLS)]
    pub(super) tls_dir: Option<PathBuf>,

    /// A host name or address that the certificate of --tls auto is for too
    /// (repeatable)
    #[arg(long, value_name = "HOST", help_heading = TLS)]
    tls_host: Vec<Host>,
}

/// How a certificate is come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Making {
    /// The broker makes and renews it.
    Auto,
}

impl OwnCertificateArgs {
    /// Whether there is to be one.
    pub(super) const fn is_said(&self) -> bool {
        self.tls.is_some()
    }

    /// Demands what these options need of each other; `cert` says whether there
    /// is a certificate of another make.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] where something is missing or too much.
    pub(super) fn check(&self, cert: bool) -> Result<()> {
        if self.is_said() && cert {
            let what = "--tls auto makes a certificate, and --cert names another";
            return Err(Error::usage(what).hint("leave one of them out"));
        }
        need(("tls-host", !self.tls_host.is_empty()), ("tls auto", self.is_said()))
    }

    /// Makes or renews what has to be, for clients that connect to `bind`, and says
    /// so; nothing if it is not wanted, or not there and only to be looked at.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(super) fn keep(self, bind: Option<IpAddr>, purpose: Purpose) -> Result<Option<Kept>> {
        if !self.is_said() {
            return Ok(None);
        }
        let mut hosts = reachable_by(bind);
        hosts.extend(self.tls_host);
        let config = kept::Config { dir: folder(self.tls_dir)?, hosts };
        if purpose == Purpose::Check {
            return kept::find(&config);
        }
        let kept = kept::keep(&config)?;
        kept.news.iter().for_each(output::note);
        Ok(Some(kept))
    }
}

/// What renews in time what is kept with this CA.
pub(super) fn upkeep(ca: &Path) -> Option<Upkeep> {
    let dir = ca.parent()?.to_owned();
    Some(Upkeep::new(move || kept::renew_in_time(&dir)))
}

/// The folder that is said, or the usual one.
///
/// # Errors
/// When nothing says where that is.
pub(super) fn folder(said: Option<PathBuf>) -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let of = |name| variable(name).map(PathBuf::from);
    let system = || geteuid().is_root().then(|| PathBuf::from(OF_SYSTEM));
    let state = of("XDG_STATE_HOME").or_else(system);
    let state = state.or_else(|| Some(of("HOME")?.join(".local/state")));
    let usual = of("STATE_DIRECTORY").or_else(|| Some(state?.join("mqx")));
    said.or_else(|| Some(usual?.join("tls"))).ok_or_else(|| {
        Error::usage("nothing says where the certificate of this broker is to be kept")
            .hint("name a folder with --tls-dir DIR")
    })
}

/// How clients name a broker that listens on `bind`, beside the names that every
/// machine has for itself.
fn reachable_by(bind: Option<IpAddr>) -> Vec<Host> {
    let addresses = match bind {
        None => Vec::new(),
        Some(address) if address.is_unspecified() => {
            ABROAD.iter().filter_map(|there| way_to(there)).collect()
        }
        Some(address) => vec![address],
    };
    addresses.iter().filter_map(|address| address.to_string().parse().ok()).collect()
}

/// The address of this machine on the way to `there`, if there is one.
fn way_to(there: &str) -> Option<IpAddr> {
    let there: SocketAddr = there.parse().ok()?;
    let any = if there.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(there).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
