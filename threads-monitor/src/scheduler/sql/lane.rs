//! What a lane becomes with a change of one of its jobs.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::JobId;
use super::statements as say;
use crate::error::StoreError;
use crate::sql::{Transaction, micros};

/// What becomes of the lease of a lane with a change of one of its jobs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lane {
    Kept,
    Leased(DateTime<Utc>),
    Released,
}

impl Lane {
    /// The end of its lease, if that changes. One that is released ended before all time.
    pub(super) fn end(self) -> Option<i64> {
        match self {
            Self::Kept => None,
            Self::Leased(until) => Some(micros(until)),
            Self::Released => Some(-9_000_000_000_000_000_000),
        }
    }
}

/// Locks the lane of a job, and says whether no other job of it is open.
pub(super) async fn lock(step: &mut Transaction, job: &JobId) -> Result<bool, StoreError> {
    let rows = step.rows(say::LOCK_LANE, vec![job.uuid().into()]).await?;
    // A job that is not there has no lane, and what follows finds nothing.
    rows.first()
        .map_or(Ok(true), |row| Ok(row.integer(0)? == 1))
}

/// Writes down what a lane has become with a change of a job.
pub(super) async fn refresh(
    step: &mut Transaction,
    key: &str,
    job: &JobId,
    lane: Lane,
) -> Result<(), StoreError> {
    let values = vec![key.into(), lane.end().into(), job.uuid().into()];
    step.run(say::REFRESH_LANE, values).await?;
    Ok(())
}

/// Takes jobs out of those that wait, before they change.
pub(super) async fn leave(step: &mut Transaction, jobs: Vec<Uuid>) -> Result<(), StoreError> {
    step.run(say::LEAVE_WAITING, vec![jobs.into()]).await?;
    Ok(())
}

/// Puts those of the jobs among the ones that wait that do so as they are now.
pub(super) async fn join(step: &mut Transaction, jobs: Vec<Uuid>) -> Result<(), StoreError> {
    step.run(say::JOIN_WAITING, vec![jobs.into()]).await?;
    Ok(())
}
