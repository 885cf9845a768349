//! Time that runs faster than real time, the same for all processes of a campaign.
//!
//! Leases are minutes long, and a call without an answer settles for six. On a clock that
//! runs 120 times as fast those are seconds, and nothing of the monitor is changed for it:
//! it is given this clock, the sandbox is given the same pace, and so is PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use threads_monitor::{Clock, SystemClock};

/// How real time becomes virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// A real instant …
    pub real: DateTime<Utc>,
    /// … and the virtual one that it is.
    pub start: DateTime<Utc>,
    /// How many virtual seconds a real one is.
    pub factor: i32,
}

impl Pace {
    /// Virtual time that begins now.
    pub fn starting_now(factor: i32) -> Self {
        Self {
            real: SystemClock.now(),
            start: DateTime::UNIX_EPOCH + TimeDelta::days(20_605),
            factor,
        }
    }

    /// The virtual instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.start + (SystemClock.now() - self.real) * self.factor
    }

    /// The virtual span that passes within a real one.
    pub fn span(&self, real: Duration) -> TimeDelta {
        TimeDelta::from_std(real).unwrap_or(TimeDelta::MAX) * self.factor
    }

    /// The real span in which a virtual one passes.
    pub fn real(&self, span: TimeDelta) -> Duration {
        let micros = span.num_microseconds().unwrap_or(i64::MAX) / i64::from(self.factor.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// A clock of this pace that is ahead by so much, and gains so many per cent.
    pub fn clock(self, ahead: TimeDelta, gains: i32) -> PacedClock {
        PacedClock {
            pace: self,
            ahead,
            gains,
        }
    }
}

/// The clock of one process.
#[derive(Debug, Clone, Copy)]
pub struct PacedClock {
    pace: Pace,
    ahead: TimeDelta,
    gains: i32,
}

#[async_trait]
impl Clock for PacedClock {
    fn now(&self) -> DateTime<Utc> {
        let now = self.pace.now();
        now + self.ahead + (now - self.pace.start) * self.gains / 100
    }

    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        loop {
            let left = deadline - self.now();
            if left <= TimeDelta::zero() {
                return;
            }
            // A real millisecond at least, as timers have no finer grain.
            pause(self.pace.real(left).max(Duration::from_millis(1))).await;
        }
    }
}

/// Lets real time pass.
#[expect(
    clippy::disallowed_methods,
    reason = "real processes are waited for in real time"
)]
pub async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_a_minute_at_a_pace_of_sixty() {
        let pace = Pace::starting_now(60);

        assert_eq!(pace.span(Duration::from_secs(1)), TimeDelta::minutes(1));
        assert_eq!(pace.real(TimeDelta::minutes(1)), Duration::from_secs(1));
    }

    #[test]
    fn a_clock_that_gains_is_ahead_of_one_that_loses() {
        let pace = Pace {
            real: SystemClock.now() - TimeDelta::seconds(10),
            ..Pace::starting_now(60)
        };

        let gains = pace.clock(TimeDelta::minutes(5), 10).now();
        let loses = pace.clock(TimeDelta::minutes(-5), -10).now();

        // Ten minutes, and a fifth of the ten that have passed.
        assert!(gains - loses >= TimeDelta::minutes(11));
    }
}
