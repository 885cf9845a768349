//! What the standing jobs of an account do.
//!
//! Each job has its own state, its own cadence and its own error budget: a failing
//! one backs off by itself and holds up no other, least of all the followers, which
//! cannot be measured later.
//!
//! Every run may happen twice, or stop anywhere: what is appended is idempotent, and
//! what was not appended is fetched again.

mod collect;
mod kept;
mod posts;
mod repeated;
pub(crate) mod suspicion;
mod thin;
mod token;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threads_client::{ApiErrorKind, Client, Error as ClientError, PostId, Profile, Scope};

use crate::error::{MonitorError, StoreError};
use crate::monitor::Monitor;
use crate::publishing::engine::{Engine, is_about_the_token};
use crate::publishing::lease::Claimed;
use crate::scheduler::{Change, JobId, JobKind, Lease, NewEvent};
use crate::snapshot_store::{ProfileReading, Snapshot};

/// The jobs that every connected account has.
pub(crate) const STANDING: [JobKind; 5] = [
    JobKind::RefreshToken,
    JobKind::CollectFollowers,
    JobKind::CollectProfile,
    JobKind::CollectInsights,
    JobKind::CollectPosts,
];

/// How often a lease is extended in the time that it would last.
const BEATS: u32 = 3;

/// No answer of Meta holds up a job for longer.
const LONGEST_PAUSE_ASKED: Duration = Duration::from_hours(1);

/// The first pause after a failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_mins(5);
/// A job that was held back comes again after this at the earliest.
const SHORTEST_PAUSE: Duration = Duration::from_mins(1);
/// Waiting for a person, or for an app's permission, need not be busy.
const WITHOUT_SCOPE: Duration = Duration::from_hours(24);

/// How a collecting job has gone so far. Stored as the job's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CollectState {
    pub(crate) last_success_at: Option<DateTime<Utc>>,
    pub(crate) failures: u32,
    pub(crate) last_error: Option<String>,
    /// The last Meta day whose insights were fetched, or day that was thinned out.
    pub(crate) through: Option<NaiveDate>,
    /// Whether the list of posts was read to its end once.
    pub(crate) listed_all: bool,
    /// Posts that Meta would not measure, and when they may be asked for again.
    pub(crate) unmeasurable: BTreeMap<PostId, DateTime<Utc>>,
    /// Numbers that were thinned out, of days up to and with `through`.
    pub(crate) removed_numbers: u64,
    /// Attempts of posts, and pieces of evidence about them, that were removed.
    pub(crate) removed_attempts: u64,
}

impl CollectState {
    /// A job that never ran has no state; what cannot be read is begun anew, because
    /// everything here can be found out again.
    pub(crate) fn read(state: &Value) -> Self {
        serde_json::from_value(state.clone()).unwrap_or_default()
    }

    fn succeeded(&mut self, now: DateTime<Utc>) {
        self.last_success_at = Some(now);
        self.failures = 0;
        self.last_error = None;
    }

    /// Counts a failure and says how long to wait.
    fn failed(&mut self, error: &MonitorError, longest: Duration) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error.to_string());
        let pause = FIRST_PAUSE
            .saturating_mul(1 << (self.failures - 1).min(10))
            .min(longest);
        match error {
            // Beyond what any other failure costs, an answer of Meta holds nothing up.
            MonitorError::Client(error) => {
                let asked = error.retry_after().unwrap_or_default();
                pause.max(asked.min(longest.max(LONGEST_PAUSE_ASKED)))
            }
            _ => pause,
        }
    }
}

/// How keeping a token alive has gone so far. Stored as the job's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TokenState {
    pub(crate) runs: CollectState,
    /// A call was refused in a way that may mean a dead token.
    pub(crate) suspected: bool,
    /// When a probe was refused first, with no good one since.
    pub(crate) refused_at: Option<DateTime<Utc>>,
    pub(crate) dead: Option<Dead>,
    /// The last stage, in days left, that was told of.
    pub(crate) told_days: Option<i64>,
}

/// A token that a person has to replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dead {
    pub(crate) since: DateTime<Utc>,
    pub(crate) reason: String,
}

impl TokenState {
    pub(crate) fn read(state: &Value) -> Self {
        serde_json::from_value(state.clone()).unwrap_or_default()
    }
}

/// The profile as a reading.
pub(crate) fn profile_reading(profile: Profile) -> ProfileReading {
    ProfileReading {
        username: Some(profile.username),
        name: profile.name,
        picture_url: profile.picture_url,
        biography: profile.biography,
        is_verified: profile.is_verified,
    }
}

/// What a finished run leaves.
struct Finished {
    state: Value,
    wake_at: DateTime<Utc>,
    events: Vec<NewEvent>,
}

/// How a collecting run ended well.
enum Collected {
    /// Come again after so long.
    Again(Duration),
    /// The account did not grant what this needs. Not a failure.
    NoScope(Scope),
}

