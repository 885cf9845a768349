//! A scheduled post and where it stands.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use threads_client::{ContainerId, Draft, DraftContent, Media, PostId, UserId};

use super::answer::Remedy;
use super::chain::Chain;
use crate::scheduler::JobId;
use crate::zone::Zone;

/// A scheduled post with the job that carries it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScheduledPost {
    /// The job's id, which is the post's id here.
    pub id: JobId,
    /// The account that publishes it.
    pub account: UserId,
    /// The post.
    #[serde(flatten)]
    pub post: Post,
    /// When it was scheduled.
    pub created_at: DateTime<Utc>,
    /// When something happens to it next; `None` at its end.
    pub next_wake_at: Option<DateTime<Utc>>,
}

/// What is published, when, and how far it has come.
///
/// Stored as JSON in the job's state; the field names are a storage format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// What is published; of a chain, the part that it is at.
    pub draft: Draft,
    /// When; of a later part of a chain, when the part before it was live.
    pub due_at: DateTime<Utc>,
    /// The zone in which a person chose the time.
    pub zone: Option<Zone>,
    /// How late it may still go out, in seconds.
    pub max_lateness_seconds: u64,
    /// Where it stands.
    pub phase: Phase,
    /// Containers made so far; unpublished ones are invisible and die after a day.
    pub containers_used: u32,
    /// Every publish call that was authorised, in order. One attempt, one request.
    pub attempts: Vec<Attempt>,
    /// The epoch of the last lease that came to something: the one that brought it to rest, or
    /// the one before that which brought it to this phase and may yet be lost. `None` of a post
    /// that an older version of this program wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step_epoch: Option<u64>,
    /// How often it was left alone, because whoever worked on it died.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub times_left_alone: u32,
    /// When a person asked to cancel while a publish call may have been under way.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// The chain that it goes through, if it is more than one post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Post {
    /// A post that nothing has happened to yet.
    pub fn new(
        draft: Draft,
        due_at: DateTime<Utc>,
        zone: Option<Zone>,
        max_lateness: Duration,
    ) -> Self {
        Self {
            draft,
            due_at,
            zone,
            max_lateness_seconds: max_lateness.as_secs(),
            phase: Phase::Scheduled,
            containers_used: 0,
            attempts: Vec::new(),
            last_step_epoch: Some(0),
            times_left_alone: 0,
            cancel_requested_at: None,
            chain: None,
        }
    }

    /// The last instant at which it may still go out.
    pub fn latest_at(&self) -> DateTime<Utc> {
        i64::try_from(self.max_lateness_seconds)
            .ok()
            .and_then(TimeDelta::try_seconds)
            .and_then(|late| self.due_at.checked_add_signed(late))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The items of a carousel, each of which gets a container of its own.
    pub(crate) fn items(&self) -> &[Media] {
        match &self.draft.content {
            DraftContent::Carousel(items) => items,
            _ => &[],
        }
    }

    /// Whether it may be live, or is, without its media id being known.
    pub(crate) fn is_unbound(&self) -> bool {
        match &self.phase {
            Phase::Published { media_id, .. } => media_id.is_none(),
            phase => !phase.is_final() && self.may_be_live(),
        }
    }

    /// Whether a publish call may still have, or have had, an effect: one that is known
    /// here, or one of the instance that a backup was made of.
    pub fn may_be_live(&self) -> bool {
        matches!(
            self.phase,
            Phase::Restored { .. } | Phase::NeedsAttention { .. }
        ) || self.has_open_attempt()
    }

    /// Whether an attempt that is known here may have had an effect.
    pub(super) fn has_open_attempt(&self) -> bool {
        self.attempts.iter().any(|attempt| !attempt.is_harmless())
    }
}

