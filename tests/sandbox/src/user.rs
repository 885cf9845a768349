//! One account of the sandbox.

use chrono::{DateTime, Utc};

use crate::id::UserId;
use crate::random::Seed;

/// An account and what drives its numbers.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) seed: Seed,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) biography: String,
    pub(crate) is_verified: bool,
    pub(crate) followers_at_start: u64,
    pub(crate) daily_growth: f64,
    pub(crate) joined_at: DateTime<Utc>,
    /// When posts were published, for the moving quota (oldest first).
    pub(crate) published: Vec<DateTime<Utc>>,
    /// When replies were published, for their own moving quota.
    pub(crate) replied: Vec<DateTime<Utc>>,
    /// When profiles were looked up, for the hidden quota.
    pub(crate) lookups: Vec<DateTime<Utc>>,
}

/// How many of `instants` lie in the 24 hours before `now`.
pub(crate) fn in_last_day(instants: &[DateTime<Utc>], now: DateTime<Utc>) -> usize {
    let since = now - chrono::TimeDelta::hours(24);
    instants
        .iter()
        .filter(|&&instant| instant > since && instant <= now)
        .count()
}
