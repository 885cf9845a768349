//! What can go wrong in a store, and in the monitor above it.

use std::error::Error as StdError;
use std::path::PathBuf;
#[cfg(any(feature = "file", feature = "sqlite", feature = "postgres"))]
use std::sync::Arc;

use chrono::TimeDelta;
use threads_client::UserId;

use crate::scheduler::JobId;

/// A failure of a store itself. "Not there" is never one: that is `Ok(None)`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The backend could not do its work: disk full, connection lost, permission denied.
    #[error("the {backend} store failed while {doing}")]
    Backend {
        /// The backend's name, such as `file`.
        backend: &'static str,
        /// What was being done, as "writing the journal".
        doing: String,
        /// The backend's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A write failed in a way that leaves open whether it is kept, so nothing is written
    /// any more. Only a new start of the program finds out; what was acknowledged before
    /// is safe.
    #[error(
        "the {backend} store has stopped because of a failure while {doing}: free what is in its way (a full disk, perhaps) and start the program again"
    )]
    Stopped {
        /// The backend's name.
        backend: &'static str,
        /// What was being done.
        doing: String,
        /// The backend's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Stored data cannot be read back. Nothing was changed or thrown away.
    #[error("stored data is damaged: {what}. {advice}")]
    Corrupt {
        /// What is damaged, and where.
        what: String,
        /// What a person can do about it.
        advice: String,
    },
    /// The data was written by a newer version of this software.
    #[error(
        "{what} has format version {found}, this program reads up to {supported}: use the newer program"
    )]
    TooNew {
        /// What was read.
        what: String,
        /// The version found.
        found: u32,
        /// The newest version understood.
        supported: u32,
    },
    /// The backend would not keep what it acknowledges, or would not forget what it erases.
    #[error("{what}. {advice}")]
    UnsafeSettings {
        /// Which setting, what it is and what it has to be.
        what: String,
        /// What a person can do about it.
        advice: String,
    },
    /// A sealed token cannot be opened, or there are no keys. Nothing was changed.
    #[error("{what}. {advice}")]
    Sealed {
        /// Which token or key, and why. Never a part of it.
        what: String,
        /// What a person can do about it.
        advice: String,
    },
    /// Somebody else changed the row first; read it again and decide anew.
    #[error("{what} was changed by somebody else in the meantime")]
    Conflict {
        /// What was changed.
        what: String,
    },
    /// The lease ran out and another worker has, or had, the job; or the job was erased.
    #[error("the lease of job {job} is lost")]
    LeaseLost {
        /// The job.
        job: JobId,
    },
    /// Another process has the store open for writing.
    #[error(
        "`{}` is in use by another process: stop it, or choose another data directory",
        path.display()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The storage address cannot be used.
    #[error("`{address}` is not a storage address: {reason}")]
    UnsupportedAddress {
        /// The address, without any password.
        address: String,
        /// Why not, and which addresses there are.
        reason: String,
    },
}

impl StoreError {
    /// Wraps a backend's own error with what was being done.
    pub fn backend(
        backend: &'static str,
        doing: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Backend {
            backend,
            doing: doing.into(),
            source: source.into(),
        }
    }

    /// Whether the store does nothing any more until the program is started again.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }

    /// A compare-and-set that lost.
    pub fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict { what: what.into() }
    }
}

/// One failure of a store, told to everyone whose changes were written together.
#[cfg(any(feature = "file", feature = "sqlite", feature = "postgres"))]
pub(crate) struct SharedFailure {
    backend: &'static str,
    doing: String,
    source: Arc<dyn StdError + Send + Sync>,
    is_final: bool,
}

#[cfg(any(feature = "file", feature = "sqlite", feature = "postgres"))]
impl SharedFailure {
    /// The backend is named where the error itself names none.
    pub(crate) fn new(backend: &'static str, error: StoreError) -> Self {
        let is_final = error.is_final();
        let (backend, doing, source) = match error {
            StoreError::Backend {
                backend,
                doing,
                source,
            }
            | StoreError::Stopped {
                backend,
                doing,
                source,
            } => (backend, doing, Arc::from(source)),
            other => {
                let source: Arc<dyn StdError + Send + Sync> = Arc::new(other);
                (backend, "making a change durable".to_owned(), source)
            }
        };
        Self {
            backend,
            doing,
            source,
            is_final,
        }
    }

