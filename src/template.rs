//! Text with places to be filled in: `{{seq}}`, `{{now}}`, `{{rand 1 9}}` ...

use aws_lc_rs::rand;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Text with its places.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Place(Place),
}

/// What stands in braces.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    Sequence,
    Now,
    /// The time since 1970, of which a second has so many.
    Unix(i128),
    Uuid,
    Integer(i64, i64),
    /// With so many decimals.
    Number(f64, f64, usize),
    /// So many random bytes.
    Hex(usize),
    OneOf(Vec<String>),
}

/// The names, with their arguments for people, and what reads them.
type Row = (&'static str, &'static str, fn(&[&str]) -> Option<Place>);

const ROWS: &[Row] = &[
    ("seq", "", |words| words.is_empty().then_some(Place::Sequence)),
    ("now", "", |words| words.is_empty().then_some(Place::Now)),
    ("unix", "", |words| words.is_empty().then_some(Place::Unix(1))),
    ("unix_ms", "", |words| words.is_empty().then_some(Place::Unix(1_000))),
    ("unix_us", "", |words| words.is_empty().then_some(Place::Unix(1_000_000))),
    ("unix_ns", "", |words| words.is_empty().then_some(Place::Unix(1_000_000_000))),
    ("uuid", "", |words| words.is_empty().then_some(Place::Uuid)),
    ("rand", " LOWEST HIGHEST", random),
    ("hex", " BYTES", |words| match words {
        [size] => size.parse().ok().filter(|size| *size <= LONGEST_HEX).map(Place::Hex),
        _ => None,
    }),
    ("pick", " WORD WORD ...", |words| {
        let words = words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        (!words.is_empty()).then_some(Place::OneOf(words))
    }),
];

/// More random bytes than anybody wants in a template.
const LONGEST_HEX: usize = 1 << 20;

/// A number between two others, both included; with decimals if they have any.
fn random(words: &[&str]) -> Option<Place> {
    let [low, high] = words else { return None };
    if let (Ok(low), Ok(high)) = (low.parse(), high.parse()) {
        return (low <= high).then_some(Place::Integer(low, high));
    }
    let decimals = |word: &str| word.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = decimals(low).max(decimals(high));
    let (low, high): (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
    let is_range = low <= high && (high - low).is_finite();
    is_range.then_some(Place::Number(low, high, decimals))
}

/// A piece of a text with places.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece<'a> {
    /// What stands before, between and behind the places; it may be empty.
    Text(&'a str),
    /// One place.
    Place(Template),
}

/// Cuts a text at its places.
///
/// # Errors
/// In words, when a place is not closed, or is none that is known.
pub fn cut(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        pieces.push(Piece::Text(before));
        let (place, after) = behind.split_once("}}").ok_or("{{ is without its }}")?;
        pieces.push(Piece::Place(Template { parts: vec![Part::Place(read_place(place)?)] }));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

impl Template {
    /// Reads a text with places.
    ///
    /// # Errors
    /// As [`cut`].
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = cut(text)?.into_iter().flat_map(|piece| match piece {
            Piece::Text(text) => vec![Part::Text(text.to_owned())],
            Piece::Place(template) => template.parts,
        });
        Ok(Self { parts: parts.collect() })
    }

    /// The text for the message with this number, sent at this time.
    #[must_use]
    pub fn fill(&self, number: u64, now: Timestamp) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Place(place) => place.fill(&mut text, number, now),
            }
        }
        text
    }
}

fn read_place(place: &str) -> Result<Place, String> {
    let words: Vec<_> = place.split_whitespace().collect();
    let (name, arguments) = words.split_first().ok_or("{{}} is empty")?;
    let row = ROWS.iter().find(|row| row.0 == *name);
    let (name, takes, read) = row.ok_or_else(|| {
        let known: Vec<_> = ROWS.iter().map(|row| row.0).collect();
        format!("{{{{{name}}}}} is not known; known are {}", known.join(", "))
    })?;
    read(arguments).ok_or_else(|| format!("it is written {{{{{name}{takes}}}}}"))
}

