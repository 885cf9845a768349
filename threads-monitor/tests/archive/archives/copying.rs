//! A scheduler of which there is a backup of every moment.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;
use threads_monitor::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease,
    MemoryScheduler, NewJob, WorkerId,
};
use threads_monitor::{Scheduler, Storage, StoreError, Version};
use threads_sandbox::Sandbox;

use super::{backed_up, content};

/// Makes a backup after every write of a scheduled post, so that there is one of each moment.
#[derive(Debug)]
pub(crate) struct Copying {
    pub(crate) kept: MemoryScheduler,
    pub(crate) storage: Storage,
    pub(crate) sandbox: Sandbox,
    /// By where the posts stood.
    pub(crate) backups: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Copying {
    async fn copy(&self) {
        let mut stood = Vec::new();
        for job in content(&self.storage).await.jobs {
            if job.kind == JobKind::PublishPost {
                let attempts = job.state["attempts"].as_array().unwrap().len();
                let phase = job.state["phase"]["name"].as_str().unwrap();
                stood.push(format!("{phase} {attempts}"));
            }
        }
        let stood = stood.join(", ");
        if !self.backups.lock().unwrap().contains_key(&stood) {
            let backup = backed_up(&self.storage, self.sandbox.now()).await.out;
            self.backups.lock().unwrap().insert(stood, backup);
        }
    }
}

#[async_trait]
impl Scheduler for Copying {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.kept.enqueue(job).await
    }
    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.kept.get(id).await
    }
    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.kept.claim(now, worker, lease_for, limit).await
    }
    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.kept
            .claim_kind(kind, now, worker, lease_for, limit)
            .await
    }
    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.kept.claim_job(id, now, worker, lease_for).await
    }
    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        self.kept.checkpoint(lease, change).await?;
        self.copy().await;
        Ok(())
    }
    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        self.kept.release(lease, change).await?;
        self.copy().await;
        Ok(())
    }
    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        self.kept.renew(lease, now, lease_for).await
    }
    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        self.kept.update(id, expected, change).await
    }
    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        self.kept.append_evidence(id, evidence).await
    }
    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        self.kept.evidence(id).await
    }
    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.kept.prune_evidence(account, before).await
    }
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.kept.next_due().await
    }
    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        self.kept.list(query).await
    }
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.kept.erase_account(account).await
    }
    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.kept.take_events(after, limit).await
    }
}
