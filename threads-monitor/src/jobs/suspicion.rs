//! The suspicion that an account's token is dead.
//!
//! Any call that Meta refuses for its token raises it; only the token's own job says whether
//! it is true. Until then no post of the account is sent to Meta, so that one dead token costs
//! one refused call and not one for each post.

use chrono::{DateTime, Utc};
use threads_client::UserId;

use super::TokenState;
use crate::error::StoreError;
use crate::scheduler::{Change, JobKind, JobQuery, JobRecord, Scheduler};

/// How often raising it is tried again when somebody else was faster.
const CONFLICT_TRIES: usize = 8;

/// Lets the token's job find out, as soon as possible, whether the token is dead.
pub(crate) async fn raise(
    scheduler: &dyn Scheduler,
    account: &UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for _ in 0..CONFLICT_TRIES {
        let Some(job) = job(scheduler, account).await? else {
            return Ok(());
        };
        let mut state = TokenState::read(&job.state);
        if state.suspected || state.dead.is_some() {
            return Ok(());
        }
        state.suspected = true;
        let change = Change {
            state: serde_json::to_value(&state)
                .map_err(|error| StoreError::backend("json", "writing a job's state", error))?,
            wake_at: Some(job.wake_at.map_or(now, |at| at.min(now))),
            events: Vec::new(),
        };
        match scheduler.update(&job.id, job.version, change).await {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::conflict(format!("the token job of {account}")))
}

/// Why the account's token is not to be used for posts now; `None` if it may be.
pub(crate) async fn standing(
    scheduler: &dyn Scheduler,
    account: &UserId,
) -> Result<Option<String>, StoreError> {
    let Some(job) = job(scheduler, account).await? else {
        return Ok(None);
    };
    let state = TokenState::read(&job.state);
    Ok(match state.dead {
        Some(dead) => Some(dead.reason),
        None if state.suspected => Some(
            "Meta refused the account's token, and whether it is dead is being checked".to_owned(),
        ),
        None => None,
    })
}

async fn job(scheduler: &dyn Scheduler, account: &UserId) -> Result<Option<JobRecord>, StoreError> {
    let query = JobQuery {
        limit: Some(1),
        ..JobQuery::account(account.clone()).kind(JobKind::RefreshToken)
    };
    Ok(scheduler.list(&query).await?.into_iter().next())
}