    pub(crate) fn error(&self) -> StoreError {
        let (backend, doing, source) = (self.backend, self.doing.clone(), Arc::clone(&self.source));
        if self.is_final {
            StoreError::Stopped {
                backend,
                doing,
                source: Box::new(source),
            }
        } else {
            StoreError::backend(backend, doing, source)
        }
    }
}

/// A failure of an operation of the monitor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MonitorError {
    /// The Threads API, or the way to it.
    #[error(transparent)]
    Client(#[from] threads_client::Error),
    /// A store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account is not connected here.
    #[error("account {user} is not connected")]
    NotConnected {
        /// The account.
        user: UserId,
    },
    /// The account's token is dead: a person has to connect the account again.
    #[error("the access token of account {user} is no longer valid: connect the account again")]
    TokenExpired {
        /// The account.
        user: UserId,
    },
    /// This machine's clock is more than five minutes off, so nothing is run by it.
    #[error(
        "the clock of this machine is {} {} Meta's, so nothing is run: set the clock",
        in_units(ahead.abs()),
        if *ahead > TimeDelta::zero() { "ahead of" } else { "behind" }
    )]
    WrongClock {
        /// How far it is ahead of Meta's; negative if it is behind.
        ahead: TimeDelta,
    },
    /// A reconnect brought the token of another account.
    #[error("expected the token of account {expected}, but this one belongs to {found}")]
    AccountMismatch {
        /// The account that was to be reconnected.
        expected: UserId,
        /// The account that granted the token.
        found: UserId,
    },
    /// There is no such scheduled post.
    #[error("there is no scheduled post {id}")]
    NoSuchPost {
        /// What was asked for.
        id: JobId,
    },
    /// There is no such plan.
    #[error("there is no {what} {id}")]
    NoSuchPlan {
        /// What was asked for, as "repeated post".
        what: &'static str,
        /// Its id.
        id: JobId,
    },
    /// A rule that makes no sense.
    #[error(transparent)]
    Repeat(#[from] crate::planning::InvalidRepeat),
    /// A plan that makes no sense.
    #[error(transparent)]
    Plan(#[from] crate::planning::InvalidPlan),
    /// A file that is no table of posts.
    #[cfg(feature = "archive")]
    #[error(transparent)]
    Table(#[from] crate::planning::InvalidTable),
    /// The queue has no time for another post.
    #[error("the queue of account {user} has no free time within a year: give it more times")]
    QueueFull {
        /// The account.
        user: UserId,
    },
    /// The post was not scheduled, because something speaks against it. It is, once it is
    /// scheduled without `unless_warned`.
    #[error("the post was not scheduled: {}", in_words(warnings))]
    Warned {
        /// What.
        warnings: Vec<crate::planning::PlanWarning>,
    },
    /// The post can no longer be changed in this way.
    #[error("the post cannot be {action}: {reason}")]
    PostState {
        /// What was tried, as "cancelled".
        action: &'static str,
        /// Why not.
        reason: String,
    },
    /// A draft that Meta would certainly refuse.
    #[error(transparent)]
    Draft(#[from] threads_client::DraftError),
    /// A part of a chain that Meta would certainly refuse, or that cannot be one.
    #[error("part {part} of the chain: {source}")]
    ChainPart {
        /// Which, from 1.
        part: usize,
        /// What is wrong with it.
        source: threads_client::DraftError,
    },
    /// The account did not grant what this needs.
    #[error(
        "account {user} did not grant `{scope}`, which is needed {needed_for}: connect it again and allow that"
    )]
    MissingScope {
        /// The account.
        user: UserId,
        /// What it did not grant.
        scope: threads_client::Scope,
        /// What for.
        needed_for: &'static str,
    },
    /// A draft that can be published, but not by a schedule.
    #[error("this draft cannot be scheduled: {reason}")]
    NotSchedulable {
        /// Why not, and what to do instead.
        reason: &'static str,
    },
    /// A setting that cannot work.
    #[error("{0}")]
    Config(String),
}

fn in_units(span: TimeDelta) -> String {
    // In whole units that are told apart: 90 minutes, 26 hours, 3 days.
    if span >= TimeDelta::days(2) {
        format!("{} days", span.num_days())
    } else if span >= TimeDelta::hours(2) {
        format!("{} hours", span.num_hours())
    } else {
        format!("{} minutes", span.num_minutes())
    }
}

fn in_words(warnings: &[crate::planning::PlanWarning]) -> String {
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    warnings.join("; ")
}
