//! What a revocation list says.

use crate::error::{Class, Error, Result};
use crate::net::facts::{moment, serial};
use crate::net::{NameStyle, distinguished_name};
use serde::Serialize;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

/// A revocation list.
#[derive(Serialize)]
pub(super) struct List {
    /// The CA that has signed it.
    pub(super) issuer: String,
    /// From when it is in force, in RFC 3339.
    pub(super) this_update: String,
    /// Until when, if that is said.
    pub(super) next_update: Option<String>,
    /// The serial numbers that are revoked.
    pub(super) revoked: Vec<String>,
}

impl List {
    /// What a list in DER says.
    pub(super) fn of(der: &[u8]) -> Result<Self> {
        let (_, list) = CertificateRevocationList::from_der(der)
            .map_err(|_| Error::new(Class::Tls, "the revocation list is damaged"))?;
        Ok(Self {
            issuer: distinguished_name(list.issuer(), NameStyle::Readable),
            this_update: moment(list.last_update().timestamp()).to_string(),
            next_update: list.next_update().map(|next| moment(next.timestamp()).to_string()),
            revoked: list.iter_revoked_certificates().map(|one| serial(one.raw_serial())).collect(),
        })
    }
}
