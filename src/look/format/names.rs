//! The long names of `-F`, as in `%{user:key}` and `%{time:rfc3339ns}`.

use super::{BadFormat, Field, HEX, Shape, put_time, strftime};
use crate::look::Arrival;
use crate::record::Dialect;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Zoned;
use serde_json::Value;
use std::time::Duration;

/// What a long name stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Name {
    /// The same as a letter.
    Field(Field),
    Base64,
    Dup,
    /// Every subscription identifier, with commas between them.
    SubscriptionIds,
    /// How many messages there were, this one included.
    Number,
    /// Seconds since the start.
    Elapsed,
    /// Seconds since the message before.
    Delta,
    /// The first user property with this name.
    User(String),
    /// What a JSON pointer (RFC 6901) finds in the payload.
    Json(String),
    /// A level of the topic, the first is 1.
    Level(usize),
    Time(TimeForm),
}

/// How a point in time is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TimeForm {
    /// RFC 3339 in local time with so many decimals.
    Rfc3339(u8),
    /// The same in UTC.
    Utc(u8),
    /// Units of this many nanoseconds since 1970.
    Unix(i128),
    /// A format of strftime.
    Format(String),
}

const PLAIN: &[(&str, Name)] = &[
    ("topic", Name::Field(Field::Topic)),
    ("payload", Name::Field(Field::Payload)),
    ("hex", Name::Field(Field::Hex(HEX))),
    ("b64", Name::Base64),
    ("base64", Name::Base64),
    ("json", Name::Field(Field::Json(Dialect::Mqx))),
    ("length", Name::Field(Field::PayloadLength)),
    ("qos", Name::Field(Field::QoS)),
    ("retain", Name::Field(Field::Retained)),
    ("dup", Name::Dup),
    ("mid", Name::Field(Field::PacketId)),
    ("topic-alias", Name::Field(Field::TopicAlias)),
    ("content-type", Name::Field(Field::ContentType)),
    ("response-topic", Name::Field(Field::ResponseTopic)),
    ("correlation-data", Name::Field(Field::CorrelationData)),
    ("message-expiry-interval", Name::Field(Field::MessageExpiry)),
    ("payload-format-indicator", Name::Field(Field::PayloadFormat)),
    ("subscription-identifiers", Name::SubscriptionIds),
    ("user-properties", Name::Field(Field::UserProperties)),
    ("number", Name::Number),
    ("elapsed", Name::Elapsed),
    ("delta", Name::Delta),
    ("time", Name::Time(TimeForm::Rfc3339(6))),
];

const TIMES: &[(&str, TimeForm)] = &[
    ("rfc3339", TimeForm::Rfc3339(0)),
    ("rfc3339ms", TimeForm::Rfc3339(3)),
    ("rfc3339us", TimeForm::Rfc3339(6)),
    ("rfc3339ns", TimeForm::Rfc3339(9)),
    ("utc", TimeForm::Utc(0)),
    ("utcms", TimeForm::Utc(3)),
    ("utcus", TimeForm::Utc(6)),
    ("utcns", TimeForm::Utc(9)),
    ("unix", TimeForm::Unix(1_000_000_000)),
    ("unixms", TimeForm::Unix(1_000_000)),
    ("unixus", TimeForm::Unix(1_000)),
    ("unixns", TimeForm::Unix(1)),
];

/// Reads what stands between the braces.
pub(super) fn read(text: &str) -> Result<Name, BadFormat> {
    let bad = |what: &str| BadFormat(format!("%{{{text}}} {what}"));
    match text.split_once(':') {
        None => {
            let row = PLAIN.iter().find(|row| row.0 == text);
            row.map(|row| row.1.clone()).ok_or_else(|| bad("is not a name"))
        }
        Some(("user", key)) => Ok(Name::User(key.to_owned())),
        Some(("json", path)) => {
            let pointer = pointer(path).ok_or_else(|| bad("is not a path such as .a.b[0]"))?;
            Ok(Name::Json(pointer))
        }
        Some(("topic", level)) => {
            let level = level.parse().ok().filter(|level| *level > 0);
            level.map(Name::Level).ok_or_else(|| bad("is not a level of the topic, from 1 on"))
        }
        Some(("time", form)) => {
            let form = time_form(form).ok_or_else(|| bad("is not a form of time"))?;
            Ok(Name::Time(form))
        }
        Some(_) => Err(bad("is not a name")),
    }
}

