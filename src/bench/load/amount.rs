//! How much of a load there is, as one number that can be turned up.

use super::{Group, Scenario, Stream, Tempo};
use crate::bench::units::whole;
use serde::{Deserialize, Serialize};

/// What there is more of in a greater load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Messages per second, all streams together.
    Rate,
    /// Clients, where nobody publishes.
    Clients,
}

impl Amount {
    /// What is counted, in words.
    #[must_use]
    pub(in crate::bench) const fn noun(self) -> &'static str {
        match self {
            Self::Rate => "messages/s",
            Self::Clients => "clients",
        }
    }
}

impl Scenario {
    /// What there can be more of.
    #[must_use]
    pub(in crate::bench) fn kind_of_amount(&self) -> Amount {
        if self.groups.iter().any(Group::publishes) { Amount::Rate } else { Amount::Clients }
    }

    /// How much of it is asked for; `None` where a stream is as fast as possible.
    #[must_use]
    pub(in crate::bench) fn amount(&self) -> Option<f64> {
        match self.kind_of_amount() {
            Amount::Rate => {
                self.streams().map(|(group, stream)| stream.tempo.rate(group.clients)).sum()
            }
            Amount::Clients => Some(self.groups.iter().map(|group| f64::from(group.clients)).sum()),
        }
    }

    /// Every stream with its group.
    pub(in crate::bench) fn streams(&self) -> impl Iterator<Item = (&Group, &Stream)> {
        self.groups.iter().flat_map(|group| group.streams.iter().map(move |stream| (group, stream)))
    }

    /// The same load with so much of it: streams or groups of different size stay in
    /// proportion, streams without a rate get equal parts.
    #[must_use]
    pub(in crate::bench) fn with_amount(&self, amount: f64) -> Self {
        let streams = u32::try_from(self.streams().count()).unwrap_or(u32::MAX).max(1);
        let (kind, known) = (self.kind_of_amount(), self.amount().filter(|known| *known > 0.0));
        let mut scenario = self.clone();
        for group in &mut scenario.groups {
            let clients = group.clients;
            if let (Amount::Clients, Some(known)) = (kind, known) {
                let scaled = whole(f64::from(clients) * amount / known);
                group.clients = u32::try_from(scaled).unwrap_or(u32::MAX).max(1);
            }
            for stream in &mut group.streams {
                let own = stream.tempo.rate(clients).zip(known);
                let share = own.map_or(1.0 / f64::from(streams), |(own, known)| own / known);
                stream.tempo = Tempo::Rate(amount * share);
            }
        }
        scenario
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Load, Mode};
    use super::*;
    use std::time::Duration;

    fn rates(scenario: &Scenario) -> Vec<f64> {
        let rates = scenario.streams().map(|(group, stream)| stream.tempo.rate(group.clients));
        rates.map(Option::unwrap).collect()
    }

    #[test]
    fn streams_stay_in_proportion_whichever_way_their_rate_is_said() {
        let stream = |tempo| Stream { tempo, ..Stream::default() };
        let streams =
            vec![stream(Tempo::Rate(30.0)), stream(Tempo::Every(Duration::from_millis(200)))];
        let group = Group { clients: 2, streams, ..Group::default() };
        let scenario = Scenario { groups: vec![group], ..Scenario::default() };
        assert_eq!(scenario.amount(), Some(40.0));
        assert_eq!(rates(&scenario.with_amount(400.0)), [300.0, 100.0]);
    }

    #[test]
    fn without_a_rate_and_without_publishers_there_is_more_of_something_too() {
        let free = Scenario::from(Load::default());
        assert_eq!((free.kind_of_amount(), free.amount()), (Amount::Rate, None));
        assert_eq!(rates(&free.with_amount(500.0)), [500.0]);
        let load = Load { mode: Mode::Conn, publishers: 10, ..Load::default() };
        let connecting = Scenario::from(load).with_amount(25.0);
        assert_eq!(connecting.kind_of_amount(), Amount::Clients);
        assert_eq!(connecting.amount(), Some(25.0));
    }
}
