//! What a certificate says about its owner beside the name, as it is typed:
//! `C=TW,ST=Taipei,O=FOO,OU=BAR`.

use super::name::CommonName;
use crate::error::{Error, Result};
use crate::output::escape;
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{DistinguishedName, DnType, DnValue};
use std::str::FromStr;

/// How the value of an attribute is written into the certificate.
#[derive(Clone, Copy)]
enum Kind {
    /// Exactly two capital letters (RFC 5280, `X520countryName`).
    Country,
    /// ASCII only.
    Ascii,
    /// Any text.
    Text,
}

/// An attribute that can be typed.
struct Attribute {
    name: &'static str,
    oid: &'static [u64],
    kind: Kind,
    /// The most characters it may have (RFC 5280, appendix A.1).
    longest: usize,
}

const fn attribute(
    name: &'static str,
    oid: &'static [u64],
    kind: Kind,
    longest: usize,
) -> Attribute {
    Attribute { name, oid, kind, longest }
}

/// The attributes under the names that openssl has for them.
const ATTRIBUTES: &[Attribute] = &[
    attribute("C", &[2, 5, 4, 6], Kind::Country, 2),
    attribute("ST", &[2, 5, 4, 8], Kind::Text, 128),
    attribute("L", &[2, 5, 4, 7], Kind::Text, 128),
    attribute("O", &[2, 5, 4, 10], Kind::Text, 64),
    attribute("OU", &[2, 5, 4, 11], Kind::Text, 64),
    attribute("CN", &[2, 5, 4, 3], Kind::Text, 64),
    attribute("serialNumber", &[2, 5, 4, 5], Kind::Ascii, 64),
    attribute("UID", &[0, 9, 2342, 19_200_300, 100, 1, 1], Kind::Text, 256),
    attribute("emailAddress", &[1, 2, 840, 113_549, 1, 9, 1], Kind::Ascii, 255),
];

/// The attributes of a subject in their order; each name occurs once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject(Vec<(DnType, DnValue)>);

impl Subject {
    /// These attributes, and `name` as the common name unless they have one.
    pub(super) fn named(&self, name: Option<&CommonName>) -> DistinguishedName {
        let mut whole = DistinguishedName::new();
        for (kind, value) in &self.0 {
            whole.push(kind.clone(), value.clone());
        }
        if let Some(name) = name.filter(|_| !self.has_common_name()) {
            whole.push(DnType::CommonName, name.as_str());
        }
        whole
    }

    /// Whether a common name is among them.
    #[must_use]
    pub fn has_common_name(&self) -> bool {
        self.0.iter().any(|(kind, _)| *kind == DnType::CommonName)
    }
}

impl FromStr for Subject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut attributes: Vec<(DnType, DnValue)> = Vec::new();
        for part in parts(text) {
            let (kind, value) = read(&part)?;
            if attributes.iter().any(|(other, _)| *other == kind) {
                let what = format!("'{}' is there twice; mqx writes it once", escape(&part));
                return Err(Error::usage(what));
            }
            attributes.push((kind, value));
        }
        Ok(Self(attributes))
    }
}

/// The parts between commas, or between slashes if the text begins with one, as
/// openssl's does. A backslash takes away the meaning of what follows it.
fn parts(text: &str) -> Vec<String> {
    let (separator, text) = match text.strip_prefix('/') {
        Some(rest) => ('/', rest),
        None => (',', text),
    };
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => letters.next(),
            _ if letter == separator => {
                parts.push(String::new());
                None
            }
            _ => Some(letter),
        };
        if let Some(last) = parts.last_mut() {
            last.extend(letter);
        }
    }
    parts
}

fn read(part: &str) -> Result<(DnType, DnValue)> {
    let wrong = |what: &str| Error::usage(format!("'{}' {what}", escape(part)));
    let (name, value) = part.split_once('=').ok_or_else(|| {
        wrong("is no attribute; write C=TW,ST=Taipei,O=FOO,OU=BAR, and a comma as \\,")
    })?;
    let (name, value) = (name.trim(), value.trim());
    let known = ATTRIBUTES.iter().find(|row| row.name.eq_ignore_ascii_case(name));
    let row = known.ok_or_else(|| {
        let names: Vec<_> = ATTRIBUTES.iter().map(|row| row.name).collect();
        wrong(&format!("is not known; known are {}", names.join(", ")))
    })?;
    let length = value.chars().count();
    if length == 0 || length > row.longest || value.contains(char::is_control) {
        let what = format!("has to have 1 to {} characters, none of them control", row.longest);
        return Err(wrong(&what));
    }
    let value = written(row.kind, value).ok_or_else(|| match row.kind {
        Kind::Country => wrong("is no country: give its two letters, as in C=TW"),
        _ => wrong("has characters beyond ASCII"),
    })?;
    Ok((DnType::from_oid(row.oid), value))
}

fn written(kind: Kind, value: &str) -> Option<DnValue> {
    match kind {
        Kind::Text => Some(DnValue::Utf8String(value.to_owned())),
        Kind::Ascii => Ia5String::try_from(value).ok().map(DnValue::Ia5String),
        Kind::Country => {
            let country = value.to_ascii_uppercase();
            let letters =
                country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
            let printable = PrintableString::try_from(country).ok().filter(|_| letters);
            printable.map(DnValue::PrintableString)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        let subject: Subject = text.parse().unwrap();
        subject.0.iter().map(|(kind, value)| format!("{kind:?} {value:?}")).collect()
    }

    #[test]
    fn both_ways_to_write_a_subject_mean_the_same() {
        let commas = shown("C=tw, ST=Taipei,O=FOO\\, Inc./x,OU=BÄR");
        assert_eq!(commas, shown("/C=TW/ST=Taipei/O=FOO, Inc.\\/x/OU=BÄR"));
        assert_eq!(commas.len(), 4);
        assert!(commas[0].contains("TW") && commas[2].contains("FOO, Inc./x"), "{commas:?}");
    }

    #[test]
    fn a_common_name_that_is_typed_wins() {
        let name = "ann".parse().unwrap();
        let typed: Subject = "CN=bob".parse().unwrap();
        assert_eq!(typed.named(Some(&name)), typed.named(None));
        let bare: Subject = "O=x".parse().unwrap();
        assert_ne!(bare.named(Some(&name)), bare.named(None));
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        for (text, words) in [
            ("", "is no attribute"),
            ("O=a,", "is no attribute"),
            ("O", "is no attribute"),
            ("X=1", "known are C, ST"),
            ("C=TWN", "1 to 2 characters"),
            ("C=1é", "two letters"),
            ("O=", "1 to 64 characters"),
            ("O=a\u{7}", "control"),
            ("O=a,O=b", "twice"),
            ("emailAddress=é@x", "beyond ASCII"),
        ] {
            let said = text.parse::<Subject>().unwrap_err().to_string();
            assert!(said.contains(words), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = text.parse::<Subject>();
        }
    }
}
