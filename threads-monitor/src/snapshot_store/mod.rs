//! Where what was observed is kept.

mod memory;

#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;

use std::fmt::{self, Debug};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use threads_client::{PostId, UserId};
use url::Url;

#[cfg(feature = "file")]
pub use self::file::FileSnapshotStore;
pub use self::memory::MemorySnapshotStore;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::sql::SqlSnapshotStore;
use crate::error::StoreError;
use crate::zone::Zone;

/// What a snapshot is about: an account, or one of its posts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Subject {
    /// The account as a whole.
    #[serde(rename = "account")]
    Account,
    /// One post, by its media id.
    #[serde(rename = "post")]
    Post(PostId),
}

/// What was measured.
///
/// Which instant [`Snapshot::at`] means depends on the metric; each variant says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Followers of the account, at the instant of measuring.
    Followers,
    /// Posts of the account that this monitor has seen. Our own count, not
    /// Meta's media count, which Meta does not provide.
    PostsSeen,
    /// Profile views in one Meta day (of an account, `at` = the end of that day),
    /// or lifetime views of a post (at the instant of measuring).
    Views,
    /// Likes; per Meta day of an account, lifetime of a post.
    Likes,
    /// Replies; per Meta day of an account, lifetime of a post.
    Replies,
    /// Reposts; per Meta day of an account, lifetime of a post.
    Reposts,
    /// Quotes; per Meta day of an account, lifetime of a post.
    Quotes,
    /// Shares of a post, lifetime.
    Shares,
    /// Clicks on links in one Meta day of an account.
    Clicks,
    /// The profile, at the instant it was read; stored when it changed.
    Profile,
    /// What a post says; `at` = when it was published.
    Post,
    /// The time zone that a person chose for the account.
    TimeZone,
}

impl Metric {
    /// The name in JSON, CSV and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::PostsSeen => "posts_seen",
            Self::Views => "views",
            Self::Likes => "likes",
            Self::Replies => "replies",
            Self::Reposts => "reposts",
            Self::Quotes => "quotes",
            Self::Shares => "shares",
            Self::Clicks => "clicks",
            Self::Profile => "profile",
            Self::Post => "post",
            Self::TimeZone => "time_zone",
        }
    }

    /// Every metric.
    pub(crate) const ALL: [Self; 12] = [
        Self::Followers,
        Self::PostsSeen,
        Self::Views,
        Self::Likes,
        Self::Replies,
        Self::Reposts,
        Self::Quotes,
        Self::Shares,
        Self::Clicks,
        Self::Profile,
        Self::Post,
        Self::TimeZone,
    ];

    /// The metric of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }
}

/// Whether numbers of a series are about whole days, so that there is one a day.
pub(crate) const fn is_by_day(subject: &Subject, metric: Metric) -> bool {
    matches!(subject, Subject::Account) && !matches!(metric, Metric::Followers | Metric::PostsSeen)
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Where a number comes from; every stored reading carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The insights endpoints.
    Insights,
    /// The profile or media endpoints, of the account itself.
    Api,
    /// Public profile discovery: the fallback when insights have no followers.
    ProfileDiscovery,
    /// This monitor's own counting.
    Monitor,
    /// A person said so.
    Person,
}

impl Source {
    /// The name in JSON and CSV.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insights => "insights",
            Self::Api => "api",
            Self::ProfileDiscovery => "profile_discovery",
            Self::Monitor => "monitor",
            Self::Person => "person",
        }
    }

    /// The source of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Insights,
            Self::Api,
            Self::ProfileDiscovery,
            Self::Monitor,
            Self::Person,
        ]
        .into_iter()
        .find(|source| source.as_str() == name)
    }
}

/// One thing observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// A number, measured.
    Count(u64),
    /// The profile.
    Profile(ProfileReading),
    /// A post's content.
    Post(PostReading),
    /// The account's time zone.
    TimeZone(Zone),
}

impl Reading {
    /// The number, if this is one.
    pub const fn count(&self) -> Option<u64> {
        match self {
            Self::Count(count) => Some(*count),
            _ => None,
        }
    }
}

/// The profile as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileReading {
    /// The handle, without `@`.
    pub username: Option<String>,
    /// The display name.
    pub name: Option<String>,
    /// The picture: a signed address that expires.
    pub picture_url: Option<Url>,
    /// The biography.
    pub biography: Option<String>,
    /// Whether the account has the badge.
    pub is_verified: Option<bool>,
}

