//! The one source of "now".

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// A clock that a [`Monitor`](crate::Monitor) lives by.
///
/// Nothing else in this crate reads the time or sleeps, so a test (or the
/// dashboard's demonstration mode) moves sixty days in milliseconds.
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;

    /// Returns once [`Clock::now`] has reached `deadline`; at once if it already has. It may
    /// return earlier if the clock was set meanwhile: whoever waits looks again.
    ///
    /// Dropping the future gives the wait up and loses nothing.
    async fn sleep_until(&self, deadline: DateTime<Utc>);

    /// Whether this is the time of day, which Meta's can be compared with. By one that turns
    /// out to be wrong nothing is run; see [`WrongClock`](crate::MonitorError::WrongClock).
    ///
    /// Default: no, as of a clock that a test moves.
    fn is_time_of_day(&self) -> bool {
        false
    }
}

/// A wall clock that has gone further than this from the steady one was set. Less is how a clock
/// is kept right.
const SET: TimeDelta = TimeDelta::seconds(1);

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else is given"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        sleep_in_pieces(|| self.now(), deadline).await;
    }

    fn is_time_of_day(&self) -> bool {
        true
    }
}

/// Sleeps in short pieces: the wall clock may be set while we wait, and a suspended machine
/// must not oversleep by the length of its suspension. Either ends the sleep within a piece.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else is given"
)]
async fn sleep_in_pieces(now: impl Fn() -> DateTime<Utc>, deadline: DateTime<Utc>) {
    const PIECE: Duration = Duration::from_secs(2);
    let (wall, steady) = (now(), Instant::now());
    loop {
        let passed = now() - wall;
        let jump = passed - TimeDelta::from_std(steady.elapsed()).unwrap_or(TimeDelta::MAX);
        let left = (deadline - wall - passed).to_std().unwrap_or_default();
        if left.is_zero() || jump.abs() > SET {
            return;
        }
        tokio::time::sleep(left.min(PIECE)).await;
    }
}

#[cfg(any(test, feature = "testing"))]
pub use manual::ManualClock;

#[cfg(any(test, feature = "testing"))]
mod manual {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use chrono::{DateTime, Utc};
    use tokio::sync::watch;

    use super::Clock;

    /// A clock that stands still until it is moved. Clones share the time.
    #[derive(Debug, Clone)]
    pub struct ManualClock {
        now: Arc<watch::Sender<DateTime<Utc>>>,
    }

    impl ManualClock {
        /// A clock that stands at `start`.
        pub fn new(start: DateTime<Utc>) -> Self {
            Self {
                now: Arc::new(watch::Sender::new(start)),
            }
        }

        /// Moves the clock forward and wakes whoever waited for less.
        pub fn advance(&self, by: Duration) {
            self.now.send_modify(|now| *now += by);
        }

        /// Sets the clock, backwards too, as a wall clock may be.
        pub fn set(&self, to: DateTime<Utc>) {
            self.now.send_replace(to);
        }
    }

    #[async_trait]
    impl Clock for ManualClock {
        fn now(&self) -> DateTime<Utc> {
            *self.now.borrow()
        }

        async fn sleep_until(&self, deadline: DateTime<Utc>) {
            let mut changes = self.now.subscribe();
            // The sender lives in `self`, so waiting can only end by reaching the deadline.
            let _ = changes.wait_for(|now| *now >= deadline).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_manual_clock_reaches_its_deadline() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock
                    .sleep_until(DateTime::UNIX_EPOCH + TimeDelta::days(60))
                    .await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());

        clock.advance(Duration::from_hours(60 * 24));

        assert_eq!(
            sleeper.await.unwrap(),
            DateTime::UNIX_EPOCH + TimeDelta::days(60)
        );
    }

    /// How long a sleeper of ten minutes slept whose clock is set after a minute and a half.
    #[expect(
        clippy::disallowed_methods,
        reason = "Tokio's own time, which is paused"
    )]
    async fn slept(set: TimeDelta) -> Duration {
        let start = Instant::now();
        let now = || {
            let passed = start.elapsed();
            let set = if passed > Duration::from_secs(90) {
                set
            } else {
                TimeDelta::zero()
            };
            DateTime::UNIX_EPOCH + passed + set
        };
        sleep_in_pieces(now, DateTime::UNIX_EPOCH + TimeDelta::minutes(10)).await;
        start.elapsed()
    }

    #[rstest::rstest]
    #[case::a_day_back(TimeDelta::days(-1))]
    #[case::an_hour_back(TimeDelta::hours(-1))]
    #[case::five_minutes_forward(TimeDelta::minutes(5))]
    #[case::a_year_forward(TimeDelta::days(365))]
    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_wakes_whoever_sleeps_within_two_seconds(#[case] set: TimeDelta) {
        let slept = slept(set).await.as_secs();

        assert!((90..=92).contains(&slept), "{slept} s");
    }

    #[rstest::rstest]
    #[case::not_at_all(TimeDelta::zero(), 600_000)]
    #[case::a_little_back(TimeDelta::milliseconds(-800), 600_800)]
    #[case::a_little_forward(TimeDelta::milliseconds(800), 599_200)]
    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_kept_right_lets_sleep(#[case] set: TimeDelta, #[case] slept_ms: u128) {
        let slept = slept(set).await.as_millis();

        assert!(slept.abs_diff(slept_ms) <= 1, "{slept} ms");
    }

    #[tokio::test]
    async fn the_system_clock_does_not_wait_for_the_past() {
        SystemClock.sleep_until(DateTime::UNIX_EPOCH).await;
    }
}
