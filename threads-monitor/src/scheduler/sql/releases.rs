//! Releases of one process, written together.
//!
//! Workers end many jobs at one time, and a transaction costs a sync. So what is released
//! while another transaction is on its way waits for it, and goes with the next one: the
//! more there is to do, the less each costs, and a single release waits for nobody.
//!
//! A release that is not plain is not written here: one whose lane somebody else has
//! locked (the others shall not wait for that), one whose lease is lost, one of a batch
//! that failed before its commit. Its caller writes it alone, and learns why it cannot be.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::statements as say;
use super::{Change, Lane, Lease, NewEvent};
use crate::error::{SharedFailure, StoreError};
use crate::sql::{SqlDatabase, Transaction, json_string, micros, signed};

/// So many releases share one transaction.
const LONGEST_BATCH: usize = 256;
/// More than so many bytes wait for the next one.
const LARGEST_BATCH: usize = 4 << 20;
/// Transactions of one process at one time. (SQLite has one writer.)
const WRITERS: usize = 2;

/// The releases of one process that wait to be written.
pub(super) struct Releases {
    database: SqlDatabase,
    queue: Queue,
}

#[derive(Clone, Default)]
struct Queue(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    releases: Vec<Release>,
    writers: usize,
}

/// A job's last write under a lease.
struct Release {
    id: Uuid,
    lane: String,
    epoch: i64,
    version: i64,
    state: String,
    wake_at: Option<i64>,
    events: Vec<Entry>,
    caller: oneshot::Sender<Result<bool, StoreError>>,
}

/// An event of a release.
struct Entry {
    account: String,
    at: i64,
    name: String,
    data: String,
}

/// Why a batch was not written.
enum Unwritten {
    /// Nothing of it was done.
    Undone,
    /// The commit failed; it may be done.
    Unknown(StoreError),
}

impl Releases {
    pub(super) fn new(database: &SqlDatabase) -> Self {
        Self {
            database: database.clone(),
            queue: Queue::default(),
        }
    }

    /// Whether the release was written with others; `false` when it has to be written alone.
    pub(super) async fn write(&self, lease: &Lease, change: &Change) -> Result<bool, StoreError> {
        let (release, written) = Release::new(lease, change)?;
        if let Some(writer) = self.queue.add(release, self.writers()) {
            // Of its own, so that it goes on when this caller goes away.
            tokio::spawn(writer.run(self.database.clone()));
        }
        written.await.map_err(|_| {
            StoreError::backend("sql", "releasing a job", "the program is coming to its end")
        })?
    }

    fn writers(&self) -> usize {
        if self.database.has_one_writer() {
            1
        } else {
            WRITERS
        }
    }
}

impl fmt::Debug for Releases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Releases").finish_non_exhaustive()
    }
}

impl Release {
    fn new(
        lease: &Lease,
        change: &Change,
    ) -> Result<(Self, oneshot::Receiver<Result<bool, StoreError>>), StoreError> {
        let (caller, written) = oneshot::channel();
        let entry = |event: &NewEvent| {
            Ok(Entry {
                account: lease.job.account.as_str().to_owned(),
                at: micros(event.at),
                name: event.name.clone(),
                data: json_string(&event.data)?,
            })
        };
        let release = Self {
            id: lease.job.id.uuid(),
            lane: lease.job.serial_key.clone(),
            epoch: signed(lease.epoch),
            version: signed(lease.job.version.number()),
            state: json_string(&change.state)?,
            wake_at: change.wake_at.map(micros),
            events: change
                .events
                .iter()
                .map(entry)
                .collect::<Result<_, StoreError>>()?,
            caller,
        };
        Ok((release, written))
    }

    fn size(&self) -> usize {
        let events = self.events.iter();
        let events: usize = events
            .map(|event| event.name.len() + event.data.len())
            .sum();
        self.state.len() + self.lane.len() + events
    }

    fn name(&self) -> String {
        self.id.simple().to_string()
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "id": self.name(),
            "lane": self.lane,
            "epoch": self.epoch,
            "version": self.version,
            "state": self.state,
            "wake_at": self.wake_at,
        })
    }

    fn events(&self) -> impl Iterator<Item = serde_json::Value> + '_ {
        self.events.iter().map(|event| {
            json!({
                "job": self.name(),
                "account": event.account,
                "at": event.at,
                "name": event.name,
                "data": event.data,
            })
        })
    }
}

