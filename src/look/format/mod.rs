//! The formats of `-F`: the grammar of `mosquitto_sub`, read once at the start.

use super::arrival::Arrival;
use super::json;
use super::number::Shape;
use crate::output;
use crate::record::Dialect;
use jiff::fmt::strtime::{self, BrokenDownTime, PosixCustom};
use std::fmt;
use std::iter::Peekable;
use std::str::{Chars, FromStr};

mod names;

use names::Name;

/// What `-F` asks to print, piece by piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Format(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// As it stands.
    Literal(String),
    /// A conversion of strftime, with its percent sign.
    Time(String),
    /// The nanoseconds of the second.
    Nanoseconds,
    /// Something of the message by its letter.
    Field(Field, Shape),
    /// The same by a long name.
    Name(Name, Shape),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    TopicAlias,
    ContentType,
    CorrelationData,
    Double,
    MessageExpiry,
    PayloadFormat,
    Float,
    IsoTime,
    Json(Dialect),
    PayloadLength,
    PacketId,
    UserProperties,
    Payload,
    QoS,
    ResponseTopic,
    Retained,
    SubscriptionId,
    Topic,
    UnixTime,
    Hex(&'static [u8; 16]),
}

/// The digits of `%x`.
const HEX: &[u8; 16] = b"0123456789abcdef";

const CONVERSIONS: &[(char, Field)] = &[
    ('A', Field::TopicAlias),
    ('C', Field::ContentType),
    ('D', Field::CorrelationData),
    ('d', Field::Double),
    ('E', Field::MessageExpiry),
    ('F', Field::PayloadFormat),
    ('f', Field::Float),
    ('I', Field::IsoTime),
    ('j', Field::Json(Dialect::Text)),
    ('J', Field::Json(Dialect::Spliced)),
    ('l', Field::PayloadLength),
    ('m', Field::PacketId),
    ('P', Field::UserProperties),
    ('p', Field::Payload),
    ('q', Field::QoS),
    ('R', Field::ResponseTopic),
    ('r', Field::Retained),
    ('S', Field::SubscriptionId),
    ('t', Field::Topic),
    ('U', Field::UnixTime),
    ('x', Field::Hex(HEX)),
    ('X', Field::Hex(b"0123456789ABCDEF")),
];

const ESCAPES: &[(char, char)] = &[
    ('\\', '\\'),
    ('0', '\0'),
    ('a', '\x07'),
    ('e', '\x1b'),
    ('n', '\n'),
    ('r', '\r'),
    ('t', '\t'),
    ('v', '\x0b'),
];

const SEPARATORS: &str = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ ";

/// What is wrong with a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFormat(String);

impl fmt::Display for BadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadFormat {}

impl FromStr for Format {
    type Err = BadFormat;

    fn from_str(text: &str) -> Result<Self, BadFormat> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            let piece = match character {
                '%' => percent(&mut rest)?,
                '@' => at(&mut rest)?,
                '\\' => escape(&mut rest)?,
                other => Piece::Literal(other.into()),
            };
            if let Piece::Literal(text) = piece {
                literal.push_str(&text);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(piece);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self(pieces))
    }
}

fn percent(rest: &mut Peekable<Chars<'_>>) -> Result<Piece, BadFormat> {
    if rest.next_if_eq(&'%').is_some() {
        return Ok(Piece::Literal("%".to_owned()));
    }
    let mut shape = Shape {
        left: rest.next_if_eq(&'-').is_some(),
        zero: rest.next_if_eq(&'0').is_some(),
        ..Shape::default()
    };
    shape.width = number(rest)?.unwrap_or_default();
    if rest.next_if_eq(&'.').is_some() {
        shape.precision = Some(number(rest)?.unwrap_or_default());
    }
    if let Some(name) = long_name(rest) {
        return Ok(Piece::Name(names::read(&name)?, shape));
    }
    let separator = rest.next_if(|character| SEPARATORS.contains(*character));
    shape.separator = separator.and_then(|separator| u8::try_from(separator).ok());
    let unknown = |what: String| BadFormat(format!("{what} is not a conversion"));
    let letter = rest.next().ok_or_else(|| unknown("% at the end".into()))?;
    let row = CONVERSIONS.iter().find(|row| row.0 == letter);
    let (_, field) = row.ok_or_else(|| unknown(format!("%{letter}")))?;
    Ok(Piece::Field(*field, shape))
}

/// What stands in braces from here on. One letter in them is a conversion, and
/// the brace before it what mosquitto makes of it, a separator.
fn long_name(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut ahead = rest.clone();
    ahead.next_if_eq(&'{')?;
    let mut name = String::new();
    for character in ahead.by_ref().take_while(|character| *character != '}') {
        name.push(character);
    }
    let length = name.chars().count();
    let is_closed = rest.clone().nth(length + 1) == Some('}');
    if length == 1 || !is_closed {
        return None;
    }
    *rest = ahead;
    Some(name)
}

/// The greatest width and precision: enough for any line, and no way to fill
/// the memory.
const MAX_NUMBER: usize = 10_000;

fn number(rest: &mut Peekable<Chars<'_>>) -> Result<Option<usize>, BadFormat> {
    let mut value = None;
    while let Some(digit) = rest.peek().and_then(|character| character.to_digit(10)) {
        rest.next();
        let next = value.unwrap_or(0) * 10 + digit as usize;
        if next > MAX_NUMBER {
            return Err(BadFormat(format!("a width is above {MAX_NUMBER}")));
        }
        value = Some(next);
    }
    Ok(value)
}

