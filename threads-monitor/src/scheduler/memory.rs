//! Jobs in memory.

mod table;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;

#[cfg(feature = "file")]
pub(super) use self::table::JobRow;
pub(super) use self::table::{JobTable, Planned};
use super::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, NewJob,
    Scheduler, WorkerId,
};
use crate::error::StoreError;
use crate::version::Version;

/// Jobs in memory, gone with the process.
///
/// Clones share the rows.
#[derive(Debug, Clone, Default)]
pub struct MemoryScheduler {
    table: Arc<Mutex<JobTable>>,
}

impl MemoryScheduler {
    fn with<A>(&self, act: impl FnOnce(&mut JobTable) -> A) -> A {
        // Every step leaves the table whole, so a panic elsewhere does not spoil it.
        act(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<A>(&self, plan: impl FnOnce(&JobTable) -> Planned<A>) -> Result<A, StoreError> {
        self.with(|table| {
            let (rows, answer) = plan(table)?;
            for row in rows {
                table.apply(row);
            }
            Ok(answer)
        })
    }
}

#[async_trait]
impl Scheduler for MemoryScheduler {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.write(|table| table.enqueue(job))
    }

    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        Ok(self.with(|table| table.get(id)))
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.write(|table| Ok(table.claim(None, now, worker, lease_for, limit)))
    }

    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.write(|table| Ok(table.claim(Some(kind), now, worker, lease_for, limit)))
    }

    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.write(|table| Ok(table.claim_job(id, now, worker, lease_for)))
    }

    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        lease.job = self.write(|table| table.checkpoint(lease, change))?;
        Ok(())
    }

    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        self.write(|table| table.release(&lease, change))
    }

    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        let holder = self.write(|table| table.renew(lease, now, lease_for))?;
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
        self.write(|table| table.update(id, expected, change))
    }

    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        self.write(|table| Ok((table.append_evidence(id, evidence), ())))
    }

    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        Ok(self.with(|table| table.evidence(id)))
    }

    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.write(|table| Ok(table.prune_evidence(account, before)))
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.with(|table| table.next_due()))
    }

    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        Ok(self.with(|table| table.list(query)))
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.write(|table| Ok(table.erase_account(account)))
    }

    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        Ok(self.with(|table| table.take_events(after, limit)))
    }
}
