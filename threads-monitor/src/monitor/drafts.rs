//! Drafts: keeping, asking for approval, deciding.

use serde_json::Value;
use threads_client::{Draft, UserId};

use super::Monitor;
use super::posts::MAX_LATENESS;
use crate::error::{MonitorError, StoreError};
use crate::planning::{DraftEntry, DraftPlan, KeptDraft, NewDraft, Said, Stage};
use crate::publishing::{KEY, Post, ScheduledPost, matching, request};
use crate::scheduler::{Change, JobId, JobKind, JobQuery, JobRecord, NewJob};

const WHAT: &str = "draft";
/// How often a change is tried again when somebody else was faster.
const CONFLICT_TRIES: usize = 8;
const LONGEST_NAME: usize = 100;
const LONGEST_REASON: usize = 1000;

impl Monitor {
    /// Keeps a draft. It is no post: nothing is sent, however long it lies there.
    ///
    /// # Errors
    ///
    /// `NotConnected`, and `Store` with a conflict when the idempotency key was used for
    /// another draft, or that was discarded.
    pub async fn keep_draft(&self, new: NewDraft) -> Result<KeptDraft, MonitorError> {
        let _not_while_erasing = self.inner.erasing.of(&new.account).read().await;
        self.inner.tokens.load(&new.account).await?;
        let now = self.now();
        let id = JobId::random();
        let key = match new.idempotency_key {
            Some(key) => format!("draft:{key}"),
            None => format!("draft:{id}"),
        };
        let entry = DraftEntry::new(new.content);
        let job = NewJob {
            id,
            account: new.account,
            kind: JobKind::KeepDraft,
            serial_key: key.clone(),
            idempotency_key: key,
            // It would stay when the draft is discarded.
            request: Value::Null,
            state: entry.state()?,
            wake_at: now,
            created_at: now,
        };
        let job = self.inner.storage.scheduler.enqueue(job).await?;
        self.expect_connected(&job.account).await?;
        self.inner.changed.notify_one();
        let draft = kept(&job)?;
        let is_other = draft.entry.revision == 0 && draft.entry.content != entry.content;
        if draft.id != id && is_other {
            return Err(StoreError::conflict(format!("draft {}", draft.id)).into());
        }
        Ok(draft)
    }

