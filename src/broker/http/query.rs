//! The part of a request behind the question mark.

use super::answer::Fault;
use std::borrow::Cow;
use std::cell::RefCell;

/// Items on a page, if nothing is said.
const USUAL_LIMIT: usize = 100;

/// Items on a page at most.
const MAX_LIMIT: usize = 1000;

/// The parameters that have not been asked for yet. What nobody asks for is a
/// mistake of the client and refused: see [`Query::finish`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query(RefCell<Vec<(String, String)>>);

impl Query {
    /// Reads `name=value&...`; what is no UTF-8 is replaced.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self(RefCell::new(pairs.into_owned().collect()))
    }

    /// Takes the value of a parameter.
    pub(super) fn take(&self, name: &str) -> Option<String> {
        let mut pairs = self.0.borrow_mut();
        let place = pairs.iter().position(|(known, _)| known == name)?;
        Some(pairs.swap_remove(place).1)
    }

    /// Takes how many items are wanted.
    pub(super) fn limit(&self) -> Result<usize, Fault> {
        let Some(text) = self.take("limit") else { return Ok(USUAL_LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| Fault::bad(format!("limit is a number from 1 to {MAX_LIMIT}")))
    }

    /// Refuses what nobody has taken.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        match self.0.borrow().first() {
            None => Ok(()),
            Some((name, _)) => Err(Fault::bad(format!("there is no parameter {name:?} here"))),
        }
    }
}

/// The segments of a path, each decoded; `None` if one is no UTF-8.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let decode = |segment: &str| {
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8();
        decoded.ok().map(Cow::into_owned)
    };
    path.split('/').map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_taken_once_and_what_is_left_is_refused() {
        let query = Query::parse("filter=a%2F%23&limit=5&x=1");
        assert_eq!(query.take("filter").as_deref(), Some("a/#"));
        assert_eq!(query.limit(), Ok(5));
        assert!(query.finish().is_err());
        assert_eq!(query.take("x").as_deref(), Some("1"));
        assert_eq!(query.finish(), Ok(()));
        for wrong in ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit="] {
            assert!(Query::parse(wrong).limit().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_segment_may_hold_what_separates_segments() {
        assert_eq!(segments("/a/b%2Fc/%25").unwrap(), ["a", "b/c", "%"]);
        assert_eq!(segments("/%ff"), None);
    }

    proptest! {
        #[test]
        fn whatever_was_encoded_is_decoded(name in "\\PC{1,20}", value in "\\PC{0,20}") {
            let text = form_urlencoded::Serializer::new(String::new())
                .append_pair(&name, &value).finish();
            let query = Query::parse(&text);
            prop_assert_eq!(query.take(&name), Some(value.clone()));
            let all = percent_encoding::NON_ALPHANUMERIC;
            let path = format!("/{}", percent_encoding::utf8_percent_encode(&value, all));
            prop_assert_eq!(segments(&path), Some(vec![value]));
        }

        #[test]
        fn no_text_is_too_much(text in "\\PC{0,200}") {
            let _ = (Query::parse(&text), segments(&text));
        }
    }
}
