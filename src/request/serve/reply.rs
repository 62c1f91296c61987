//! A reply as a text that is filled in: `%` stands for something of the request, as in
//! `sub -F`, and `{{}}` for something made up, as in `pub --template`.

use crate::encode::Encoding;
use crate::look::{Arrival, Format, Run};
use crate::mqtt::Publish;
use crate::template::{self, Template};
use jiff::Timestamp;
use std::str::FromStr;

/// The text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pieces: Vec<Piece>,
    /// What it is written in, or is to become.
    pub encoding: Option<Encoding>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Format(Format),
    Place(Template),
}

impl FromStr for Reply {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pieces = template::cut(text)?.into_iter().map(|piece| match piece {
            template::Piece::Place(place) => Ok(Piece::Place(place)),
            template::Piece::Text(text) => text
                .parse()
                .map(Piece::Format)
                .map_err(|wrong: crate::look::BadFormat| wrong.to_string()),
        });
        Ok(Self { pieces: pieces.collect::<Result<_, String>>()?, encoding: None })
    }
}

impl Reply {
    /// The payload of the reply to `request`, which `run` has counted.
    ///
    /// # Errors
    /// In words, when the text is not what it is said to be written in.
    pub fn fill(&self, request: &Publish<'_>, run: &Run) -> Result<Vec<u8>, String> {
        let arrival = Arrival::new(request, false, run);
        let now = Timestamp::now();
        let mut text = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Format(format) => format.print(&arrival, &mut text),
                Piece::Place(place) => text.extend(place.fill(run.number(), now).into_bytes()),
            }
        }
        self.encoding
            .map_or(Ok(None), |encoding| encoding.encode(&text).map(Some))
            .map(|encoded| encoded.unwrap_or(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, payload: &[u8]) -> Result<String, String> {
        let run = Run::default();
        run.count();
        let request = Publish { topic: "a/b", payload, ..Publish::default() };
        let reply = text.parse::<Reply>()?.fill(&request, &run)?;
        Ok(String::from_utf8(reply).unwrap())
    }

    #[test]
    fn a_reply_has_what_is_made_up_and_what_is_of_the_request() {
        assert_eq!(filled("{{seq}}: %p of %t, 100%%", b"x"), Ok("1: x of a/b, 100%".to_owned()));
        assert_eq!(filled("%{json:.n}", br#"{"n":7}"#), Ok("7".to_owned()));
    }

    #[test]
    fn what_a_request_says_is_not_filled_in() {
        assert_eq!(filled("%p", b"{{seq}} %t"), Ok("{{seq}} %t".to_owned()));
    }

    #[test]
    fn what_stands_for_nothing_is_refused() {
        assert!(filled("%z", b"").unwrap_err().contains("%z is not a conversion"));
        assert!(filled("{{nothing}}", b"").unwrap_err().contains("is not known"));
    }
}
