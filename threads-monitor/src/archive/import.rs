//! The history of an account from an export.

use std::io::{BufReader, Read, Seek};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use threads_client::{PostId, UserId};

use super::csv::unguarded;
use super::error::ArchiveError;
use super::export::{
    FOLLOWERS, FOLLOWERS_COLUMNS, FORMAT, INSIGHTS, INSIGHTS_COLUMNS, POSTS, PROFILE, PostRow,
    SCHEDULE, ScheduleRow, TOKENS, is_insight,
};
use super::read::{Archive, Each, Rows, blocking};
use super::{Counter, Progress, kept_tokens};
use crate::error::StoreError;
use crate::publishing::{KEY, Post, ScheduledPost, request, serial_key};
use crate::scheduler::{Change, JobKind, JobQuery, NewJob, Scheduler};
use crate::snapshot_store::{Metric, Reading, Snapshot, SnapshotQuery, Source, Subject};
use crate::storage::Storage;

/// Bytes of the profile's history at most, which is read as a whole.
const PROFILE_BYTES: u64 = 256 << 20;
/// Keys are made by people's programs.
const LONGEST_KEY: usize = 4096;
/// Ids of Meta are far shorter.
const LONGEST_ID: usize = 200;

/// What to do where there is something of the account already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Nothing is imported.
    #[default]
    Refuse,
    /// What is missing is added. Of two readings of one instant, the one that was captured
    /// later stays, so that a second import of one file changes nothing.
    Add,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// Whose history it is. It is shown once the account is connected.
    pub account: UserId,
    /// When it was exported.
    pub exported_at: DateTime<Utc>,
    /// Readings.
    pub observations: u64,
    /// Scheduled posts at their end, which are history.
    pub posts: u64,
    /// Scheduled posts that waited, or whose outcome was open. They are **not** scheduled
    /// here: the instance that they come from publishes them.
    pub waiting: Vec<ScheduledPost>,
}

/// Puts the history of an account from an export into an instance that has nothing of it.
///
/// The file is checked to its end before anything is stored. Names of paths in it mean
/// nothing: only parts of known names are read. Must be called within a Tokio runtime.
///
/// # Errors
///
/// `NotAnArchive`, `TooNew` and `Damaged` for another file than a whole export, `NotEmpty`
/// when there is something of the account and `existing` refuses; nothing is stored then.
/// `Interrupted` when a store failed on the way, with how much was stored by then.
pub async fn import_account<R: Read + Seek + Send + 'static>(
    storage: &Storage,
    file: R,
    existing: Existing,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<Imported, ArchiveError> {
    let (mut archive, mut imported) = blocking(move || check(file)).await?;
    if existing == Existing::Refuse {
        expect_nothing_of(storage, &imported.account).await?;
    }
    let mut counter = Counter {
        tell: &mut tell,
        done: 0,
        total: archive.manifest().rows(),
    };
    let account = imported.account.clone();
    let mut rows = Rows::of(move |each| read(&mut archive, &account, each));
    loop {
        let batch = match rows.next().await {
            Ok(Some(batch)) => store(storage, batch, &mut imported, &mut counter).await,
            Ok(None) => return Ok(imported),
            Err(error) => Err(error),
        };
        if let Err(error) = batch {
            return Err(ArchiveError::Interrupted {
                stored: imported.observations + imported.posts,
                advice: "Import the file again and add to what is there, or disconnect the account, \
                         which erases it",
                source: Box::new(error),
            });
        }
    }
}

async fn expect_nothing_of(storage: &Storage, account: &UserId) -> Result<(), ArchiveError> {
    let one_job = JobQuery {
        limit: Some(1),
        ..JobQuery::account(account.clone())
    };
    let one_reading = SnapshotQuery::account(account.clone()).limit(1);
    let is_known = kept_tokens(storage).load(account).await?.is_some()
        || !storage.scheduler.list(&one_job).await?.is_empty()
        || !storage.snapshots.query(&one_reading).await?.is_empty();
    if !is_known {
        return Ok(());
    }
    Err(ArchiveError::NotEmpty {
        what: format!("there is something of account {account} here already"),
        advice: "Nothing was imported. Say that it is to be added to what is there, or import it \
                 before the account is connected",
    })
}

