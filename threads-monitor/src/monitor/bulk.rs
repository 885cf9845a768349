//! Many posts from a table, and the plan as one.

use std::collections::HashMap;

use chrono::TimeDelta;
use threads_client::UserId;

use super::Monitor;
use super::posts::MAX_LATENESS;
use super::queue::due_at;
use crate::error::{MonitorError, StoreError};
use crate::planning::{
    BulkMode, BulkOptions, BulkOutcome, BulkReport, BulkRow, ReadRow, read_table, write_table,
};
use crate::publishing::engine::read_post;
use crate::publishing::{Due, KEY, NewPost, Post, request};
use crate::scheduler::{JobId, JobKind, JobQuery, JobRecord};
use crate::zone::Zone;

impl Monitor {
    /// Schedules the rows of a CSV file, or says what would become of them.
    ///
    /// `zone` is the zone of rows that name none. Each row is one post by its own key, or by
    /// what it says: the same file twice schedules nothing twice. See
    /// [`COLUMNS`](crate::planning::COLUMNS) for what it may hold.
    ///
    /// # Errors
    ///
    /// `Table` for a file that is no table, `NotConnected`, and what a store said; the same
    /// file once more does the rest then. A row with a problem is no error: its
    /// [`outcome`](BulkRow::outcome) says so.
    pub async fn import_posts(
        &self,
        account: &UserId,
        zone: Zone,
        file: &[u8],
        options: BulkOptions,
    ) -> Result<BulkReport, MonitorError> {
        self.inner.tokens.load(account).await?;
        let query = JobQuery::account(account.clone()).kind(JobKind::PublishPost);
        let known = Known::of(self.inner.storage.scheduler.list(&query).await?);
        let mut surroundings = self.surroundings(account).await?;
        let mut rows = Vec::new();
        let mut posts = Vec::new();
        for read in read_table(account, zone, file)? {
            let due_at = read.post.as_ref().ok().and_then(|post| due_at(post.due));
            let mut warnings = Vec::new();
            let outcome = match (&read.post, known.outcome(&read, self.now())) {
                (Ok(post), None) => {
                    warnings = surroundings.warnings(post);
                    surroundings.add_line(read.line, post);
                    if warnings.is_empty() || options.accept_warnings {
                        BulkOutcome::Fine
                    } else {
                        BulkOutcome::Unconfirmed
                    }
                }
                (_, Some(outcome)) => outcome,
                (Err(problem), None) => BulkOutcome::Problem(problem.clone()),
            };
            posts.push(read.post.ok());
            rows.push(BulkRow {
                line: read.line,
                text: read.text,
                due_at,
                warnings,
                outcome,
            });
        }
        let mut report = BulkReport { rows };
        let goes_on = match options.mode {
            BulkMode::DryRun => false,
            BulkMode::AllOrNothing => report.problems() == 0,
            BulkMode::GoodRows => true,
        };
        if goes_on {
            for (row, post) in report.rows.iter_mut().zip(posts) {
                if let (BulkOutcome::Fine, Some(post)) = (&row.outcome, post) {
                    row.outcome = self.import_post(post).await?;
                }
            }
        }
        Ok(report)
    }

    async fn import_post(&self, post: NewPost) -> Result<BulkOutcome, MonitorError> {
        match self.schedule(post).await {
            Ok(scheduled) => Ok(BulkOutcome::Scheduled(scheduled.id)),
            Err(
                error @ (MonitorError::Draft(_)
                | MonitorError::Config(_)
                | MonitorError::NotSchedulable { .. }
                | MonitorError::Store(StoreError::Conflict { .. })),
            ) => Ok(BulkOutcome::Problem(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// The posts of an account that are still to come, the next due first, as a CSV file that
    /// [`import_posts`](Self::import_posts) takes.
    ///
    /// Taken back where it comes from, it changes nothing. What a table has no column for, as
    /// a poll, is not in it; the row says so, and is not taken elsewhere.
    ///
    /// # Errors
    ///
    /// What a store said.
    pub async fn export_posts(&self, account: &UserId, zone: Zone) -> Result<String, MonitorError> {
        let mut posts = self.scheduled_posts(account).await?;
        posts.retain(|scheduled| !scheduled.post.is_over());
        posts.sort_by_key(|scheduled| (scheduled.post.due_at, scheduled.id));
        Ok(write_table(&posts, zone))
    }
}

/// The posts that there are.
struct Known {
    by_key: HashMap<String, JobRecord>,
    ids: HashMap<JobId, String>,
}

impl Known {
    fn of(jobs: Vec<JobRecord>) -> Self {
        let ids = jobs
            .iter()
            .map(|job| (job.id, job.idempotency_key.clone()))
            .collect();
        let by_key = jobs
            .into_iter()
            .map(|job| (job.idempotency_key.clone(), job))
            .collect();
        Self { by_key, ids }
    }

    /// What becomes of a row that is not new; `None` if it is.
    fn outcome(&self, read: &ReadRow, now: chrono::DateTime<chrono::Utc>) -> Option<BulkOutcome> {
        let problem = |text: &str| Some(BulkOutcome::Problem(text.to_owned()));
        if let Some(job) = read.of.and_then(|id| self.by_key.get(self.ids.get(&id)?)) {
            return if is_of(read, job) {
                Some(BulkOutcome::AlreadyThere(job.id))
            } else {
                problem(
                    "it is another than the post that it was exported from: call that off, and \
                     empty its cell `post`",
                )
            };
        }
        let post = read.post.as_ref().ok()?;
        if !read.is_complete {
            return problem("it was exported from a post that a table cannot say all of");
        }
        let wanted = wanted(post)?;
        let key = post.idempotency_key.as_ref()?;
        if let Some(job) = self.by_key.get(&format!("{KEY}{key}")) {
            let is_same = request(&wanted).is_ok_and(|request| request == job.request);
            return if is_same {
                Some(BulkOutcome::AlreadyThere(job.id))
            } else {
                problem("its key was used for another post")
            };
        }
        if wanted.latest_at() < now {
            return problem("its time is over");
        }
        None
    }
}

/// Whether a row still says what the post does that it was exported from.
fn is_of(read: &ReadRow, job: &JobRecord) -> bool {
    let Ok(post) = read_post(job) else {
        return false;
    };
    match &read.post {
        Ok(row) => {
            let same_time = due_at(row.due)
                .is_some_and(|due_at| (post.due_at - due_at).abs() < TimeDelta::seconds(1));
            let same_draft = if read.is_complete {
                row.draft == post.draft
            } else {
                row.draft.text == post.draft.text
            };
            same_time && same_draft
        }
        // A post without anything that a table can say.
        Err(_) => !read.is_complete,
    }
}

fn wanted(new: &NewPost) -> Option<Post> {
    let zone = match new.due {
        Due::Local { zone, .. } => Some(zone),
        _ => None,
    };
    let lateness = new.max_lateness.unwrap_or(MAX_LATENESS);
    Some(Post::new(
        new.draft.clone(),
        due_at(new.due)?,
        zone,
        lateness,
    ))
}
