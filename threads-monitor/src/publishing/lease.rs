//! What the lease of a post tells about clocks, and about workers that died.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::post::{Phase, Post, PostPolicy};
use crate::scheduler::Lease;

/// Clocks that differ by less than this are taken for one.
const SAME_CLOCK: TimeDelta = TimeDelta::seconds(1);

/// A lease, as it was just claimed.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) lease: Lease,
    /// How far the clock that measured it is ahead of ours.
    pub(crate) ahead: TimeDelta,
}

impl Claimed {
    /// What was asked for at one time of our clock and came at another.
    pub(crate) fn new(
        lease: Lease,
        lease_for: Duration,
        asked_at: DateTime<Utc>,
        came_at: DateTime<Utc>,
    ) -> Self {
        let begun_at = TimeDelta::from_std(lease_for)
            .ok()
            .and_then(|lease_for| lease.until.checked_sub_signed(lease_for));
        let ahead = begun_at.map(|begun_at| ahead(begun_at, asked_at, came_at));
        Self {
            lease,
            ahead: ahead.unwrap_or_default(),
        }
    }
}

/// How far the clock that measured a lease is ahead of ours, at least.
///
/// A database measures leases by its own clock, which all nodes have in common. Ours may be
/// minutes off, and so may be that of the node that wrote down when a call was authorised. So
/// everything about a post is decided, and written down, in the store's time.
///
/// The lease began at a moment between asking and the answer, which may have taken long.
fn ahead(begun_at: DateTime<Utc>, asked_at: DateTime<Utc>, came_at: DateTime<Utc>) -> TimeDelta {
    if begun_at - came_at >= SAME_CLOCK {
        begun_at - came_at
    } else if asked_at - begun_at >= SAME_CLOCK {
        begun_at - asked_at
    } else {
        TimeDelta::zero()
    }
}

/// One of so many parts of a lease.
pub(super) fn part(lease_for: Duration, of: u32) -> TimeDelta {
    TimeDelta::from_std(lease_for / of).unwrap_or(TimeDelta::MAX)
}

/// Why a post is left alone, if whoever worked on it died again and again.
///
/// Each claim has an epoch of its own, so the epochs since the last one that came to
/// something are those whose workers ended without a word. What came before that is forgiven.
pub(super) fn deadly(policy: &PostPolicy, lease: &Lease, post: &Post) -> Option<String> {
    let lost = lost(lease, post)?;
    // One that was left alone before has one chance at a time.
    let most = if post.times_left_alone == 0 {
        policy.recoveries.max(1)
    } else {
        1
    };
    (lost >= u64::from(most)).then(|| {
        format!(
            "the program ended or hung {lost} times in a row while it worked on this post, so \
             the post is left alone for a while"
        )
    })
}

/// How many workers in a row ended without a word while they had the post.
fn lost(lease: &Lease, post: &Post) -> Option<u64> {
    // A call that may be under way is verified in any case; that brings the post on.
    if matches!(post.phase, Phase::Publishing { .. }) {
        return None;
    }
    lease
        .epoch
        .checked_sub(post.last_step_epoch?)?
        .checked_sub(1)
}

/// Whether the last worker ended while it had the post: of it, or of another one.
pub(crate) fn is_suspect(lease: &Lease, post: &Post) -> bool {
    lost(lease, post).is_some_and(|lost| lost > 0)
}

/// Takes the lease that the post has now out of the count: nobody worked on it.
pub(crate) fn did_nothing(post: &mut Post) {
    post.last_step_epoch = post.last_step_epoch.map(|epoch| epoch.saturating_add(1));
}

/// The last lease that came to something, after a step under the lease `epoch`, if that
/// brought the post on: to another phase, or to the end of a run.
pub(super) fn came_on(before: &Post, after: &Post, is_at_rest: bool, epoch: u64) -> Option<u64> {
    if is_at_rest {
        return Some(epoch);
    }
    let is_other_phase = before.phase.name() != after.phase.name();
    // Nothing is known of what posts of older versions have gone through.
    if is_other_phase || before.last_step_epoch.is_none() {
        // This lease is not at its end, and may yet be lost.
        return Some(epoch.saturating_sub(1));
    }
    before.last_step_epoch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead_of(begun_at: i64, asked_at: i64, came_at: i64) -> i64 {
        let [begun_at, asked_at, came_at] = [begun_at, asked_at, came_at]
            .map(|second| DateTime::UNIX_EPOCH + TimeDelta::seconds(second));
        ahead(begun_at, asked_at, came_at).num_seconds()
    }

    #[test]
    fn the_time_that_an_answer_takes_is_no_difference_between_clocks() {
        assert_eq!(ahead_of(100, 100, 155), 0);
        assert_eq!(ahead_of(100, 45, 100), 0);
        assert_eq!(ahead_of(100, 100, 100), 0);
    }

    #[test]
    fn what_lies_outside_of_it_is_one() {
        assert_eq!(ahead_of(400, 100, 110), 290);
        assert_eq!(ahead_of(100, 400, 410), -300);
    }
}
