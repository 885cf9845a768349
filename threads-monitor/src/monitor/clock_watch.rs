//! Whether this machine's clock is right: Meta's answers say what time it is there.
//!
//! A clock that is ahead would publish too early, call tokens dead that live, and write down
//! wake-ups that, once it is set right, are hours or years away. So nothing is run by it. What
//! was due goes out when the clock is right again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::ServerTime;
use tokio::time::timeout;

use super::Monitor;
use crate::error::MonitorError;

/// A clock that is further off is told of.
const NOTED: TimeDelta = TimeDelta::minutes(1);
/// By a clock that is further off nothing is run.
const HELD: TimeDelta = TimeDelta::minutes(5);
/// Meta is asked for the time no more often than this.
const BETWEEN_QUESTIONS: TimeDelta = TimeDelta::seconds(15);

/// How long an answer is waited for. A clock that was set wakes whoever sleeps within two
/// seconds, so it is told of within five.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of the clock.
#[derive(Debug, Default)]
pub(super) struct ClockWatch(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    asked_at: Option<DateTime<Utc>>,
    standing: Standing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Standing {
    #[default]
    Right,
    Off,
    Wrong,
}

impl Standing {
    fn of(ahead: TimeDelta) -> Self {
        if ahead.abs() > HELD {
            Self::Wrong
        } else if ahead.abs() > NOTED {
            Self::Off
        } else {
            Self::Right
        }
    }
}

impl ClockWatch {
    /// Whether Meta may be asked now. A clock that jumps has no say in it.
    fn may_ask(&self, now: DateTime<Utc>) -> bool {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_too_soon = watched
            .asked_at
            .is_some_and(|asked_at| (now - asked_at).abs() < BETWEEN_QUESTIONS);
        if !is_too_soon {
            watched.asked_at = Some(now);
        }
        !is_too_soon
    }

    /// Tells of a change, once.
    fn note(&self, ahead: TimeDelta) -> Standing {
        let standing = Standing::of(ahead);
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut watched.standing, standing) != standing {
            let seconds = ahead.num_seconds();
            match standing {
                Standing::Right => tracing::info!("the clock of this machine is right again"),
                Standing::Off => tracing::warn!(
                    ahead_s = seconds,
                    "the clock of this machine is off: posts go out too early, or too late"
                ),
                Standing::Wrong => tracing::error!(
                    ahead_s = seconds,
                    "the clock of this machine is wrong: nothing is run until it is set right"
                ),
            }
        }
        standing
    }
}

impl Monitor {
    /// How far this machine's clock is ahead of Meta's, as the latest answer told it. `None`
    /// before the first answer, and with a [`Clock`](crate::Clock) that is not the system's.
    pub fn clock_ahead(&self) -> Option<TimeDelta> {
        if !self.inner.clock.is_time_of_day() {
            return None;
        }
        self.inner.client.server_time().map(|time| self.ahead(time))
    }

    /// Why nothing is run, if that is because of the clock.
    pub fn wrong_clock(&self) -> Option<MonitorError> {
        let ahead = self.clock_ahead()?;
        (Standing::of(ahead) == Standing::Wrong).then_some(MonitorError::WrongClock { ahead })
    }

    /// Positive if our clock is ahead.
    fn ahead(&self, time: ServerTime) -> TimeDelta {
        let there = TimeDelta::from_std(time.age)
            .ok()
            .and_then(|age| time.date.checked_add_signed(age));
        there.map_or(TimeDelta::zero(), |there| self.now() - there)
    }

    /// Nothing is run by a clock that is more than five minutes off.
    pub(super) async fn expect_right_clock(&self) -> Result<(), MonitorError> {
        if !self.inner.clock.is_time_of_day() {
            return Ok(());
        }
        let (client, watch) = (&self.inner.client, &self.inner.clock_watch);
        let mut ahead = self.clock_ahead();
        // A machine that slept looks as if its clock had jumped, so Meta has the last word.
        if ahead.is_none_or(|ahead| ahead.abs() > NOTED) && watch.may_ask(self.now()) {
            // Whoever cannot reach Meta publishes nothing either.
            if let Ok(Ok(Some(time))) = timeout(PATIENCE, client.ask_server_time()).await {
                ahead = Some(self.ahead(time));
            }
        }
        match ahead {
            Some(ahead) if watch.note(ahead) == Standing::Wrong => {
                Err(MonitorError::WrongClock { ahead })
            }
            _ => Ok(()),
        }
    }
}
