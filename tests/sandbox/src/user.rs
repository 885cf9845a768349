//! One account of the sandbox.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
    /// When posts and replies were deleted through the API.
    pub(crate) deleted: Vec<DateTime<Utc>>,
    pub(crate) standing: Standing,
    /// When profiles were looked up, for the hidden quota.
    pub(crate) lookups: Vec<DateTime<Utc>>,
}

/// What the platform lets an account do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// Everything its tokens allow.
    #[default]
    Good,
    /// Reading only: publishing is refused with subcode 4279013.
    Restricted,
    /// Nothing: its tokens are refused with 190/459 until it is in good standing again.
    Deactivated,
}

/// How many of `instants` lie in the 24 hours before `now`.
pub(crate) fn in_last_day(instants: &[DateTime<Utc>], now: DateTime<Utc>) -> usize {
    let since = now - chrono::TimeDelta::hours(24);
    instants
        .iter()
        .filter(|&&instant| instant > since && instant <= now)
        .count()
}
