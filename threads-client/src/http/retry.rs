//! When a call is sent again, and the only place where this crate sleeps.

use std::time::Duration;

use super::Repeat;
use crate::error::Error;

/// How calls that may be repeated are repeated.
///
/// Reads are sent up to three times, the creation of a container up to two times. The publication of a
/// container, and whatever else is not safe to repeat, is sent once **whatever this policy says**.
///
/// The pause before a repetition is random between zero and a bound that doubles from `base_delay` up to
/// `max_delay`. If Meta sends `Retry-After`, that is the pause; beyond `retry_after_cap` the error is returned
/// at once, with [`Error::retry_after`](crate::Error::retry_after) set. A throttle that names no time is not
/// repeated while [`ThrottlePolicy`](crate::ThrottlePolicy) holds calls back for it.
///
/// All clients of a connection share a budget of about a hundred repetitions that successes fill up again.
/// Without this, an outage would be met with three times the calls.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{Client, RetryPolicy};
///
/// let patient = RetryPolicy::default()
///     .attempts(5)
///     .base_delay(Duration::from_millis(500))
///     .max_delay(Duration::from_secs(30))
///     .retry_after_cap(Duration::from_secs(5 * 60));
/// let client = Client::builder().retry(patient).build()?;
/// let impatient = Client::builder().retry(RetryPolicy::none()).build()?;
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    retry_after_cap: Duration,
}

impl Default for RetryPolicy {
    /// Three attempts, pauses of up to 200 ms, 400 ms and so on to 10 s, `Retry-After` up to a minute.
    fn default() -> Self {
        Self {
            attempts: 3,
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(10),
            retry_after_cap: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Sends everything once.
    pub fn none() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// How often a read is sent in all; 0 counts as 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Bound of the first pause.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Bound of every pause.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The longest `Retry-After` that is waited for.
    pub fn retry_after_cap(mut self, cap: Duration) -> Self {
        self.retry_after_cap = cap;
        self
    }

    fn attempts_for(&self, repeat: Repeat) -> u32 {
        match repeat {
            Repeat::Safely => self.attempts,
            Repeat::Once => self.attempts.min(2),
            Repeat::Never => 1,
        }
    }

    /// The pause before attempt `attempt + 1`, or none if `error` is to be returned.
    pub(super) fn pause_after(
        &self,
        attempt: u32,
        repeat: Repeat,
        error: &Error,
    ) -> Option<Duration> {
        if attempt >= self.attempts_for(repeat) || !error.is_retryable() {
            return None;
        }
        match error.retry_after() {
            Some(asked) => (asked <= self.retry_after_cap).then_some(asked),
            None => Some(fraction(self.bound(attempt), random())),
        }
    }

    fn bound(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay)
    }
}

/// Sleeps; the pauses between polls of a container come through here, too.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place of this crate that sleeps"
)]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// 32 random bits. Without a source of randomness the pause is as long as it may be.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

/// `random / 2^32` of the bound.
fn fraction(bound: Duration, random: u32) -> Duration {
    bound.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;

    fn unavailable(retry_after: Option<Duration>) -> Error {
        ApiError::parse(503, b"", None, retry_after, &[]).into()
    }

    #[test]
    fn the_bound_doubles_up_to_the_maximum() {
        let policy = RetryPolicy::default();

        assert_eq!(policy.bound(1), Duration::from_millis(200));
        assert_eq!(policy.bound(2), Duration::from_millis(400));
        assert_eq!(policy.bound(7), Duration::from_secs(10));
        assert_eq!(policy.bound(u32::MAX), Duration::from_secs(10));
    }

    #[test]
    fn the_pause_is_anywhere_between_zero_and_the_bound() {
        let bound = Duration::from_millis(200);

        assert_eq!(fraction(bound, 0), Duration::ZERO);
        assert_eq!(fraction(bound, u32::MAX), bound);
        let pauses: Vec<_> = (0..64).map(|_| fraction(bound, random())).collect();
        assert!(pauses.iter().all(|pause| *pause <= bound));
        assert!(pauses.iter().any(|pause| pause != &pauses[0]));
    }

    #[test]
    fn what_must_not_be_repeated_is_sent_once_whatever_the_policy_says() {
        let policy = RetryPolicy::default().attempts(9);

        assert_eq!(
            policy.pause_after(1, Repeat::Never, &unavailable(None)),
            None
        );
        assert_eq!(
            policy.pause_after(1, Repeat::Never, &unavailable(Some(Duration::ZERO))),
            None
        );
        assert!(
            policy
                .pause_after(1, Repeat::Once, &unavailable(None))
                .is_some()
        );
        assert_eq!(
            policy.pause_after(2, Repeat::Once, &unavailable(None)),
            None
        );
        assert!(
            policy
                .pause_after(8, Repeat::Safely, &unavailable(None))
                .is_some()
        );
        assert_eq!(
            policy.pause_after(9, Repeat::Safely, &unavailable(None)),
            None
        );
    }

    #[test]
    fn retry_after_is_obeyed_up_to_its_cap() {
        let policy = RetryPolicy::default().retry_after_cap(Duration::from_secs(5));
        let pause = |seconds| {
            policy.pause_after(
                1,
                Repeat::Safely,
                &unavailable(Some(Duration::from_secs(seconds))),
            )
        };

        assert_eq!(pause(0), Some(Duration::ZERO));
        assert_eq!(pause(5), Some(Duration::from_secs(5)));
        assert_eq!(pause(6), None);
        assert_eq!(pause(u64::MAX), None);
    }
}
