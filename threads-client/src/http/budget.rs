//! The retry budget: repetitions are for exceptions, not for outages.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{ApiErrorKind, Error};

const FULL: u32 = 500;
const COST: u32 = 5;
/// A repetition into a throttle is twice as useless.
const COST_AFTER_THROTTLE: u32 = 10;

/// A bucket that repetitions draw from and successes fill, shared by all clients of a connection.
///
/// It holds a hundred repetitions. When nothing succeeds it runs dry, and failures are returned at once
/// instead of being multiplied.
pub(super) struct Budget(AtomicU32);

impl Budget {
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(FULL))
    }

    /// Pays for a repetition after `error`; none if there is not enough left.
    pub(super) fn withdraw(&self, error: &Error) -> Option<u32> {
        let is_throttle = error
            .api()
            .is_some_and(|api| api.kind == ApiErrorKind::RateLimited);
        let cost = if is_throttle {
            COST_AFTER_THROTTLE
        } else {
            COST
        };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(cost)
            })
            .ok()
            .map(|_| cost)
    }

    /// A success gives back what its last repetition cost, and a first success one unit.
    pub(super) fn refund(&self, paid: u32) {
        let left = self.0.load(Ordering::Relaxed);
        if left < FULL {
            // An update that is lost to another one makes the budget smaller, never larger than full.
            let more = (left + paid.max(1)).min(FULL);
            let _ = self
                .0
                .compare_exchange(left, more, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;

    fn answer(status: u16) -> Error {
        ApiError::from_response(status, b"").into()
    }

    #[test]
    fn it_lasts_for_a_hundred_repetitions_or_fifty_after_throttles() {
        let paid = |status| {
            let budget = Budget::new();
            (0..1_000)
                .filter(|_| budget.withdraw(&answer(status)).is_some())
                .count()
        };

        assert_eq!(paid(503), 100);
        assert_eq!(paid(429), 50);
    }

    #[test]
    fn successes_fill_it_up_to_its_size() {
        let budget = Budget::new();
        for _ in 0..100 {
            budget.withdraw(&answer(503)).unwrap();
        }
        assert_eq!(budget.withdraw(&answer(503)), None);

        budget.refund(COST);
        assert_eq!(budget.withdraw(&answer(503)), Some(COST));
        for _ in 0..4 {
            budget.refund(0);
        }
        assert_eq!(budget.withdraw(&answer(503)), None);
        for _ in 0..2_000 {
            budget.refund(0);
        }
        let repetitions = (0..1_000)
            .filter(|_| budget.withdraw(&answer(503)).is_some())
            .count();
        assert_eq!(repetitions, 100);
    }
}
