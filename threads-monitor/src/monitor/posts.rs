//! Scheduled posts: making, seeing, calling off.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use threads_client::{Draft, Scope, UserId};

use super::Monitor;
use crate::error::{MonitorError, StoreError};
use crate::publishing::engine::{change, read_post};
use crate::publishing::{
    Decision, Due, Event, KEY, NewPost, Phase, Post, ScheduledPost, matching, queued_request,
    request, serial_key, state, step,
};
use crate::scheduler::{JobId, JobKind, JobQuery, JobRecord, NewJob};
use crate::zone::Zone;

/// How late a post may go out when nothing else is said.
pub(super) const MAX_LATENESS: Duration = Duration::from_hours(2);
/// How often a change is tried again when somebody else was faster.
const CONFLICT_TRIES: usize = 8;

impl Monitor {
    /// Schedules a post.
    ///
    /// The draft is checked first; what Meta would certainly refuse never gets in. A due
    /// time that has just passed is fine: the post goes out at once. With an idempotency
    /// key a repetition of the same call returns the same post.
    ///
    /// # Errors
    ///
    /// `Draft` for a draft that cannot be published, `NotSchedulable` for one whose outcome
    /// could not be checked after a lost answer (a ghost post), `MissingScope` for a reply of an
    /// account that did not grant `threads_manage_replies`, `Config` for a due time that is
    /// too long ago or does not exist, `QueueFull`, `Warned` if that was wished for,
    /// `NotConnected`, and `Store` with a conflict when the idempotency key was used for
    /// another post.
    pub async fn schedule(&self, new: NewPost) -> Result<ScheduledPost, MonitorError> {
        new.draft.validate()?;
        let parts = vec![new.draft.clone()];
        self.schedule_parts(JobId::random(), new, parts).await
    }

    /// Schedules a post, or a chain that begins with it, under an id.
    pub(super) async fn schedule_parts(
        &self,
        id: JobId,
        new: NewPost,
        parts: Vec<Draft>,
    ) -> Result<ScheduledPost, MonitorError> {
        if let Some(reason) = parts.iter().find_map(matching::unverifiable) {
            return Err(MonitorError::NotSchedulable { reason });
        }
        // The standing jobs of the account have keys of their own.
        let key = match &new.idempotency_key {
            Some(key) => format!("{KEY}{key}"),
            None => format!("{KEY}{id}"),
        };
        let _not_while_erasing = self.inner.erasing.of(&new.account).read().await;
        let scopes = self.inner.tokens.load(&new.account).await?.token.scopes;
        let replies = parts.len() > 1 || new.draft.reply_to.is_some();
        // Without any scope it is not known which were granted.
        if replies && !scopes.is_empty() && !scopes.contains(&Scope::ManageReplies) {
            return Err(MonitorError::MissingScope {
                user: new.account,
                scope: Scope::ManageReplies,
                needed_for: "to publish replies, which every part of a chain after the first is",
            });
        }
        if new.unless_warned {
            let warnings = self.plan_warnings(&new).await?;
            if !warnings.is_empty() {
                return Err(MonitorError::Warned { warnings });
            }
        }
        let account = new.account;
        let is_queued = new.due == Due::NextSlot;
        let (due_at, zone) = self.resolve(&account, new.due, id).await?;
        let lateness = new.max_lateness.unwrap_or(MAX_LATENESS);
        let post = Post::chain(parts, due_at, zone, lateness)
            .ok_or_else(|| MonitorError::Config("a chain needs parts".to_owned()))?;
        if post.latest_at() < self.now() {
            return Err(MonitorError::Config(format!(
                "the due time {due_at} is too long ago"
            )));
        }
        let request = if is_queued {
            queued_request(&post)?
        } else {
            request(&post)?
        };
        let scheduled = self
            .enqueue_post(id, account.clone(), &post, key, request)
            .await;
        let is_new = scheduled.as_ref().is_ok_and(|post| post.id == id);
        if is_queued && !is_new {
            // It was there already, or does not come: the slot is free again.
            self.free_slot(&account, id).await?;
        }
        scheduled
    }

    /// The instant at which a post is due. A slot of the queue is kept for `post`.
    pub(super) async fn resolve(
        &self,
        account: &UserId,
        due: Due,
        post: JobId,
    ) -> Result<(DateTime<Utc>, Option<Zone>), MonitorError> {
        match due {
            Due::At(due_at) => Ok((due_at, None)),
            Due::Local { time, zone } => {
                let local = zone.instant(time).ok_or_else(|| {
                    MonitorError::Config("the due time is not a date that exists".to_owned())
                })?;
                Ok((local.instant(), Some(zone)))
            }
            Due::NextSlot => {
                let (at, zone) = self.reserve_slot(account, post).await?;
                Ok((at, Some(zone)))
            }
        }
    }