/// One thing that an export holds.
#[derive(Debug)]
enum Row {
    Reading(&'static str, Snapshot),
    /// The state as it is stored, and what it says.
    Scheduled(ScheduleRow, Box<Post>),
}

fn check<R: Read + Seek>(file: R) -> Result<(Archive<R>, Imported), ArchiveError> {
    let mut archive = Archive::open(file, FORMAT)?;
    let manifest = archive.manifest();
    let account = manifest
        .account
        .clone()
        .ok_or_else(|| ArchiveError::damaged(super::manifest::MANIFEST, "it names no account"))?;
    check_id(super::manifest::MANIFEST, account.as_str())?;
    let mut imported = Imported {
        account: account.clone(),
        exported_at: manifest.made_at,
        observations: 0,
        posts: 0,
        waiting: Vec::new(),
    };
    archive.part(TOKENS, |reader| {
        serde_json::from_reader::<_, Value>(reader)
            .map(|_| 1)
            .map_err(|error| ArchiveError::damaged(TOKENS, error))
    })?;
    read(&mut archive, &account, &mut |row| {
        if let Row::Scheduled(row, post) = row
            && !post.is_over()
        {
            imported.waiting.push(ScheduledPost {
                id: row.id,
                account: account.clone(),
                post: *post,
                created_at: row.created_at,
                next_wake_at: row.next_wake_at,
            });
        }
        Ok(())
    })?;
    Ok((archive, imported))
}

/// Everything that is stored of an export, and each row of it checked.
fn read<R: Read + Seek>(
    archive: &mut Archive<R>,
    account: &UserId,
    each: &mut Each<'_, Row>,
) -> Result<(), ArchiveError> {
    archive.part(PROFILE, |reader| {
        let profile: ProfileFile =
            serde_json::from_reader(BufReader::new(reader.take(PROFILE_BYTES)))
                .map_err(|error| ArchiveError::damaged(PROFILE, error))?;
        let rows = profile.history.len() as u64;
        for snapshot in profile.history {
            let fits = matches!(
                (&snapshot.metric, &snapshot.reading),
                (Metric::Profile, Reading::Profile(_)) | (Metric::TimeZone, Reading::TimeZone(_))
            );
            if snapshot.account != *account || snapshot.subject != Subject::Account || !fits {
                return Err(ArchiveError::damaged(PROFILE, "it holds something else"));
            }
            each(Row::Reading(PROFILE, snapshot))?;
        }
        Ok(rows)
    })?;
    numbers(archive, FOLLOWERS, &FOLLOWERS_COLUMNS, &mut |cells| {
        let [at, followers, captured_at, source] = cells else {
            return Err("it has not four cells".to_owned());
        };
        let snapshot = Snapshot {
            account: account.clone(),
            subject: Subject::Account,
            metric: Metric::Followers,
            at: instant(at)?,
            captured_at: instant(captured_at)?,
            source: source_of(source)?,
            reading: count(followers)?,
        };
        each(Row::Reading(FOLLOWERS, snapshot)).map_err(|error| error.to_string())
    })?;
    numbers(archive, INSIGHTS, &INSIGHTS_COLUMNS, &mut |cells| {
        let [post, metric, _day, at, value, captured_at, source] = cells else {
            return Err("it has not seven cells".to_owned());
        };
        let snapshot = Snapshot {
            account: account.clone(),
            subject: subject(post)?,
            metric: Metric::from_name(metric).ok_or_else(|| format!("`{metric}` is no metric"))?,
            at: instant(at)?,
            captured_at: instant(captured_at)?,
            source: source_of(source)?,
            reading: count(value)?,
        };
        let is_number = !matches!(
            snapshot.metric,
            Metric::Profile | Metric::Post | Metric::TimeZone
        );
        if !is_number || !is_insight(&snapshot) {
            return Err(format!("`{metric}` does not belong here"));
        }
        each(Row::Reading(INSIGHTS, snapshot)).map_err(|error| error.to_string())
    })?;
    archive.list(POSTS, &mut |row: PostRow| {
        check_id(POSTS, row.id.as_str())?;
        each(Row::Reading(
            POSTS,
            Snapshot {
                account: account.clone(),
                subject: Subject::Post(row.id),
                metric: Metric::Post,
                at: row.published_at,
                captured_at: row.captured_at,
                source: row.source,
                reading: Reading::Post(row.post),
            },
        ))
    })?;
    archive.list(SCHEDULE, &mut |row: ScheduleRow| {
        let post = serde_json::from_value(row.post.clone()).map_err(|error| {
            ArchiveError::damaged(SCHEDULE, format!("post {} cannot be read: {error}", row.id))
        })?;
        let has_key = row.idempotency_key.starts_with(KEY);
        if !has_key || row.idempotency_key.len() > LONGEST_KEY {
            return Err(ArchiveError::damaged(
                SCHEDULE,
                "an idempotency key is none",
            ));
        }
        each(Row::Scheduled(row, Box::new(post)))
    })
}

/// What is read back of `profile.json`.
#[derive(Deserialize)]
struct ProfileFile {
    history: Vec<Snapshot>,
}

/// Reads a CSV part; `row` gets the cells of each line, or says what is wrong with them.
fn numbers<R: Read + Seek>(
    archive: &mut Archive<R>,
    name: &'static str,
    columns: &[&str],
    row: &mut dyn FnMut(&[&str]) -> Result<(), String>,
) -> Result<(), ArchiveError> {
    archive.part(name, |reader| {
        let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        let damaged = |error: csv::Error| ArchiveError::damaged(name, error);
        if csv.headers().map_err(damaged)? != columns {
            return Err(ArchiveError::damaged(name, "its columns are other ones"));
        }
        let mut record = csv::StringRecord::new();
        let mut rows = 0;
        while csv.read_record(&mut record).map_err(damaged)? {
            let cells: Vec<&str> = record.iter().map(unguarded).collect();
            row(&cells)
                .map_err(|why| ArchiveError::damaged(name, format!("row {}: {why}", rows + 1)))?;
            rows += 1;
        }
        Ok(rows)
    })
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| format!("`{text}` is no time"))
}

