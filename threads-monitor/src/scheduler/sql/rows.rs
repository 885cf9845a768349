//! Rows as jobs, and the kinds of jobs that this version of the program knows.

use threads_client::UserId;

use super::super::{JobId, JobKind, JobRecord, Lease, LeaseHolder, WorkerId};
use crate::error::StoreError;
use crate::sql::{Row, Value, damaged, unsigned};
use crate::version::Version;

/// A job that was claimed.
pub(super) fn lease(row: &Row) -> Result<Lease, StoreError> {
    let job = record(row)?;
    let until = job
        .lease
        .as_ref()
        .ok_or_else(|| damaged("a claimed job has no lease"))?
        .until;
    Ok(Lease {
        epoch: job.epoch,
        until,
        job,
    })
}

/// A job, whose columns are in the order of the statements.
pub(super) fn record(row: &Row) -> Result<JobRecord, StoreError> {
    let lease = match (row.maybe_text(10)?, row.maybe_instant(11)?) {
        (None, None) => None,
        (Some(worker), Some(until)) => Some(LeaseHolder {
            worker: WorkerId::new(worker),
            until,
        }),
        _ => return Err(damaged("a lease has only one of its columns")),
    };
    Ok(JobRecord {
        id: JobId::from_uuid(row.id(0)?),
        account: UserId::new(row.text(1)?),
        kind: kind(&row.text(2)?)?,
        serial_key: row.text(3)?,
        idempotency_key: row.text(4)?,
        request: row.json(5)?,
        state: row.json(6)?,
        wake_at: row.maybe_instant(7)?,
        version: Version::new(unsigned(row.integer(8)?)),
        epoch: unsigned(row.integer(9)?),
        lease,
        created_at: row.instant(12)?,
    })
}

/// This kind, or else every one that this version of the program knows: what a newer one has
/// added is left to it.
pub(super) fn kinds(kind: Option<JobKind>) -> Value {
    let known = JobKind::ALL.iter().copied();
    let known = known.filter(|known| kind.is_none_or(|kind| kind == *known));
    let names = known.map(|kind| kind.as_str().to_owned());
    names.collect::<Vec<_>>().into()
}

/// Whether a job is of a kind that this version knows.
pub(super) fn is_known(row: &Row) -> Result<bool, StoreError> {
    Ok(kind(&row.text(2)?).is_ok())
}

fn kind(name: &str) -> Result<JobKind, StoreError> {
    let mut known = JobKind::ALL.iter().copied();
    known
        .find(|kind| kind.as_str() == name)
        .ok_or_else(|| damaged("a job is of a kind that this version does not know"))
}
