//! The options of a certificate that is made, or asked for with a request.

use super::delivery::DeliveryArgs;
use super::key::KeyArgs;
use crate::certs::issue::Leaf;
use crate::certs::{Delivery, KeyOptions, Product, Subject, file_stem};
use crate::error::{Error, Result};
use clap::Args;

/// The options as they are said.
#[derive(Debug, Args)]
pub(super) struct LeafArgs {
    #[command(flatten)]
    delivery: DeliveryArgs,

    /// What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<Subject>,

    /// What the files are called, without what stands behind the dot [default: as
    /// the first name of the certificate]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    key: KeyArgs,
}

/// What they come to.
pub(super) struct Plan {
    pub(super) subject: Subject,
    pub(super) key: KeyOptions,
    pub(super) delivery: Delivery,
}

impl LeafArgs {
    /// Names the files of `leaves`, and says the rest.
    ///
    /// # Errors
    /// When several would get what is for one only, or the password of the key
    /// cannot be read.
    pub(super) fn plan(self, leaves: &mut [Leaf], print: Option<Product>) -> Result<Plan> {
        let subject = self.subject.unwrap_or_default();
        if leaves.len() > 1 && (self.name.is_some() || subject.has_common_name()) {
            let what = "--name and a CN in --subject are for one certificate, not for several";
            return Err(Error::usage(what));
        }
        if let (Some(name), Some(leaf)) = (&self.name, leaves.first_mut()) {
            leaf.stem = file_stem(name);
        }
        let delivery = self.delivery.into_delivery(print);
        Ok(Plan { subject, key: self.key.into_options()?, delivery })
    }
}
