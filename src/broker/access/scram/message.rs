//! What a client of SCRAM sends (RFC 5802 §5.1, §7), read from foreign bytes.

use crate::scram::{Key, decode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first message of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct First<'a> {
    /// The header that the second message repeats.
    pub(super) header: &'a str,
    /// What follows the header.
    pub(super) bare: &'a str,
    /// Whom the client is.
    pub(super) user: String,
    /// Whom it wants to act for, if it says so.
    pub(super) acts_for: Option<String>,
    pub(super) nonce: &'a str,
}

/// The second and last message of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Last<'a> {
    /// Everything but the proof.
    pub(super) unproved: &'a str,
    /// The header of the first message in base64.
    pub(super) header: &'a str,
    pub(super) nonce: &'a str,
    pub(super) proof: Key,
}

impl<'a> First<'a> {
    /// Reads `n,,n=user,r=nonce`. One that binds to a channel (`p=...`) is
    /// refused, as that is not offered; so is one with an extension that must
    /// be understood.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (binding, rest) = text.split_once(',')?;
        let (acts_for, bare) = rest.split_once(',')?;
        let mut attributes = bare.split(',');
        let user = name(attributes.next()?.strip_prefix("n=")?)?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        let acts_for = match acts_for {
            "" => None,
            named => Some(name(named.strip_prefix("a=")?)?),
        };
        let known = matches!(binding, "n" | "y") && is_nonce(nonce);
        let header = text.strip_suffix(bare)?;
        known.then_some(Self { header, bare, user, acts_for, nonce })
    }
}

impl<'a> Last<'a> {
    /// Reads `c=header,r=nonce,p=proof`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (unproved, proof) = text.rsplit_once(",p=")?;
        let mut attributes = unproved.split(',');
        let header = attributes.next()?.strip_prefix("c=")?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        Some(Self { unproved, header, nonce, proof: decode(proof)? })
    }

    /// Whether it repeats the header of the first message.
    pub(super) fn repeats(&self, header: &str) -> bool {
        self.header == STANDARD.encode(header)
    }
}

/// A name, in which `=2C` stands for a comma and `=3D` for an equals sign.
fn name(text: &str) -> Option<String> {
    let mut parts = text.split('=');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return None,
        };
        name.push(sign);
        name.push_str(rest);
    }
    (!name.is_empty()).then_some(name)
}

fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_may_hold_commas_and_equals_signs() {
        let first = First::parse("y,a=b,n=a=2Cb=3Dc,r=x1,ext=1").unwrap();
        assert_eq!((&*first.user, first.acts_for.as_deref()), ("a,b=c", Some("b")));
        assert_eq!((first.header, first.nonce), ("y,a=b,", "x1"));
        assert_eq!(first.bare, "n=a=2Cb=3Dc,r=x1,ext=1");
    }

    #[test]
    fn what_is_not_offered_or_not_whole_is_refused() {
        for text in [
            "",
            "n",
            "n,",
            "n,,",
            "n,,n=",
            "n,,n=a",
            "n,,n=a,r=",
            "n,,n=,r=x",
            "n,,n=a=,r=x",
            "n,,n=a=2c,r=x",
            "n,,m=must,n=a,r=x",
            "n,a=,n=a,r=x",
            "n,b,n=a,r=x",
            "n,,n=a,r=\u{e4}",
            "p=tls-unique,,n=a,r=x",
            "x,,n=a,r=x",
        ] {
            assert_eq!(First::parse(text), None, "{text}");
        }
        let proof = STANDARD.encode([7; 32]);
        assert!(Last::parse(&format!("c=biws,r=x,p={proof}")).is_some());
        for text in ["", "c=biws,r=x", "c=biws,p=AA==", "r=x,c=biws,p=AA==", "c=biws,r=x,p=AA=="] {
            assert_eq!(Last::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(
            text in "([nycrpamb]|=|,|=2C|=3D|biws|[A-Za-z0-9+/]{4}|\\PC){0,24}",
        ) {
            if let Some(first) = First::parse(&text) {
                prop_assert_eq!(format!("{}{}", first.header, first.bare), &*text);
            }
            let _ = Last::parse(&text);
        }
    }
}
