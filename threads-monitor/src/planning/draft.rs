//! Drafts, and their way to approval.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threads_client::{Draft, UserId};

use super::unwritable;
use crate::error::StoreError;
use crate::publishing::Due;
use crate::scheduler::{JobId, JobRecord};

/// A draft to keep. It need not be fit to be published yet.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// The account that it is for.
    pub account: UserId,
    /// What it says so far.
    pub content: DraftPlan,
    /// The same key of one account never makes a second draft.
    pub idempotency_key: Option<String>,
}

/// What a draft says, and when it may go out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DraftPlan {
    /// What is published.
    pub draft: Draft,
    /// When; `None` as long as nobody has decided.
    pub due: Option<Due>,
    /// How late it may still go out, in seconds; past that it is missed. Default: two hours.
    pub max_lateness_seconds: Option<u64>,
}

impl DraftPlan {
    /// A draft with the default lateness.
    pub const fn new(draft: Draft, due: Option<Due>) -> Self {
        Self {
            draft,
            due,
            max_lateness_seconds: None,
        }
    }

    pub(crate) fn lateness(&self, default: Duration) -> Duration {
        self.max_lateness_seconds
            .map_or(default, Duration::from_secs)
    }
}

/// A kept draft with the job that carries it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptDraft {
    /// The job's id, which is the draft's id here.
    pub id: JobId,
    /// The account that it is for.
    pub account: UserId,
    /// The draft.
    #[serde(flatten)]
    pub entry: DraftEntry,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What a draft says and where it stands.
///
/// Stored as JSON in the job's state; the field names are a storage format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DraftEntry {
    /// What it says.
    pub content: DraftPlan,
    /// Goes up with every change of what it says. Whoever decides names the one that they
    /// saw.
    pub revision: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Who asked for approval last, and when.
    pub asked: Option<Said>,
}

/// Who said something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The name that they gave.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where a draft stands. Only a [`Scheduled`](Stage::Scheduled) one is, or was, a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Somebody works on it.
    Open,
    /// It waits for approval.
    Waiting,
    /// It was not approved; it can be changed and asked for again.
    Rejected {
        /// Who said so, and when.
        said: Said,
        /// Why.
        reason: String,
    },
    /// It is a scheduled post now.
    Scheduled {
        /// Who approved it, and when; `None` if nobody had to.
        approved: Option<Said>,
        /// The post.
        post: JobId,
        /// When that is due.
        due_at: DateTime<Utc>,
        /// Whether the post is known to be there.
        is_made: bool,
    },
    /// It was thrown away, and what it said with it.
    Discarded {
        /// When.
        at: DateTime<Utc>,
    },
}

impl DraftEntry {
    pub(crate) const fn new(content: DraftPlan) -> Self {
        Self {
            content,
            revision: 0,
            stage: Stage::Open,
            asked: None,
        }
    }

    pub(crate) fn read(job: &JobRecord) -> Result<Self, StoreError> {
        super::read("draft", job)
    }

    pub(crate) fn state(&self) -> Result<Value, StoreError> {
        serde_json::to_value(self).map_err(unwritable)
    }

    /// What it becomes in a restored copy: a post that may have been made since is not made
    /// again without being asked for.
    #[cfg(feature = "archive")]
    pub(crate) fn restored(mut self) -> Self {
        if let Stage::Scheduled { is_made: false, .. } = self.stage {
            self.stage = if self.asked.is_some() {
                Stage::Waiting
            } else {
                Stage::Open
            };
        }
        self
    }
}
