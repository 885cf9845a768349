//! What a lane becomes with a change of one of its jobs.

use chrono::{DateTime, Utc};

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

/// Writes down what a lane has become.
pub(super) async fn refresh(
    step: &mut Transaction,
    key: &str,
    lane: Lane,
) -> Result<(), StoreError> {
    step.run(say::REFRESH_LANE, vec![key.into(), lane.end().into()])
        .await?;
    Ok(())
}
