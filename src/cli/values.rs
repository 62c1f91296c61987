//! Values that are typed the same way in several commands.

use crate::mqtt::topic::{TopicFilter, TopicName};
use crate::mqtt::{self, QoS, Version};
use std::net::IpAddr;
use std::num::NonZeroU64;
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

/// Reads an address of this machine.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "give an IP address, as in 127.0.0.1, 0.0.0.0 or ::".to_owned())
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
    fn there_are_three_qualities_of_service() {
        assert_eq!(qos("2"), Ok(QoS::ExactlyOnce));
        assert!(qos("3").is_err());
    }
}
