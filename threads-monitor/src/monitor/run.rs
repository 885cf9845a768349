//! Running what is due: once, one by name, or in the background.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use futures::stream;
use threads_client::UserId;
use tokio::sync::{OwnedSemaphorePermit, RwLock, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Cadence, Monitor};
use crate::clock::Clock;
use crate::error::MonitorError;
use crate::jobs::CollectState;
use crate::publishing::lease::Claimed;
use crate::publishing::{PostPolicy, Quotas};
use crate::scheduler::{JobId, JobKind, JobQuery, Lease};

/// The background loop looks at least this often: another process may have added work.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// While there is room for posts only, it looks this often whether one is due.
const LOOK_FOR_POSTS: TimeDelta = TimeDelta::milliseconds(250);
/// So long a post that may have ended a program waits until another such one had its turn.
const AWAIT_TURN: TimeDelta = TimeDelta::milliseconds(250);
/// After a failure of a store the background loop waits so long.
const AFTER_STORE_FAILURE: TimeDelta = TimeDelta::seconds(2);
/// So long it waits until it looks again whether a wrong clock was set right.
const AFTER_WRONG_CLOCK: TimeDelta = TimeDelta::seconds(5);
/// How long a shutdown waits for runs that are under way.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(8);
/// `run_due_once` ends even if a job were always due.
const ROUNDS: usize = 10_000;