impl Place {
    fn fill(&self, text: &mut String, number: u64, now: Timestamp) {
        // Writing to a string does not fail.
        let _ = match self {
            Self::Sequence => write!(text, "{number}"),
            Self::Now => write!(text, "{now:.6}"),
            Self::Unix(unit) => write!(text, "{}", now.as_nanosecond() * unit / 1_000_000_000),
            Self::Uuid => write!(text, "{}", uuid()),
            Self::Integer(low, high) => write!(text, "{}", between(*low, *high)),
            Self::Number(low, high, decimals) => {
                write!(text, "{:.decimals$}", low + (high - low) * share())
            }
            Self::Hex(size) => write!(text, "{}", hex(&random_bytes(*size))),
            Self::OneOf(words) => {
                let last = i64::try_from(words.len().saturating_sub(1)).unwrap_or_default();
                let index = usize::try_from(between(0, last)).unwrap_or_default();
                write!(text, "{}", words.get(index).map_or("", String::as_str))
            }
        };
    }
}

/// So many random bytes.
#[must_use]
pub fn random_bytes(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    // A machine without random numbers has greater troubles than zeros in a test.
    let _ = rand::fill(&mut bytes);
    bytes
}

fn random_number() -> u64 {
    random_bytes(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn between(low: i64, high: i64) -> i64 {
    let count = u64::wrapping_add(high.abs_diff(low), 1);
    let offset = random_number().checked_rem(count).unwrap_or_else(random_number);
    low.wrapping_add_unsigned(offset)
}

/// From 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "53 bits are what it can have")]
fn share() -> f64 {
    (random_number() >> 11) as f64 / ((1_u64 << 53) - 1) as f64
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A random UUID (RFC 9562 §5.4).
#[must_use]
pub fn uuid() -> String {
    let mut bytes = random_bytes(16);
    if let Some(byte) = bytes.get_mut(6) {
        *byte = *byte & 0x0f | 0x40;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = *byte & 0x3f | 0x80;
    }
    let mut text = hex(&bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(text: &str) -> String {
        Template::read(text).unwrap().fill(7, Timestamp::new(1, 234_567_890).unwrap())
    }

    #[test]
    fn what_is_known_is_filled_in_and_the_rest_is_kept() {
        assert_eq!(
            filled("{\"n\":{{seq}},\"t\":\"{{ now }}\"}"),
            r#"{"n":7,"t":"1970-01-01T00:00:01.234567Z"}"#
        );
        assert_eq!(
            filled("{{unix}} {{unix_ms}} {{unix_us}} {{unix_ns}}"),
            "1 1234 1234567 1234567890"
        );
        assert_eq!(filled("{{pick x}}{{hex 0}}{{rand 3 3}} {{rand 0.5 0.50}}"), "x3 0.50");
    }

    #[test]
    fn random_numbers_lie_between_their_bounds() {
        for _ in 0..200 {
            assert!((-1..=1).contains(&filled("{{rand -1 1}}").parse::<i64>().unwrap()));
            assert!((0.0..=0.5).contains(&filled("{{rand 0 0.5}}").parse::<f64>().unwrap()));
        }
        filled("{{rand -9223372036854775808 9223372036854775807}}").parse::<i64>().unwrap();
    }

    #[test]
    fn a_uuid_is_of_version_4_and_none_is_like_another() {
        let (one, other) = (filled("{{uuid}}"), filled("{{uuid}}"));
        assert!(one.len() == 36 && one.as_bytes()[14] == b'4' && one != other, "{one}");
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (text, wanted) in [
            ("{{", "without its }}"),
            ("{{}}", "empty"),
            ("{{sequence}}", "known are seq, now"),
            ("{{seq 1}}", "it is written {{seq}}"),
            ("{{rand 9 1}}", "{{rand LOWEST HIGHEST}}"),
            ("{{rand a b}}", "{{rand LOWEST HIGHEST}}"),
            ("{{pick}}", "{{pick WORD WORD ...}}"),
        ] {
            let error = Template::read(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn text_without_places_is_itself(text in "[^{]{0,40}") {
            prop_assert_eq!(filled(&text), text);
        }
    }
}
