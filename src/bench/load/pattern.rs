//! Text in which something stands for what differs from client to client, in
//! the spellings of the other load generators: `dev/%i`, `site/{i}/%c`.

use super::rows::Row;
use super::size::scatter;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Text with places that are filled in for each client, and for each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The client's number.
    Number,
    ClientId,
    Username,
    /// The message's number, counted by its client from 0.
    Sequence,
    /// So many random letters and digits, the same for a client whenever it is asked.
    Random(usize),
    /// What the client's row has in this column.
    Column(String),
}

/// The client that a pattern is filled in for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::bench) struct Who<'a> {
    pub(in crate::bench) number: u64,
    pub(in crate::bench) client_id: &'a str,
    pub(in crate::bench) username: &'a str,
    pub(in crate::bench) row: Option<&'a Row>,
    /// What its random text comes of.
    pub(in crate::bench) chance: u64,
}

/// What stands for what: behind `%`, and between braces.
const PLACES: &[(&str, &str, Part)] = &[
    ("%i", "{i}", Part::Number),
    ("%c", "{c}", Part::ClientId),
    ("%u", "{u}", Part::Username),
    ("%s", "{s}", Part::Sequence),
];

/// What so many random characters are written as: `%rand_8`.
const RANDOM: &str = "%rand_";

/// More random characters than a topic has room for.
const MAX_RANDOM: usize = 1_000;

/// How a column of the client's row is written: `{row.NAME}`.
const COLUMN: &str = "{row.";

impl Pattern {
    /// Reads a pattern; what stands for nothing stands for itself.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let (part, length) = place(rest).unwrap_or_else(|| {
                plain.push(letter);
                (Part::Text(String::new()), letter.len_utf8())
            });
            if !matches!(part, Part::Text(_)) {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(part);
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        parts.push(Part::Text(plain));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Self { parts }
    }

    /// Whether it is the same for every client and message.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The columns that it names.
    pub(in crate::bench) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The text for one client, with the places of the message still open.
    #[must_use]
    pub(in crate::bench) fn for_client(&self, who: &Who<'_>) -> Numbered {
        let mut pieces = vec![String::new()];
        for (place, part) in (0..).zip(&self.parts) {
            if *part == Part::Sequence {
                pieces.push(String::new());
            } else if let Some(last) = pieces.last_mut() {
                // Two random places of a text differ.
                part.fill(&Who { chance: scatter(who.chance ^ place), ..*who }, last);
            }
        }
        Numbered { pieces }
    }

    /// The text for one client, for its first message.
    #[must_use]
    pub(in crate::bench) fn text(&self, who: &Who<'_>) -> String {
        self.for_client(who).at(0).into_owned()
    }

    /// The filter that matches this topic of every client and message: a level
    /// with a place in it becomes `+`.
    #[must_use]
    pub(in crate::bench) fn filter(&self) -> String {
        let marked = self.parts.iter().map(|part| match part {
            Part::Text(text) => text,
            _ => OPEN,
        });
        filter(&marked.collect::<String>())
    }
}

/// Stands for a place that is open; no topic has it.
const OPEN: &str = "\0";

/// The filter that matches this topic, whatever its open places are.
fn filter(topic: &str) -> String {
    let levels = topic.split('/').map(|level| if level.contains(OPEN) { "+" } else { level });
    levels.collect::<Vec<_>>().join("/")
}

/// The place that `text` begins with and its length.
fn place(text: &str) -> Option<(Part, usize)> {
    if let Some(behind) = text.strip_prefix(RANDOM) {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let count = behind.get(..digits)?.parse().ok().filter(|count| *count <= MAX_RANDOM)?;
        return Some((Part::Random(count), RANDOM.len() + digits));
    }
    if let Some(behind) = text.strip_prefix(COLUMN) {
        let (name, _) = behind.split_once('}')?;
        return Some((Part::Column(name.to_owned()), COLUMN.len() + name.len() + 1));
    }
    PLACES.iter().find_map(|(percent, braces, part)| {
        let written = [percent, braces].into_iter().find(|written| text.starts_with(**written))?;
        Some((part.clone(), written.len()))
    })
}

