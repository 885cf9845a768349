//! Removing what is kept for longer than the settings say.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use threads_client::UserId;

use super::{CollectState, Collected};
use crate::error::{MonitorError, StoreError};
use crate::monitor::Monitor;
use crate::publishing::engine::read_post;
use crate::retention::ago;
use crate::scheduler::{Change, JobKind, JobQuery, Lease};
use crate::snapshot_store::{SnapshotQuery, Subject};
use crate::zone::Zone;

/// How often it looks.
pub(super) const CADENCE: Duration = Duration::from_hours(24);
/// So many days are thinned out in one step.
const DAYS_AT_ONCE: usize = 60;
/// No more days than these are thinned out in one run; the next one goes on.
const DAYS_A_RUN: usize = 3000;

impl Monitor {
    /// Thins out the numbers of an account, day by day from where it stopped, and forgets
    /// what was tried long ago.
    pub(super) async fn thin(
        &self,
        lease: &mut Lease,
        state: &mut CollectState,
    ) -> Result<Collected, MonitorError> {
        let account = lease.job.account.clone();
        let retention = self.retention().clone();
        let now = self.now();
        let mut numbers = 0;
        let oldest = retention
            .daily
            .map_or(DateTime::<Utc>::MIN_UTC, |daily| ago(now, daily));
        let mut days = match retention.raw {
            Some(raw) => self.days(&account, state, ago(now, raw)).await?,
            None => Vec::new(),
        };
        days.truncate(DAYS_A_RUN);
        // Once without a day, for what is too old.
        let steps = days
            .chunks(DAYS_AT_ONCE)
            .chain(days.is_empty().then_some(&[][..]));
        for step in steps {
            // Neighbouring steps share a bound, so that no day is left out between them.
            let mut bounds: Vec<_> = step.iter().map(|day| day.begins).collect();
            bounds.extend(step.last().map(|day| day.ends));
            let _not_while_erasing = self.erasing(&account).read().await;
            let lease_for = self.lease_for();
            self.storage()
                .scheduler
                .renew(lease, now, lease_for)
                .await?;
            numbers += self
                .storage()
                .snapshots
                .thin(&account, oldest, &bounds)
                .await?;
            state.through = step.last().map_or(state.through, |day| Some(day.date));
        }
        let attempts = match retention.attempts {
            Some(keep) => self.forget_attempts(&account, ago(now, keep)).await?,
            None => 0,
        };
        state.removed_numbers += numbers;
        state.removed_attempts += attempts;
        if numbers + attempts > 0 {
            tracing::info!(
                user.id = %account,
                numbers,
                attempts,
                "removed what account {account} had for longer than it is kept"
            );
        }
        Ok(Collected::Again(CADENCE))
    }

    /// The whole days of the account that end by `until` and were not thinned out yet.
    async fn days(
        &self,
        account: &UserId,
        state: &CollectState,
        until: DateTime<Utc>,
    ) -> Result<Vec<Day>, MonitorError> {
        let snapshots = &self.storage().snapshots;
        let zone = crate::account::zone(&snapshots.latest(account, &[Subject::Account]).await?);
        let first = if let Some(through) = state.through {
            through.succ_opt()
        } else {
            let oldest = SnapshotQuery::account(account.clone()).limit(1);
            let oldest = snapshots.query(&oldest).await?;
            oldest.first().map(|oldest| zone.date(oldest.at))
        };
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        Ok(first
            .iter_days()
            .map_while(|date| Day::of(date, zone).filter(|day| day.ends <= until))
            .collect())
    }

    /// Removes the attempts of posts that ended before, and evidence as old.
    async fn forget_attempts(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, MonitorError> {
        let scheduler = &self.storage().scheduler;
        let mut removed = scheduler.prune_evidence(account, before).await?;
        let query = JobQuery::account(account.clone()).kind(JobKind::PublishPost);
        for job in scheduler.list(&query).await? {
            let Ok(mut post) = read_post(&job) else {
                continue;
            };
            let last = post
                .all_attempts()
                .map(|attempt| attempt.authorised_at)
                .max();
            let is_over = job.wake_at.is_none()
                && post.is_over()
                && last.is_some_and(|last| last.max(post.due_at) < before);
            if !is_over {
                continue;
            }
            let attempts = post.all_attempts().count() as u64;
            post.forget_attempts();
            let change = Change {
                state: super::to_json(&post)?,
                wake_at: None,
                events: Vec::new(),
            };
            match scheduler.update(&job.id, job.version, change).await {
                Ok(_) => removed += attempts,
                // Whoever changed it comes first; tomorrow is early enough.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(removed)
    }
}

/// A calendar day in a zone.
struct Day {
    date: NaiveDate,
    begins: DateTime<Utc>,
    ends: DateTime<Utc>,
}

impl Day {
    fn of(date: NaiveDate, zone: Zone) -> Option<Self> {
        Some(Self {
            date,
            begins: zone.start_of_day(date)?,
            ends: zone.end_of_day(date)?,
        })
    }
}
