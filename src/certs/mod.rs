//! `mqx certs`: certificates for MQTT brokers and their clients, from a CA of
//! one's own to whatever is done with them.
//!
//! Works offline and without openssl. It never touches the system's trust store
//! unless it is told to, and never overwrites a file it was not told to.
//!
//! [`Task`] is what may be done, [`run`] does it. An `Authority` signs what
//! [`issue`] describes, [`Facts`] is what a certificate says, a [`Delivery`] puts
//! the files where they go and tells of them, and the index of the CA's folder
//! remembers what was signed.

mod alt_name;
mod authority;
pub mod bad;
pub mod bundle;
mod copy;
mod delivery;
mod folder;
mod index;
pub mod init;
mod inspect;
pub mod issue;
pub mod kept;
mod key;
pub mod look;
mod name;
pub mod new_ca;
mod print;
pub mod renew;
pub mod request;
pub mod revoke;
mod session;
mod signer;
mod source;
pub mod store;
mod subject;

pub use crate::net::facts::Facts;
pub use alt_name::AltName;
pub use delivery::Delivery;
pub use key::{KeyKind, KeyOptions};
pub use name::{CommonName, Host, file_stem};
pub use print::Product;
pub use signer::Signer;
pub use source::Source;
pub use subject::Subject;

use crate::error::{Class, Error, Result};
use crate::signals::Signal;
use rustls::crypto::aws_lc_rs;
use std::io::Write;

/// The longest validity of a leaf in days: Apple's systems reject longer ones.
pub const MAX_DAYS: u16 = 825;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Make a CA with a server and a client certificate.
    Init(init::Config),
    /// Make a CA.
    Authority(new_ca::Config),
    /// Make certificates of servers or clients.
    Issue(issue::Config),
    /// Make a request for a certificate.
    Request(request::Config),
    /// Sign requests.
    Sign(request::SignConfig),
    /// Make certificates valid for longer.
    Renew(renew::Config),
    /// Revoke certificates, or only renew the list of those that are.
    Revoke(revoke::Config),
    /// Put files together for other programs and devices.
    Bundle(bundle::Config),
    /// Make certificates that must be refused.
    Bad(bad::Config),
    /// Make this system trust a CA, or no longer.
    Install(store::Config),
    /// Look at certificates.
    Look(look::Config),
}

/// Does it, and writes to `out` what came of it. What waits for a server ends
/// when `stop` does.
///
/// # Errors
/// What went wrong, with the file it is about.
pub async fn run(
    task: &Task,
    out: &mut dyn Write,
    stop: impl Future<Output = Signal>,
) -> Result<()> {
    match task {
        Task::Init(config) => init::run(config, out),
        Task::Authority(config) => new_ca::run(config, out),
        Task::Issue(config) => issue::run(config, out),
        Task::Request(config) => request::run(config, out),
        Task::Sign(config) => request::sign(config, out),
        Task::Renew(config) => renew::run(config, out),
        Task::Revoke(config) => revoke::run(config, out),
        Task::Bundle(config) => bundle::run(config, out),
        Task::Bad(config) => bad::run(config, out),
        Task::Install(config) => store::run(config, out),
        Task::Look(config) => look::run(config, out, stop).await,
    }
}

/// Looks at foreign bytes in all the ways a file is looked at: as PEM or DER, as
/// what can be inspected, renewed, signed and loaded as a CA. For the fuzz target.
pub fn look_at_bytes(bytes: &[u8]) {
    let Ok(found) = source::in_bytes(std::path::Path::new("fuzzed"), bytes.to_vec()) else {
        return;
    };
    inspect::look_at(&found);
    found.certificates.iter().for_each(renew::look_at);
    found.requests.iter().for_each(|request| request::look_at(request));
}

/// What rcgen has made, or its error in our words.
fn made<T>(result: Result<T, rcgen::Error>) -> Result<T> {
    result.map_err(|cause| Error::new(Class::Tls, "the certificate cannot be made").because(cause))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = aws_lc_rs::default_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| Error::new(Class::Other, "the system gives no random numbers"))?;
    Ok(bytes)
}