fn time_form(text: &str) -> Option<TimeForm> {
    if let Some(row) = TIMES.iter().find(|row| row.0 == text) {
        return Some(row.1.clone());
    }
    let is_format = text.contains('%') && strftime(text, &Zoned::now()).is_ok();
    is_format.then(|| TimeForm::Format(text.to_owned()))
}

/// `.a.b[0]` as a JSON pointer.
fn pointer(path: &str) -> Option<String> {
    let rest = path.strip_prefix('.')?;
    let mut pointer = String::new();
    if rest.is_empty() {
        return Some(pointer);
    }
    for part in rest.split('.') {
        let mut parts = part.split('[');
        let key = parts.next().filter(|key| !key.is_empty());
        let indices: Option<Vec<&str>> = parts.map(|index| index.strip_suffix(']')).collect();
        for token in key.into_iter().chain(indices?) {
            pointer.push('/');
            pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        }
    }
    Some(pointer)
}

impl Name {
    pub(super) fn print(&self, shape: Shape, arrival: &Arrival<'_>, out: &mut Vec<u8>) {
        let publish = arrival.publish;
        match self {
            Self::Field(field) => field.print(shape, arrival, out),
            Self::Base64 => shape.put_text(STANDARD.encode(publish.payload).as_bytes(), out),
            Self::Dup => out.push(b'0' + u8::from(publish.dup)),
            Self::SubscriptionIds => {
                let ids = publish.properties.subscription_identifiers.iter();
                let ids: Vec<_> = ids.map(|id| id.value().to_string()).collect();
                shape.put_text(ids.join(",").as_bytes(), out);
            }
            Self::Number => shape.put_number(Some(arrival.run.number()), out),
            Self::Elapsed => put_seconds(arrival.run.elapsed(), shape, out),
            Self::Delta => put_seconds(arrival.run.delta(), shape, out),
            Self::User(key) => {
                let mut pairs = publish.properties.user_properties.iter();
                let value = pairs.find(|(name, _)| name == key).map(|(_, value)| value);
                put_safe(value.unwrap_or_default(), arrival, shape, out);
            }
            Self::Json(pointer) => put_safe(&inside(arrival, pointer), arrival, shape, out),
            Self::Level(level) => {
                let text = crate::mqtt::topic::levels(publish.topic).nth(level - 1);
                put_safe(text.unwrap_or_default(), arrival, shape, out);
            }
            Self::Time(form) => form.print(arrival, shape, out),
        }
    }
}

fn put_safe(text: &str, arrival: &Arrival<'_>, shape: Shape, out: &mut Vec<u8>) {
    let mut safe = Vec::new();
    arrival.text_of(text).put(&mut safe);
    shape.put_text(&safe, out);
}

fn put_seconds(time: Duration, shape: Shape, out: &mut Vec<u8>) {
    let decimals = Some(shape.precision.unwrap_or(6));
    Shape { precision: decimals, ..shape }.put_float(time.as_secs_f64(), out);
}

/// What the pointer finds in the payload: text as it is, the rest as JSON;
/// nothing when it is not there.
fn inside(arrival: &Arrival<'_>, pointer: &str) -> String {
    let payload = serde_json::from_slice::<Value>(arrival.payload()).ok();
    match payload.as_ref().and_then(|value| value.pointer(pointer)) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

impl TimeForm {
    fn print(&self, arrival: &Arrival<'_>, shape: Shape, out: &mut Vec<u8>) {
        let time = arrival.time();
        let fraction = |digits: &u8| match digits {
            0 => String::new(),
            digits => format!(".%{digits}f"),
        };
        match self {
            Self::Format(format) => put_time(format, arrival, shape, out),
            Self::Rfc3339(digits) => {
                put_time(&format!("%Y-%m-%dT%H:%M:%S{}%:z", fraction(digits)), arrival, shape, out);
            }
            Self::Utc(digits) => {
                let format = format!("%Y-%m-%dT%H:%M:%S{}Z", fraction(digits));
                let utc = time.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
                shape.put_text(strftime(&format, &utc).unwrap_or_default().as_bytes(), out);
            }
            Self::Unix(unit) => {
                let nanoseconds = time.timestamp().as_nanosecond();
                shape.put_number(Some(nanoseconds.div_euclid(*unit)), out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_json_pointer() {
        for (path, wanted) in [
            (".", Some("")),
            (".a", Some("/a")),
            (".a.b[0]", Some("/a/b/0")),
            (".[1][2]", Some("/1/2")),
            (".a/b~c", Some("/a~1b~0c")),
            ("a", None),
            (".a[0", None),
        ] {
            assert_eq!(pointer(path).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        for text in ["", "nothing", "time:soon", "topic:0", "json:a", "x:y"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
