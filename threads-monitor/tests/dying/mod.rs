//! A store whose program dies.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;
use threads_monitor::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease,
    MemoryScheduler, NewJob, WorkerId,
};
use threads_monitor::{Scheduler, StoreError, Version};

/// A store whose program dies at one of its calls: before it has an effect, or before anybody
/// learns of that.
#[derive(Debug)]
pub(crate) struct Dying {
    pub(crate) kept: MemoryScheduler,
    /// Calls until then.
    pub(crate) left: AtomicUsize,
    /// Whether the last call still has its effect.
    pub(crate) has_effect: bool,
}

fn dead() -> StoreError {
    StoreError::backend("test", "living", "the program is dead")
}

impl Dying {
    async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                Some(left.saturating_sub(1))
            })
            .unwrap();
        match left {
            1 if self.has_effect => {
                work.await?;
                Err(dead())
            }
            0 | 1 => Err(dead()),
            _ => work.await,
        }
    }
}

#[async_trait]
impl Scheduler for Dying {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.call(self.kept.enqueue(job)).await
    }
    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.call(self.kept.get(id)).await
    }
    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.call(self.kept.claim(now, worker, lease_for, limit))
            .await
    }
    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.call(self.kept.claim_kind(kind, now, worker, lease_for, limit))
            .await
    }
    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.call(self.kept.claim_job(id, now, worker, lease_for))
            .await
    }
    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        self.call(self.kept.checkpoint(lease, change)).await
    }
    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        self.call(self.kept.release(lease, change)).await
    }
    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        self.call(self.kept.renew(lease, now, lease_for)).await
    }
    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        self.call(self.kept.update(id, expected, change)).await
    }
    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        self.call(self.kept.append_evidence(id, evidence)).await
    }
    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        self.call(self.kept.evidence(id)).await
    }
    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.call(self.kept.prune_evidence(account, before)).await
    }
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.call(self.kept.next_due()).await
    }
    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        self.call(self.kept.list(query)).await
    }
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.call(self.kept.erase_account(account)).await
    }
    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.call(self.kept.take_events(after, limit)).await
    }
}
