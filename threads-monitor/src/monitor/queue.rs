//! The queue of an account, and what speaks against a post.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use threads_client::{PostId, UserId};

use super::Monitor;
use crate::account::zone;
use crate::error::{MonitorError, StoreError};
use crate::planning::{
    Content, HORIZON, Occurrence, PlanWarning, Planned, PostingPlan, Queue, QueueTime, Reserved,
    Series, words,
};
use crate::publishing::engine::read_post;
use crate::publishing::{Due, KEY, NewPost, Phase, Post};
use crate::scheduler::{Change, JobId, JobKind, JobQuery, JobRecord, NewJob};
use crate::snapshot_store::{Metric, Reading, SnapshotQuery, Subject};
use crate::zone::{LocalInstant, Zone};

/// How often a slot is looked for when somebody else was faster.
const CONFLICT_TRIES: usize = 32;
/// Occurrences of one repeated post that are looked at.
const OCCURRENCES: usize = 10_000;

impl Monitor {
    /// How an account posts. Until somebody chose it: no queue, and a week for duplicates, in
    /// the account's zone.
    ///
    /// # Errors
    ///
    /// What a store said.
    pub async fn posting_plan(&self, account: &UserId) -> Result<PostingPlan, MonitorError> {
        if let Some(job) = self.queue_job(account).await? {
            return Ok(Queue::read(&job)?.plan);
        }
        let snapshots = &self.inner.storage.snapshots;
        let known = snapshots.latest(account, &[Subject::Account]).await?;
        Ok(PostingPlan::new(zone(&known)))
    }

    /// Chooses how an account posts. Posts that are scheduled already stay where they are.
    ///
    /// # Errors
    ///
    /// `Plan` for one that makes no sense, `NotConnected`, or what a store said.
    pub async fn set_posting_plan(
        &self,
        account: &UserId,
        plan: &PostingPlan,
    ) -> Result<(), MonitorError> {
        plan.check()?;
        let _not_while_erasing = self.inner.erasing.of(account).read().await;
        self.inner.tokens.load(account).await?;
        let now = self.now();
        let queue = Queue {
            plan: plan.clone(),
            reserved: Vec::new(),
        };
        let key = "queue".to_owned();
        let job = NewJob {
            id: JobId::random(),
            account: account.clone(),
            kind: JobKind::KeepQueue,
            serial_key: format!("{key}:{account}"),
            idempotency_key: key,
            request: Value::Null,
            state: queue.state()?,
            wake_at: now,
            created_at: now,
        };
        let job = self.inner.storage.scheduler.enqueue(job).await?;
        let mut written = Ok(());
        self.update_job(job.id, |job| {
            let state = Queue::read(job).and_then(|mut queue| {
                queue.plan = plan.clone();
                queue.state()
            });
            match state {
                Ok(state) if state == job.state => None,
                Ok(state) => Some((state, job.wake_at)),
                Err(error) => {
                    written = Err(error);
                    None
                }
            }
        })
        .await?;
        written?;
        self.expect_connected(account).await
    }

    /// The next times of an account's queue, at most `limit`, and which of them are free.
    ///
    /// # Errors
    ///
    /// What a store said.
    pub async fn queue_times(
        &self,
        account: &UserId,
        limit: usize,
    ) -> Result<Vec<QueueTime>, MonitorError> {
        let now = self.now();
        let plan = self.posting_plan(account).await?;
        let planned: Vec<_> = self
            .planned(account, &plan, now)
            .await?
            .into_iter()
            .map(|planned| planned.at)
            .collect();
        Ok(plan
            .times(now)
            .take(limit)
            .map(|at| QueueTime {
                at,
                is_free: !planned.iter().any(|other| plan.is_too_close(at, *other)),
            })
            .collect())
    }

    /// What speaks against scheduling a post: the same content is planned or went out lately,
    /// or another post is too near. A post with the same idempotency key is the same post.
    ///
    /// # Errors
    ///
    /// What a store said.
    pub async fn plan_warnings(&self, new: &NewPost) -> Result<Vec<PlanWarning>, MonitorError> {
        Ok(self.surroundings(&new.account).await?.warnings(new))
    }

