//! Values of the load generator's options.

use super::super::values;
pub(super) use crate::bench::load::{Headers, Sizes};
use std::time::Duration;

/// Reads a span of time that the other load generators count in milliseconds.
pub(super) fn millis(text: &str) -> Result<Duration, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let with_unit = if is_number { format!("{text}ms") } else { text.to_owned() };
    values::duration(&with_unit)
        .map_err(|_| "give milliseconds, or a number with its unit: 500ms, 1.5s, 2m, 1h".to_owned())
}

/// Reads a size or a range of sizes.
pub(super) fn sizes(text: &str) -> Result<Sizes, String> {
    match text.split_once('-') {
        Some((least, most)) => Ok(Sizes { least: values::size(least)?, most: values::size(most)? }),
        None => values::size(text).map(Sizes::from),
    }
}

/// Reads which headers of emqtt-bench there are.
pub(super) fn emqtt_headers(text: &str) -> Result<Headers, String> {
    match text {
        "cnt64" => Ok(Headers::Emqtt { counter: true, time: false }),
        "ts" => Ok(Headers::Emqtt { counter: false, time: true }),
        "cnt64,ts" => Ok(Headers::Emqtt { counter: true, time: true }),
        _ => Err("known are cnt64, ts and cnt64,ts".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_milliseconds() {
        assert_eq!(millis("250"), Ok(Duration::from_millis(250)));
        assert_eq!(millis("2s"), Ok(Duration::from_secs(2)));
        assert!(millis("soon").is_err());
    }

    #[test]
    fn a_range_of_sizes_has_units_at_both_ends() {
        assert_eq!(sizes("32-4k"), Ok(Sizes { least: 32, most: 4_000 }));
        assert_eq!(sizes("1k"), Ok(1_000.into()));
        assert!(sizes("32-").is_err() && sizes("-1").is_err());
    }
}
