//! From values to places, in integers.

/// The part of the number line that a vertical axis shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    /// The value at the bottom.
    pub(super) low: u64,
    /// The value at the top; greater than `low`.
    pub(super) high: u64,
    /// The distance of the labelled values.
    pub(super) step: u64,
}

/// How many labelled values an axis has at most, besides its lower end.
const LABELS: u64 = 4;

impl Axis {
    /// From zero to a round value at or above `highest`.
    pub(super) fn from_zero(highest: u64) -> Self {
        Self::over(0, highest.max(1))
    }

    /// Around the data, yet never so close that little looks like much.
    ///
    /// The axis spans at least a twentieth of the highest value. It starts at zero
    /// where the data reach down to a third of their highest value, because there a
    /// cut axis would save little and exaggerate much.
    pub(super) fn around(lowest: u64, highest: u64) -> Self {
        if lowest <= highest / 3 {
            return Self::from_zero(highest);
        }
        let span = (highest - lowest).max(highest / 20).max(LABELS);
        let missing = span - (highest - lowest);
        Self::over(
            lowest.saturating_sub(missing / 2),
            highest.saturating_add(missing.div_ceil(2)),
        )
    }

    fn over(low: u64, high: u64) -> Self {
        let step = round_step((high - low).div_ceil(LABELS));
        let low = low / step * step;
        let high = high.div_ceil(step).saturating_mul(step).max(low + step);
        Self { low, high, step }
    }

    /// The labelled values, from the bottom up.
    pub(super) fn labels(self) -> impl Iterator<Item = u64> {
        let count = (self.high - self.low) / self.step;
        (0..=count).map(move |index| self.low + index * self.step)
    }

    /// How far above the bottom `value` is, on an axis that is `length` long.
    pub(super) fn place(self, value: u64, length: u32) -> u32 {
        let value = value.clamp(self.low, self.high);
        proportion(value - self.low, self.high - self.low, length)
    }
}

/// `length * part / whole`, rounded down; 0 of nothing.
pub(super) fn proportion(part: u64, whole: u64, length: u32) -> u32 {
    let place = u128::from(part) * u128::from(length) / u128::from(whole.max(1));
    u32::try_from(place).unwrap_or(length)
}

/// The smallest of 1, 2, 5, 10, 20, 50, … that is not below `least`.
fn round_step(least: u64) -> u64 {
    let mut decade: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            match decade.checked_mul(factor) {
                Some(step) if step >= least => return step,
                Some(_) => {}
                None => return least,
            }
        }
        match decade.checked_mul(10) {
            Some(next) => decade = next,
            None => return least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_axis_spans_at_least_a_twentieth_of_the_highest_value() {
        let axis = Axis::around(12_480, 12_482);

        assert!(axis.high - axis.low >= 12_482 / 20, "{axis:?}");
        assert!(axis.low <= 12_480 && 12_482 <= axis.high, "{axis:?}");
    }

    #[test]
    fn an_axis_starts_at_zero_when_the_data_come_near_to_it() {
        assert_eq!(Axis::around(33, 100).low, 0);
        assert_eq!(Axis::around(0, 0).low, 0);
    }

    #[test]
    fn labels_are_round_and_cover_the_data() {
        let axis = Axis::around(9_412, 12_480);

        let labels: Vec<u64> = axis.labels().collect();

        assert_eq!(labels, [9_000, 10_000, 11_000, 12_000, 13_000]);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let axis = Axis::around(u64::MAX - 1, u64::MAX);

        assert!(axis.low < axis.high);
        assert!(axis.labels().count() < 10);
        assert!(axis.place(u64::MAX, 1_000) <= 1_000);
    }

    #[test]
    fn places_keep_the_order_and_the_ends() {
        let axis = Axis::from_zero(100);

        assert_eq!(axis.place(0, 1_800), 0);
        assert_eq!(axis.place(50, 1_800), 900);
        assert_eq!(axis.place(100, 1_800), 1_800);
    }
}