impl Waiting {
    /// The next ones to write together, each of another job.
    fn next_batch(&mut self) -> Vec<Release> {
        let mut size = 0;
        let mut jobs = HashSet::new();
        self.releases
            .extract_if(.., |release| {
                let is_next =
                    jobs.len() < LONGEST_BATCH && size < LARGEST_BATCH && jobs.insert(release.id);
                if is_next {
                    size += release.size();
                }
                is_next
            })
            .collect()
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a release, and gives a writer if there are fewer than so many.
    fn add(&self, release: Release, most: usize) -> Option<Writer> {
        let mut waiting = self.lock();
        waiting.releases.push(release);
        if waiting.writers >= most {
            return None;
        }
        waiting.writers += 1;
        Some(Writer {
            queue: self.clone(),
            is_done: false,
        })
    }
}

/// Writes until nothing waits.
struct Writer {
    queue: Queue,
    is_done: bool,
}

impl Writer {
    async fn run(mut self, database: SqlDatabase) {
        while !self.has_ended() {
            // What comes in while the step begins goes along.
            let step = database.begin("releasing jobs").await;
            let batch = self.queue.lock().next_batch();
            let outcome = match step {
                Ok(step) => write_batch(step, database.has_one_writer(), &batch).await,
                Err(_) => Err(Unwritten::Undone),
            };
            answer(outcome, batch);
        }
    }

    /// Ends when nothing waits.
    fn has_ended(&mut self) -> bool {
        let mut waiting = self.queue.lock();
        if waiting.releases.is_empty() {
            waiting.writers -= 1;
            self.is_done = true;
        }
        self.is_done
    }
}

impl Drop for Writer {
    /// Cut off, because its runtime ends: nobody shall wait for it.
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut waiting = self.queue.lock();
        waiting.writers -= 1;
        if waiting.writers == 0 {
            waiting.releases.clear();
        }
    }
}

/// Tells every caller of a batch what became of it. One that is gone is not told.
fn answer(outcome: Result<HashSet<Uuid>, Unwritten>, batch: Vec<Release>) {
    let outcome = outcome.or_else(|unwritten| match unwritten {
        Unwritten::Undone => Ok(HashSet::new()),
        Unwritten::Unknown(error) => Err(SharedFailure::new("sql", error)),
    });
    for release in batch {
        let told = match &outcome {
            Ok(written) => Ok(written.contains(&release.id)),
            Err(failure) => Err(failure.error()),
        };
        let _ = release.caller.send(told);
    }
}

/// Writes what is plain of a batch in one step, and says which jobs those were.
async fn write_batch(
    mut step: Transaction,
    has_one_writer: bool,
    batch: &[Release],
) -> Result<HashSet<Uuid>, Unwritten> {
    let undone = |_: StoreError| Unwritten::Undone;
    let mut batch: Vec<&Release> = batch.iter().collect();
    if !has_one_writer && !batch.is_empty() {
        let lanes = text(batch.iter().map(|release| release.lane.as_str().into()));
        let free = step.rows(say::LOCK_FREE_LANES, vec![lanes.into()]).await;
        let free = free
            .map_err(undone)?
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<HashSet<_>, _>>()
            .map_err(undone)?;
        batch.retain(|release| free.contains(&release.lane));
    }
    if batch.is_empty() {
        step.undo().await.map_err(undone)?;
        return Ok(HashSet::new());
    }
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    step.run(say::NEXT_VERSIONS, vec![count.into()])
        .await
        .map_err(undone)?;
    let changes = text(batch.iter().map(|release| release.json()));
    let written = step.rows(say::RELEASE_ALL, vec![changes.into()]).await;
    let written = written
        .map_err(undone)?
        .iter()
        .map(|row| row.id(0))
        .collect::<Result<HashSet<_>, _>>()
        .map_err(undone)?;
    batch.retain(|release| written.contains(&release.id));
    let lanes = text(batch.iter().map(|release| release.lane.as_str().into()));
    if batch.iter().any(|release| !release.events.is_empty()) {
        let events = text(batch.iter().flat_map(|release| release.events()));
        step.run(say::ADD_EVENTS, vec![events.into()])
            .await
            .map_err(undone)?;
    }
    step.run(
        say::REFRESH_LANES,
        vec![lanes.into(), Lane::Released.end().into()],
    )
    .await
    .map_err(undone)?;
    step.commit().await.map_err(Unwritten::Unknown)?;
    Ok(written)
}

/// A JSON array as a text.
fn text(values: impl Iterator<Item = serde_json::Value>) -> String {
    values.collect::<serde_json::Value>().to_string()
}
