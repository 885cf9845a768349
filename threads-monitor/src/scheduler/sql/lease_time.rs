//! When a lease begins and ends, as each database is told.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sql::{SqlDatabase, Value, micros};

/// The parameters that say when a lease begins and ends.
pub(super) struct LeaseTime {
    pub(super) now: Value,
    pub(super) end: Vec<Value>,
}

impl LeaseTime {
    /// When a lease ends: on PostgreSQL a span by the server's clock, and the last instant
    /// that it may be; on SQLite an instant.
    pub(super) fn new(database: &SqlDatabase, now: DateTime<Utc>, lease_for: Duration) -> Self {
        let latest = micros(DateTime::<Utc>::MAX_UTC);
        let span = i64::try_from(lease_for.as_micros())
            .unwrap_or(latest)
            .min(latest - micros(now).max(0));
        if database.has_one_writer() {
            let end = TimeDelta::from_std(lease_for)
                .ok()
                .and_then(|lease_for| now.checked_add_signed(lease_for));
            Self {
                now: micros(now).into(),
                end: vec![end.map_or(latest, micros).into()],
            }
        } else {
            let now = (!database.has_clock()).then_some(now);
            Self {
                now: now.into(),
                end: vec![span.into(), latest.into()],
            }
        }
    }
}
