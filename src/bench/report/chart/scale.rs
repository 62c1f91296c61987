//! Where a value stands on an axis, and which values are written at it.

/// An axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Scale {
    /// From zero to this, which is above zero.
    Linear(f64),
    /// From the first to the second, each ten times what stands before it as far away.
    Logarithmic(f64, f64),
    /// Shares of all, from none to one in so many: 99 % stands as far from 90 % as
    /// that from 0 %.
    Quantile(f64),
}

/// Ticks of a linear axis that are aimed at.
const TICKS: f64 = 5.0;

impl Scale {
    /// From zero to the largest of `values`, rounded up.
    pub(in super::super) fn linear(values: impl Iterator<Item = f64>) -> Self {
        let largest = values.fold(0.0, f64::max);
        let step = nice(largest / TICKS);
        let end = (largest / step).ceil() * step;
        Self::Linear(if end > 0.0 { end } else { 1.0 })
    }

    /// From the smallest to the largest of `values` above zero, in whole decades.
    pub(in super::super) fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let ends = values.filter(|value| *value > 0.0).fold(None, |ends, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((value.min(low), value.max(high)))
        });
        let (low, high): (f64, f64) = ends.unwrap_or((1.0, 10.0));
        let (low, high) = (low.log10().floor(), high.log10().ceil());
        Self::Logarithmic(10_f64.powf(low), 10_f64.powf(high.max(low + 1.0)))
    }

    /// Where `value` stands, from 0 at the beginning to 1 at the end.
    pub(in super::super) fn place(self, value: f64) -> f64 {
        let place = match self {
            Self::Linear(end) => value / end,
            Self::Logarithmic(low, high) => (value / low).log10() / (high / low).log10(),
            Self::Quantile(all) => -(1.0 - value).max(1.0 / all).log10() / all.log10(),
        };
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The values that are written at the axis.
    pub(in super::super) fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear(end) => {
                let step = nice(end / TICKS);
                multiples(0.0, |value| value + step, end)
            }
            Self::Logarithmic(low, high) => multiples(low, |value| value * 10.0, high),
            Self::Quantile(all) => {
                let rests = multiples(1.0, |rest| rest * 10.0, all);
                rests.into_iter().map(|rest| 1.0 - 1.0 / rest).collect()
            }
        }
    }
}

/// What follows from `first` by `next`, up to `end` and what rounding adds to it.
fn multiples(first: f64, next: impl Fn(f64) -> f64, end: f64) -> Vec<f64> {
    std::iter::successors(Some(first), |value| Some(next(*value)))
        .take_while(|value| *value <= end * 1.000_001)
        .collect()
}

/// The number of 1, 2 or 5 and zeros that is next above `number`.
fn nice(number: f64) -> f64 {
    if number <= 0.0 {
        return 1.0;
    }
    let unit = 10_f64.powf(number.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let step = steps.into_iter().find(|step| step * unit >= number * 0.999_999);
    step.unwrap_or(10.0) * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_linear_axis_ends_at_a_round_number_above_all_values() {
        let scale = Scale::linear([3.0, 9_870.0].into_iter());
        assert_eq!(scale, Scale::Linear(10_000.0));
        assert_eq!(scale.ticks(), [0.0, 2_000.0, 4_000.0, 6_000.0, 8_000.0, 10_000.0]);
        assert_eq!(Scale::linear(std::iter::empty()), Scale::Linear(1.0));
    }

    #[test]
    fn a_logarithmic_axis_has_whole_decades() {
        let scale = Scale::logarithmic([0.0, 42_000.0, 3_100_000.0].into_iter());
        assert_eq!(scale, Scale::Logarithmic(10_000.0, 10_000_000.0));
        assert_eq!(scale.ticks().len(), 4);
        assert!((scale.place(100_000.0) - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn each_nine_is_as_far_as_the_one_before() {
        let scale = Scale::Quantile(1_000.0);
        let places =
            [0.0, 0.9, 0.99, 0.999].map(|share| format!("{:.2}", (scale.place(share) * 3.0).abs()));
        assert_eq!(places, ["0.00", "1.00", "2.00", "3.00"]);
        assert_eq!(scale.ticks().len(), 4);
    }

    proptest! {
        #[test]
        fn every_value_stands_on_the_axis(values in proptest::collection::vec(0.0..1e18_f64, 0..20)) {
            for scale in [
                Scale::linear(values.iter().copied()),
                Scale::logarithmic(values.iter().copied()),
            ] {
                prop_assert!((2..=21).contains(&scale.ticks().len()), "{scale:?}");
                for value in &values {
                    prop_assert!((0.0..=1.0).contains(&scale.place(*value)));
                }
            }
        }
    }
}