/// Where a scheduled post stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Waits for its time; nothing was sent.
    Scheduled,
    /// Its containers are being made; nothing is visible to anybody.
    Preparing {
        /// Since when the container, or the child, that it waits for exists.
        since: DateTime<Utc>,
        /// The children of a carousel made so far, in order.
        children: Vec<ContainerId>,
        /// How many of the children are known to be finished.
        children_finished: usize,
        /// The container to publish, once made.
        container: Option<ContainerId>,
        /// Failed tries in a row.
        failures: u32,
    },
    /// Its container is finished and waits for the due time.
    Ready {
        /// The container.
        container: ContainerId,
        /// Since when it is finished.
        since: DateTime<Utc>,
    },
    /// A publish call was authorised and may be under way.
    Publishing {
        /// The container.
        container: ContainerId,
        /// Since when the container is finished.
        finished_at: DateTime<Utc>,
    },
    /// A publish call was made and its effect is not known; only reads are made.
    Verifying {
        /// The container.
        container: ContainerId,
        /// Since when the container is finished.
        finished_at: DateTime<Utc>,
        /// Whether the answer proved nothing. If it was a refusal, the container's
        /// status is enough to go on.
        unknown: bool,
        /// Since when.
        since: DateTime<Utc>,
        /// Before this instant, "not there" proves nothing.
        settle_until: DateTime<Utc>,
        /// How often it was looked at.
        looks: u32,
        /// Complete looks at the account's list, after `settle_until`, without the post.
        clean_scans: u32,
        /// The last such look.
        last_clean_scan_at: Option<DateTime<Utc>>,
    },
    /// It comes from a backup, and what was done with it since is not known. If its time
    /// is still to come, it goes on from where it stood; otherwise only reads are made.
    Restored {
        /// When the backup was made.
        backed_up_at: DateTime<Utc>,
        /// Where it stood then.
        from: Box<Phase>,
        /// Since when it is looked for; `None` before the first look.
        since: Option<DateTime<Utc>>,
        /// How often it was looked for.
        looks: u32,
        /// Complete looks at the account's list that count, without the post.
        clean_scans: u32,
        /// The last such look.
        last_clean_scan_at: Option<DateTime<Utc>>,
    },
    /// Cannot go on by itself until something outside changes.
    Blocked {
        /// What is in the way.
        reason: Blocked,
        /// What Meta, or we, said about it.
        detail: String,
        /// The phase to go on from.
        resume: Box<Phase>,
    },
    /// What happened cannot be known; a person decides.
    NeedsAttention {
        /// The container; `None` if it is not known which one may have been published.
        container: Option<ContainerId>,
        /// Since when the container is finished.
        finished_at: Option<DateTime<Utc>>,
        /// Why it cannot be known.
        reason: String,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It is live.
    Published {
        /// When that was learned.
        at: DateTime<Utc>,
        /// How.
        source: PublishedSource,
        /// The media id, once known.
        media_id: Option<PostId>,
        /// Looks for the media id so far.
        lookups: u32,
    },
    /// It was not published, and will not be.
    Failed {
        /// When that became certain.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
    /// A person closed it without knowing whether it was published.
    Abandoned {
        /// When.
        at: DateTime<Utc>,
    },
    /// A person called it off, and nothing was published.
    Cancelled {
        /// When that became certain.
        at: DateTime<Utc>,
    },
    /// Its time passed before it could be sent; nothing was sent.
    Missed {
        /// When it was given up.
        at: DateTime<Utc>,
    },
}

impl Phase {
    /// The name in JSON, events and on screen.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Preparing { .. } => "preparing",
            Self::Ready { .. } => "ready",
            Self::Publishing { .. } => "publishing",
            Self::Verifying { .. } => "verifying",
            Self::Restored { .. } => "restored",
            Self::Blocked { .. } => "blocked",
            Self::NeedsAttention { .. } => "needs_attention",
            Self::Published { .. } => "published",
            Self::Failed { .. } => "failed",
            Self::Abandoned { .. } => "abandoned",
            Self::Cancelled { .. } => "cancelled",
            Self::Missed { .. } => "missed",
        }
    }

    /// Whether the outcome is decided. A published post whose id is still being
    /// looked up is decided.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Published { .. }
                | Self::Failed { .. }
                | Self::Abandoned { .. }
                | Self::Cancelled { .. }
                | Self::Missed { .. }
        )
    }
}

/// What keeps a post from going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Blocked {
    /// The account has to be connected again.
    Reconnect,
    /// The account did not grant a scope, or the app lacks the permission.
    Permission,
    /// The publishing quota of 24 hours is used up.
    Quota,
    /// Meta restricts the account.
    Restricted,
    /// The program died each time it worked on the post; see [`PostPolicy::recoveries`].
    Deadly,
}

/// How it was learned that a post is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PublishedSource {
    /// Meta answered the publish call with the media id.
    Answer,
    /// The container's status says so.
    Status,
    /// It was found in the account's own list.
    Listing,
    /// A worker that had lost its lease still learned the answer.
    LateAnswer,
    /// A person said so.
    Person,
}

/// One authorised publish call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The container it publishes.
    pub container: ContainerId,
    /// When it was authorised; the call is made within seconds or never.
    pub authorised_at: DateTime<Utc>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Attempt {
    /// Whether it counts against [`PostPolicy::attempts`]: not if it never left, and not
    /// if something outside of the post was in the way, which only time bounds.
    pub(super) const fn counts(&self) -> bool {
        !matches!(
            self.outcome,
            Outcome::NotSent { .. }
                | Outcome::Ineffective {
                    remedy: Some(
                        Remedy::Reconnect | Remedy::Permission | Remedy::Quota | Remedy::Restricted
                    ),
                    ..
                }
        )
    }

    /// Whether it is certain that this call did not, and will not, publish anything.
    pub const fn is_harmless(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::NotSent { .. } | Outcome::Ineffective { .. }
        )
    }
}

