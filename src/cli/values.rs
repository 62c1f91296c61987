//! Values that are typed the same way in several commands.

use super::properties::{AS_TEXT, BETWEEN};
use crate::client::Retry;
use crate::encode::from_hex;
use crate::error::{self, Error};
use crate::mqtt::topic::{TopicFilter, TopicName};
use crate::mqtt::{self, MAX_REMAINING_LENGTH, PropertyBuf, QoS, SubscriptionId, Version};
use crate::publish::BatchLimits;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::time::Duration;

/// Reads a topic to publish to.
pub(super) fn topic(text: &str) -> Result<TopicName, String> {
    text.parse().map_err(wrong_topic)
}

/// Reads a filter to subscribe to.
pub(super) fn filter(text: &str) -> Result<TopicFilter, String> {
    text.parse().map_err(wrong_topic)
}

/// What is wrong, without the reason code that a broker would be told.
fn wrong_topic(error: mqtt::Error) -> String {
    format!("{} [{}]", error.what, error.statement)
}

/// Reads how many there are to be; none is no number.
pub(super) fn count(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "give a number from 1 on".to_owned())
}

/// Reads how often something is tried again.
pub(super) fn retry(text: &str) -> Result<Retry, String> {
    match text {
        "forever" | "-1" => Ok(Retry::Forever),
        text => text.parse().map(Retry::Times).map_err(|_| "give a number, or forever".to_owned()),
    }
}

/// Reads the number of a subscription.
pub(super) fn subscription_id(text: &str) -> Result<SubscriptionId, String> {
    let id = text.parse().ok().and_then(SubscriptionId::new);
    id.ok_or_else(|| "give a number from 1 to 268435455".to_owned())
}

/// Reads an address of this machine.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "give an IP address, as in 127.0.0.1, 0.0.0.0 or ::".to_owned())
}

/// Reads an address with a port, or a port of the loopback address.
pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    let port = text.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    port.or_else(|_| text.parse()).map_err(|_| "give a port, or an IP address with one".to_owned())
}

/// A version of MQTT as it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedVersion {
    pub(super) version: Version,
    /// Whether it was called `3`, which tools read differently.
    pub(super) ambiguous: bool,
}

/// The versions with every name the usual tools have for them.
const VERSIONS: &[(Version, &[&str])] = &[
    (Version::V5, &["5", "5.0", "v5", "mqttv5"]),
    (Version::V311, &["3.1.1", "311", "4", "mqttv311", "mqttv3.1.1", "3"]),
    (Version::V31, &["3.1", "31", "mqttv31"]),
];

/// Reads a version of MQTT.
pub(super) fn version(text: &str) -> Result<NamedVersion, String> {
    let row = VERSIONS.iter().find(|row| row.1.contains(&text));
    let (version, _) = row.ok_or("known are 5, 3.1.1 and 3.1")?;
    Ok(NamedVersion { version: *version, ambiguous: text == "3" })
}

/// Reads a quality of service.
pub(super) fn qos(text: &str) -> Result<QoS, String> {
    let level = text.parse().ok().and_then(QoS::from_u8);
    level.ok_or_else(|| "known are 0, 1 and 2".to_owned())
}

/// The units of time with their length in seconds; `ms` stands before the
/// suffixes it ends with.
const UNITS: &[(&str, f64)] =
    &[("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];

/// Reads a span of time: a number of seconds, or a number with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let with_unit =
        UNITS.iter().find_map(|(unit, length)| Some((text.strip_suffix(unit)?, *length)));
    let (number, length) = with_unit.unwrap_or((text, 1.0));
    let seconds = number.parse::<f64>().ok().map(|number| number * length);
    let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    span.ok_or_else(|| "give seconds, or a number with its unit: 500ms, 1.5s, 2m, 1h".to_owned())
}

/// Reads a span of time in whole seconds, as MQTT counts it.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    let span = duration(text)?;
    let whole = u32::try_from(span.as_secs()).ok().filter(|_| span.subsec_nanos() == 0);
    whole.ok_or_else(|| "MQTT counts whole seconds, up to 4294967295".to_owned())
}

