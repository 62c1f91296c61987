//! The options that say how hard a broker is looked for; apart because who looks
//! at brokers, or measures them, takes them as they are.

use super::super::values;
use crate::client::{ConnectOptions, Retries, Retry};
use crate::error::{Error, Result};
use crate::net::{Directory, Domain, Place};
use clap::Args;
use std::net::IpAddr;

/// What to do where --srv stands beside another option that says where the broker is.
pub(in super::super) const ABOUT_SRV: &str =
    "the DNS says the hosts and ports; name the domain with -h, and leave out -p, -b and --unix";

/// How a broker is found.
#[allow(clippy::doc_markdown, reason = "these are texts for the terminal")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ReachArgs {
    /// Try a connection again so often in a row, or forever [default: the first once, a
    /// lost one forever]
    #[arg(long, value_name = "NUMBER", value_parser = values::retry)]
    retry: Option<Retry>,

    /// Ask the DNS for the brokers of the domain that -h names: the SRV records of
    /// _mqtt._tcp, with TLS of _secure-mqtt._tcp, which say the ports too. Of several the next
    /// is tried when one fails
    #[arg(
        short = 'S', long, requires = "host", conflicts_with_all = ["port", "unix", "broker"]
    )]
    srv: bool,
}

impl ReachArgs {
    /// Says in `options` where brokers are looked for.
    ///
    /// # Errors
    /// When that is no domain.
    pub fn apply(&self, options: &mut ConnectOptions) -> Result<()> {
        if !self.srv {
            return Ok(());
        }
        let name = match &options.endpoint.place {
            Place::Tcp { host, .. } if host.parse::<IpAddr>().is_err() => host.clone(),
            place => return Err(Error::usage(format!("--srv needs a domain, not {place}"))),
        };
        if !options.others.is_empty() {
            return Err(Error::usage("--srv takes one domain").hint("leave out one -h"));
        }
        options.domain = Some(Domain { name, directory: Directory::System });
        Ok(())
    }

    /// How often connecting is tried again.
    #[must_use]
    pub fn retries(&self) -> Retries {
        self.retry.map_or_else(Retries::default, |retry| Retries { first: retry, again: retry })
    }
}