/// A post as it was listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostReading {
    /// The text, absent on media without a caption.
    pub text: Option<String>,
    /// Meta's media type, such as `TEXT_POST`.
    pub media_type: Option<String>,
    /// The public page of the post.
    pub permalink: Option<Url>,
    /// The topic.
    pub topic_tag: Option<String>,
    /// A repost of somebody's post: Meta has no insights for it.
    #[serde(default)]
    pub is_repost: bool,
}

/// One observation of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The account that it belongs to.
    pub account: UserId,
    /// The account itself, or one of its posts.
    pub subject: Subject,
    /// What was measured.
    pub metric: Metric,
    /// The instant that the reading is about; see [`Metric`].
    pub at: DateTime<Utc>,
    /// When it was measured.
    pub captured_at: DateTime<Utc>,
    /// Where it comes from.
    pub source: Source,
    /// The reading itself.
    pub reading: Reading,
}

/// Which snapshots to read: half-open in time, `from <= at < to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotQuery {
    /// The account.
    pub account: UserId,
    /// One subject, or (`None`) the account and all its posts.
    pub subject: Option<Subject>,
    /// One metric, or (`None`) all.
    pub metric: Option<Metric>,
    /// The first instant.
    pub from: Option<DateTime<Utc>>,
    /// The first instant that is no longer wanted.
    pub to: Option<DateTime<Utc>>,
    /// Which end comes first.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
}

/// The order of an answer in time; equal instants by subject, then metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Ascending in time.
    #[default]
    OldestFirst,
    /// Descending in time.
    NewestFirst,
}

impl SnapshotQuery {
    /// Everything of an account, oldest first.
    pub fn account(account: UserId) -> Self {
        Self {
            account,
            subject: None,
            metric: None,
            from: None,
            to: None,
            order: Order::OldestFirst,
            limit: usize::MAX,
        }
    }

    /// Only this subject.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Only this metric.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Only `from <= at < to`.
    #[must_use]
    pub fn between(mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        self.from = Some(from);
        self.to = Some(to);
        self
    }

    /// Newest first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.order = Order::NewestFirst;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// A durable history of observations.
///
/// # Contract
///
/// - A *point* is named by (account, subject, metric, `at`). Appending a point that
///   is already there keeps the reading that was captured later; of two captured at
///   the same instant the first one stays. So appending twice is harmless, and a
///   day that was still growing is brought up to date by measuring it again.
/// - An `append` is all or nothing, and durable when it returns.
/// - Answers are ordered as [`Order`] says and half-open in time.
/// - Times survive to the microsecond.
/// - Clones of a backend share its history.
///
/// # Implementing
///
/// Read the memory backend first, then run
/// `snapshot_store::conformance` (feature `testing`) on yours.
///
/// # Errors
///
/// An error means that the store itself failed. Nothing found is an empty answer.
#[async_trait]
pub trait SnapshotStore: Debug + Send + Sync + 'static {
    /// Adds observations.
    async fn append(&self, snapshots: &[Snapshot]) -> Result<(), StoreError>;

    /// Reads observations of one account.
    async fn query(&self, query: &SnapshotQuery) -> Result<Vec<Snapshot>, StoreError>;

    /// The newest point (by `at`) of each metric of each subject asked for,
    /// ordered by subject, then metric.
    async fn latest(
        &self,
        account: &UserId,
        subjects: &[Subject],
    ) -> Result<Vec<Snapshot>, StoreError>;

    /// Accounts that have observations, in ascending order of id, after `after`.
    async fn accounts(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// How many points of this metric the account and its posts have.
    async fn count(&self, account: &UserId, metric: Metric) -> Result<u64, StoreError>;

    /// Removes numbers about instants before `before`, and says how many.
    ///
    /// What an account or a post *is* (profile, post, time zone) stays: it goes
    /// with [`erase_account`](SnapshotStore::erase_account) only.
    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Thins out the numbers of an account: removes those about instants before `oldest`,
    /// and of each series, in each span between two neighbours of `bounds` (ascending,
    /// half-open), all but the last one. Says how many that were.
    ///
    /// What an account or a post *is* stays. So do, within the bounds, numbers about a
    /// whole day, such as an account's views: there is one a day of them anyway. The bytes
    /// of what was removed go when their room is used again, or with the next erasure.
    async fn thin(
        &self,
        account: &UserId,
        oldest: DateTime<Utc>,
        bounds: &[DateTime<Utc>],
    ) -> Result<u64, StoreError>;

    /// Removes everything of an account, and says how many points that were.
    ///
    /// After it returns, no byte of them is left in any file of the store, nor of those
    /// whose erasure was cut short before.
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError>;
}
