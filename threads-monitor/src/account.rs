//! What a person sees of an account.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use threads_client::{PostId, Scope, UserId};

use crate::publishing::engine::read_post;
use crate::scheduler::{JobId, JobKind, JobRecord};
use crate::snapshot_store::{
    Metric, PostReading, ProfileReading, Reading, Snapshot, Source, Subject,
};
use crate::token_store::StoredToken;
use crate::trends::Point;
use crate::zone::Zone;

/// A number that was measured, or was not, or that Meta does not provide at all.
///
/// The three are different everywhere: a missing number is never shown as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Measurement {
    /// It was measured; 0 means that it is 0.
    Measured(Point),
    /// It can be measured, and was not yet.
    NotMeasured,
    /// The Threads API has no such number.
    NotProvided,
}

impl Measurement {
    /// The number, if it was measured.
    pub const fn value(&self) -> Option<u64> {
        match self {
            Self::Measured(point) => Some(point.value),
            Self::NotMeasured | Self::NotProvided => None,
        }
    }

    /// The measured point, or "not measured yet".
    pub(crate) fn of(snapshot: Option<&Snapshot>) -> Self {
        snapshot
            .and_then(Point::from_snapshot)
            .map_or(Self::NotMeasured, Self::Measured)
    }
}

/// An account with its newest numbers and its health.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AccountSummary {
    /// The account's id.
    pub user: UserId,
    /// Its profile, once read.
    pub profile: Option<ProfileReading>,
    /// When the profile was read like this for the first time.
    pub profile_measured_at: Option<DateTime<Utc>>,
    /// The zone that a person chose for it; UTC until then.
    pub zone: Zone,
    /// Whether its token works.
    pub connection: Connection,
    /// The dates of its token. Never the token.
    pub token: TokenDates,
    /// What is at stake while its token ends soon, or is dead.
    pub notice: Option<TokenNotice>,
    /// Followers.
    pub followers: Measurement,
    /// Accounts it follows: not provided by Meta.
    pub following: Measurement,
    /// Its number of posts: not provided by Meta. See `posts_seen`.
    pub media_count: Measurement,
    /// Posts of it that this monitor has seen; our own count.
    pub posts_seen: Measurement,
    /// Profile views of the last Meta day that is over.
    pub views_last_day: Measurement,
    /// How collecting goes, by kind.
    pub collection: Vec<CollectionHealth>,
    /// What was removed because it was kept for long enough; `None` while everything is.
    pub thinned: Option<Thinned>,
}

impl AccountSummary {
    /// The handle with `@`, or the id while no profile has been read.
    pub fn handle(&self) -> String {
        self.profile
            .as_ref()
            .and_then(|profile| profile.username.as_ref())
            .map_or_else(
                || self.user.as_str().to_owned(),
                |username| format!("@{username}"),
            )
    }
}

/// Whether an account's token works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Connection {
    /// It works, as far as is known.
    Connected,
    /// It still works, though refreshing has failed for long: it ends soon.
    Expiring {
        /// When.
        expires_at: DateTime<Utc>,
    },
    /// It does not; a person has to connect the account again.
    NeedsReconnect {
        /// Since when.
        since: DateTime<Utc>,
        /// What Meta said.
        reason: String,
    },
}

/// A token still in use with less than this left is called expiring: by then about
/// sixteen daily refreshes have failed.
pub(crate) const EXPIRING: TimeDelta = TimeDelta::days(14);

/// That an account's token ends soon, or is dead, and which scheduled posts need it.
///
/// It is gone once the token is refreshed, or the account is connected again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenNotice {
    /// The stage that was told last, in days before the end: 14, 7, 3 or 1. `None` before the
    /// first, and when the token is dead.
    pub stage: Option<i64>,
    /// When the token ends, or ended; earlier if Meta refuses it already.
    pub ends_at: DateTime<Utc>,
    /// The posts that are due after that.
    pub posts: AffectedPosts,
}

/// Scheduled posts that cannot go out without a new token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AffectedPosts {
    /// How many.
    pub count: usize,
    /// The first of them, the next due first; five at most.
    pub first: Vec<AffectedPost>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AffectedPost {
    /// Which.
    pub id: JobId,
    /// When it is due.
    pub due_at: DateTime<Utc>,
}

impl AffectedPosts {
    /// How many are named.
    const NAMED: usize = 5;

