//! A backup put into empty stores.

use std::io::{Read, Seek};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::backup::{EVENTS, FORMAT, JOBS, JobRow, SNAPSHOTS, TOKENS, TokenRow, TokensAs};
use super::error::ArchiveError;
use super::import::check_id;
use super::manifest::MANIFEST;
use super::read::{Archive, Each, Rows, blocking};
use super::{Counter, Progress, kept_tokens};
use crate::error::StoreError;
use crate::planning::{DraftEntry, Series};
use crate::publishing::{self, Event as PostEvent, Post, PostPolicy, ScheduledPost, step};
use crate::scheduler::{
    Change, Event, EventCursor, JobKind, JobQuery, JobRecord, NewEvent, NewJob, Scheduler,
};
use crate::snapshot_store::Snapshot;
use crate::storage::Storage;
use crate::token_store::Token;

/// What was put back.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Restored {
    /// When the backup was made.
    pub backed_up_at: DateTime<Utc>,
    /// In what form its tokens are.
    pub tokens: TokensAs,
    /// Accounts that have a token.
    pub accounts: u64,
    /// Readings, jobs, events and tokens.
    pub rows: u64,
    /// Scheduled posts that are not at their end, as they stood in the backup. Those whose
    /// time has passed when the instance starts are looked for and not published; the others
    /// are published at their time.
    pub open_posts: Vec<ScheduledPost>,
}

/// Puts a backup into empty stores, of whatever backend.
///
/// The file is checked to its end before anything is stored. **No post is published twice**:
/// the instance that the backup was made of may have gone on, so every post that is not at
/// its end becomes [`Restored`](publishing::Event::Restored). Stop that instance for good
/// before a monitor works on the restored stores. Tokens are stored in the form that they
/// have in the backup; places in the outbox ([`EventCursor`]) are counted anew.
/// Must be called within a Tokio runtime.
///
/// # Errors
///
/// `NotAnArchive`, `TooNew` and `Damaged` for another file than a whole backup, `NotEmpty`
/// when there is anything in the stores; nothing is stored then. `Interrupted` when a store
/// failed on the way: begin again with empty stores.
pub async fn restore<R: Read + Seek + Send + 'static>(
    storage: &Storage,
    file: R,
    now: DateTime<Utc>,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<Restored, ArchiveError> {
    let (mut archive, mut restored) = blocking(move || check(file)).await?;
    expect_empty(storage).await?;
    let target = Target {
        storage,
        now,
        backed_up_at: restored.backed_up_at,
    };
    let mut counter = Counter {
        tell: &mut tell,
        done: 0,
        total: archive.manifest().rows(),
    };
    let mut rows = Rows::of(move |each| read(&mut archive, each));
    loop {
        let batch = match rows.next().await {
            Ok(Some(batch)) => target.store(batch, &mut counter).await,
            Ok(None) => {
                restored.rows = counter.done;
                return Ok(restored);
            }
            Err(error) => Err(error),
        };
        if let Err(error) = batch {
            return Err(ArchiveError::Interrupted {
                stored: counter.done,
                advice: "Nothing may work on these stores: empty them, and restore the backup again",
                source: Box::new(error),
            });
        }
    }
}

async fn expect_empty(storage: &Storage) -> Result<(), ArchiveError> {
    let one_job = JobQuery {
        limit: Some(1),
        ..JobQuery::default()
    };
    let scheduler = &storage.scheduler;
    let is_empty = storage.tokens.list(None, 1).await?.is_empty()
        && scheduler.list(&one_job).await?.is_empty()
        && scheduler
            .take_events(EventCursor::START, 1)
            .await?
            .is_empty()
        && storage.snapshots.accounts(None, 1).await?.is_empty();
    if is_empty {
        return Ok(());
    }
    Err(ArchiveError::NotEmpty {
        what: "there is data in these stores already".to_owned(),
        advice: "Nothing was changed. A backup is restored into empty stores only: name new ones",
    })
}

/// One row of a backup.
enum Row {
    Snapshot(Snapshot),
    Job(Box<JobRow>),
    Event(Event),
    Token(Box<Token>),
}

fn check<R: Read + Seek>(file: R) -> Result<(Archive<R>, Restored), ArchiveError> {
    let mut archive = Archive::open(file, FORMAT)?;
    let manifest = archive.manifest();
    let mut restored = Restored {
        backed_up_at: manifest.made_at,
        tokens: manifest.tokens.ok_or_else(|| {
            ArchiveError::damaged(MANIFEST, "it does not say how tokens are kept")
        })?,
        accounts: 0,
        rows: 0,
        open_posts: Vec::new(),
    };
    read(&mut archive, &mut |row| {
        match row {
            Row::Token(_) => restored.accounts += 1,
            Row::Job(row) => restored.open_posts.extend(open_post(&row.job)?),
            Row::Snapshot(_) | Row::Event(_) => {}
        }
        Ok(())
    })?;
    Ok((archive, restored))
}

/// All rows, in the order in which they are stored: tokens last, because an account that is
/// shown as connected has its jobs.
fn read<R: Read + Seek>(
    archive: &mut Archive<R>,
    each: &mut Each<'_, Row>,
) -> Result<(), ArchiveError> {
    archive.lines(SNAPSHOTS, &mut |snapshot: Snapshot| {
        check_id(SNAPSHOTS, snapshot.account.as_str())?;
        each(Row::Snapshot(snapshot))
    })?;
    archive.lines(JOBS, &mut |row: JobRow| {
        check_id(JOBS, row.job.account.as_str())?;
        each(Row::Job(Box::new(row)))
    })?;
    archive.lines(EVENTS, &mut |event: Event| each(Row::Event(event)))?;
    archive.lines(TOKENS, &mut |row: TokenRow| {
        check_id(TOKENS, row.user.as_str())?;
        each(Row::Token(Box::new(row.into())))
    })
}

