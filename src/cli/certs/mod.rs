//! `mqx certs`: its arguments, a file for each family of commands.

mod bad;
mod bundle;
mod delivery;
mod init;
mod issue;
mod key;
mod leaf;
mod look;
mod new_ca;
mod renew;
mod request;
mod revoke;
mod signer;
mod store;
#[cfg(test)]
mod tests;

use crate::certs::Task;
use crate::error::Result;
use clap::{Args, Subcommand};

/// The arguments of `mqx certs`.
#[derive(Debug, Args)]
pub struct CertsArgs {
    #[command(subcommand)]
    command: CertsCommand,
}

#[derive(Debug, Subcommand)]
enum CertsCommand {
    /// Make a CA with a certificate for a broker and one for a client
    #[command(after_help = init::AFTER_HELP)]
    Init(Box<init::InitArgs>),
    /// Make a CA of your own
    Ca(Box<new_ca::CaArgs>),
    /// Make a CA below another, to keep the key of that one away
    Intermediate(Box<new_ca::IntermediateArgs>),
    /// Make a certificate for a broker
    Server(Box<issue::ServerArgs>),
    /// Make certificates for clients
    Client(Box<issue::ClientArgs>),
    /// Make a request for a certificate, for another CA to sign
    Csr(Box<request::CsrArgs>),
    /// Sign requests for certificates
    Sign(Box<request::SignArgs>),
    /// Print what a certificate, request, revocation list or server says
    Inspect(Box<look::InspectArgs>),
    /// Check whether a certificate would be believed, and why not
    Verify(Box<look::VerifyArgs>),
    /// Fail if a certificate ends soon, for cron
    NeedsRenewal(Box<look::NeedsRenewalArgs>),
    /// Make certificates valid for longer
    Renew(Box<renew::RenewArgs>),
    /// Revoke certificates, and write the list for brokers
    Revoke(Box<revoke::RevokeArgs>),
    /// Write the list of revoked certificates again, before it ends
    Crl(Box<revoke::CrlArgs>),
    /// Put a certificate and its key together for other programs and devices
    Bundle(Box<bundle::BundleArgs>),
    /// Make certificates that clients and brokers have to refuse
    #[command(after_help = bad::after_help())]
    Bad(Box<bad::BadArgs>),
    /// Make this system trust a CA
    Install(Box<store::StoreArgs>),
    /// Make this system no longer trust a CA
    Uninstall(Box<store::StoreArgs>),
}

impl CertsArgs {
    /// What is to be done.
    ///
    /// # Errors
    /// When options contradict each other, or a password cannot be read.
    pub fn into_task(self) -> Result<Task> {
        match self.command {
            CertsCommand::Init(args) => args.into_task(),
            CertsCommand::Ca(args) => args.into_task(),
            CertsCommand::Intermediate(args) => args.into_task(),
            CertsCommand::Server(args) => args.into_task(),
            CertsCommand::Client(args) => args.into_task(),
            CertsCommand::Csr(args) => args.into_task(),
            CertsCommand::Sign(args) => args.into_task(),
            CertsCommand::Inspect(args) => args.into_task(),
            CertsCommand::Verify(args) => Ok(args.into_task()),
            CertsCommand::NeedsRenewal(args) => Ok(args.into_task()),
            CertsCommand::Renew(args) => args.into_task(),
            CertsCommand::Revoke(args) => args.into_task(),
            CertsCommand::Crl(args) => args.into_task(),
            CertsCommand::Bundle(args) => args.into_task(),
            CertsCommand::Bad(args) => args.into_task(),
            CertsCommand::Install(args) => Ok(args.into_task(false)),
            CertsCommand::Uninstall(args) => Ok(args.into_task(true)),
        }
    }
}
