//! What a request that no CA has signed yet says.

use crate::error::{Class, Error, Result};
use crate::net::KeyFacts;
use crate::net::facts::general_name;
use crate::net::{NameStyle, distinguished_name};
use serde::Serialize;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

/// A request for a certificate.
#[derive(Serialize)]
pub(super) struct Request {
    /// Whose certificate it is to be.
    pub(super) subject: String,
    /// The alternative names that are asked for.
    pub(super) names: Vec<String>,
    /// The key it is to be for.
    pub(super) key: KeyFacts,
    /// Whether the one who asks has that key.
    pub(super) signature_holds: bool,
}

impl Request {
    /// What a request in DER says.
    pub(super) fn of(der: &[u8]) -> Result<Self> {
        let (_, request) = X509CertificationRequest::from_der(der)
            .map_err(|_| Error::new(Class::Tls, "the request is damaged"))?;
        let mut names = Vec::new();
        for extension in request.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(found) = extension {
                names.extend(found.general_names.iter().map(general_name));
            }
        }
        let info = &request.certification_request_info;
        Ok(Self {
            subject: distinguished_name(&info.subject, NameStyle::Readable),
            names,
            key: KeyFacts::of(&info.subject_pki),
            signature_holds: request.verify_signature().is_ok(),
        })
    }
}