impl Monitor {
    /// Runs a leased job to its next rest. Errors that are the job's own business end
    /// up in its state; what comes out here is a failing store.
    ///
    /// The lease is extended for as long as the run takes, so that leases can be short:
    /// what a node had in hand when it died waits for the end of its lease.
    pub(crate) async fn run_lease(&self, claimed: Claimed) -> Result<(), MonitorError> {
        let lease = claimed.lease.clone();
        tokio::select! {
            biased;
            ended = self.run_kind(claimed) => ended,
            never = self.keep_leased(lease) => match never {},
        }
    }

    /// Extends a lease again and again. One that has ended meanwhile is left alone: somebody
    /// else may have the job.
    async fn keep_leased(&self, mut lease: Lease) -> Infallible {
        let lease_for = self.lease_for();
        let mut held_until = later(self.now(), lease_for);
        loop {
            let pause = lease_for / BEATS;
            self.clock().sleep_until(later(self.now(), pause)).await;
            let now = self.now();
            if now >= held_until {
                break;
            }
            match self
                .storage()
                .scheduler
                .renew(&mut lease, now, lease_for)
                .await
            {
                Ok(()) => held_until = later(now, lease_for),
                Err(StoreError::LeaseLost { .. }) => break,
                Err(error) => {
                    tracing::warn!(job.id = %lease.job.id, %error, "a lease could not be extended");
                }
            }
        }
        std::future::pending().await
    }

    async fn run_kind(&self, Claimed { lease, ahead }: Claimed) -> Result<(), MonitorError> {
        match lease.job.kind {
            JobKind::PublishPost => self.run_post(lease, ahead).await,
            JobKind::RefreshToken => self.run_refresh(lease).await,
            JobKind::RepeatPost => self.run_repeated(lease).await,
            JobKind::KeepDraft => self.run_draft(lease).await,
            JobKind::KeepQueue => self.rest(lease).await,
            _ => self.run_collect(lease).await,
        }
    }

    async fn run_post(&self, lease: Lease, ahead: TimeDelta) -> Result<(), MonitorError> {
        // An account that is disconnected meanwhile is erased once this run rests, so
        // that nothing is sent after the disconnect has returned.
        let account = lease.job.account.clone();
        let _not_while_erasing = self.erasing(&account).read().await;
        let (id, epoch) = (lease.job.id, lease.epoch);
        let engine = Engine {
            scheduler: &*self.storage().scheduler,
            tokens: self.tokens(),
            clock: self.clock(),
            lease_for: self.lease_for(),
            ahead,
            policy: self.post_policy(),
            quotas: self.quotas(),
        };
        let error = match engine.run(lease).await {
            Ok(()) => return Ok(()),
            Err(MonitorError::Store(error)) if error.is_final() => return Err(error.into()),
            Err(error) => error,
        };
        tracing::error!(
            job.id = %id,
            error = &error as &dyn std::error::Error,
            "scheduled post {id} could not be run; other posts go on"
        );
        self.postpone(id, epoch).await
    }

