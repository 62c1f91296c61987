//! Names out of certificates and requests of others, for a new certificate that
//! says the same.

use crate::error::{Class, Error, Result};
use crate::net::facts;
use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString};
use rcgen::{DistinguishedName, DnType, DnValue, SanType};
use x509_parser::asn1_rs::Tag;
use x509_parser::extensions::GeneralName;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// The same name.
///
/// # Errors
/// [`Class::Tls`] for a name that cannot be written: with an attribute that is
/// there twice, or with several in one place.
pub(super) fn name(name: &X509Name<'_>) -> Result<DistinguishedName> {
    let mut copy = DistinguishedName::new();
    for set in name.iter_rdn() {
        let mut attributes = set.iter();
        let (Some(only), None) = (attributes.next(), attributes.next()) else {
            return Err(unusual("it has several attributes in one place"));
        };
        let (kind, value) = attribute(only).ok_or_else(|| unusual("its text is damaged"))?;
        if copy.get(&kind).is_some() {
            let id = only.attr_type().to_id_string();
            return Err(unusual(&format!("it has the attribute {id} twice")));
        }
        copy.push(kind, value);
    }
    Ok(copy)
}

fn unusual(why: &str) -> Error {
    Error::new(Class::Tls, format!("the name in the certificate cannot be copied: {why}"))
        .hint("openssl x509 -req can sign under that name")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Option<(DnType, DnValue)> {
    let id: Vec<u64> = attribute.attr_type().iter()?.collect();
    let value = attribute.attr_value();
    let text = || std::str::from_utf8(value.data).ok();
    let value = match value.header.tag() {
        Tag::Utf8String => DnValue::Utf8String(text()?.to_owned()),
        Tag::PrintableString => DnValue::PrintableString(PrintableString::try_from(text()?).ok()?),
        Tag::Ia5String => DnValue::Ia5String(Ia5String::try_from(text()?).ok()?),
        Tag::T61String => DnValue::TeletexString(TeletexString::try_from(text()?).ok()?),
        Tag::BmpString => DnValue::BmpString(BmpString::from_utf16be(value.data.to_vec()).ok()?),
        _ => return None,
    };
    Some((DnType::from_oid(&id), value))
}

/// The same alternative names.
///
/// # Errors
/// [`Class::Tls`] for kinds that neither brokers nor clients of MQTT look at.
pub(super) fn alt_names(names: &[GeneralName<'_>]) -> Result<Vec<SanType>> {
    names.iter().map(|name| alt_name(name).ok_or_else(|| unknown(name))).collect()
}

fn alt_name(name: &GeneralName<'_>) -> Option<SanType> {
    match name {
        GeneralName::DNSName(name) => Ia5String::try_from(*name).ok().map(SanType::DnsName),
        GeneralName::URI(name) => Ia5String::try_from(*name).ok().map(SanType::URI),
        GeneralName::RFC822Name(name) => Ia5String::try_from(*name).ok().map(SanType::Rfc822Name),
        GeneralName::IPAddress(bytes) => facts::address(bytes).map(SanType::IpAddress),
        _ => None,
    }
}

fn unknown(name: &GeneralName<'_>) -> Error {
    let what = format!("the alternative name {} cannot be copied", facts::general_name(name));
    Error::new(Class::Tls, what)
}
