//! A copy of a whole instance, made while others work on it.

use std::collections::BTreeSet;
use std::io::Write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use threads_client::{Scope, UserId};

use super::error::ArchiveError;
use super::manifest::{Format, Manifest};
use super::pages::Pages;
use super::write::{ArchiveWriter, Size};
use super::{Counter, Progress, kept_tokens};
use crate::error::StoreError;
use crate::scheduler::{EventCursor, Evidence, JobQuery, JobRecord};
use crate::snapshot_store::{Metric, SnapshotQuery};
use crate::storage::Storage;
use crate::token_store::record::CredentialRecord;
use crate::token_store::{SEALED, Token};

pub(super) const FORMAT: Format = Format {
    name: "threads-monitor-backup",
    words: "a backup",
    version: 1,
    most_bytes: 1 << 40,
};

pub(super) const SNAPSHOTS: &str = "snapshots.jsonl";
pub(super) const JOBS: &str = "jobs.jsonl";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const TOKENS: &str = "tokens.jsonl";

/// Rows that are read together.
const PAGE: usize = 512;

/// In what form a backup holds access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokensAs {
    /// There are none.
    None,
    /// All sealed: without the keys of the instance they are of no use.
    Sealed,
    /// At least one in plain text: **who can read the backup can publish.**
    Plain,
}

/// What was copied.
#[derive(Debug)]
#[non_exhaustive]
pub struct BackedUp<W> {
    /// Accounts.
    pub accounts: u64,
    /// Readings, jobs, events and tokens.
    pub rows: u64,
    /// In what form the tokens are.
    pub tokens: TokensAs,
    /// Where it was written.
    pub out: W,
}

/// A token as a backup has it: as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct TokenRow {
    pub(super) user: UserId,
    credential: CredentialRecord,
    candidate: Option<CredentialRecord>,
    scopes: Vec<Scope>,
    connected_at: DateTime<Utc>,
}

impl From<&Token> for TokenRow {
    fn from(token: &Token) -> Self {
        Self {
            user: token.user.clone(),
            credential: CredentialRecord::from(&token.credential),
            candidate: token.candidate.as_ref().map(CredentialRecord::from),
            scopes: token.scopes.clone(),
            connected_at: token.connected_at,
        }
    }
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            user: row.user,
            credential: row.credential.into(),
            candidate: row.candidate.map(Into::into),
            scopes: row.scopes,
            connected_at: row.connected_at,
        }
    }
}

/// A job as a backup has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobRow {
    #[serde(flatten)]
    pub(super) job: JobRecord,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) evidence: Vec<Evidence>,
}

/// Copies all three stores while others go on working on them.
///
/// Tokens are copied as they are kept: sealed ones stay sealed. What changes meanwhile may
/// be in the copy or not, which is the same to a restore as a backup of a moment earlier:
/// [`restore`](super::restore()) does not believe what it says of posts that wait.
/// Dropping the future leaves a file without a manifest, which no restore takes. Must be
/// called within a Tokio runtime.
///
/// # Errors
///
/// `Io` when `out` fails, or what a store said.
pub async fn back_up<W: Write + Send + 'static>(
    storage: &Storage,
    now: DateTime<Utc>,
    out: W,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<BackedUp<W>, ArchiveError> {
    let mut counter = Counter {
        tell: &mut tell,
        done: 0,
        total: 0,
    };
    let mut archive = ArchiveWriter::new(out, Size::Large, now);
    // An account that has a token has its jobs, so the jobs are read after the tokens.
    let mut accounts = BTreeSet::new();
    let tokens = copy_tokens(storage, &mut archive, &mut counter, &mut accounts).await?;
    copy_jobs(storage, &mut archive, &mut counter, &mut accounts).await?;
    copy_events(storage, &mut archive, &mut counter).await?;
    copy_snapshots(storage, &mut archive, &mut counter, &mut accounts).await?;
    let manifest = Manifest {
        tokens: Some(tokens),
        ..Manifest::new(FORMAT, now)
    };
    let rows = counter.done;
    Ok(BackedUp {
        accounts: accounts.len() as u64,
        rows,
        tokens,
        out: archive.finish(manifest).await?,
    })
}