impl Monitor {
    /// Runs everything that is due now, until nothing is due, and says how many runs
    /// that were.
    ///
    /// For tests, and for programs that have a timer of their own.
    ///
    /// # Errors
    ///
    /// A failing store, or [`WrongClock`](MonitorError::WrongClock). A failing call of the API is the job's own business: it is
    /// kept in the job's state, and tried again later.
    pub async fn run_due_once(&self) -> Result<usize, MonitorError> {
        let mut runs = 0;
        for _ in 0..ROUNDS {
            let leases = self.claim(self.inner.concurrency).await?;
            if leases.is_empty() {
                break;
            }
            let mut work = self
                .set_suspects_apart(leases, true, TimeDelta::zero())
                .await;
            work.leases.extend(work.suspect);
            runs += work.leases.len();
            let results: Vec<Result<(), MonitorError>> = stream::iter(work.leases)
                .map(|claimed| self.run_lease(claimed))
                .buffer_unordered(self.inner.concurrency)
                .collect()
                .await;
            results.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(runs)
    }

    /// Leases and runs one job, due or not. `false` when it is not free.
    ///
    /// The entry for an outside engine that does the waking: the job is the same one
    /// that the background loop would run, and the two never run it at one time.
    ///
    /// # Errors
    ///
    /// A failing store, or [`WrongClock`](MonitorError::WrongClock).
    pub async fn run_job(&self, id: &JobId) -> Result<bool, MonitorError> {
        self.erase_again_once().await?;
        self.expect_right_clock().await?;
        let (scheduler, asked_at) = (&self.inner.storage.scheduler, self.now());
        let lease = scheduler
            .claim_job(id, asked_at, &self.inner.worker, self.lease_for())
            .await?;
        let Some(lease) = lease else {
            return Ok(false);
        };
        self.run_lease(self.claimed(lease, asked_at)).await?;
        Ok(true)
    }

    /// Collects everything of an account at once, and says how each kind went. A kind
    /// that is being collected at this moment is left out.
    ///
    /// # Errors
    ///
    /// `NotConnected`, or a failing store.
    pub async fn collect_now(
        &self,
        user: &UserId,
    ) -> Result<Vec<(JobKind, Result<(), String>)>, MonitorError> {
        self.inner.tokens.load(user).await?;
        let query = JobQuery::account(user.clone());
        let mut outcomes = Vec::new();
        for job in self.inner.storage.scheduler.list(&query).await? {
            if job.kind.collects() && self.run_job(&job.id).await? {
                let after = self.inner.storage.scheduler.get(&job.id).await?;
                let error = after.and_then(|job| CollectState::read(&job.state).last_error);
                outcomes.push((job.kind, error.map_or(Ok(()), Err)));
            }
        }
        Ok(outcomes)
    }

    /// Runs in the background until the handle is shut down.
    ///
    /// Must be called within a Tokio runtime.
    pub fn start(&self) -> MonitorHandle {
        let stop = CancellationToken::new();
        let task = tokio::spawn({
            let (monitor, stop) = (self.clone(), stop.clone());
            async move { monitor.run_until(stop).await }
        });
        MonitorHandle {
            stop,
            task: Some(task),
        }
    }

    /// Ends when it is told to, or with an error when a store does nothing any more.
    async fn run_until(self, stop: CancellationToken) -> Result<(), MonitorError> {
        let room = Room {
            others: Arc::new(Semaphore::new(self.inner.concurrency - self.reserved())),
            suspect: Arc::new(Semaphore::new(1)),
        };
        let mut running: JoinSet<Result<(), MonitorError>> = JoinSet::new();
        let end = loop {
            for (user, tried_at) in self.due_erasures() {
                let monitor = self.clone();
                running.spawn(async move { monitor.finish_erasure(&user, tried_at).await });
            }
            let free = self.inner.concurrency - running.len().min(self.inner.concurrency);
            let wake_at = match self.spawn_due(&mut running, free, &room).await {
                Ok(wake_at) => wake_at,
                Err(error) if is_final(&error) => break Err(error),
                // It was told of, once.
                Err(MonitorError::WrongClock { .. }) => self.now() + AFTER_WRONG_CLOCK,
                Err(error) => {
                    tracing::error!(%error, "the monitor's store fails");
                    self.now() + AFTER_STORE_FAILURE
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => break Ok(()),
                Some(ended) = running.join_next() => match ended {
                    Ok(Err(error)) if is_final(&error) => break Err(error),
                    ended => report(ended),
                },
                () = self.inner.changed.notified() => {}
                () = self.inner.clock.sleep_until(wake_at) => {}
            }
        };
        // Nothing new begins. What is under way may finish; what cannot is left to the
        // end of its lease, after which a publish call is verified, never repeated.
        let finish = async {
            while let Some(ended) = running.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(SHUTDOWN_PATIENCE, finish)
            .await
            .is_err()
        {
            tracing::warn!("some jobs did not finish in time and are left to their leases");
        }
        running.shutdown().await;
        end
    }

    /// So many jobs at one time are posts: a post that is due does not wait for accounts
    /// that are being collected, however many there are.
    fn reserved(&self) -> usize {
        self.inner.concurrency / 4
    }

    /// Starts what is due, as far as there is room, and says when to look again.
    async fn spawn_due(
        &self,
        running: &mut JoinSet<Result<(), MonitorError>>,
        free: usize,
        room: &Room,
    ) -> Result<DateTime<Utc>, MonitorError> {
        let latest = self.now() + LOOK_AGAIN;
        if free == 0 {
            return Ok(latest);
        }
        let mut claimed = self.claim_posts(free).await?;
        let posts = claimed.len();
        let for_others = (free - posts).min(room.others.available_permits());
        if for_others > 0 {
            claimed.extend(self.claim(for_others).await?);
        }
        let (is_full, no_room) = (claimed.len() >= free, claimed.len() - posts == for_others);
        let turn = Arc::clone(&room.suspect).try_acquire_owned().ok();
        let work = self
            .set_suspects_apart(claimed, turn.is_some(), AWAIT_TURN)
            .await;
        for claimed in work.leases {
            let permit = match claimed.lease.job.kind {
                JobKind::PublishPost => None,
                _ => Arc::clone(&room.others).try_acquire_owned().ok(),
            };
            running.spawn(self.clone().run_with(claimed, permit));
        }
        if let Some(claimed) = work.suspect {
            running.spawn(self.clone().run_with(claimed, turn));
        }
        if work.given_back > 0 {
            return Ok(self.now() + AWAIT_TURN);
        }
        if is_full {
            return Ok(latest);
        }
        if no_room {
            return Ok(self.now() + LOOK_FOR_POSTS);
        }
        let next = self.inner.storage.scheduler.next_due().await?;
        // What is due but not free waits for its serial key: a run that ends wakes us.
        let soonest = self.now() + TimeDelta::milliseconds(100);
        // Not `clamp`: a slow store can take longer than the whole pause.
        Ok(next.map_or(latest, |next| next.max(soonest).min(latest)))
    }

    /// Runs a lease in the room that it was given.
    async fn run_with(
        self,
        claimed: Claimed,
        _room: Option<OwnedSemaphorePermit>,
    ) -> Result<(), MonitorError> {
        self.run_lease(claimed).await
    }

    async fn claim_posts(&self, limit: usize) -> Result<Vec<Claimed>, MonitorError> {
        self.erase_again_once().await?;
        self.expect_right_clock().await?;
        let (scheduler, worker) = (&self.inner.storage.scheduler, &self.inner.worker);
        let (asked_at, lease_for) = (self.now(), self.lease_for());
        let leases = scheduler
            .claim_kind(JobKind::PublishPost, asked_at, worker, lease_for, limit)
            .await?;
        let claimed = leases.into_iter();
        Ok(claimed.map(|lease| self.claimed(lease, asked_at)).collect())
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, MonitorError> {
        self.erase_again_once().await?;
        self.expect_right_clock().await?;
        let (scheduler, worker) = (&self.inner.storage.scheduler, &self.inner.worker);
        let (asked_at, lease_for) = (self.now(), self.lease_for());
        let leases = scheduler.claim(asked_at, worker, lease_for, limit).await?;
        let claimed = leases.into_iter();
        Ok(claimed.map(|lease| self.claimed(lease, asked_at)).collect())
    }

    /// What came just now.
    fn claimed(&self, lease: Lease, asked_at: DateTime<Utc>) -> Claimed {
        Claimed::new(lease, self.lease_for(), asked_at, self.now())
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// How long a claimed job is leased.
    pub(crate) fn lease_for(&self) -> Duration {
        self.inner.lease_for
    }

    pub(crate) fn cadence(&self) -> &Cadence {
        &self.inner.cadence
    }

    pub(crate) fn post_policy(&self) -> &PostPolicy {
        &self.inner.policy
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.inner.quotas
    }

    pub(crate) fn erasing(&self, user: &UserId) -> &RwLock<()> {
        self.inner.erasing.of(user)
    }
}

/// What there is room for beside posts, which always have some.
#[derive(Debug)]
struct Room {
    /// Everything but posts.
    others: Arc<Semaphore>,
    /// A post that may have ended a program.
    suspect: Arc<Semaphore>,
}

fn is_final(error: &MonitorError) -> bool {
    matches!(error, MonitorError::Store(error) if error.is_final())
}

fn report(ended: Result<Result<(), MonitorError>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "a job could not be run to its end"),
        Err(error) if error.is_cancelled() => {}
        Err(_) => tracing::error!("a job panicked; it is tried again when its lease ends"),
    }
}

/// The background run of a monitor.
///
/// Dropping it stops the run without waiting; [`shutdown`](MonitorHandle::shutdown)
/// waits for what is under way.
#[derive(Debug)]
pub struct MonitorHandle {
    stop: CancellationToken,
    task: Option<JoinHandle<Result<(), MonitorError>>>,
}

impl MonitorHandle {
    /// Begins no new work, waits up to ten seconds for what is under way, and returns.
    ///
    /// A publish call that does not end in that time is verified by the next start.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // It ends by itself; an error means that it already had.
            let _ = task.await;
        }
    }

    /// Waits until the background run ends by itself, which it does only when it cannot
    /// go on. A program should end then, too, and say why. Safe to drop.
    ///
    /// # Errors
    ///
    /// Why it could not go on.
    pub async fn ended(&mut self) -> Result<(), MonitorError> {
        let Some(task) = &mut self.task else {
            return Ok(());
        };
        let ended = task.await;
        self.task = None;
        ended.unwrap_or_else(|_| {
            Err(MonitorError::Config(
                "the background run stopped because of a defect in this program".to_owned(),
            ))
        })
    }

    /// Whether the background run is still there.
    pub fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }
}

impl Drop for MonitorHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
