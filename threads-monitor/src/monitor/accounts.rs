//! Accounts: connecting and looking.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use threads_client::{Scope, TokenGrant, UserId};

use super::Monitor;
use crate::account::{
    AccountSummary, AffectedPosts, CollectionHealth, Connection, EXPIRING, Measurement,
    PostSummary, Thinned, TokenNotice, dates, newest, observed, zone,
};
use crate::error::{MonitorError, StoreError};
use crate::jobs::{self, CollectState, TokenState};
use crate::publishing::engine::read_post;
use crate::scheduler::{Change, JobId, JobKind, JobQuery, JobRecord, NewJob};
use crate::snapshot_store::{Metric, Reading, SnapshotQuery, Source, Subject};
use crate::token_store::{StoredToken, Token};
use crate::trends::Point;
use crate::zone::Zone;

/// How many accounts are listed at a time.
const PAGE: usize = 500;
/// How often a change is tried again when somebody else was faster.
const CONFLICT_TRIES: usize = 8;

impl Monitor {
    /// Connects the account that granted a long-lived token, or reconnects it.
    ///
    /// Asks Meta whose token it is (scope `threads_basic`), stores it and begins to
    /// collect. A reconnect keeps the history and wakes up what waited for it.
    ///
    /// # Errors
    ///
    /// What the API said; nothing is kept of a new account then. Or what a store said;
    /// connecting again, or [`disconnect`](Monitor::disconnect), mends what it left.
    pub async fn connect(
        &self,
        grant: &TokenGrant,
        scopes: &[Scope],
    ) -> Result<AccountSummary, MonitorError> {
        self.connect_expecting(None, grant, scopes).await
    }

    /// Reconnects this account and no other.
    ///
    /// # Errors
    ///
    /// `AccountMismatch` when somebody else granted the token; nothing changes then.
    pub async fn connect_as(
        &self,
        expected: &UserId,
        grant: &TokenGrant,
        scopes: &[Scope],
    ) -> Result<AccountSummary, MonitorError> {
        self.connect_expecting(Some(expected), grant, scopes).await
    }

    async fn connect_expecting(
        &self,
        expected: Option<&UserId>,
        grant: &TokenGrant,
        scopes: &[Scope],
    ) -> Result<AccountSummary, MonitorError> {
        let client = self
            .inner
            .client
            .with_access_token(grant.access_token.clone());
        let profile = client.profile().get().await?;
        let user = profile.id.clone();
        if let Some(expected) = expected
            && *expected != user
        {
            return Err(MonitorError::AccountMismatch {
                expected: expected.clone(),
                found: user,
            });
        }
        let now = self.now();
        let _not_while_erasing = self.inner.erasing.of(&user).read().await;
        self.forget_unfinished(&user);
        // The token comes last: an account that is shown as connected has its jobs.
        let mut standing = Vec::new();
        for kind in jobs::STANDING {
            standing.push(self.enqueue_standing(&user, kind, now).await?);
        }
        if self.inner.retention.removes_something() {
            self.enqueue_standing(&user, JobKind::ThinHistory, now)
                .await?;
        }
        self.append_profile(&user, jobs::profile_reading(profile), now)
            .await?;
        self.save_new_token(&user, grant, scopes, now).await?;
        for job in &standing {
            self.begin_anew(job, now).await?;
        }
        self.wake_blocked_posts(&user, now, None).await?;
        self.inner.changed.notify_one();
        tracing::info!(user.id = %user, "connected account {user}");
        self.summary(&user)
            .await?
            .ok_or(MonitorError::NotConnected { user })
    }

    async fn save_new_token(
        &self,
        user: &UserId,
        grant: &TokenGrant,
        scopes: &[Scope],
        now: DateTime<Utc>,
    ) -> Result<(), MonitorError> {
        let token = Token {
            user: user.clone(),
            credential: self.inner.tokens.policy().credential(grant, now),
            candidate: None,
            scopes: scopes.to_vec(),
            connected_at: self.after_erasure(user, now).await?,
        };
        let store = &self.inner.storage.tokens;
        for _ in 0..CONFLICT_TRIES {
            let replaces = store.load(user).await?.map(|stored| stored.version);
            match store.save(&token, replaces).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::conflict(format!("the token of account {user}")).into())
    }

    pub(crate) async fn enqueue_standing(
        &self,
        user: &UserId,
        kind: JobKind,
        now: DateTime<Utc>,
    ) -> Result<JobRecord, MonitorError> {
        let job = NewJob {
            id: JobId::random(),
            account: user.clone(),
            kind,
            serial_key: format!("{kind}:{user}"),
            idempotency_key: kind.to_string(),
            request: Value::Null,
            state: Value::Null,
            wake_at: now,
            created_at: now,
        };
        Ok(self.inner.storage.scheduler.enqueue(job).await?)
    }