impl Part {
    fn fill(&self, who: &Who<'_>, text: &mut String) {
        match self {
            Self::Text(part) => text.push_str(part),
            Self::Number => drop(write!(text, "{}", who.number)),
            Self::ClientId => text.push_str(who.client_id),
            Self::Username => text.push_str(who.username),
            Self::Random(count) => text.push_str(&random_text(who.chance, *count)),
            Self::Column(name) => {
                text.push_str(who.row.and_then(|row| row.get(name)).unwrap_or_default());
            }
            // Open until the message is known.
            Self::Sequence => {}
        }
    }
}

/// So many letters and digits that look like chance and come of `seed` alone.
fn random_text(seed: u64, count: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let letter = |place| {
        let number = scatter(seed.wrapping_add(place)) % 32;
        LETTERS.get(usize::try_from(number).ok()?).map(|letter| char::from(*letter))
    };
    (0..).map_while(letter).take(count).collect()
}

/// A pattern filled in for a client; messages differ by their numbers at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bench) struct Numbered {
    /// Between two of them stands the number of the message.
    pieces: Vec<String>,
}

impl From<String> for Numbered {
    fn from(whole: String) -> Self {
        Self { pieces: vec![whole] }
    }
}

impl Numbered {
    /// The text for the message with this number.
    #[must_use]
    pub(in crate::bench) fn at(&self, sequence: u64) -> Cow<'_, str> {
        match self.pieces.as_slice() {
            [whole] => Cow::Borrowed(whole),
            _ => Cow::Owned(self.with(&sequence.to_string())),
        }
    }

    /// The text with this in place of the message's number.
    #[must_use]
    pub(in crate::bench) fn with(&self, number: &str) -> String {
        self.pieces.join(number)
    }

    /// The filter that matches it for every message.
    #[must_use]
    pub(in crate::bench) fn filter(&self) -> String {
        match self.fixed() {
            Some(text) => text.to_owned(),
            None => filter(&self.with(OPEN)),
        }
    }

    /// The text where it is the same for every message.
    #[must_use]
    pub(in crate::bench) fn fixed(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [whole] => Some(whole),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHO: Who<'_> = Who { number: 7, client_id: "me", username: "ann", row: None, chance: 1 };

    #[test]
    fn places_are_filled_in_wherever_they_stand_and_however_they_are_written() {
        let filled = |text| Pattern::read(text).text(&WHO);
        assert_eq!(filled("a/%i/%c/%u"), "a/7/me/ann");
        assert_eq!(filled("x{i}y/{c}{u}"), "x7y/meann");
        assert_eq!(filled("100% {\"n\":1} {i"), "100% {\"n\":1} {i");
        assert_eq!(filled("%rand_4/%rand_").len(), "abcd/%rand_".len());
    }

    #[test]
    fn random_text_is_that_of_a_client_and_of_a_place() {
        let topic = Pattern::read("%rand_9/%rand_9");
        let mine = topic.text(&WHO);
        assert_eq!(topic.text(&WHO), mine);
        assert_ne!(topic.text(&Who { chance: 2, ..WHO }), mine);
        let (one, other) = mine.split_once('/').unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn the_number_of_the_message_is_filled_in_for_each() {
        let topic = Pattern::read("a/%i/%s/{s}").for_client(&WHO);
        assert_eq!([topic.at(0), topic.at(12)], ["a/7/0/0", "a/7/12/12"]);
        assert_eq!(topic.fixed(), None);
        assert_eq!(Pattern::read("a/%i").for_client(&WHO).fixed(), Some("a/7"));
    }

    #[test]
    fn the_filter_matches_what_every_client_publishes_to() {
        let filter = |text| Pattern::read(text).filter();
        assert_eq!(filter("site/dev%i/up"), "site/+/up");
        assert_eq!(filter("a/b"), "a/b");
        assert_eq!(filter("%c/{s}/x"), "+/+/x");
    }

    proptest! {
        #[test]
        fn text_without_places_is_itself(text in "[^%{]{0,40}") {
            prop_assert_eq!(Pattern::read(&text).text(&WHO), text);
        }

        #[test]
        fn no_text_is_too_strange(text in "[%{}a-z_0-9/.]{0,40}|\\PC{0,40}") {
            let _ = Pattern::read(&text).for_client(&WHO);
        }
    }
}
