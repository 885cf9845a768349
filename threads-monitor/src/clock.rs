//! The one source of "now".

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// A clock that a [`Monitor`](crate::Monitor) lives by.
///
/// Nothing else in this crate reads the time or sleeps, so a test (or the
/// dashboard's demonstration mode) moves sixty days in milliseconds.
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;

    /// Returns once [`Clock::now`] has reached `deadline`; at once if it already has. It may
    /// return earlier if the clock was set back meanwhile: whoever waits looks again.
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

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else is given"
    )]
    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        // Sleep in short pieces: the wall clock may be set while we wait, and a
        // suspended machine must not oversleep by the length of its suspension.
        const PIECE: std::time::Duration = std::time::Duration::from_secs(15);
        let left = || (deadline - self.now()).to_std().unwrap_or_default();
        let mut longest = left();
        while !longest.is_zero() {
            let piece = longest.min(PIECE);
            tokio::time::sleep(piece).await;
            // A clock that is set back by a day makes nobody sleep for a day longer.
            longest = left().min(longest.saturating_sub(piece));
        }
    }

    fn is_time_of_day(&self) -> bool {
        true
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
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta};

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

    #[tokio::test]
    async fn the_system_clock_does_not_wait_for_the_past() {
        SystemClock.sleep_until(DateTime::UNIX_EPOCH).await;
    }
}