    /// Lets a standing job run with the new token, though it may just have failed
    /// without one.
    async fn begin_anew(&self, job: &JobRecord, now: DateTime<Utc>) -> Result<(), MonitorError> {
        if job.kind == JobKind::RefreshToken {
            // The new token has a clean record.
            self.update_job(job.id, |_| Some((Value::Null, Some(now))))
                .await
        } else {
            self.wake(job.id, now).await
        }
    }

    /// Makes a job run at `now`, if it would run later.
    pub(crate) async fn wake(&self, id: JobId, now: DateTime<Utc>) -> Result<(), MonitorError> {
        self.update_job(id, |job| {
            let later = job.wake_at.is_some_and(|wake_at| wake_at > now);
            later.then(|| (job.state.clone(), Some(now)))
        })
        .await
    }

    /// Changes a job by compare-and-set, again if somebody else was faster.
    pub(crate) async fn update_job(
        &self,
        id: JobId,
        mut changed: impl FnMut(&JobRecord) -> Option<(Value, Option<DateTime<Utc>>)> + Send,
    ) -> Result<(), MonitorError> {
        let scheduler = &self.inner.storage.scheduler;
        for _ in 0..CONFLICT_TRIES {
            let Some(job) = scheduler.get(&id).await? else {
                return Ok(());
            };
            let Some((state, wake_at)) = changed(&job) else {
                return Ok(());
            };
            let change = Change {
                state,
                wake_at,
                events: Vec::new(),
            };
            match scheduler.update(&id, job.version, change).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::conflict(format!("job {id}")).into())
    }

    /// Lets posts that waited for a token, or a permission, try again at once: all of them, or
    /// those that made no publish call since an instant.
    pub(crate) async fn wake_blocked_posts(
        &self,
        user: &UserId,
        now: DateTime<Utc>,
        without_call_since: Option<DateTime<Utc>>,
    ) -> Result<(), MonitorError> {
        let query = JobQuery::account(user.clone())
            .kind(JobKind::PublishPost)
            .open();
        for job in self.inner.storage.scheduler.list(&query).await? {
            let Ok(post) = read_post(&job) else { continue };
            let waits = matches!(post.phase.name(), "blocked" | "verifying");
            let last = post.attempts.last().map(|attempt| attempt.authorised_at);
            let called = without_call_since.zip(last);
            if waits && called.is_none_or(|(since, last)| last < since) {
                self.wake(job.id, now).await?;
            }
        }
        Ok(())
    }

    /// Appends the profile if it is not the one already known.
    pub(crate) async fn append_profile(
        &self,
        user: &UserId,
        profile: crate::snapshot_store::ProfileReading,
        now: DateTime<Utc>,
    ) -> Result<(), MonitorError> {
        let snapshots = &self.inner.storage.snapshots;
        let reading = Reading::Profile(profile);
        let known = snapshots.latest(user, &[Subject::Account]).await?;
        if newest(&known, Metric::Profile).is_none_or(|known| known.reading != reading) {
            snapshots
                .append(&[observed(user, Metric::Profile, now, Source::Api, reading)])
                .await?;
        }
        Ok(())
    }

    /// All connected accounts, in order of id.
    ///
    /// # Errors
    ///
    /// What a store said.
    pub async fn accounts(&self) -> Result<Vec<AccountSummary>, MonitorError> {
        let mut accounts = Vec::new();
        let mut after: Option<UserId> = None;
        loop {
            let page = self.inner.storage.tokens.list(after.as_ref(), PAGE).await?;
            for user in &page {
                // Erased between the two calls: not an account any more.
                accounts.extend(self.summary(user).await?);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(accounts),
            }
        }
    }

    /// One account, or `None` when it is not connected here.
    ///
    /// # Errors
    ///
    /// What a store said.
    pub async fn account(&self, user: &UserId) -> Result<Option<AccountSummary>, MonitorError> {
        self.summary(user).await
    }

    /// Chooses the time zone of an account.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or what a store said.
    pub async fn set_zone(&self, user: &UserId, zone: Zone) -> Result<(), MonitorError> {
        let _not_while_erasing = self.inner.erasing.of(user).read().await;
        self.inner.tokens.load(user).await?;
        let reading = Reading::TimeZone(zone);
        let snapshot = observed(user, Metric::TimeZone, self.now(), Source::Person, reading);
        self.inner.storage.snapshots.append(&[snapshot]).await?;
        self.expect_connected(user).await
    }

    /// The measured numbers of a metric, oldest first, `from <= at < to`.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn series(
        &self,
        user: &UserId,
        subject: Subject,
        metric: Metric,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Point>, MonitorError> {
        let query = SnapshotQuery::account(user.clone())
            .subject(subject)
            .metric(metric)
            .between(from, to);
        let snapshots = self.inner.storage.snapshots.query(&query).await?;
        Ok(snapshots.iter().filter_map(Point::from_snapshot).collect())
    }