fn at(rest: &mut Peekable<Chars<'_>>) -> Result<Piece, BadFormat> {
    match rest.next() {
        None => Err(BadFormat("@ at the end is not a conversion".to_owned())),
        Some('@') => Ok(Piece::Literal("@".to_owned())),
        Some('N') => Ok(Piece::Nanoseconds),
        Some(letter) => {
            let conversion = format!("%{letter}");
            strftime(&conversion, &jiff::Zoned::now())
                .map(|_| Piece::Time(conversion))
                .map_err(|_| BadFormat(format!("@{letter} is not a conversion of strftime")))
        }
    }
}

fn escape(rest: &mut Peekable<Chars<'_>>) -> Result<Piece, BadFormat> {
    let letter = rest.next();
    let row = ESCAPES.iter().find(|row| Some(row.0) == letter);
    match (row, letter) {
        (Some((_, character)), _) => Ok(Piece::Literal((*character).into())),
        (None, Some(letter)) => Err(BadFormat(format!("\\{letter} is not an escape"))),
        (None, None) => Err(BadFormat("\\ at the end is not an escape".to_owned())),
    }
}

/// `time` by a conversion of strftime in the C locale.
pub(super) fn strftime(conversion: &str, time: &jiff::Zoned) -> Result<String, jiff::Error> {
    let config = strtime::Config::new().custom(PosixCustom::new());
    BrokenDownTime::from(time).to_string_with_config(&config, conversion)
}

impl Format {
    /// Appends what the format says of a message.
    pub fn print(&self, arrival: &Arrival<'_>, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Time(conversion) => put_time(conversion, arrival, Shape::default(), out),
                Piece::Nanoseconds => {
                    let nanoseconds = arrival.time().subsec_nanosecond();
                    out.extend_from_slice(format!("{nanoseconds:09}").as_bytes());
                }
                Piece::Field(field, shape) => field.print(*shape, arrival, out),
                Piece::Name(name, shape) => name.print(*shape, arrival, out),
            }
        }
    }
}

/// Whether the conversion exists was checked when the format was read.
fn put_time(conversion: &str, arrival: &Arrival<'_>, shape: Shape, out: &mut Vec<u8>) {
    let text = strftime(conversion, arrival.time()).unwrap_or_default();
    shape.put_text(text.as_bytes(), out);
}

impl Field {
    fn print(self, shape: Shape, arrival: &Arrival<'_>, out: &mut Vec<u8>) {
        let publish = arrival.publish;
        let properties = &publish.properties;
        let text = |text: Option<&str>, out: &mut Vec<u8>| {
            let mut safe = Vec::new();
            arrival.text_of(text.unwrap_or_default()).put(&mut safe);
            shape.put_text(&safe, out);
        };
        match self {
            Self::TopicAlias => shape.put_number(properties.topic_alias.map(|alias| alias.0), out),
            Self::ContentType => text(properties.content_type, out),
            Self::CorrelationData => {
                let data = properties.correlation_data.unwrap_or_default();
                arrival.text(data).put(out);
            }
            Self::Double => {
                let number = publish.payload.try_into().map(f64::from_ne_bytes);
                put_float(shape, &number, out);
            }
            Self::Float => {
                let number = publish.payload.try_into().map(f32::from_ne_bytes);
                put_float(shape, &number.map(f64::from), out);
            }
            Self::MessageExpiry => shape.put_number(properties.message_expiry_interval, out),
            Self::PayloadFormat => {
                shape.put_number(properties.payload_format_indicator.map(u8::from), out);
            }
            Self::IsoTime => put_time("%Y-%m-%dT%H:%M:%S%z", arrival, shape, out),
            Self::Json(dialect) => json::put(arrival, dialect, out),
            Self::PayloadLength => shape.put_number(Some(publish.payload.len()), out),
            Self::PacketId => {
                let id = publish.packet_id.map_or(0, std::num::NonZeroU16::get);
                shape.put_number(Some(id), out);
            }
            Self::UserProperties => put_user_properties(arrival, out),
            Self::Payload => put_payload(shape, arrival, out),
            Self::QoS => out.push(b'0' + publish.qos as u8),
            // Alone among the texts it is not padded when it is absent.
            Self::ResponseTopic => match properties.response_topic {
                None => {}
                topic => text(topic, out),
            },
            Self::Retained => out.push(b'0' + u8::from(publish.retain)),
            Self::SubscriptionId => {
                let first = properties.subscription_identifiers.iter().next();
                shape.put_number(first.map(crate::mqtt::SubscriptionId::value), out);
            }
            Self::Topic => text(Some(publish.topic), out),
            Self::UnixTime => {
                let time = arrival.time().timestamp();
                let (seconds, rest) = (time.as_second(), time.subsec_nanosecond());
                out.extend_from_slice(format!("{seconds}.{rest:09}").as_bytes());
            }
            Self::Hex(digits) => shape.put_hex(publish.payload, digits, out),
        }
    }
}

fn put_payload(shape: Shape, arrival: &Arrival<'_>, out: &mut Vec<u8>) {
    let mut safe = Vec::new();
    arrival.text(arrival.payload()).put_payload(&mut safe);
    shape.put_bytes(&safe, out);
}

fn put_float<E>(shape: Shape, number: &Result<f64, E>, out: &mut Vec<u8>) {
    match number {
        Ok(number) => shape.put_float(*number, out),
        Err(_) => output::warn("the payload does not have the size of the number asked for"),
    }
}

fn put_user_properties(arrival: &Arrival<'_>, out: &mut Vec<u8>) {
    let pairs = arrival.publish.properties.user_properties.iter();
    for (index, (name, value)) in pairs.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        arrival.text_of(name).put(out);
        out.push(b':');
        arrival.text_of(value).put(out);
    }
}

#[cfg(test)]
mod tests;