/// Reads how long a session is kept: for ever as mosquitto says it or in words.
pub(super) fn expiry(text: &str) -> Result<u32, String> {
    match text {
        "-1" | "∞" | "never" | "infinite" => Ok(u32::MAX),
        text => seconds(text).map_err(|what| format!("{what}; never is for ever")),
    }
}

/// Reads yes or no.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("known are true and false".to_owned()),
    }
}

/// Reads the name and the value of a user property, the first `=` between them;
/// or `: `, as MQTTX has it.
pub(super) fn user_property(text: &str) -> Result<(String, String), String> {
    let split = text.split_once(BETWEEN).or(text.split_once('=')).or(text.split_once(": "));
    let (name, value) = split.ok_or("a user property is written name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// User properties as a packet has them.
pub(super) fn user_properties(pairs: &[(String, String)]) -> error::Result<PropertyBuf> {
    let mut properties = PropertyBuf::default();
    for (name, value) in pairs {
        let too_long = |cause| Error::usage("a user property is too long").because(cause);
        properties.push_user(name, value).map_err(too_long)?;
    }
    Ok(properties)
}

/// Bytes that are typed as text or encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Data(Vec<u8>);

impl Data {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Reads bytes: `hex:...`, `base64:...`, `text:...` or text as it is.
pub(super) fn data(text: &str) -> Result<Data, String> {
    let bytes = if let Some(digits) = text.strip_prefix("hex:") {
        from_hex(digits.as_bytes()).ok_or("what follows hex: is not pairs of hexadecimal digits")?
    } else if let Some(base64) = text.strip_prefix("base64:") {
        STANDARD.decode(base64).map_err(|_| "what follows base64: is not Base64")?
    } else {
        text.strip_prefix(AS_TEXT).unwrap_or(text).as_bytes().to_vec()
    };
    if bytes.len() > usize::from(u16::MAX) {
        return Err("MQTT has room for 65,535 bytes here".to_owned());
    }
    Ok(Data(bytes))
}

/// At most so many bytes of a file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file(path: &Path, at_most: u64) -> error::Result<Vec<u8>> {
    let failed = |cause| Error::file("read", path, cause);
    let mut content = Vec::new();
    let mut file = File::open(path).map_err(failed)?.take(at_most);
    file.read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// The most commands that run at once.
const MAX_JOBS: usize = 1000;

/// Reads how many commands run at once.
pub(super) fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= MAX_JOBS);
    count.ok_or_else(|| format!("give a number from 1 to {MAX_JOBS}"))
}

/// The longest span that rates and batches have, which no clock is past.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// Reads how many there may be in a second, as the time for each.
pub(super) fn rate(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let unit = UNITS.iter().find(|row| row.0 == unit).map(|row| row.1);
    let number = number.parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite());
    let span = unit.zip(number).and_then(|(unit, number)| {
        Duration::try_from_secs_f64(unit / number).ok().filter(|span| *span <= LONGEST)
    });
    span.ok_or_else(|| "give a number above 0, with or without /s, /m or /h".to_owned())
}

/// Reads a time and, behind a comma, a size.
pub(super) fn batch(text: &str) -> Result<BatchLimits, String> {
    let (interval, bytes) = text.split_once(',').unwrap_or((text, "1MB"));
    let interval = duration(interval)?;
    let size = size(bytes)?;
    if size < 4 || interval > LONGEST {
        return Err("give a time of up to a year, and a size from 4 bytes on".to_owned());
    }
    Ok(BatchLimits { interval, size })
}