    /// Makes the job of a post, unless there is one with its key. Whoever calls it keeps the
    /// account from being erased meanwhile.
    pub(crate) async fn enqueue_post(
        &self,
        id: JobId,
        account: UserId,
        post: &Post,
        idempotency_key: String,
        request: Value,
    ) -> Result<ScheduledPost, MonitorError> {
        let now = self.now();
        let first = step(&self.inner.policy, post, now, Event::Woke);
        let job = NewJob {
            id,
            serial_key: serial_key(&account),
            account,
            kind: JobKind::PublishPost,
            idempotency_key,
            request,
            state: state(post)?,
            wake_at: match first.next {
                crate::publishing::Next::WaitUntil(at) => at,
                _ => now,
            },
            created_at: now,
        };
        let job = self.inner.storage.scheduler.enqueue(job).await?;
        self.expect_connected(&job.account).await?;
        self.inner.changed.notify_one();
        Ok(scheduled(&job)?)
    }

    /// One scheduled post, or `None`.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn scheduled(&self, id: &JobId) -> Result<Option<ScheduledPost>, MonitorError> {
        let job = self.inner.storage.scheduler.get(id).await?;
        Ok(job
            .filter(|job| job.kind == JobKind::PublishPost)
            .map(|job| scheduled(&job))
            .transpose()?)
    }

    /// All scheduled posts of an account, the latest due first.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn scheduled_posts(
        &self,
        account: &UserId,
    ) -> Result<Vec<ScheduledPost>, MonitorError> {
        let query = JobQuery::account(account.clone()).kind(JobKind::PublishPost);
        let jobs = self.inner.storage.scheduler.list(&query).await?;
        let mut posts = Vec::new();
        for job in &jobs {
            match scheduled(job) {
                Ok(post) => posts.push(post),
                // One that cannot be read hides no other; it is kept as it is.
                Err(error) => tracing::error!(job.id = %job.id, %error, "unreadable post"),
            }
        }
        posts.sort_by_key(|post| std::cmp::Reverse((post.post.due_at, post.id)));
        Ok(posts)
    }

    /// Calls a scheduled post off.
    ///
    /// While a publish call may be under way this is recorded only
    /// (`cancel_requested_at`): the post then ends as cancelled, or as published when
    /// it was too late. Of a chain, what is live stays; the part that it is at and all parts
    /// below it are called off.
    ///
    /// # Errors
    ///
    /// `NoSuchPost`, or `PostState` when its outcome is already decided.
    pub async fn cancel(&self, id: &JobId) -> Result<ScheduledPost, MonitorError> {
        self.tell(id, &Event::CancelRequested, |post| match &post.phase {
            Phase::Published { .. } if !post.is_over() => None,
            Phase::Published { .. } => Some(("cancelled", "it is already published")),
            phase if phase.is_final() => Some(("cancelled", "it has already ended")),
            _ => None,
        })
        .await
    }

    /// Decides about a post that needs attention.
    ///
    /// # Errors
    ///
    /// `NoSuchPost`, or `PostState` when the post does not need attention.
    pub async fn decide(
        &self,
        id: &JobId,
        decision: Decision,
    ) -> Result<ScheduledPost, MonitorError> {
        self.tell(id, &Event::Decided(decision), |post| match post.phase {
            Phase::NeedsAttention { .. } => None,
            _ => Some(("decided by hand", "it does not need attention")),
        })
        .await
    }

    pub(super) async fn tell(
        &self,
        id: &JobId,
        event: &Event,
        refused: impl Fn(&Post) -> Option<(&'static str, &'static str)> + Send,
    ) -> Result<ScheduledPost, MonitorError> {
        let scheduler = &self.inner.storage.scheduler;
        for _ in 0..CONFLICT_TRIES {
            let job = scheduler
                .get(id)
                .await?
                .filter(|job| job.kind == JobKind::PublishPost)
                .ok_or(MonitorError::NoSuchPost { id: *id })?;
            let before = read_post(&job)?;
            if let Some((action, reason)) = refused(&before) {
                return Err(MonitorError::PostState {
                    action,
                    reason: reason.to_owned(),
                });
            }
            let now = self.now();
            let step = step(&self.inner.policy, &before, now, event.clone());
            let change = change(&before, &step, now)?;
            match scheduler.update(id, job.version, change).await {
                Ok(job) => {
                    self.inner.changed.notify_one();
                    return Ok(scheduled(&job)?);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::conflict(format!("scheduled post {id}")).into())
    }
}

pub(super) fn scheduled(job: &JobRecord) -> Result<ScheduledPost, StoreError> {
    Ok(ScheduledPost {
        id: job.id,
        account: job.account.clone(),
        post: read_post(job)?,
        created_at: job.created_at,
        next_wake_at: job.wake_at,
    })
}
