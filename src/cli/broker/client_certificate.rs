//! The options of `mqx broker` about the certificates of its clients.

use super::settings::{Said, need};
use crate::error::Result;
use crate::net::CertificateName;
use std::path::PathBuf;

const TLS: &str = "TLS";

/// The options as they are said.
#[derive(Debug, clap::Args)]
pub(super) struct ClientCertificateArgs {
    /// Refuse clients on the TLS port that show no certificate
    #[arg(long, help_heading = TLS)]
    pub(super) require_client_cert: bool,

    /// Certificates that the CAs of clients have revoked (PEM); each of them
    /// needs a list in it that is not out of date
    #[arg(long, visible_alias = "crl", value_name = "FILE", help_heading = TLS)]
    pub(super) crlfile: Option<PathBuf>,

    /// A client's user name is the common name in its certificate
    ///
    /// It is asked for no password, and the user name it gives is ignored.
    /// Without TLS there is no certificate, so nobody is let in without; at a
    /// Unix socket the users of --password-file are.
    #[arg(long, help_heading = TLS)]
    use_identity_as_username: bool,

    /// A client's user name is the whole subject of its certificate, written
    /// as CN=ann,O=Example
    #[arg(long, overrides_with = "use_identity_as_username", help_heading = TLS)]
    use_subject_as_username: bool,
}

impl ClientCertificateArgs {
    /// Demands what these options need.
    ///
    /// # Errors
    /// [`crate::error::Class::Usage`] where it is missing.
    pub(super) fn check(&self, cafile: Said) -> Result<()> {
        let required = ("require-client-cert", self.require_client_cert);
        need(required, cafile)?;
        need(("crlfile", self.crlfile.is_some()), cafile)?;
        need(("use-identity-as-username", self.use_identity_as_username), required)?;
        need(("use-subject-as-username", self.use_subject_as_username), required)
    }

    /// The name that is the user name, if one is.
    pub(super) fn identity(&self) -> Option<CertificateName> {
        let common_name = self.use_identity_as_username.then_some(CertificateName::CommonName);
        common_name.or(self.use_subject_as_username.then_some(CertificateName::Subject))
    }
}
