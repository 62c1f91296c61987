//! What goes into the certificates of servers and clients.

use super::name::{CommonName, Host};
use jiff::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use time::OffsetDateTime;

/// Bytes of a serial number; RFC 5280 §4.1.2.2 allows up to 20.
const SERIAL_LENGTH: usize = 16;

/// A certificate with its key, both in PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: String,
    /// The last second in which the certificate is valid.
    pub(super) not_after: Timestamp,
}

impl Issued {
    pub(super) fn new(certificate: String, key: &KeyPair, not_after: OffsetDateTime) -> Self {
        let not_after = Timestamp::from_second(not_after.unix_timestamp());
        Self {
            certificate,
            key: key.serialize_pem(),
            not_after: not_after.unwrap_or(Timestamp::MAX),
        }
    }
}

/// A certificate for a server with these names and addresses.
pub(super) fn server(hosts: &[Host]) -> CertificateParams {
    let mut params = leaf("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    params.subject_alt_names = hosts.iter().map(Host::san).collect();
    params
}

/// A certificate for the client with this name.
pub(super) fn client(name: &CommonName) -> CertificateParams {
    leaf(name.as_str(), ExtendedKeyUsagePurpose::ClientAuth)
}

fn leaf(common_name: &str, usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = named(common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params
}

/// A certificate for this subject that names the key of its issuer.
pub(super) fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.use_authority_key_identifier_extension = true;
    params
}

/// A serial number that no other certificate has.
pub(super) fn random_serial() -> Result<SerialNumber, Error> {
    let bytes: [u8; SERIAL_LENGTH] = super::random().map_err(|_| Error::RingUnspecified)?;
    Ok(SerialNumber::from_slice(&bytes))
}