async fn copy_tokens<W: Write + Send + 'static>(
    storage: &Storage,
    archive: &mut ArchiveWriter<W>,
    counter: &mut Counter<'_>,
    accounts: &mut BTreeSet<UserId>,
) -> Result<TokensAs, ArchiveError> {
    archive.begin(TOKENS).await?;
    let store = kept_tokens(storage);
    let mut form = TokensAs::None;
    let mut after: Option<UserId> = None;
    loop {
        let page = store.list(after.as_ref(), PAGE).await?;
        for user in &page {
            // Erased between the two calls: not an account any more.
            let Some(stored) = store.load(user).await? else {
                continue;
            };
            let token = stored.token;
            let is_sealed = [Some(&token.credential), token.candidate.as_ref()]
                .into_iter()
                .flatten()
                .all(|credential| credential.access_token.expose().starts_with(SEALED));
            form = match (form, is_sealed) {
                (TokensAs::None | TokensAs::Sealed, true) => TokensAs::Sealed,
                _ => TokensAs::Plain,
            };
            write_row(archive, &TokenRow::from(&token)).await?;
            counter.add(TOKENS, 1);
            accounts.insert(token.user);
        }
        match page.last() {
            Some(last) => after = Some(last.clone()),
            None => return Ok(form),
        }
    }
}

async fn copy_jobs<W: Write + Send + 'static>(
    storage: &Storage,
    archive: &mut ArchiveWriter<W>,
    counter: &mut Counter<'_>,
    accounts: &mut BTreeSet<UserId>,
) -> Result<(), ArchiveError> {
    archive.begin(JOBS).await?;
    let mut query = JobQuery {
        limit: Some(PAGE),
        ..JobQuery::default()
    };
    loop {
        let page = storage.scheduler.list(&query).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        query.after = Some(last.id);
        for job in page {
            accounts.insert(job.account.clone());
            let evidence = storage.scheduler.evidence(&job.id).await?;
            // Whoever has it leased works for the original.
            let job = JobRecord { lease: None, ..job };
            write_row(archive, &JobRow { job, evidence }).await?;
            counter.add(JOBS, 1);
        }
    }
}

async fn copy_events<W: Write + Send + 'static>(
    storage: &Storage,
    archive: &mut ArchiveWriter<W>,
    counter: &mut Counter<'_>,
) -> Result<(), ArchiveError> {
    archive.begin(EVENTS).await?;
    let mut after = EventCursor::START;
    loop {
        let page = storage.scheduler.take_events(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.cursor;
        for event in &page {
            write_row(archive, event).await?;
        }
        counter.add(EVENTS, page.len());
    }
}

async fn copy_snapshots<W: Write + Send + 'static>(
    storage: &Storage,
    archive: &mut ArchiveWriter<W>,
    counter: &mut Counter<'_>,
    known: &mut BTreeSet<UserId>,
) -> Result<(), ArchiveError> {
    archive.begin(SNAPSHOTS).await?;
    let store = &*storage.snapshots;
    let mut with_readings = Vec::new();
    loop {
        let page = store.accounts(with_readings.last(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        with_readings.extend(page);
    }
    counter.total = counter.done;
    for account in &with_readings {
        for metric in Metric::ALL {
            counter.total += store.count(account, metric).await?;
        }
    }
    for account in with_readings {
        let mut pages = Pages::new(store, SnapshotQuery::account(account.clone())).await?;
        while let Some(page) = pages.next().await? {
            for snapshot in &page {
                write_row(archive, snapshot).await?;
            }
            counter.add(SNAPSHOTS, page.len());
        }
        known.insert(account);
    }
    Ok(())
}

async fn write_row<W: Write + Send + 'static>(
    archive: &mut ArchiveWriter<W>,
    row: &(impl Serialize + Sync),
) -> Result<(), ArchiveError> {
    let mut line = serde_json::to_vec(row)
        .map_err(|error| StoreError::backend("json", "writing a backup", error))?;
    line.push(b'\n');
    archive.write(&line, 1).await
}
