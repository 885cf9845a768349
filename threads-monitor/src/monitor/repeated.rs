//! Repeated posts: making, looking, changing, ending.

use threads_client::{Draft, UserId};

use super::Monitor;
use crate::error::{MonitorError, StoreError};
use crate::planning::{NewSeries, Repeat, RepeatedPost, Series};
use crate::publishing::matching;
use crate::scheduler::{JobId, JobKind, JobQuery, JobRecord, NewJob};

/// What is said to be missing.
const WHAT: &str = "repeated post";

impl Monitor {
    /// Repeats a post by a rule, from now on.
    ///
    /// Each occurrence becomes a scheduled post of its own, a quarter of an hour before its
    /// time; those from before now are left out. With an idempotency key a repetition of the
    /// same call returns the same series.
    ///
    /// # Errors
    ///
    /// `Draft` and `NotSchedulable` as with [`schedule`](Self::schedule), `Repeat` for a rule
    /// without sense, `Config` when nothing of it is still to come, `NotConnected`, and
    /// `Store` with a conflict when the idempotency key was used for another series.
    pub async fn repeat(&self, new: NewSeries) -> Result<RepeatedPost, MonitorError> {
        check(&new.draft, &new.repeat)?;
        let now = self.now();
        let series = Series::new(&new, now);
        series.upcoming().next().ok_or_else(too_late)?;
        let _not_while_erasing = self.inner.erasing.of(&new.account).read().await;
        self.inner.tokens.load(&new.account).await?;
        let id = JobId::random();
        let key = match new.idempotency_key {
            Some(key) => format!("series:{key}"),
            None => format!("series:{id}"),
        };
        let job = NewJob {
            id,
            serial_key: key.clone(),
            account: new.account,
            kind: JobKind::RepeatPost,
            idempotency_key: key,
            request: series.request()?,
            state: series.state()?,
            // It works out itself for how long it waits.
            wake_at: now,
            created_at: now,
        };
        let job = self.inner.storage.scheduler.enqueue(job).await?;
        self.expect_connected(&job.account).await?;
        self.inner.changed.notify_one();
        Ok(repeated(&job)?)
    }

    /// One repeated post, or `None`.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn repeated(&self, id: &JobId) -> Result<Option<RepeatedPost>, MonitorError> {
        let job = self.inner.storage.scheduler.get(id).await?;
        Ok(job
            .filter(|job| job.kind == JobKind::RepeatPost)
            .map(|job| repeated(&job))
            .transpose()?)
    }

    /// All repeated posts of an account, in the order in which they were made, ended ones
    /// too.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn repeated_posts(
        &self,
        account: &UserId,
    ) -> Result<Vec<RepeatedPost>, MonitorError> {
        let query = JobQuery::account(account.clone()).kind(JobKind::RepeatPost);
        let jobs = self.inner.storage.scheduler.list(&query).await?;
        let mut found = Vec::new();
        for job in &jobs {
            match repeated(job) {
                Ok(series) => found.push(series),
                // One that cannot be read hides no other; it is kept as it is.
                Err(error) => tracing::error!(job.id = %job.id, %error, "unreadable series"),
            }
        }
        Ok(found)
    }

    /// Repeats something else, or at other times, from now on.
    ///
    /// An occurrence that is a scheduled post already is called off and made anew if the new
    /// rule has it; if it is too late to call it off, it goes out as it was.
    ///
    /// # Errors
    ///
    /// `Draft`, `NotSchedulable`, `Repeat` and `Config` as with [`repeat`](Self::repeat),
    /// `NoSuchPlan`, and `PostState` when it has ended. Nothing changes then.
    pub async fn change_repeated(
        &self,
        id: &JobId,
        draft: &Draft,
        repeat: &Repeat,
    ) -> Result<RepeatedPost, MonitorError> {
        check(draft, repeat)?;
        let now = self.now();
        repeat.after(now).next().ok_or_else(too_late)?;
        self.tell_series(id, "changed", |series| {
            series.draft = draft.clone();
            series.repeat = repeat.clone();
        })
        .await
    }

    /// Ends a repeated post: nothing more comes of it.
    ///
    /// What is a scheduled post already is called off as by [`cancel`](Self::cancel).
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, or `PostState` when it has ended.
    pub async fn end_repeated(&self, id: &JobId) -> Result<RepeatedPost, MonitorError> {
        let now = self.now();
        self.tell_series(id, "ended", |series| series.ended_at = Some(now))
            .await
    }

    async fn tell_series(
        &self,
        id: &JobId,
        action: &'static str,
        change: impl Fn(&mut Series) + Send + Sync,
    ) -> Result<RepeatedPost, MonitorError> {
        let missing = || MonitorError::NoSuchPlan {
            what: WHAT,
            id: *id,
        };
        let before = self.repeated(id).await?.ok_or_else(missing)?;
        let now = self.now();
        let (mut has_ended, mut unreadable) = (false, None);
        self.update_job(before.id, |job| {
            let written = Series::read(job).and_then(|mut series| {
                has_ended = series.ended_at.is_some();
                change(&mut series);
                series.revision = series.revision.saturating_add(1);
                series.changed_at = Some(now);
                series.state()
            });
            match written {
                Ok(_) if has_ended => None,
                Ok(state) => Some((state, Some(now))),
                Err(error) => {
                    unreadable = Some(error);
                    None
                }
            }
        })
        .await?;
        if let Some(error) = unreadable {
            return Err(error.into());
        }
        if has_ended {
            return Err(MonitorError::PostState {
                action,
                reason: "it has already ended".to_owned(),
            });
        }
        // Whoever runs it at this moment meets the change.
        self.run_job(id).await?;
        self.inner.changed.notify_one();
        self.repeated(id).await?.ok_or_else(missing)
    }
}

fn check(draft: &Draft, repeat: &Repeat) -> Result<(), MonitorError> {
    draft.validate()?;
    if let Some(reason) = matching::unverifiable(draft) {
        return Err(MonitorError::NotSchedulable { reason });
    }
    repeat.check()?;
    Ok(())
}

fn too_late() -> MonitorError {
    MonitorError::Config("all times of this rule are over".to_owned())
}

fn repeated(job: &JobRecord) -> Result<RepeatedPost, StoreError> {
    Ok(RepeatedPost {
        id: job.id,
        account: job.account.clone(),
        series: Series::read(job)?,
        created_at: job.created_at,
        next_wake_at: job.wake_at,
    })
}