/// Reads a byte: a character, or one that cannot be typed by its name.
pub(super) fn byte(text: &str) -> Result<u8, String> {
    let known = [("\\n", b'\n'), ("\\r", b'\r'), ("\\t", b'\t'), ("\\0", 0)];
    let named = known.iter().find(|row| row.0 == text).map(|row| row.1);
    let bytes = data(text)?.into_bytes();
    match (named, bytes.as_slice()) {
        (Some(byte), _) => Ok(byte),
        (None, [byte]) => Ok(*byte),
        _ => Err("give one byte: a character, \\n, \\t, \\0 or hex:1e".to_owned()),
    }
}

/// The units of sizes in bytes; a `B` may follow.
const SIZES: &[(&str, u64)] = &[
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
];

/// Reads a number of bytes, with or without a unit.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let lower = text.to_ascii_lowercase();
    let short = lower.strip_suffix('b').unwrap_or(&lower);
    let with_unit =
        SIZES.iter().find_map(|(unit, factor)| Some((short.strip_suffix(unit)?, *factor)));
    let (number, factor) = with_unit.unwrap_or((short, 1));
    let bytes = number.trim_end().parse::<u64>().ok();
    bytes
        .and_then(|number| number.checked_mul(factor))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "give bytes, or a number with its unit: 4k, 64KiB, 1MB".to_owned())
}

/// Reads the size of a payload.
pub(super) fn payload_size(text: &str) -> Result<usize, String> {
    let size = size(text)?;
    let fits = size <= MAX_REMAINING_LENGTH;
    fits.then_some(size).ok_or_else(|| "MQTT allows 268,435,455 bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in [
            ("64", 64),
            ("64B", 64),
            ("4k", 4_000),
            ("4 kB", 4_000),
            ("64KiB", 65_536),
            ("1MB", 1_000_000),
            ("2Mi", 2 << 20),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "k", "-1", "1x", "1.5k", "99999999999G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_name_of_a_version_is_known_and_a_bare_3_is_noticed() {
        for (wanted, names) in VERSIONS {
            for name in *names {
                assert_eq!(version(name).unwrap().version, *wanted, "{name}");
            }
        }
        assert!(version("3").unwrap().ambiguous);
        assert!(version("6").is_err());
    }

    #[test]
    fn a_bare_number_is_seconds() {
        for (text, millis) in [
            ("2", 2_000),
            ("1.5", 1_500),
            ("500ms", 500),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1", "1x", "nan", "1e400", "inf"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_of_mqtt_are_whole_seconds_or_for_ever() {
        assert_eq!((seconds("90"), seconds("2m")), (Ok(90), Ok(120)));
        assert!(seconds("1.5").is_err() && seconds("99999999999").is_err());
        for text in ["never", "-1", "∞"] {
            assert_eq!(expiry(text), Ok(u32::MAX));
        }
        assert!(expiry("soon").unwrap_err().contains("never"));
    }

    #[test]
    fn a_user_property_is_split_at_its_first_mark() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(user_property("a=b=c"), pair("a", "b=c"));
        assert_eq!(user_property("a: b: c"), pair("a", "b: c"));
        assert_eq!(user_property("a=b\0c=d"), pair("a=b", "c=d"));
        assert_eq!(user_property("="), pair("", ""));
        assert!(user_property("a").is_err());
    }

    #[test]
    fn data_is_text_unless_it_says_otherwise() {
        for (text, bytes) in [
            ("ab", &b"ab"[..]),
            ("hex:00fF", &[0, 255]),
            ("base64:AP8=", &[0, 255]),
            ("text:hex:00", b"hex:00"),
            ("", b""),
        ] {
            assert_eq!(data(text).unwrap().into_bytes(), bytes, "{text}");
        }
        for text in ["hex:0", "hex:+1", "hex:zz", "base64:*"] {
            assert!(data(text).is_err(), "{text}");
        }
    }

    #[test]
    fn there_are_three_qualities_of_service() {
        assert_eq!(qos("2"), Ok(QoS::ExactlyOnce));
        assert!(qos("3").is_err());
    }
}
