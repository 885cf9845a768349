//! Virtual time: a fixed start, plus every advance, plus real time (or a multiple of it) when
//! running.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The sandbox's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    base: DateTime<Utc>,
    running_since: Option<std::time::Instant>,
    /// How many virtual seconds a real one is while it runs.
    pace: u32,
}

impl Clock {
    /// A clock that stands still at `start`.
    pub(crate) fn frozen(start: DateTime<Utc>) -> Self {
        Self {
            base: start,
            running_since: None,
            pace: 1,
        }
    }

    /// Lets it run so many times as fast as real time from now on.
    pub(crate) fn set_pace(&mut self, pace: u32) {
        self.base = self.now();
        self.running_since = self.running_since.map(|_| monotonic_now());
        self.pace = pace;
    }

    /// The virtual instant.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        match self.running_since {
            None => self.base,
            Some(since) => {
                let real = monotonic_now().saturating_duration_since(since);
                add(self.base, real.saturating_mul(self.pace))
            }
        }
    }

    /// Moves the clock to `instant`; `false` (and no change) if that lies in the past.
    ///
    /// The year 3000 is the end of time, so that adding to an instant is always safe.
    pub(crate) fn set(&mut self, instant: DateTime<Utc>) -> bool {
        let instant = instant.min(end_of_time());
        if instant < self.now() {
            return false;
        }
        self.base = instant;
        if self.running_since.is_some() {
            self.running_since = Some(monotonic_now());
        }
        true
    }

    /// Lets real time pass on this clock, too.
    pub(crate) fn run(&mut self) {
        self.running_since.get_or_insert_with(monotonic_now);
    }

    /// Stops the clock where it is.
    pub(crate) fn freeze(&mut self) {
        self.base = self.now();
        self.running_since = None;
    }

    /// Whether real time moves this clock.
    pub(crate) fn is_running(&self) -> bool {
        self.running_since.is_some()
    }
}

/// The first instant of the year 3000.
pub(crate) fn end_of_time() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(32_503_680_000)
}

fn add(instant: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| instant.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the sandbox's one clock: a running clock follows real time"
)]
fn monotonic_now() -> std::time::Instant {
    std::time::Instant::now()
}

/// The real time, as a start for a sandbox that people look at.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the sandbox's one clock: the binary starts at the real date"
)]
pub(crate) fn wall_clock_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_set() {
        let start = DateTime::UNIX_EPOCH;
        let mut clock = Clock::frozen(start);

        assert!(clock.set(start + TimeDelta::seconds(90)));

        assert_eq!(clock.now(), start + TimeDelta::seconds(90));
        assert_eq!(clock.now(), start + TimeDelta::seconds(90));
    }

    #[test]
    fn a_clock_with_a_pace_is_ahead_of_one_that_follows_real_time() {
        let start = DateTime::UNIX_EPOCH;
        let (mut plain, mut fast) = (Clock::frozen(start), Clock::frozen(start));
        fast.set_pace(1_000_000);
        plain.run();
        fast.run();

        while plain.now() < start + TimeDelta::milliseconds(2) {}

        // A millisecond is a thousand seconds on it.
        assert!(fast.now() > start + TimeDelta::seconds(1_000));
        fast.set_pace(0);
        assert_eq!(fast.now(), fast.now());
    }

    #[test]
    fn time_ends_in_the_year_3000() {
        let mut clock = Clock::frozen(DateTime::UNIX_EPOCH);

        assert!(clock.set(DateTime::<Utc>::MAX_UTC));

        assert_eq!(clock.now().to_rfc3339(), "3000-01-01T00:00:00+00:00");
    }

    #[test]
    fn the_clock_never_goes_back() {
        let mut clock = Clock::frozen(DateTime::UNIX_EPOCH + TimeDelta::days(2));

        assert!(!clock.set(DateTime::UNIX_EPOCH));

        assert_eq!(clock.now(), DateTime::UNIX_EPOCH + TimeDelta::days(2));
    }
}