/// The post of a job that is not at its end.
fn open_post(job: &JobRecord) -> Result<Option<ScheduledPost>, ArchiveError> {
    if job.kind != JobKind::PublishPost {
        return Ok(None);
    }
    let post = read_job_post(job)?;
    let scheduled = ScheduledPost {
        id: job.id,
        account: job.account.clone(),
        post,
        created_at: job.created_at,
        next_wake_at: job.wake_at,
    };
    Ok((!scheduled.post.is_over()).then_some(scheduled))
}

/// The chain of a job at its end.
fn ended_chain(job: &JobRecord) -> Result<Option<Post>, ArchiveError> {
    if job.kind != JobKind::PublishPost {
        return Ok(None);
    }
    Ok(Some(read_job_post(job)?).filter(|post| post.chain.is_some()))
}

fn read_job_post(job: &JobRecord) -> Result<Post, ArchiveError> {
    serde_json::from_value(job.state.clone())
        .map_err(|error| ArchiveError::damaged(JOBS, format!("post {}: {error}", job.id)))
}

/// Where a backup goes.
struct Target<'a> {
    storage: &'a Storage,
    now: DateTime<Utc>,
    backed_up_at: DateTime<Utc>,
}

impl Target<'_> {
    async fn store(&self, batch: Vec<Row>, counter: &mut Counter<'_>) -> Result<(), ArchiveError> {
        let mut snapshots = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        for row in batch {
            match row {
                Row::Snapshot(snapshot) => snapshots.push(snapshot),
                Row::Job(row) => {
                    self.job(*row).await?;
                    counter.add(JOBS, 1);
                }
                Row::Event(event) => {
                    if events.last().is_some_and(|last| last.job != event.job) {
                        self.events(&mut events, counter).await?;
                    }
                    events.push(event);
                }
                Row::Token(token) => {
                    // A batch may hold the last events and the first tokens.
                    self.events(&mut events, counter).await?;
                    kept_tokens(self.storage).save(&token, None).await?;
                    counter.add(TOKENS, 1);
                }
            }
        }
        self.events(&mut events, counter).await?;
        if !snapshots.is_empty() {
            self.storage.snapshots.append(&snapshots).await?;
            counter.add(SNAPSHOTS, snapshots.len());
        }
        Ok(())
    }

    async fn job(&self, row: JobRow) -> Result<(), ArchiveError> {
        let JobRow { job, evidence } = row;
        let scheduler = &*self.storage.scheduler;
        let (state, wake_at) = self.put_back(&job)?;
        let new = NewJob {
            id: job.id,
            account: job.account,
            kind: job.kind,
            serial_key: job.serial_key,
            idempotency_key: job.idempotency_key,
            request: job.request,
            state: state.clone(),
            wake_at: wake_at.unwrap_or(job.created_at),
            created_at: job.created_at,
        };
        let stored = scheduler.enqueue(new).await?;
        if wake_at.is_none() {
            change(scheduler, &stored, state, None, Vec::new()).await?;
        }
        for evidence in evidence {
            scheduler.append_evidence(&stored.id, evidence).await?;
        }
        Ok(())
    }

    /// The state and the wake-up with which a job begins here.
    fn put_back(&self, job: &JobRecord) -> Result<(Value, Option<DateTime<Utc>>), ArchiveError> {
        let damaged = |error: StoreError| ArchiveError::damaged(JOBS, error);
        match job.kind {
            // What is at its end stays there; the others find out themselves what is due.
            JobKind::RepeatPost if job.wake_at.is_some() => {
                let series = Series::read(job).map_err(damaged)?;
                return Ok((series.restored().state()?, Some(self.now)));
            }
            JobKind::KeepDraft => {
                let draft = DraftEntry::read(job).map_err(damaged)?;
                return Ok((draft.restored().state()?, job.wake_at));
            }
            _ => {}
        }
        let (post, wake_at) = match open_post(job)? {
            Some(open) => (open.post, Some(self.now)),
            None => match ended_chain(job)? {
                Some(post) => (post, job.wake_at),
                None => return Ok((job.state.clone(), job.wake_at)),
            },
        };
        // A chain that stopped is told, too: a person may have gone on with it since.
        let event = PostEvent::Restored {
            backed_up_at: self.backed_up_at,
        };
        let step = step(&PostPolicy::default(), &post, self.now, event);
        Ok((publishing::state(&step.post)?, wake_at))
    }

    /// Writes events of one job, in their order.
    async fn events(
        &self,
        events: &mut Vec<Event>,
        counter: &mut Counter<'_>,
    ) -> Result<(), ArchiveError> {
        let Some(id) = events.first().map(|event| event.job) else {
            return Ok(());
        };
        let scheduler = &*self.storage.scheduler;
        let rows = events.len();
        let events = std::mem::take(events)
            .into_iter()
            .map(|event| event.event)
            .collect();
        // A job that was made while the backup was being made has events in it, and is not.
        if let Some(job) = scheduler.get(&id).await? {
            change(scheduler, &job, job.state.clone(), job.wake_at, events).await?;
        }
        counter.add(EVENTS, rows);
        Ok(())
    }
}

async fn change(
    scheduler: &dyn Scheduler,
    job: &JobRecord,
    state: Value,
    wake_at: Option<DateTime<Utc>>,
    events: Vec<NewEvent>,
) -> Result<(), StoreError> {
    let change = Change {
        state,
        wake_at,
        events,
    };
    scheduler.update(&job.id, job.version, change).await?;
    Ok(())
}