/// What came of a publish call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// No answer is known, because it is under way or its sender died.
    Pending,
    /// It published the post.
    Effective {
        /// What the answer had been, if it did not say so.
        answer: Option<String>,
    },
    /// Not one byte of it left this machine.
    NotSent {
        /// Why not.
        why: String,
    },
    /// Meta refused it, in a way that means "no effect".
    Rejected {
        /// In Meta's words.
        why: String,
        /// What helps.
        remedy: Remedy,
    },
    /// The answer proves nothing.
    Unknown {
        /// What the answer was.
        why: String,
    },
    /// It was verified later that it published nothing.
    Ineffective {
        /// What the answer had been.
        why: String,
        /// What helps, if it was a refusal.
        remedy: Option<Remedy>,
    },
}

impl Outcome {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Pending => "no answer",
            Self::Effective { .. } => "published",
            Self::NotSent { why }
            | Self::Rejected { why, .. }
            | Self::Unknown { why }
            | Self::Ineffective { why, .. } => why,
        }
    }
}

/// What a person decides about a post that needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// "I see it on Threads."
    ItIsLive,
    /// "Let it be": it is closed as abandoned, outcome unknown.
    Discard,
}

/// The waits and bounds of the publish protocol.
///
/// The defaults are reasoned in the crate's documentation; tests shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostPolicy {
    /// How long before the due time preparation of a text begins.
    pub lead_text: Duration,
    /// The same for an image.
    pub lead_image: Duration,
    /// The same for a video or a carousel.
    pub lead_video: Duration,
    /// How often an unfinished container is looked at.
    pub poll: Duration,
    /// How long a container may take to finish before another is made.
    pub preparation: Duration,
    /// The pause between a finished container and its publish call.
    pub pause_after_finished: Duration,
    /// A finished container older than this is not used any more.
    pub container_age: Duration,
    /// How long after an authorisation the call may still begin.
    pub send_within: Duration,
    /// After an unknown answer, "not there" proves nothing for so long.
    pub settle: Duration,
    /// The least time between two complete looks that count.
    pub between_scans: Duration,
    /// How many complete looks without the post are needed.
    pub clean_scans: u32,
    /// Publish calls at most, without those that something outside was in the way of.
    pub attempts: usize,
    /// Containers at most.
    pub containers: u32,
    /// So many leases in a row may end without the post coming on, because whoever had it
    /// died, before it is left alone for as long as a blocked one: one post must not bring
    /// down the program for ever. After that it has one chance each time.
    pub recoveries: u32,
    /// Looks for the media id of a live post at most.
    pub lookups: u32,
    /// How often a post that needs attention is still looked at.
    pub attention: Duration,
    /// How often a blocked post is tried again.
    pub blocked: Duration,
    /// What is concluded from complete looks without the post.
    pub mode: PublishMode,
}

/// How much is concluded after a publish call whose answer proves nothing, once the settle
/// time is over and complete looks have not found the post.
///
/// In every mode a container that Meta calls published is published, and one that expired
/// unpublished is replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PublishMode {
    /// A container that is still unpublished is published again; one that failed is
    /// replaced; one that Meta does not know is left to a person.
    ///
    /// Safe if a call acts, and shows, within the settle time.
    #[default]
    Safe,
    /// Whatever is not known for certain is left to a person.
    ///
    /// Safe whatever the delays.
    Paranoid,
    /// As `Safe`, but a container that Meta does not know is replaced, too.
    ///
    /// Rests on nothing but the settle time: if a call can act or show later than that, a
    /// post can go out twice.
    AutoReplace,
}

impl Default for PostPolicy {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 3600;
        let seconds = Duration::from_secs;
        Self {
            lead_text: seconds(90),
            lead_image: seconds(3 * MINUTE),
            lead_video: seconds(10 * MINUTE),
            poll: seconds(5),
            preparation: seconds(15 * MINUTE),
            pause_after_finished: seconds(10),
            container_age: seconds(20 * HOUR),
            send_within: seconds(5),
            settle: seconds(360),
            between_scans: seconds(60),
            clean_scans: 2,
            attempts: 8,
            containers: 3,
            recoveries: 5,
            lookups: 5,
            attention: seconds(15 * MINUTE),
            blocked: seconds(15 * MINUTE),
            mode: PublishMode::Safe,
        }
    }
}
