//! What a bridge carries, in the words of mosquitto.

use crate::broker::bridge::{Direction, Route};
use crate::cli::values;
use crate::mqtt::QoS;
use std::str::FromStr;

/// `PATTERN [DIRECTION [QOS [LOCAL-PREFIX [REMOTE-PREFIX]]]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic(Route);

impl Topic {
    pub(super) fn into_route(self) -> Route {
        self.0
    }
}

const DIRECTIONS: &[(&str, Direction)] =
    &[("out", Direction::Out), ("in", Direction::In), ("both", Direction::Both)];

impl FromStr for Topic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace().map(|word| match word {
            "\"\"" | "''" => "",
            word => word,
        });
        let pattern = words.next().ok_or("a topic begins with its pattern")?;
        let direction = words.next().map_or(Ok(Direction::Out), |word| {
            let row = DIRECTIONS.iter().find(|row| row.0 == word);
            row.map(|row| row.1).ok_or("behind the pattern stands out, in or both")
        })?;
        let qos = words.next().map_or(Ok(QoS::AtMostOnce), values::qos)?;
        let (local, remote) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if words.next().is_some() {
            return Err("nothing stands behind the prefix of the other broker".to_owned());
        }
        Ok(Self(Route::new(pattern, direction, qos, local, remote)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_left_out_goes_out_with_qos_0_and_without_prefixes() {
        for (text, pattern, direction, qos, local, remote) in [
            ("a/#", "a/#", Direction::Out, 0, "", ""),
            ("a in", "a", Direction::In, 0, "", ""),
            ("a both 2", "a", Direction::Both, 2, "", ""),
            ("a out 1 l/", "a", Direction::Out, 1, "l/", ""),
            ("# out 1 \"\" r/", "#", Direction::Out, 1, "", "r/"),
            ("\"\" in 0 l r", "", Direction::In, 0, "l", "r"),
        ] {
            let qos = QoS::from_u8(qos).unwrap();
            let route = Route::new(pattern, direction, qos, local, remote).unwrap();
            assert_eq!(text.parse(), Ok(Topic(route)), "{text}");
        }
        for (text, wanted) in [
            ("", "a topic begins"),
            ("a up", "behind the pattern stands"),
            ("a out 3", "known are 0, 1 and 2"),
            ("a out 1 l r x", "nothing stands behind"),
            ("\"\" out 1 l", "an empty pattern needs"),
            ("a# out", "this is no topic filter"),
        ] {
            let said = text.parse::<Topic>().unwrap_err();
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_be_answered(text in "([a#+/\"]| |out|in|2|\\PC){0,20}") {
            let _ = text.parse::<Topic>();
        }
    }
}