    /// One draft, or `None`. A discarded one is there, without what it said.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn draft(&self, id: &JobId) -> Result<Option<KeptDraft>, MonitorError> {
        let job = self.inner.storage.scheduler.get(id).await?;
        Ok(job
            .filter(|job| job.kind == JobKind::KeepDraft)
            .map(|job| kept(&job))
            .transpose()?)
    }

    /// The drafts of an account that are no posts yet, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn drafts(&self, account: &UserId) -> Result<Vec<KeptDraft>, MonitorError> {
        let query = JobQuery::account(account.clone()).kind(JobKind::KeepDraft);
        let mut drafts = Vec::new();
        for job in &self.inner.storage.scheduler.list(&query).await? {
            match kept(job) {
                Ok(KeptDraft {
                    entry:
                        DraftEntry {
                            stage: Stage::Scheduled { .. } | Stage::Discarded { .. },
                            ..
                        },
                    ..
                }) => {}
                Ok(draft) => drafts.push(draft),
                // One that cannot be read hides no other; it is kept as it is.
                Err(error) => tracing::error!(job.id = %job.id, %error, "unreadable draft"),
            }
        }
        Ok(drafts)
    }

    /// Changes what a draft says. If it waits for approval, it does not any more: what would
    /// be approved is another text now.
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, or `PostState` when it is a post already, was discarded, or was changed
    /// by somebody else since `revision`.
    pub async fn change_draft(
        &self,
        id: &JobId,
        revision: u32,
        content: &DraftPlan,
    ) -> Result<KeptDraft, MonitorError> {
        self.tell_draft(id, "changed", Some(revision), |entry| {
            entry.content = content.clone();
            entry.revision = entry.revision.saturating_add(1);
            entry.stage = Stage::Open;
            Ok(())
        })
        .await
    }

    /// Throws a draft away: what it said is overwritten.
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, or `PostState` when it is a post already.
    pub async fn discard_draft(&self, id: &JobId) -> Result<KeptDraft, MonitorError> {
        let at = self.now();
        self.tell_draft(id, "discarded", None, |entry| {
            entry.content = DraftPlan::new(Draft::text(""), None);
            entry.stage = Stage::Discarded { at };
            Ok(())
        })
        .await
    }

    /// Asks for approval: from now on the draft is not scheduled unless somebody approves it.
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, `Draft`, `NotSchedulable` and `Config` for one that could not be
    /// scheduled as it is, `PostState` as with [`change_draft`](Self::change_draft).
    pub async fn ask_approval(
        &self,
        id: &JobId,
        revision: u32,
        by: &str,
    ) -> Result<KeptDraft, MonitorError> {
        let said = self.said(by)?;
        self.tell_draft(id, "put forward", Some(revision), |entry| {
            check(&entry.content)?;
            entry.stage = Stage::Waiting;
            entry.asked = Some(said.clone());
            Ok(())
        })
        .await
    }

    /// Does not approve a draft. It stays, and can be changed and put forward again.
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, or `PostState` when it does not wait for approval, or not as
    /// `revision`.
    pub async fn reject_draft(
        &self,
        id: &JobId,
        revision: u32,
        by: &str,
        reason: &str,
    ) -> Result<KeptDraft, MonitorError> {
        let said = self.said(by)?;
        let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
        self.tell_draft(id, "rejected", Some(revision), |entry| {
            expect_waiting(entry, "rejected")?;
            entry.stage = Stage::Rejected {
                said: said.clone(),
                reason: reason.clone(),
            };
            Ok(())
        })
        .await
    }

    /// Approves what a draft said as `revision`: it becomes a scheduled post, once.
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, or `PostState` when it does not wait for approval, or not as
    /// `revision`; otherwise as with [`schedule`](Self::schedule). It still waits then.
    pub async fn approve_draft(
        &self,
        id: &JobId,
        revision: u32,
        by: &str,
    ) -> Result<ScheduledPost, MonitorError> {
        let said = self.said(by)?;
        self.send_on(id, revision, Some(said)).await
    }

    /// Schedules a draft that nobody has to approve.
    ///
    /// # Errors
    ///
    /// `NoSuchPlan`, or `PostState` when it waits for approval, was not approved, or is not
    /// `revision` any more; otherwise as with [`schedule`](Self::schedule).
    pub async fn schedule_draft(
        &self,
        id: &JobId,
        revision: u32,
    ) -> Result<ScheduledPost, MonitorError> {
        self.send_on(id, revision, None).await
    }

    async fn send_on(
        &self,
        id: &JobId,
        revision: u32,
        approved: Option<Said>,
    ) -> Result<ScheduledPost, MonitorError> {
        let action = if approved.is_some() {
            "approved"
        } else {
            "scheduled"
        };
        let draft = self.draft(id).await?.ok_or_else(|| missing(id))?;
        let scheduled = {
            let _not_while_erasing = self.inner.erasing.of(&draft.account).read().await;
            self.inner.tokens.load(&draft.account).await?;
            let due = check(&draft.entry.content)?;
            let post = JobId::random();
            let (due_at, zone) = self.resolve(&draft.account, due, post).await?;
            let late = Post::new(
                draft.entry.content.draft.clone(),
                due_at,
                zone,
                draft.entry.content.lateness(MAX_LATENESS),
            );
            let decided = if late.latest_at() < self.now() {
                Err(MonitorError::Config(format!(
                    "the due time {due_at} is too long ago: change it first"
                )))
            } else {
                self.tell_draft(id, action, Some(revision), |entry| {
                    match (&entry.stage, &approved) {
                        (_, Some(_)) => expect_waiting(entry, "approved")?,
                        (Stage::Open, None) => {}
                        (_, None) => {
                            return Err(state("scheduled", "it needs somebody's approval"));
                        }
                    }
                    entry.stage = Stage::Scheduled {
                        approved: approved.clone(),
                        post,
                        due_at,
                        is_made: false,
                    };
                    Ok(())
                })
                .await
            };
            match decided {
                Ok(draft) => self.make_drafted(&draft).await?,
                Err(error) => {
                    self.free_slot(&draft.account, post).await?;
                    return Err(error);
                }
            }
        };
        // Only to note that it is there; if it cannot run now, it does so later.
        self.run_job(id).await?;
        scheduled.ok_or_else(|| missing(id))
    }

    /// Makes the post of a draft that was decided to be one, or finds it. Whoever calls it
    /// keeps the account from being erased meanwhile.
    pub(crate) async fn make_drafted(
        &self,
        draft: &KeptDraft,
    ) -> Result<Option<ScheduledPost>, MonitorError> {
        let Stage::Scheduled {
            post: id, due_at, ..
        } = draft.entry.stage
        else {
            return Ok(None);
        };
        let content = &draft.entry.content;
        let zone = match content.due {
            Some(crate::publishing::Due::Local { zone, .. }) => Some(zone),
            _ => None,
        };
        let post = Post::new(
            content.draft.clone(),
            due_at,
            zone,
            content.lateness(MAX_LATENESS),
        );
        let request = request(&post)?;
        let key = format!("{KEY}draft:{}", draft.id);
        let account = draft.account.clone();
        let scheduled = self.enqueue_post(id, account, &post, key, request).await?;
        Ok(Some(scheduled))
    }

    fn said(&self, by: &str) -> Result<Said, MonitorError> {
        let by = by.trim();
        if by.is_empty() || by.chars().count() > LONGEST_NAME {
            return Err(MonitorError::Config(format!(
                "a name of 1 to {LONGEST_NAME} characters is needed"
            )));
        }
        Ok(Said {
            by: by.to_owned(),
            at: self.now(),
        })
    }

    async fn tell_draft(
        &self,
        id: &JobId,
        action: &'static str,
        revision: Option<u32>,
        change: impl Fn(&mut DraftEntry) -> Result<(), MonitorError> + Send + Sync,
    ) -> Result<KeptDraft, MonitorError> {
        let scheduler = &self.inner.storage.scheduler;
        for _ in 0..CONFLICT_TRIES {
            let job = scheduler.get(id).await?;
            let job = job
                .filter(|job| job.kind == JobKind::KeepDraft)
                .ok_or_else(|| missing(id))?;
            let mut entry = DraftEntry::read(&job)?;
            match entry.stage {
                Stage::Scheduled { .. } => return Err(state(action, "it is a post already")),
                Stage::Discarded { .. } => return Err(state(action, "it was discarded")),
                _ => {}
            }
            if revision.is_some_and(|revision| revision != entry.revision) {
                return Err(state(action, "somebody changed it in the meantime"));
            }
            change(&mut entry)?;
            let change = Change {
                state: entry.state()?,
                wake_at: Some(self.now()),
                events: Vec::new(),
            };
            match scheduler.update(id, job.version, change).await {
                Ok(job) => {
                    self.inner.changed.notify_one();
                    return Ok(kept(&job)?);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::conflict(format!("draft {id}")).into())
    }
}

/// Whether it could be scheduled, and when.
fn check(content: &DraftPlan) -> Result<crate::publishing::Due, MonitorError> {
    content.draft.validate()?;
    if let Some(reason) = matching::unverifiable(&content.draft) {
        return Err(MonitorError::NotSchedulable { reason });
    }
    content.due.ok_or_else(|| {
        MonitorError::Config("the draft has no time yet: choose one first".to_owned())
    })
}

fn expect_waiting(entry: &DraftEntry, action: &'static str) -> Result<(), MonitorError> {
    match entry.stage {
        Stage::Waiting => Ok(()),
        _ => Err(state(action, "it does not wait for approval")),
    }
}

fn state(action: &'static str, reason: &str) -> MonitorError {
    MonitorError::PostState {
        action,
        reason: reason.to_owned(),
    }
}

fn missing(id: &JobId) -> MonitorError {
    MonitorError::NoSuchPlan {
        what: WHAT,
        id: *id,
    }
}

pub(crate) fn kept(job: &JobRecord) -> Result<KeptDraft, StoreError> {
    Ok(KeptDraft {
        id: job.id,
        account: job.account.clone(),
        entry: DraftEntry::read(job)?,
        created_at: job.created_at,
    })
}
