//! Jobs in one directory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;

use super::memory::{JobRow, JobTable};
use super::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, NewJob,
    Scheduler, WorkerId,
};
use crate::error::StoreError;
use crate::file::{Directory, Ledger, Table};
use crate::version::Version;

/// Jobs in a [`Directory`], for one process at a time.
///
/// Clones share the rows. Dropping a future of this store loses its answer: a write
/// that was begun may still happen, whole. A claim that was dropped may have leased
/// jobs to nobody; they are free again when that lease runs out.
#[derive(Debug, Clone)]
pub struct FileScheduler {
    ledger: Arc<Ledger<JobTable>>,
}

impl FileScheduler {
    /// Opens the jobs of a directory; there are none in a new one.
    ///
    /// # Errors
    ///
    /// `Corrupt` or `TooNew` when the journal cannot be read, `Locked` when this store
    /// is open already, and `Backend` when the files cannot be used.
    pub async fn open(directory: &Directory) -> Result<Self, StoreError> {
        Ok(Self {
            ledger: Arc::new(Ledger::open(directory).await?),
        })
    }
}

#[async_trait]
impl Scheduler for FileScheduler {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.ledger.write(move |table| table.enqueue(job)).await
    }

    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let id = *id;
        self.ledger.read(move |table| table.get(&id)).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let worker = worker.clone();
        self.ledger
            .write(move |table| Ok(table.claim(None, now, &worker, lease_for, limit)))
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
        let worker = worker.clone();
        self.ledger
            .write(move |table| Ok(table.claim(Some(kind), now, &worker, lease_for, limit)))
            .await
    }

    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let (id, worker) = (*id, worker.clone());
        self.ledger
            .write(move |table| Ok(table.claim_job(&id, now, &worker, lease_for)))
            .await
    }

    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        let held = lease.clone();
        lease.job = self
            .ledger
            .write(move |table| table.checkpoint(&held, change))
            .await?;
        Ok(())
    }

    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        self.ledger
            .write(move |table| table.release(&lease, change))
            .await
    }

    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        let held = lease.clone();
        let holder = self
            .ledger
            .write(move |table| table.renew(&held, now, lease_for))
            .await?;
        lease.until = holder.until;
        lease.job.lease = Some(holder);
        Ok(())
    }

    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        let id = *id;
        self.ledger
            .write(move |table| table.update(&id, expected, change))
            .await
    }

    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        let id = *id;
        self.ledger
            .write(move |table| Ok((table.append_evidence(&id, evidence), ())))
            .await
    }

    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        let id = *id;
        self.ledger.read(move |table| table.evidence(&id)).await
    }

    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let account = account.clone();
        self.ledger
            .remove(move |table| Ok(table.prune_evidence(&account, before)))
            .await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.ledger.read(JobTable::next_due).await
    }

    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        let query = query.clone();
        self.ledger.read(move |table| table.list(&query)).await
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        let account = account.clone();
        self.ledger
            .erase(move |table| Ok(table.erase_account(&account)))
            .await
    }

    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.ledger
            .read(move |table| table.take_events(after, limit))
            .await
    }
}

impl Table for JobTable {
    const NAME: &'static str = "jobs";
    const MARK: [u8; 4] = *b"jobs";
    type Row = JobRow;

    fn apply(&mut self, row: JobRow) -> Option<JobRow> {
        self.apply(row)
    }

    fn rows(&self) -> impl Iterator<Item = JobRow> {
        self.rows()
    }

    fn encode(row: &JobRow) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(row)
    }

    fn decode(json: &[u8]) -> serde_json::Result<JobRow> {
        serde_json::from_slice(json)
    }
}
