//! A durable table of jobs with leases and fences.

mod job;
mod memory;

#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;

#[cfg(feature = "file")]
pub use self::file::FileScheduler;
pub use self::job::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, LeaseHolder,
    NewEvent, NewJob, WorkerId,
};
pub use self::memory::MemoryScheduler;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::sql::SqlScheduler;
use crate::error::StoreError;
use crate::version::Version;

/// A durable table of jobs: collection, token refresh, scheduled posts.
///
/// A backend knows nothing of what a job does. It keeps `state` as JSON, hands out
/// leases, fences writes with the lease's epoch, and makes them durable.
///
/// # Contract
///
/// - **Leases.** A claimed job is invisible to other claims until its lease ends. A
///   lease ends by [`release`](Scheduler::release) or by running out. Every lease of
///   a job has a higher *epoch* than the one before.
/// - **Fences.** [`checkpoint`](Scheduler::checkpoint), [`release`](Scheduler::release)
///   and [`renew`](Scheduler::renew) work only while the lease's epoch is the job's
///   newest one; otherwise, and when the job was erased, they change nothing and
///   answer `LeaseLost`. A lease that ran out but that nobody else has taken is
///   still the newest: its holder may finish. It can be renewed unless another job
///   of its serial key was leased in the meantime.
/// - **Versions** go up with every claim and every change, and are never used again.
///   Renewing a lease leaves the version alone: what the job is about stays the same.
/// - **Serial keys.** Two jobs with one serial key are never leased at one time.
/// - **Idempotency.** One (account, idempotency key) has at most one row.
/// - **Transactions.** A change of state, wake-up and its events is one step:
///   all of it or nothing, durable when the call returns.
/// - **Events** of committed changes are kept until read, in commit order, each with
///   a higher cursor than the one before, and go only with the account.
/// - **Newer kinds.** Where several versions of the program may share a store, a job of a
///   kind that only a newer one knows is neither leased nor listed by the older one, wakes
///   nobody up, and is left as it is. It goes with its account.
/// - Times survive to the microsecond. Clones of a backend share its rows.
/// - A store reads no clock, unless it is a database whose own clock is the common
///   one; `now` is for backends without.
///
/// # Implementing
///
/// Read the memory backend first, then run
/// `scheduler::conformance` (feature `testing`) on yours.
///
/// # Errors
///
/// Besides `LeaseLost` and `Conflict`, an error means that the store itself failed.
#[async_trait]
pub trait Scheduler: Debug + Send + Sync + 'static {
    /// Inserts a job, or returns the row that has the same idempotency key.
    ///
    /// `Conflict` if that row was enqueued with another `request`, kind or serial key.
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError>;

    /// The job, or `None`.
    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError>;

    /// Leases up to `limit` jobs that are due and free, earliest first.
    ///
    /// Free means: never leased, released, or its lease has run out at `now`; and no
    /// other job of its serial key is leased.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError>;

    /// As [`claim`](Self::claim), of one kind only: a job that waits behind one of another
    /// kind in its serial key is not free.
    ///
    /// For work that must not wait behind any other, however much of that is due.
    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError>;

    /// Leases this job if it is free and not at its end, due or not.
    ///
    /// `None` when somebody else has it (or a job of its serial key), when it is at
    /// its end, or when there is no such job.
    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError>;

    /// Writes in the middle of a run: state, next wake-up, events. Keeps the lease.
    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError>;

    /// Writes at the end of a run, and gives the lease back.
    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError>;

    /// Extends the lease until `now + lease_for`.
    ///
    /// It writes the end of the lease and nothing else, and does not meet `Conflict`:
    /// an edit in the meantime still meets the holder at its next checkpoint.
    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError>;

    /// A change by a person, or by another job: compare-and-set on the version read.
    ///
    /// It works on leased jobs too, and raises the version, not the epoch; so the
    /// holder of the lease meets `Conflict` at its next checkpoint or release and has
    /// to read the job again. `Conflict` when `expected` is not the version any more or the
    /// job is gone.
    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError>;

    /// What a worker that lost its lease still learned. Not fenced, append-only;
    /// evidence about a job that is gone is dropped.
    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError>;

    /// The evidence about a job, in the order it came.
    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError>;

    /// Removes the evidence from before an instant about jobs of an account that are at
    /// their end, and says how many pieces that were. Their bytes go when their room is
    /// used again, or with the next erasure.
    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError>;

    /// The earliest instant at which [`claim`](Scheduler::claim) can lease something,
    /// if nothing changes until then; `None` when nothing is waiting.
    ///
    /// A job can be leased at its wake-up, or when every lease of its serial key has
    /// run out, whichever is later.
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Jobs that match, in ascending order of id, which is the order of creation.
    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError>;

    /// Removes every job, event and piece of evidence of an account, leased ones
    /// too, and says how many jobs that were.
    ///
    /// After it returns, no byte of them is left in any file of the store, nor of those
    /// whose erasure was cut short before.
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError>;

    /// Events after the cursor, oldest first.
    async fn take_events(&self, after: EventCursor, limit: usize)
    -> Result<Vec<Event>, StoreError>;
}
