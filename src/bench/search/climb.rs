//! Which amount of load is tried next: twice as much until it is too much, or half as
//! much until it is not; then the middle between the two, until they are close.

/// The least amount that is tried, and the least difference of two.
const UNIT: f64 = 1.0;

/// A search that is going on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Climb {
    /// What is tried now.
    amount: f64,
    /// The most that held.
    held: Option<f64>,
    /// The least that did not.
    broken: Option<f64>,
    /// How far apart the two may be in the end, as a share of what held.
    precision: f64,
}

impl Climb {
    /// A search that begins with this amount.
    pub(super) fn new(first: f64, precision: f64) -> Self {
        Self { amount: first.round().max(UNIT), held: None, broken: None, precision }
    }

    /// What is to be tried now.
    pub(super) const fn amount(&self) -> f64 {
        self.amount
    }

    /// The most that held so far, and the least that did not.
    pub(super) const fn found(&self) -> (Option<f64>, Option<f64>) {
        (self.held, self.broken)
    }

    /// Notes whether the amount held; returns whether another is to be tried.
    pub(super) fn note(&mut self, holds: bool) -> bool {
        let bound = if holds { &mut self.held } else { &mut self.broken };
        *bound = Some(self.amount);
        let next = self.next();
        self.amount = next.unwrap_or(self.amount);
        next.is_some()
    }

    fn next(&self) -> Option<f64> {
        match (self.held, self.broken) {
            (Some(held), Some(broken)) => {
                let close = broken - held <= (held * self.precision).max(UNIT);
                (!close).then(|| f64::midpoint(held, broken).round())
            }
            (Some(held), None) => Some(held * 2.0),
            (None, Some(broken)) => (broken > UNIT).then(|| (broken / 2.0).round().max(UNIT)),
            (None, None) => Some(self.amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is tried of a broker that holds so much.
    fn tried(first: f64, holds: f64) -> (Vec<f64>, Climb) {
        let mut climb = Climb::new(first, 0.05);
        let mut tried = Vec::new();
        loop {
            tried.push(climb.amount());
            assert!(tried.len() < 200, "{tried:?}");
            if !climb.note(climb.amount() <= holds) {
                return (tried, climb);
            }
        }
    }

    #[test]
    fn the_load_doubles_until_it_is_too_much_and_is_narrowed_down_then() {
        let (steps, climb) = tried(1_000.0, 5_200.0);
        assert_eq!(steps, [1_000.0, 2_000.0, 4_000.0, 8_000.0, 6_000.0, 5_000.0, 5_500.0, 5_250.0]);
        assert_eq!(climb.found(), (Some(5_000.0), Some(5_250.0)));
    }

    #[test]
    fn a_first_load_that_is_too_much_is_halved_down_to_one() {
        assert_eq!(tried(10.0, 0.0).0, [10.0, 5.0, 3.0, 2.0, 1.0]);
        assert_eq!(tried(10.0, 0.0).1.found(), (None, Some(1.0)));
        assert_eq!(tried(1_000.0, 400.0).1.found().0, Some(391.0));
    }

    proptest! {
        #[test]
        fn the_knee_lies_between_what_held_and_what_did_not(
            first in 1.0..1e6_f64, holds in 1.0..1e9_f64,
        ) {
            let (_, climb) = tried(first, holds);
            let (Some(held), Some(broken)) = climb.found() else { panic!("{climb:?}") };
            prop_assert!(held <= holds && holds < broken);
            prop_assert!(broken - held <= (held * 0.05).max(1.0));
        }
    }
}