    /// The account's newest posts with their numbers, newest first.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn recent_posts(
        &self,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<PostSummary>, MonitorError> {
        let snapshots = &self.inner.storage.snapshots;
        let query = SnapshotQuery::account(user.clone())
            .metric(Metric::Post)
            .newest_first()
            .limit(limit);
        let posts = snapshots.query(&query).await?;
        let subjects: Vec<Subject> = posts.iter().map(|post| post.subject.clone()).collect();
        let numbers = snapshots.latest(user, &subjects).await?;
        Ok(posts
            .iter()
            .filter_map(|post| PostSummary::new(post, &numbers))
            .collect())
    }

    async fn summary(&self, user: &UserId) -> Result<Option<AccountSummary>, MonitorError> {
        let storage = &self.inner.storage;
        let Some(stored) = storage.tokens.load(user).await? else {
            return Ok(None);
        };
        let known = storage.snapshots.latest(user, &[Subject::Account]).await?;
        let jobs = storage
            .scheduler
            .list(&JobQuery::account(user.clone()))
            .await?;
        let profile = newest(&known, Metric::Profile);
        let connection = self.connection(&stored, &jobs);
        Ok(Some(AccountSummary {
            user: user.clone(),
            profile: profile.and_then(|snapshot| match &snapshot.reading {
                Reading::Profile(profile) => Some(profile.clone()),
                _ => None,
            }),
            profile_measured_at: profile.map(|snapshot| snapshot.captured_at),
            zone: zone(&known),
            notice: notice(&connection, &stored, &jobs),
            connection,
            token: dates(&stored),
            followers: Measurement::of(newest(&known, Metric::Followers)),
            following: Measurement::NotProvided,
            media_count: Measurement::NotProvided,
            posts_seen: Measurement::of(newest(&known, Metric::PostsSeen)),
            views_last_day: self.views_last_day(user).await?,
            collection: jobs.iter().filter_map(health).collect(),
            thinned: jobs.iter().find_map(thinned),
        }))
    }

    fn connection(&self, stored: &StoredToken, jobs: &[JobRecord]) -> Connection {
        let state = token_state(jobs);
        if let Some(dead) = state.dead {
            return Connection::NeedsReconnect {
                since: dead.since,
                reason: dead.reason,
            };
        }
        let now = self.now();
        let credential = &stored.token.credential;
        if credential.expiry_assumed || credential.expires_at - now > EXPIRING {
            Connection::Connected
        } else if credential.expires_at > now {
            Connection::Expiring {
                expires_at: credential.expires_at,
            }
        } else {
            Connection::NeedsReconnect {
                since: credential.expires_at,
                reason: "the token ended before it could be refreshed".to_owned(),
            }
        }
    }

    async fn views_last_day(&self, user: &UserId) -> Result<Measurement, MonitorError> {
        let now = self.now();
        let today = Zone::META.date(now);
        let Some(end) = Zone::META.start_of_day(today) else {
            return Ok(Measurement::NotMeasured);
        };
        // The day is named by the instant of its end, which is the start of today.
        let points = self
            .series(
                user,
                Subject::Account,
                Metric::Views,
                end,
                end + TimeDelta::seconds(1),
            )
            .await?;
        Ok(points
            .first()
            .copied()
            .map_or(Measurement::NotMeasured, Measurement::Measured))
    }
}

fn token_state(jobs: &[JobRecord]) -> TokenState {
    let job = jobs.iter().find(|job| job.kind == JobKind::RefreshToken);
    job.map(|job| TokenState::read(&job.state))
        .unwrap_or_default()
}

fn notice(
    connection: &Connection,
    stored: &StoredToken,
    jobs: &[JobRecord],
) -> Option<TokenNotice> {
    match connection {
        Connection::Connected => None,
        Connection::Expiring { expires_at } => Some(TokenNotice {
            stage: token_state(jobs).told_days,
            ends_at: *expires_at,
            posts: AffectedPosts::of(jobs, Some(*expires_at)),
        }),
        Connection::NeedsReconnect { since, .. } => Some(TokenNotice {
            stage: None,
            ends_at: stored.token.credential.expires_at.min(*since),
            posts: AffectedPosts::of(jobs, None),
        }),
    }
}

fn thinned(job: &JobRecord) -> Option<Thinned> {
    let state = CollectState::read(&job.state);
    (job.kind == JobKind::ThinHistory).then_some(Thinned {
        numbers: state.removed_numbers,
        attempts: state.removed_attempts,
        last_success_at: state.last_success_at,
        last_error: state.last_error,
    })
}

fn health(job: &JobRecord) -> Option<CollectionHealth> {
    if !job.kind.collects() && job.kind != JobKind::RefreshToken {
        return None;
    }
    let state = if job.kind == JobKind::RefreshToken {
        TokenState::read(&job.state).runs
    } else {
        CollectState::read(&job.state)
    };
    Some(CollectionHealth {
        kind: job.kind,
        last_success_at: state.last_success_at,
        next_at: job.wake_at,
        failures: state.failures,
        last_error: state.last_error,
    })
}
