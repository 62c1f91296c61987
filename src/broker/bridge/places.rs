//! Which of several places a bridge connects to.

use super::Bridge;
use crate::net::Endpoint;

/// The place whose turn it is, by its number.
#[derive(Debug, Default)]
pub(super) struct Places {
    number: usize,
}

impl Places {
    /// The place whose turn it is; `None` if there are none.
    pub(super) fn current<'a>(&self, bridge: &'a Bridge) -> Option<&'a Endpoint> {
        bridge.endpoints.get(self.number).or_else(|| bridge.endpoints.first())
    }

    /// Goes on to the next after this one has failed.
    pub(super) fn go_on(&mut self, bridge: &Bridge) {
        self.number = (self.number + 1) % bridge.endpoints.len().max(1);
    }

    /// Goes back to the first.
    pub(super) const fn go_back(&mut self) {
        self.number = 0;
    }

    /// The first place, where that is preferred and this is another.
    pub(super) fn preferred<'a>(&self, bridge: &'a Bridge) -> Option<&'a Endpoint> {
        bridge.endpoints.first().filter(|_| self.number > 0 && !bridge.round_robin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bridge(round_robin: bool) -> Bridge {
        let endpoint = |port| Endpoint::tcp("h", port);
        let endpoints = vec![endpoint(1), endpoint(2), endpoint(3)];
        Bridge { endpoints, round_robin, ..Bridge::new("b", endpoint(1), "c") }
    }

    #[test]
    fn places_take_turns_and_the_first_is_preferred_unless_all_are_alike() {
        for round_robin in [false, true] {
            let bridge = bridge(round_robin);
            let mut places = Places::default();
            let mut seen = Vec::new();
            for _ in 0..4 {
                seen.push(places.current(&bridge).unwrap().to_string());
                places.go_on(&bridge);
            }
            assert_eq!(seen, ["h:1", "h:2", "h:3", "h:1"]);
            let preferred = places.preferred(&bridge).map(Endpoint::to_string);
            assert_eq!(preferred, (!round_robin).then(|| "h:1".to_owned()));
            places.go_back();
            assert!(places.preferred(&bridge).is_none());
        }
    }

    #[test]
    fn a_place_that_is_there_no_more_gives_way_to_the_first() {
        let mut bridge = bridge(false);
        let mut places = Places::default();
        places.go_on(&bridge);
        bridge.endpoints.truncate(1);
        assert_eq!(places.current(&bridge).unwrap().to_string(), "h:1");
    }
}