fn count(text: &str) -> Result<Reading, String> {
    // Databases keep a sign.
    text.parse()
        .ok()
        .filter(|count| i64::try_from(*count).is_ok() && text.bytes().all(|b| b.is_ascii_digit()))
        .map(Reading::Count)
        .ok_or_else(|| format!("`{text}` is no number of things"))
}

fn source_of(text: &str) -> Result<Source, String> {
    Source::from_name(text).ok_or_else(|| format!("`{text}` is no source"))
}

fn subject(post: &str) -> Result<Subject, String> {
    if post.is_empty() {
        return Ok(Subject::Account);
    }
    if !is_id(post) {
        return Err("the id of its post is none".to_owned());
    }
    Ok(Subject::Post(PostId::new(post)))
}

pub(super) fn check_id(part: &str, id: &str) -> Result<(), ArchiveError> {
    if is_id(id) {
        return Ok(());
    }
    Err(ArchiveError::damaged(part, "an id in it is none"))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control)
}

async fn store(
    storage: &Storage,
    batch: Vec<Row>,
    imported: &mut Imported,
    counter: &mut Counter<'_>,
) -> Result<(), ArchiveError> {
    let rows = batch.len();
    let mut part = SCHEDULE;
    let mut readings = Vec::new();
    for row in batch {
        match row {
            Row::Reading(of, snapshot) => {
                part = of;
                readings.push(snapshot);
            }
            Row::Scheduled(row, post) if post.is_over() => {
                add_ended(&*storage.scheduler, &imported.account, row, &post).await?;
                imported.posts += 1;
            }
            Row::Scheduled(..) => {}
        }
    }
    storage.snapshots.append(&readings).await?;
    imported.observations += readings.len() as u64;
    counter.add(part, rows);
    Ok(())
}

/// A scheduled post at its end, as history.
async fn add_ended(
    scheduler: &dyn Scheduler,
    account: &UserId,
    row: ScheduleRow,
    post: &Post,
) -> Result<(), StoreError> {
    let new = NewJob {
        id: row.id,
        account: account.clone(),
        kind: JobKind::PublishPost,
        serial_key: serial_key(account),
        idempotency_key: row.idempotency_key,
        request: request(post)?,
        state: row.post,
        wake_at: row.created_at,
        created_at: row.created_at,
    };
    if scheduler.get(&new.id).await?.is_some() {
        // It is there already, and may be ahead of the export.
        return Ok(());
    }
    let state = new.state.clone();
    let job = scheduler.enqueue(new).await?;
    if job.wake_at.is_none() || job.state != state {
        // It is there already, and may be ahead of the export.
        return Ok(());
    }
    let ended = Change {
        state,
        wake_at: None,
        events: Vec::new(),
    };
    scheduler.update(&job.id, job.version, ended).await?;
    Ok(())
}
