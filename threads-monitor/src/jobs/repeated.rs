//! Making scheduled posts of repeated ones.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::error::{MonitorError, StoreError};
use crate::monitor::Monitor;
use crate::planning::{Occurrence, Series, Turn};
use crate::publishing::engine::read_post;
use crate::publishing::{Phase, Post, request};
use crate::scheduler::{Change, JobId, JobKind, JobQuery, Lease, NewEvent};

impl Monitor {
    pub(super) async fn run_repeated(&self, lease: Lease) -> Result<(), MonitorError> {
        let _not_while_erasing = self.erasing(&lease.job.account).read().await;
        let (id, epoch) = (lease.job.id, lease.epoch);
        let error = match self.make_due(lease).await {
            Ok(()) => return Ok(()),
            Err(MonitorError::Store(error)) if error.is_final() => return Err(error.into()),
            Err(error) => error,
        };
        tracing::error!(
            job.id = %id,
            error = &error as &dyn std::error::Error,
            "repeated post {id} could not be run; it is tried again"
        );
        self.postpone(id, epoch).await
    }

    /// Makes what is due, an occurrence at a time: first the post, by its key, and then the
    /// note that it is made. Whoever goes on after a crash in between finds the post.
    async fn make_due(&self, mut lease: Lease) -> Result<(), MonitorError> {
        loop {
            let now = self.now();
            let mut series = Series::read(&lease.job)?;
            let mut events = Vec::new();
            let turn = self
                .take_turn(&mut lease, &mut series, &mut events, now)
                .await;
            let written = match turn {
                Ok(wake_at) => {
                    let rests = wake_at.is_none_or(|wake_at| wake_at > now);
                    let change = Change {
                        state: series.state()?,
                        wake_at,
                        events,
                    };
                    let scheduler = &self.storage().scheduler;
                    if rests {
                        let written = scheduler.release(lease.clone(), change).await;
                        if written.is_ok() {
                            return Ok(());
                        }
                        written
                    } else {
                        scheduler.checkpoint(&mut lease, change).await
                    }
                }
                Err(MonitorError::Store(error)) => Err(error),
                Err(error) => return Err(error),
            };
            match written {
                Ok(()) => {}
                // A person changed it: the same from there.
                Err(StoreError::Conflict { .. }) => {
                    match self.storage().scheduler.get(&lease.job.id).await? {
                        Some(job) if job.epoch == lease.epoch => lease.job = job,
                        Some(_) => return self.look_again(lease.job.id, series.revision).await,
                        None => return Ok(()),
                    }
                }
                Err(StoreError::LeaseLost { .. }) => {
                    return self.look_again(lease.job.id, series.revision).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does what the series has to do now, and says when to come again.
    async fn take_turn(
        &self,
        lease: &mut Lease,
        series: &mut Series,
        events: &mut Vec<NewEvent>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, MonitorError> {
        if series.is_restored {
            // The original may have made what is over by now.
            series.is_restored = false;
            series.through = series.through.max(now);
        }
        if let Some(changed_at) = series.changed_at.take() {
            series.through = self.call_off_made(lease, series, changed_at).await?;
        }
        let tell = |name: &str, data| NewEvent {
            at: now,
            name: format!("series.{name}"),
            data,
        };
        match series.turn(now) {
            Turn::Pass {
                missed,
                last_missed_at,
                make,
                through,
            } => {
                if let Some(occurrence) = make {
                    let post = self.make(lease, series, occurrence).await?;
                    series.made = series.made.saturating_add(1);
                    events.push(tell("made", json!({ "post": post })));
                }
                if missed > 0 {
                    series.missed = series.missed.saturating_add(missed);
                    series.last_missed_at = last_missed_at;
                    let data = json!({ "missed": missed, "last_missed_at": last_missed_at });
                    events.push(tell("missed", data));
                }
                series.through = through;
                Ok(Some(now))
            }
            Turn::Wait(until) => Ok(Some(until)),
            Turn::End => {
                series.ended_at.get_or_insert(now);
                events.push(tell("ended", json!({ "made": series.made })));
                Ok(None)
            }
        }
    }

    /// Makes the post of an occurrence, or finds it.
    async fn make(
        &self,
        lease: &mut Lease,
        series: &Series,
        occurrence: Occurrence,
    ) -> Result<Option<JobId>, MonitorError> {
        // Whoever was held up for long must not make what was changed since.
        let scheduler = &self.storage().scheduler;
        scheduler.renew(lease, self.now(), self.lease_for()).await?;
        let post = Post::new(
            series.draft.clone(),
            occurrence.at(),
            Some(series.repeat.zone),
            series.lateness(),
        );
        let key = series.key(&lease.job.id, occurrence);
        let request = request(&post)?;
        let account = lease.job.account.clone();
        match self
            .enqueue_post(JobId::random(), account, &post, key, request)
            .await
        {
            Ok(post) => Ok(Some(post.id)),
            // It is there, made when the zone's data said otherwise.
            Err(MonitorError::Store(StoreError::Conflict { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Calls off what was made before a change, or before the end. Says up to which instant
    /// there is nothing to make any more.
    async fn call_off_made(
        &self,
        lease: &Lease,
        series: &Series,
        changed_at: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, MonitorError> {
        let query = JobQuery::account(lease.job.account.clone()).kind(JobKind::PublishPost);
        let mut through = changed_at;
        for job in self.storage().scheduler.list(&query).await? {
            let revision = Series::revision_of(&lease.job.id, &job.idempotency_key);
            if revision.is_none_or(|revision| revision == series.revision) {
                continue;
            }
            let Ok(post) = read_post(&job) else {
                continue;
            };
            let is_open =
                !post.phase.is_final() && !matches!(post.phase, Phase::NeedsAttention { .. });
            let phase = if is_open {
                match self.cancel(&job.id).await {
                    Ok(after) => after.post.phase,
                    Err(MonitorError::PostState { .. }) => post.phase,
                    Err(error) => return Err(error),
                }
            } else {
                post.phase
            };
            // What this change called off is made anew. What went out, or what a person had
            // called off before, is not.
            let is_undone = matches!(phase, Phase::Cancelled { at } if at >= changed_at);
            if !is_undone {
                through = through.max(post.due_at);
            }
        }
        Ok(through)
    }

    /// Somebody else has the series now. If it was changed, what was made here last may be
    /// of before: whoever has it looks again.
    async fn look_again(&self, id: JobId, revision: u32) -> Result<(), MonitorError> {
        let now = self.now();
        self.update_job(id, |job| {
            let mut series = Series::read(job).ok()?;
            if series.revision == revision || series.changed_at.is_some() {
                return None;
            }
            series.changed_at = Some(now);
            Some((series.state().ok()?, Some(now)))
        })
        .await
    }
}
