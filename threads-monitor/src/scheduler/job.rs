//! The rows of a scheduler.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threads_client::UserId;
use uuid::Uuid;

use crate::version::Version;

/// The id of a job. Ids made later sort later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// A new, random, time-ordered id.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id that a database keeps.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The id, for a database to keep.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// A text that is not a job id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a job id: expected a UUID")]
pub struct InvalidJobId(());

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text)
            .map(Self)
            .map_err(|_| InvalidJobId(()))
    }
}

/// The name of a worker process, for people who look at leases.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(String);

impl WorkerId {
    /// A worker of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Kinds with their names, each written once: one that is missing among all would never be
/// claimed.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal,)+) => {
        /// What a job does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum JobKind {
            $($(#[$doc])+ #[serde(rename = $name)] $kind,)+
        }

        impl JobKind {
            /// Every kind that this version knows.
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),+];

            /// The name in JSON and logs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// Measures followers.
    CollectFollowers = "collect_followers",
    /// Reads the profile.
    CollectProfile = "collect_profile",
    /// Reads the account's insights, day by day.
    CollectInsights = "collect_insights",
    /// Lists posts and measures each at its age.
    CollectPosts = "collect_posts",
    /// Keeps the token alive.
    RefreshToken = "refresh_token",
    /// Publishes one scheduled post.
    PublishPost = "publish_post",
    /// Removes what is kept for longer than [`Retention`](crate::Retention) says.
    ThinHistory = "thin_history",
    /// Makes a scheduled post of each occurrence of a repeated one.
    RepeatPost = "repeat_post",
    /// Keeps a draft, and schedules it once that is decided.
    KeepDraft = "keep_draft",
    /// Keeps how an account posts: the times of its queue, and the gap between posts.
    KeepQueue = "keep_queue",
}

impl JobKind {
    /// Whether it reads the account's numbers.
    pub(crate) const fn collects(self) -> bool {
        matches!(
            self,
            Self::CollectFollowers
                | Self::CollectProfile
                | Self::CollectInsights
                | Self::CollectPosts
        )
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A job to enqueue.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its id, made by the caller.
    pub id: JobId,
    /// The account that it works for.
    pub account: UserId,
    /// What it does.
    pub kind: JobKind,
    /// Jobs with one key never run at one time.
    pub serial_key: String,
    /// One key of one account is one job, however often it is enqueued.
    pub idempotency_key: String,
    /// What was asked for; never changes, and tells a repetition from a conflict.
    pub request: Value,
    /// Where it stands, for whoever runs it.
    pub state: Value,
    /// When it wants to run.
    pub wake_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// The account that it works for.
    pub account: UserId,
    /// What it does.
    pub kind: JobKind,
    /// Jobs with one key never run at one time.
    pub serial_key: String,
    /// One key of one account is one job.
    pub idempotency_key: String,
    /// What was asked for.
    pub request: Value,
    /// Where it stands.
    pub state: Value,
    /// When it wants to run next; `None` at its end.
    pub wake_at: Option<DateTime<Utc>>,
    /// Goes up with every claim and every change.
    pub version: Version,
    /// Goes up with every lease.
    pub epoch: u64,
    /// Who has it now, if anybody.
    pub lease: Option<LeaseHolder>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Who holds a lease, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHolder {
    /// The worker.
    pub worker: WorkerId,
    /// When the lease runs out.
    pub until: DateTime<Utc>,
}

/// The right to work on a job, until it runs out.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// The job as of the last claim, checkpoint or renewal.
    pub job: JobRecord,
    /// The fence of this lease; equals `job.epoch`.
    pub epoch: u64,
    /// When it runs out.
    pub until: DateTime<Utc>,
}

/// What a write changes, all in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The new state.
    pub state: Value,
    /// The next wake-up; `None` ends the job.
    pub wake_at: Option<DateTime<Utc>>,
    /// Events to put into the outbox.
    pub events: Vec<NewEvent>,
}

/// An event to write with a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened, as `post.published`.
    pub name: String,
    /// The particulars.
    pub data: Value,
}

/// An event of the outbox, delivered at least once, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place; hand it back to read on.
    pub cursor: EventCursor,
    /// The job that changed.
    pub job: JobId,
    /// The job's account.
    pub account: UserId,
    /// What happened.
    #[serde(flatten)]
    pub event: NewEvent,
}

/// A place in the outbox.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventCursor(u64);

impl EventCursor {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// A place as a backend counts it; the first event has place 1.
    pub const fn new(place: u64) -> Self {
        Self(place)
    }

    /// The place, for a backend to write.
    pub const fn place(self) -> u64 {
        self.0
    }
}

/// Something learned about a job outside of a lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When it was learned.
    pub at: DateTime<Utc>,
    /// Who learned it.
    pub worker: WorkerId,
    /// The epoch under which it had worked.
    pub epoch: u64,
    /// What was learned.
    pub data: Value,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// One account, or all.
    pub account: Option<UserId>,
    /// One kind, or all.
    pub kind: Option<JobKind>,
    /// Only jobs that are not at their end.
    pub open_only: bool,
    /// Only jobs after this one.
    pub after: Option<JobId>,
    /// At most so many; `None` is all.
    pub limit: Option<usize>,
}

impl JobQuery {
    /// All jobs of an account.
    pub fn account(account: UserId) -> Self {
        Self {
            account: Some(account),
            ..Self::default()
        }
    }

    /// Only this kind.
    #[must_use]
    pub fn kind(mut self, kind: JobKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only jobs that are not at their end.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open_only = true;
        self
    }
}
