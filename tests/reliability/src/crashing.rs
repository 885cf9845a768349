//! A store that kills or stops its process at a named point, in front of the real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use nix::sys::signal::{Signal, raise};
use serde_json::Value;
use threads_client::UserId;
use threads_monitor::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, NewJob,
    WorkerId,
};
use threads_monitor::{Scheduler, StoreError, Version};

use crate::broken::Mistake;
use crate::config::{Config, Deed};
use crate::plan::number_in;
use crate::points::{At, Call, Point, Side};

/// The real scheduler, and what happens around its calls.
#[derive(Debug)]
pub struct Crashing {
    inner: Arc<dyn Scheduler>,
    point: Option<&'static Point>,
    deed: Deed,
    mistake: Option<Mistake>,
    poison: Option<usize>,
    is_done: AtomicBool,
    has_posts: AtomicBool,
}

impl Crashing {
    /// A store in front of another one, of a child that is told this.
    pub fn new(inner: Arc<dyn Scheduler>, point: Option<&'static Point>, config: &Config) -> Self {
        Self {
            inner,
            point,
            deed: config.deed,
            mistake: config.mistake,
            poison: config.poison,
            is_done: AtomicBool::new(false),
            has_posts: AtomicBool::new(false),
        }
    }

    /// Does the deed if this is the point, once.
    fn pass(&self, side: Side, is_here: impl FnOnce(Call) -> bool) {
        let Some(Point {
            at: At::Store(call, at_side),
            ..
        }) = self.point
        else {
            return;
        };
        if *at_side != side || !is_here(*call) || self.is_done.swap(true, Ordering::SeqCst) {
            return;
        }
        let signal = match self.deed {
            Deed::Die => Signal::SIGKILL,
            Deed::Stop => Signal::SIGSTOP,
        };
        // Whoever is here after SIGKILL, or after SIGCONT, goes on.
        let _ = raise(signal);
    }

    fn at_write(&self, side: Side, job: &JobRecord, change: &Change) {
        if job.kind != JobKind::PublishPost {
            return;
        }
        let (from, to) = (phase(&job.state), phase(&change.state));
        // Who leaves it alone lives.
        if self.poison.is_some() && number_in(&job.request) == self.poison && to != "blocked" {
            let _ = raise(Signal::SIGKILL);
        }
        self.pass(side, |call| match call {
            Call::Write(first, "*") => from == first && to != first,
            Call::Write(first, second) => from == first && to == second,
            _ => false,
        });
    }

    fn before_claim(&self) {
        // What it would lease is not known before, but there is something.
        let has_posts = self.has_posts.load(Ordering::SeqCst);
        self.pass(Side::Before, |call| {
            has_posts && matches!(call, Call::Claim(_))
        });
    }

    fn claimed(&self, mut leases: Vec<Lease>) -> Vec<Lease> {
        for lease in &mut leases {
            let now = phase(&lease.job.state).to_owned();
            self.pass(
                Side::After,
                |call| matches!(call, Call::Claim(at) if at == now),
            );
            if let Some(mistake) = self.mistake {
                mistake.misread(&mut lease.job.state);
            }
        }
        leases
    }

    fn written(&self, mut change: Change) -> Change {
        if let Some(mistake) = self.mistake
            && mistake.miswrite(&mut change.state)
        {
            change.wake_at = None;
        }
        change
    }
}

/// The phase of a post, as its state says.
pub fn phase(state: &Value) -> &str {
    state["phase"]["name"].as_str().unwrap_or("")
}

#[async_trait]
impl Scheduler for Crashing {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        let is_post = job.kind == JobKind::PublishPost;
        self.pass(Side::Before, |call| is_post && call == Call::Enqueue);
        let result = self.inner.enqueue(job).await;
        self.has_posts.fetch_or(is_post, Ordering::SeqCst);
        self.pass(Side::After, |call| is_post && call == Call::Enqueue);
        result
    }

    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let job = self.inner.get(id).await?;
        if let Some(job) = &job {
            let now = phase(&job.state);
            self.pass(
                Side::After,
                |call| matches!(call, Call::Get(at) if at == now),
            );
        }
        Ok(job)
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.before_claim();
        let leases = self.inner.claim(now, worker, lease_for, limit).await?;
        Ok(self.claimed(leases))
    }

    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.before_claim();
        let claim = self.inner.claim_kind(kind, now, worker, lease_for, limit);
        Ok(self.claimed(claim.await?))
    }

    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.inner.claim_job(id, now, worker, lease_for).await
    }

    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        let (before, change) = (lease.job.clone(), self.written(change));
        self.at_write(Side::Before, &before, &change);
        let result = self.inner.checkpoint(lease, change.clone()).await;
        if result.is_ok() {
            self.at_write(Side::After, &before, &change);
        }
        result
    }

    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        let (before, change) = (lease.job.clone(), self.written(change));
        self.at_write(Side::Before, &before, &change);
        let mut result = self.inner.release(lease, change.clone()).await;
        if self.mistake == Some(Mistake::NoFence)
            && let Err(StoreError::LeaseLost { job }) = &result
            && let Some(now) = self.inner.get(job).await?
        {
            let forced = self.inner.update(job, now.version, change.clone()).await;
            result = forced.map(|_| ());
        }
        if result.is_ok() {
            self.at_write(Side::After, &before, &change);
        }
        result
    }

    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        self.inner.renew(lease, now, lease_for).await
    }

    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        self.inner.update(id, expected, change).await
    }

    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        self.inner.append_evidence(id, evidence).await
    }

    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        self.inner.evidence(id).await
    }

    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.inner.prune_evidence(account, before).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.inner.next_due().await
    }

    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        self.inner.list(query).await
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.inner.erase_account(account).await
    }

    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.take_events(after, limit).await
    }
}
