//! One account of the sandbox.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::AccountSeed;
use crate::id::UserId;
use crate::random::Seed;

/// An account and what drives its numbers.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) role: Role,
    /// Whether other people answer what the account publishes.
    pub(crate) is_lively: bool,
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
    /// When the posts of profiles were listed, for a hidden quota of its own.
    pub(crate) profile_lists: Vec<DateTime<Utc>>,
    /// When searches found something, for the hidden quota.
    pub(crate) searches: Vec<DateTime<Utc>>,
    /// When places were searched.
    pub(crate) location_searches: Vec<DateTime<Utc>>,
    /// The last keywords searched for, newest first.
    pub(crate) recent_keywords: Vec<(String, DateTime<Utc>)>,
}

/// What somebody is to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// An account that can connect the app.
    Account,
    /// Somebody else with a public profile.
    Person,
    /// Somebody else with a private profile.
    PrivatePerson,
    /// A profile of Meta's own, which every app may look up.
    Official,
}

impl User {
    /// Somebody who did nothing yet.
    pub(crate) fn new(
        id: UserId,
        seed: Seed,
        account: &AccountSeed,
        role: Role,
        joined_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            role,
            is_lively: account.is_lively,
            seed,
            username: account.username.clone(),
            name: account.name.clone(),
            biography: account.biography.clone(),
            is_verified: account.is_verified,
            followers_at_start: account.followers,
            daily_growth: account.daily_growth,
            joined_at,
            published: Vec::new(),
            replied: Vec::new(),
            deleted: Vec::new(),
            standing: Standing::Good,
            lookups: Vec::new(),
            profile_lists: Vec::new(),
            searches: Vec::new(),
            location_searches: Vec::new(),
            recent_keywords: Vec::new(),
        }
    }

    /// Whether strangers can see the profile and its posts.
    pub(crate) fn is_public(&self) -> bool {
        self.role != Role::PrivatePerson
    }
}

/// Counts one more call at `now`, unless the 24 hours before it hold `total` already.
pub(crate) fn spend(instants: &mut Vec<DateTime<Utc>>, now: DateTime<Utc>, total: u32) -> bool {
    let is_free = u32::try_from(in_last_day(instants, now)).is_ok_and(|used| used < total);
    if is_free {
        instants.push(now);
    }
    is_free
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