    /// Those of an account's jobs that wait for `from`, or a later time.
    pub(crate) fn of(jobs: &[JobRecord], from: Option<DateTime<Utc>>) -> Self {
        let posts = jobs.iter().filter(|job| job.kind == JobKind::PublishPost);
        let mut first: Vec<AffectedPost> = posts
            // What cannot be read cannot be named; it is reported where it is run.
            .filter_map(|job| Some((job, read_post(job).ok()?)))
            .filter(|(_, post)| !post.is_over())
            .filter(|(_, post)| from.is_none_or(|from| post.due_at >= from))
            .map(|(job, post)| AffectedPost {
                id: job.id,
                due_at: post.due_at,
            })
            .collect();
        let count = first.len();
        first.sort_by_key(|post| (post.due_at, post.id));
        first.truncate(Self::NAMED);
        Self { count, first }
    }
}

/// The dates of an account's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenDates {
    /// When Meta gave it to us, or refreshed it last.
    pub obtained_at: DateTime<Utc>,
    /// When it ends unless it is refreshed.
    pub expires_at: DateTime<Utc>,
    /// Whether `expires_at` is assumed, because Meta did not say.
    pub expiry_assumed: bool,
    /// When a person connected the account, last time.
    pub connected_at: DateTime<Utc>,
    /// The scopes that were asked for.
    pub scopes: Vec<Scope>,
}

/// How one kind of collecting goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CollectionHealth {
    /// What is collected.
    pub kind: JobKind,
    /// When it last worked.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_at: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub failures: u32,
    /// What the last failure was; `None` when the last run worked.
    pub last_error: Option<String>,
}

/// What was removed of an account because it was kept for long enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Thinned {
    /// Numbers, since the account was connected.
    pub numbers: u64,
    /// Attempts of posts, and pieces of evidence about them.
    pub attempts: u64,
    /// When it was last looked for.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Why that failed since, if it did.
    pub last_error: Option<String>,
}

/// A post of an account with its newest numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PostSummary {
    /// Its media id.
    pub id: PostId,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// What it says.
    #[serde(flatten)]
    pub post: PostReading,
    /// Lifetime views.
    pub views: Measurement,
    /// Lifetime likes.
    pub likes: Measurement,
    /// Lifetime replies, in the whole tree below it.
    pub replies: Measurement,
    /// Lifetime reposts.
    pub reposts: Measurement,
    /// Lifetime quotes.
    pub quotes: Measurement,
    /// Lifetime shares.
    pub shares: Measurement,
}

impl PostSummary {
    /// Puts a post together from its own snapshot and the newest ones of its numbers.
    pub(crate) fn new(post: &Snapshot, numbers: &[Snapshot]) -> Option<Self> {
        let (Subject::Post(id), Reading::Post(reading)) = (&post.subject, &post.reading) else {
            return None;
        };
        let number = |metric| {
            if reading.is_repost {
                return Measurement::NotProvided;
            }
            Measurement::of(
                numbers
                    .iter()
                    .find(|number| number.subject == post.subject && number.metric == metric),
            )
        };
        Some(Self {
            id: id.clone(),
            published_at: post.at,
            views: number(Metric::Views),
            likes: number(Metric::Likes),
            replies: number(Metric::Replies),
            reposts: number(Metric::Reposts),
            quotes: number(Metric::Quotes),
            shares: number(Metric::Shares),
            post: reading.clone(),
        })
    }
}

/// What a disconnect removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Erased {
    /// Jobs, scheduled posts among them.
    pub jobs: u64,
    /// Scheduled posts whose outcome was not known yet. They may be live.
    pub undecided_posts: u64,
    /// Observations.
    pub snapshots: u64,
    /// Whether there was a token.
    pub token: bool,
}

/// The dates of a stored token.
pub(crate) fn dates(stored: &StoredToken) -> TokenDates {
    let credential = &stored.token.credential;
    TokenDates {
        obtained_at: credential.obtained_at,
        expires_at: credential.expires_at,
        expiry_assumed: credential.expiry_assumed,
        connected_at: stored.token.connected_at,
        scopes: stored.token.scopes.clone(),
    }
}

/// The zone that a person chose; UTC until then.
pub(crate) fn zone(known: &[Snapshot]) -> Zone {
    match newest(known, Metric::TimeZone).map(|snapshot| &snapshot.reading) {
        Some(Reading::TimeZone(zone)) => *zone,
        _ => Zone::UTC,
    }
}

/// The newest snapshot of a metric of the account itself.
pub(crate) fn newest(snapshots: &[Snapshot], metric: Metric) -> Option<&Snapshot> {
    snapshots
        .iter()
        .find(|snapshot| snapshot.subject == Subject::Account && snapshot.metric == metric)
}

/// A snapshot of the account itself, measured now.
pub(crate) fn observed(
    account: &UserId,
    metric: Metric,
    now: DateTime<Utc>,
    source: Source,
    reading: Reading,
) -> Snapshot {
    Snapshot {
        account: account.clone(),
        subject: Subject::Account,
        metric,
        at: now,
        captured_at: now,
        source,
        reading,
    }
}
