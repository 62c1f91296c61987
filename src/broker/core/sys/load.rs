//! Loads as mosquitto counts them: how many a minute, averaged over the last
//! one, five and fifteen minutes with weights that fade exponentially.

use super::super::Totals;
use crate::session::Time;

/// A total whose rate is shown.
type Counted = fn(&Totals) -> u64;

/// What is averaged, below `load/`.
const COUNTED: [(&str, Counted); 9] = [
    ("messages/received", |totals| totals.packets_received),
    ("messages/sent", Totals::packets_sent),
    ("publish/dropped", Totals::dropped),
    ("publish/received", |totals| totals.messages_received),
    ("publish/sent", |totals| totals.messages_sent),
    ("bytes/received", |totals| totals.bytes_received),
    ("bytes/sent", |totals| totals.bytes_sent),
    ("sockets", |totals| totals.transports),
    ("connections", |totals| totals.connects),
];

/// The spans averaged over, in minutes.
const SPANS: [(&str, f64); 3] = [("1min", 1.0), ("5min", 5.0), ("15min", 15.0)];

/// The averages, zero when the broker starts.
#[derive(Debug, Default)]
pub(super) struct Loads {
    at: Time,
    totals: Totals,
    averages: [[f64; SPANS.len()]; COUNTED.len()],
}

impl Loads {
    /// Goes on to `now`. However long the step, it is taken as one in which
    /// everything came evenly: so nothing need be done while nobody looks.
    pub(super) fn advance(&mut self, now: Time, totals: &Totals) {
        let minutes = (now - self.at).as_secs_f64() / 60.0;
        if minutes <= 0.0 {
            return;
        }
        for ((_, counted), averages) in COUNTED.iter().zip(&mut self.averages) {
            let count = counted(totals).wrapping_sub(counted(&self.totals));
            let rate = float(count) / minutes;
            for ((_, span), average) in SPANS.iter().zip(averages) {
                *average = rate + (-minutes / span).exp() * (*average - rate);
            }
        }
        (self.at, self.totals) = (now, *totals);
    }

    /// The topics below `load/` and their values, with two decimals.
    pub(super) fn values(&self) -> impl Iterator<Item = (String, String)> {
        COUNTED.iter().zip(&self.averages).flat_map(|((name, _), averages)| {
            SPANS.iter().zip(averages).map(move |((span, _), average)| {
                (format!("{name}/{span}"), format!("{average:.2}"))
            })
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(loads: &Loads, topic: &str) -> f64 {
        let mut values = loads.values();
        values.find(|(name, _)| name == topic).unwrap().1.parse().unwrap()
    }

    #[test]
    fn a_steady_rate_is_approached_and_reached_however_often_one_looks() {
        let rate = 600;
        let (mut often, mut once) = (Loads::default(), Loads::default());
        for minute in 1..=120 {
            let totals = Totals { messages_received: rate * minute, ..Totals::default() };
            let now = Time::ZERO + Duration::from_mins(minute);
            often.advance(now, &totals);
            if minute == 1 {
                let first = at(&often, "publish/received/1min");
                assert!((first - 379.27).abs() < 0.01, "600 (1 - 1/e): {first}");
            }
            if minute == 120 {
                once.advance(now, &totals);
            }
        }
        for span in ["1min", "5min", "15min"] {
            let topic = format!("publish/received/{span}");
            assert!((at(&often, &topic) - 600.0).abs() < 0.5, "{topic}");
            assert!((at(&often, &topic) - at(&once, &topic)).abs() < 0.01, "{topic}");
        }
    }

    #[test]
    fn what_has_stopped_fades() {
        let mut loads = Loads::default();
        let totals = Totals { connects: 1000, ..Totals::default() };
        loads.advance(Time::ZERO + Duration::from_mins(1), &totals);
        loads.advance(Time::ZERO + Duration::from_hours(10), &totals);
        assert!(at(&loads, "connections/15min") < 0.01);
    }
}
