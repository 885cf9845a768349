//! Scheduled posts: published once, or honestly "we do not know".
//!
//! Meta offers no idempotency key, so a publish call whose answer is lost must never
//! be repeated blindly. The protocol here has three parts:
//!
//! - [`step`] is a pure function from a post, the time and an event to the next
//!   post and the one thing to do next. It does no I/O, reads no clock and draws no
//!   random number; production, tests and model checks run the same function.
//! - [`classify`] turns the answer of a publish call into what it proves. Only a short
//!   list of answers proves anything; all others mean "unknown".
//! - the engine (private) commits every step to the scheduler *before* it does what
//!   the step asks for, and sends a publish call once per committed attempt.
//!
//! A chain ([`NewChain`]) is one scheduled post that goes through its parts by the same rules:
//! a part is begun once the one before is live under a known id, and a part that is not stops
//! the chain, which then says how many of its parts are live.
//!
//! An unknown outcome leads to *verifying*: only reads are made, until the container's
//! status or the account's own list shows what happened. What cannot be known ends in
//! *needs attention*, where a person decides.

mod answer;
mod chain;
pub(crate) mod engine;
mod event;
pub(crate) mod lease;
pub mod matching;
mod post;
mod quota;
mod search;
mod step;

pub use self::answer::{Answer, Remedy, classify};
pub use self::chain::{
    Chain, ChainChoice, ChainDecision, ChainStanding, ChainStatus, NewChain, PartState, PartStatus,
    PublishedPart, RestDecided, RestPlace, StopReason, Stopped,
};
pub use self::event::{Effect, Event, Next, ScanResult, StatusReading, Step};
pub use self::post::{
    Attempt, Blocked, Decision, Outcome, Phase, Post, PostPolicy, PublishMode, PublishedSource,
    ScheduledPost,
};
pub(crate) use self::quota::Quotas;
pub use self::step::step;

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use threads_client::{Draft, UserId};

use crate::error::StoreError;
use crate::zone::Zone;

/// A post to schedule.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// The account that will publish it.
    pub account: UserId,
    /// What will be published.
    pub draft: Draft,
    /// When.
    pub due: Due,
    /// The same key of one account never makes a second post.
    pub idempotency_key: Option<String>,
    /// How late it may still go out; past that it is *missed*. Default: two hours.
    pub max_lateness: Option<Duration>,
    /// Whether to schedule it only if there is no
    /// [`PlanWarning`](crate::planning::PlanWarning). Default: no.
    pub unless_warned: bool,
}

impl NewPost {
    /// A post with the default lateness and no idempotency key.
    pub fn new(account: UserId, draft: Draft, due: Due) -> Self {
        Self {
            account,
            draft,
            due,
            idempotency_key: None,
            max_lateness: None,
            unless_warned: false,
        }
    }
}

/// When a post is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "when", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Due {
    /// At an instant.
    At(DateTime<Utc>),
    /// At a wall-clock time; see [`Zone::instant`] for skipped and doubled times.
    Local {
        /// The wall-clock time.
        time: NaiveDateTime,
        /// Whose wall.
        zone: Zone,
    },
    /// At the next free time of the account's queue; see
    /// [`PostingPlan`](crate::planning::PostingPlan).
    NextSlot,
}

/// What the idempotency keys of scheduled posts begin with; the standing jobs of an account
/// have others.
pub(crate) const KEY: &str = "post:";

/// The posts of one account are published one after the other.
pub(crate) fn serial_key(account: &UserId) -> String {
    format!("publish:{account}")
}

/// What was asked for, by which a repetition is told from a conflict.
pub(crate) fn request(post: &Post) -> Result<Value, StoreError> {
    let (what, content) = content(post)?;
    Ok(json!({
        what: content,
        // What a chain was asked for does not change with the part that it is at.
        "due_at": post.chain.as_ref().map_or(post.due_at, |chain| chain.due_at),
        "zone": post.zone,
        "max_lateness_seconds": post.max_lateness_seconds,
    }))
}

/// The same of a post at the next free time of the queue, whichever that is.
pub(crate) fn queued_request(post: &Post) -> Result<Value, StoreError> {
    let (what, content) = content(post)?;
    Ok(json!({
        what: content,
        "due": "next_slot",
        "max_lateness_seconds": post.max_lateness_seconds,
    }))
}

fn content(post: &Post) -> Result<(&'static str, Value), StoreError> {
    Ok(match &post.chain {
        Some(chain) => (
            "parts",
            serde_json::to_value(&chain.parts).map_err(unwritable)?,
        ),
        None => (
            "draft",
            serde_json::to_value(&post.draft).map_err(unwritable)?,
        ),
    })
}

/// The post as its job keeps it.
pub(crate) fn state(post: &Post) -> Result<Value, StoreError> {
    serde_json::to_value(post).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> StoreError {
    StoreError::backend("json", "writing a scheduled post", error)
}
