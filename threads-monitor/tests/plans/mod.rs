//! Plans of an account, made in a line.
#![allow(
    dead_code,
    reason = "each test file uses its own part of what they share"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use threads_client::{Draft, UserId};
use threads_monitor::Zone;
use threads_monitor::planning::{DraftPlan, KeptDraft, NewDraft, PostingPlan, Slot, Stage};
use threads_monitor::publishing::{Due, NewPost, ScheduledPost};
use threads_monitor::scheduler::JobId;

use crate::world::World;

/// A plan with a slot so many minutes from now, for each.
pub(crate) async fn plan(world: &World, user: &UserId, in_minutes: &[i64]) -> PostingPlan {
    let mut plan = PostingPlan::new(Zone::UTC);
    plan.slots = in_minutes
        .iter()
        .map(|minutes| {
            let at = Zone::UTC.local(slot(world, *minutes));
            Slot {
                day: at.weekday(),
                time: at.time(),
            }
        })
        .collect();
    world.monitor.set_posting_plan(user, &plan).await.unwrap();
    plan
}

/// The whole minute so far from now.
pub(crate) fn slot(world: &World, minutes: i64) -> DateTime<Utc> {
    let now = world.monitor.now() + TimeDelta::minutes(minutes);
    DateTime::from_timestamp(now.timestamp() / 60 * 60, 0).unwrap()
}

pub(crate) fn queued(user: &UserId, text: &str) -> NewPost {
    NewPost::new(user.clone(), Draft::text(text), Due::NextSlot)
}

pub(crate) async fn queue(world: &World, user: &UserId, text: &str) -> ScheduledPost {
    world.monitor.schedule(queued(user, text)).await.unwrap()
}

pub(crate) async fn keep(world: &World, user: &UserId, text: &str, due: Option<Due>) -> KeptDraft {
    let new = NewDraft {
        account: user.clone(),
        content: DraftPlan::new(Draft::text(text), due),
        idempotency_key: None,
    };
    world.monitor.keep_draft(new).await.unwrap()
}

pub(crate) async fn stage(world: &World, id: &JobId) -> Stage {
    let draft = world.monitor.draft(id).await.unwrap().unwrap();
    draft.entry.stage
}

pub(crate) fn in_minutes(world: &World, minutes: i64) -> Due {
    Due::At(world.monitor.now() + TimeDelta::minutes(minutes))
}