    /// What a new post of an account may collide with.
    pub(super) async fn surroundings(
        &self,
        account: &UserId,
    ) -> Result<Surroundings, MonitorError> {
        let now = self.now();
        let plan = self.posting_plan(account).await?;
        let planned = self.planned(account, &plan, now).await?;
        let known: HashSet<_> = planned
            .iter()
            .filter_map(|planned| planned.media_id.clone())
            .collect();
        let query = SnapshotQuery::account(account.clone())
            .metric(Metric::Post)
            .between(now - window(&plan), now + TimeDelta::days(1));
        let mut live = Vec::new();
        for snapshot in self.inner.storage.snapshots.query(&query).await? {
            if let (Subject::Post(id), Reading::Post(post)) = (&snapshot.subject, &snapshot.reading)
                && !known.contains(id)
            {
                live.push((id.clone(), words(post.text.as_deref()), snapshot.at));
            }
        }
        Ok(Surroundings {
            plan,
            planned,
            live,
        })
    }

    /// Everything that is planned within a year, and what went out lately.
    async fn planned(
        &self,
        account: &UserId,
        plan: &PostingPlan,
        now: DateTime<Utc>,
    ) -> Result<Vec<PlannedAt>, MonitorError> {
        let scheduler = &self.inner.storage.scheduler;
        let lately = now - window(plan).max(TimeDelta::minutes(plan.spacing_minutes.into()));
        let query = JobQuery::account(account.clone()).kind(JobKind::PublishPost);
        let mut planned = Vec::new();
        for job in scheduler.list(&query).await? {
            // What cannot be read is nothing that could be compared.
            let Ok(post) = read_post(&job) else { continue };
            planned.extend(PlannedAt::of_post(&job, &post, lately));
        }
        let query = JobQuery::account(account.clone())
            .kind(JobKind::RepeatPost)
            .open();
        for job in scheduler.list(&query).await? {
            let Ok(series) = Series::read(&job) else {
                continue;
            };
            let upcoming = series
                .upcoming()
                .map(Occurrence::at)
                .take_while(|at| *at <= now + HORIZON)
                .take(OCCURRENCES);
            let content = Arc::new(Content::of(&series.draft));
            planned.extend(upcoming.map(|at| PlannedAt {
                at,
                what: Planned::Repeated(job.id),
                content: Arc::clone(&content),
                key: None,
                media_id: None,
            }));
        }
        Ok(planned)
    }

    async fn queue_job(&self, account: &UserId) -> Result<Option<JobRecord>, MonitorError> {
        let query = JobQuery {
            limit: Some(1),
            ..JobQuery::account(account.clone()).kind(JobKind::KeepQueue)
        };
        let jobs = self.inner.storage.scheduler.list(&query).await?;
        Ok(jobs.into_iter().next())
    }