    /// Gives a job back that could not be run, so that it does not stand in the way of
    /// the account's other posts.
    pub(crate) async fn postpone(&self, id: JobId, epoch: u64) -> Result<(), MonitorError> {
        let scheduler = &self.storage().scheduler;
        let Some(job) = scheduler.get(&id).await?.filter(|job| job.epoch == epoch) else {
            return Ok(());
        };
        let Some(holder) = job.lease.clone() else {
            return Ok(());
        };
        let change = Change {
            state: job.state.clone(),
            wake_at: Some(later(self.now(), FIRST_PAUSE)),
            events: Vec::new(),
        };
        let lease = Lease {
            epoch,
            until: holder.until,
            job,
        };
        match scheduler.release(lease, change).await {
            // Changed or taken in the meantime: whoever did that goes on with it.
            Ok(()) | Err(StoreError::Conflict { .. } | StoreError::LeaseLost { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn run_collect(&self, mut lease: Lease) -> Result<(), MonitorError> {
        let mut state = CollectState::read(&lease.job.state);
        let (kind, account) = (lease.job.kind, lease.job.account.clone());
        let outcome = self.collect(&mut lease, &mut state).await;
        let now = self.now();
        let wake_at = match outcome {
            Ok(Collected::Again(pause)) => {
                state.succeeded(now);
                later(now, pause)
            }
            Ok(Collected::NoScope(scope)) => {
                state.failures = 0;
                state.last_error = Some(format!("the account did not grant `{scope}`"));
                later(now, WITHOUT_SCOPE)
            }
            // Held back by our own client: later, and no failure of the account.
            Err(MonitorError::Client(ClientError::Throttled { retry_after, .. })) => {
                tracing::debug!(
                    user.id = %account,
                    job.kind = kind.as_str(),
                    retry_after_s = retry_after.as_secs(),
                    "{kind} of account {account} waits"
                );
                later(
                    now,
                    retry_after.min(self.cadence_of(kind)).max(SHORTEST_PAUSE),
                )
            }
            // The account was erased, or another worker has the job: nothing to write.
            Err(MonitorError::Store(StoreError::LeaseLost { .. })) => return Ok(()),
            Err(MonitorError::Store(error)) if error.is_final() => return Err(error.into()),
            Err(error) => {
                let pause = state.failed(&error, self.cadence_of(kind));
                tracing::warn!(
                    user.id = %account,
                    job.kind = kind.as_str(),
                    failures = state.failures,
                    %error,
                    "{kind} of account {account} failed"
                );
                if is_about_the_token(&error) {
                    let scheduler = &*self.storage().scheduler;
                    suspicion::raise(scheduler, &lease.job.account, now).await?;
                }
                later(now, pause)
            }
        };
        self.finish(
            lease,
            Finished {
                state: to_json(&state)?,
                wake_at,
                events: Vec::new(),
            },
        )
        .await
    }

    async fn collect(
        &self,
        lease: &mut Lease,
        state: &mut CollectState,
    ) -> Result<Collected, MonitorError> {
        if lease.job.kind == JobKind::ThinHistory {
            return self.thin(lease, state).await;
        }
        let stored = self.tokens().load(&lease.job.account).await?;
        let client = self.tokens().client(&lease.job.account).await?;
        let client = client.background();
        let mut run = Run {
            monitor: self,
            lease,
            client,
            scopes: stored.token.scopes,
        };
        match run.lease.job.kind {
            JobKind::CollectFollowers => run.followers().await,
            JobKind::CollectProfile => run.profile().await,
            JobKind::CollectInsights => run.insights(state).await,
            JobKind::CollectPosts => run.posts(state).await,
            other => Err(MonitorError::Config(format!(
                "job kind {other} does not collect"
            ))),
        }
    }

    pub(crate) fn cadence_of(&self, kind: JobKind) -> Duration {
        let cadence = self.cadence();
        match kind {
            JobKind::CollectFollowers => cadence.followers,
            JobKind::CollectInsights => cadence.insights,
            JobKind::CollectPosts => cadence.posts,
            JobKind::ThinHistory => thin::CADENCE,
            _ => cadence.profile,
        }
    }

    /// Gives the job back. If a person or another job changed it in the meantime, an
    /// earlier wake-up of theirs is kept.
    async fn finish(&self, mut lease: Lease, finished: Finished) -> Result<(), MonitorError> {
        let scheduler = &self.storage().scheduler;
        let mut wake_at = finished.wake_at;
        loop {
            let change = Change {
                state: finished.state.clone(),
                wake_at: Some(wake_at),
                events: finished.events.clone(),
            };
            match scheduler.release(lease.clone(), change).await {
                Ok(()) | Err(StoreError::LeaseLost { .. }) => return Ok(()),
                Err(StoreError::Conflict { .. }) => match scheduler.get(&lease.job.id).await? {
                    Some(job) if job.epoch == lease.epoch => {
                        wake_at = job.wake_at.map_or(wake_at, |at| at.min(wake_at));
                        lease.job = job;
                    }
                    _ => return Ok(()),
                },
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// One run of a collecting job.
struct Run<'a> {
    monitor: &'a Monitor,
    lease: &'a mut Lease,
    client: Client,
    scopes: Vec<Scope>,
}

impl Run<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.monitor.now()
    }

    fn has(&self, scope: &Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// Appends what was observed, unless the account was erased or somebody else has
    /// the job: the lease is the permission to write.
    async fn append(&mut self, snapshots: &[Snapshot]) -> Result<(), MonitorError> {
        let _not_while_erasing = self.monitor.erasing(&self.lease.job.account).read().await;
        let now = self.monitor.now();
        let scheduler = &self.monitor.storage().scheduler;
        let lease_for = self.monitor.lease_for();
        scheduler.renew(self.lease, now, lease_for).await?;
        self.monitor.storage().snapshots.append(snapshots).await?;
        self.monitor.expect_connected(&self.lease.job.account).await
    }
}

/// Whether an answer of Meta says something about the thing asked for, and nothing
/// about the account, the quota or the way to Meta.
fn is_about_this_only(error: &ClientError) -> bool {
    error
        .api()
        .is_some_and(|api| !error.is_auth() && api.kind != ApiErrorKind::RateLimited)
}

fn to_json(state: &impl Serialize) -> Result<Value, MonitorError> {
    serde_json::to_value(state)
        .map_err(|error| StoreError::backend("json", "writing a job's state", error).into())
}

fn later(now: DateTime<Utc>, pause: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(pause)
        .ok()
        .and_then(|pause| now.checked_add_signed(pause))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
