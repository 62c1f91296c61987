//! Numbers as people read them: three digits and a unit.

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// A time of so many nanoseconds.
pub(super) fn span(nanos: u64) -> String {
    let (unit, name) = match nanos {
        0..MICRO => (1, "ns"),
        MICRO..MILLI => (MICRO, "us"),
        MILLI..SECOND => (MILLI, "ms"),
        _ => (SECOND, "s"),
    };
    three_digits(float(nanos) / float(unit)) + name
}

/// `number` things in so many seconds, per second.
pub(super) fn count(number: u64, seconds: f64) -> String {
    let rate = float(number) / seconds;
    let scale = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    match scale.iter().find(|(unit, _)| rate >= *unit) {
        Some((unit, name)) => three_digits(rate / unit) + name,
        None => three_digits(rate),
    }
}

/// `number` with commas between the thousands.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `number` for calculations; above 2^53 not exact, which is 104 days in
/// nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "exact as far as anyone counts")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}

/// The whole number next to one that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "for display only; the cast saturates"
)]
pub(super) const fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative; the cast saturates"
)]
pub(super) const fn floor(number: f64) -> u64 {
    number as u64
}

fn three_digits(number: f64) -> String {
    let decimals = match number {
        number if number < 9.995 => 2,
        number if number < 99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let shown = [0, 850, 81_234, 1_250_000, 12_345_678, 999_999_999, 2_000_000_000].map(span);
        let expected = ["0.00ns", "850ns", "81.2us", "1.25ms", "12.3ms", "1000ms", "2.00s"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn rates_are_scaled() {
        assert_eq!(count(10_000, 1.0), "10.0k");
        assert_eq!(count(5, 2.0), "2.50");
        assert_eq!(count(3_456_000, 1.0), "3.46M");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