    /// Keeps the next free slot for a post that is about to be scheduled.
    ///
    /// The queue's row is what two callers meet at: whoever writes it second looks again.
    pub(super) async fn reserve_slot(
        &self,
        account: &UserId,
        post: JobId,
    ) -> Result<(DateTime<Utc>, Zone), MonitorError> {
        let scheduler = &self.inner.storage.scheduler;
        let full = || MonitorError::QueueFull {
            user: account.clone(),
        };
        for _ in 0..CONFLICT_TRIES {
            let job = self.queue_job(account).await?.ok_or_else(full)?;
            let mut queue = Queue::read(&job)?;
            let now = self.now();
            let mut reserved = Vec::new();
            for slot in queue.reserved {
                let is_there = scheduler.get(&slot.post).await?.is_some();
                if !is_there && !slot.is_over(now) {
                    reserved.push(slot);
                }
            }
            queue.reserved = reserved;
            // Read after the row: a post that was there when it was written is seen.
            let planned = self.planned(account, &queue.plan, now).await?;
            let taken: Vec<_> = planned
                .iter()
                .map(|planned| planned.at)
                .chain(queue.reserved.iter().map(|slot| slot.at))
                .collect();
            let at = queue.plan.next_free(now, &taken).ok_or_else(full)?;
            queue.reserved.push(Reserved {
                at,
                post,
                since: now,
            });
            let change = Change {
                state: queue.state()?,
                wake_at: job.wake_at,
                events: Vec::new(),
            };
            match scheduler.update(&job.id, job.version, change).await {
                Ok(_) => return Ok((at, queue.plan.zone)),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::conflict(format!("the queue of account {account}")).into())
    }

    /// Gives the slot of a post back that was not scheduled.
    pub(super) async fn free_slot(
        &self,
        account: &UserId,
        post: JobId,
    ) -> Result<(), MonitorError> {
        let Some(job) = self.queue_job(account).await? else {
            return Ok(());
        };
        self.update_job(job.id, |job| {
            let mut queue = Queue::read(job).ok()?;
            queue.reserved.retain(|slot| slot.post != post);
            let state = queue.state().ok()?;
            (state != job.state).then_some((state, job.wake_at))
        })
        .await
    }
}

/// What a new post may collide with.
pub(super) struct Surroundings {
    plan: PostingPlan,
    planned: Vec<PlannedAt>,
    /// Posts that did not come from here: their words, and when they went out.
    live: Vec<(PostId, String, DateTime<Utc>)>,
}

impl Surroundings {
    pub(super) fn warnings(&self, new: &NewPost) -> Vec<PlanWarning> {
        let content = Content::of(&new.draft);
        let own_key = new
            .idempotency_key
            .as_ref()
            .map(|key| format!("{KEY}{key}"));
        let due_at = due_at(new.due);
        let mut warnings: Vec<PlanWarning> = Vec::new();
        let mut close = Vec::new();
        for other in &self.planned {
            if own_key.is_some() && other.key == own_key {
                continue;
            }
            let (of, at) = (other.what.clone(), other.at);
            let is_told = || {
                warnings.iter().any(
                    |told| matches!(told, PlanWarning::Duplicate { of, .. } if *of == other.what),
                )
            };
            if *other.content == content && !is_told() {
                warnings.push(PlanWarning::Duplicate { of, at });
            }
            let is_close = self.plan.spacing_minutes > 0
                && due_at.is_some_and(|due_at| self.plan.is_too_close(due_at, at));
            if is_close {
                let to = other.what.clone();
                close.push(PlanWarning::TooClose { to, at });
            }
        }
        let live = self.live.iter().filter(|live| content.has_words(&live.1));
        warnings.extend(live.map(|(id, _, at)| PlanWarning::Duplicate {
            of: Planned::Live(id.clone()),
            at: *at,
        }));
        warnings.extend(close);
        warnings
    }

    /// A line of a table is planned from now on.
    #[cfg(feature = "archive")]
    pub(super) fn add_line(&mut self, line: u64, new: &NewPost) {
        self.planned.extend(due_at(new.due).map(|at| {
            PlannedAt {
                at,
                what: Planned::Line(line),
                content: Arc::new(Content::of(&new.draft)),
                key: new
                    .idempotency_key
                    .as_ref()
                    .map(|key| format!("{KEY}{key}")),
                media_id: None,
            }
        }));
    }
}

/// When a post is due; `None` for the queue, which keeps its distance by itself.
pub(super) fn due_at(due: Due) -> Option<DateTime<Utc>> {
    match due {
        Due::At(due_at) => Some(due_at),
        Due::Local { time, zone } => zone.instant(time).map(LocalInstant::instant),
        Due::NextSlot => None,
    }
}

/// Something at its time.
struct PlannedAt {
    at: DateTime<Utc>,
    what: Planned,
    content: Arc<Content>,
    key: Option<String>,
    media_id: Option<PostId>,
}

impl PlannedAt {
    /// A post that is not at its end, or may have gone out since.
    fn of_post(job: &JobRecord, post: &Post, since: DateTime<Utc>) -> Option<Self> {
        let (at, media_id) = match &post.phase {
            Phase::Published { .. } => (post.due_at, post.media_ids().next().cloned()),
            phase if phase.is_final() && post.media_ids().next().is_none() => return None,
            // What the list of posts shows of a chain is its first part.
            _ => (post.due_at, post.media_ids().next().cloned()),
        };
        let is_over = post.is_over() && at < since;
        (!is_over).then(|| Self {
            at,
            what: Planned::Post(job.id),
            content: Arc::new(Content::of(post.first_draft())),
            key: Some(job.idempotency_key.clone()),
            media_id,
        })
    }
}

fn window(plan: &PostingPlan) -> TimeDelta {
    TimeDelta::days(plan.duplicate_days.into())
}
