//! Releases of one process, written together.
//!
//! Workers end many jobs at one time, and a transaction costs a sync. So what is released
//! while another transaction is on its way waits for it, and goes with the next one: the
//! more there is to do, the less each costs, and a single release waits for nobody.
//!
//! On PostgreSQL, those that are the only open jobs of their lanes need one statement, and the
//! others a step of several.
//!
//! A release that is not plain is not written here: one whose lane somebody else has locked
//! each time (the others shall not wait for that), one whose lease is lost, one of a batch that
//! failed before its commit. Its caller writes it alone, and learns why it cannot be.

mod statements;
mod write;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "sqlite")]
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use uuid::Uuid;

use self::write::{Progress, Unwritten, write_batch};
use super::{Change, Lease, NewEvent};
use crate::error::{SharedFailure, StoreError};
use crate::sql::{SqlDatabase, json_string, micros, signed};

/// So many releases share one transaction.
const LONGEST_BATCH: usize = 256;
/// More than so many bytes wait for the next one.
const LARGEST_BATCH: usize = 4 << 20;
/// Transactions of one process at one time. (SQLite has one writer.)
const WRITERS: usize = 2;

/// So many times a release goes with others that does not get its lane. A claim that began
/// before another one ended has locked, for a moment, what the other one took.
const TRIES: u32 = 3;

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
    /// Whether one of them has not taken its batch yet.
    is_gathering: bool,
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
    tries: u32,
    caller: oneshot::Sender<Result<bool, StoreError>>,
}

/// An event of a release.
struct Entry {
    account: String,
    at: i64,
    name: String,
    data: String,
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
            tries: 0,
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

    #[cfg(feature = "sqlite")]
    fn name(&self) -> String {
        self.id.simple().to_string()
    }

    #[cfg(feature = "sqlite")]
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

    #[cfg(feature = "sqlite")]
    fn json_events(&self) -> impl Iterator<Item = serde_json::Value> + '_ {
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

    /// Adds a release, and gives a writer if nobody gathers and there are fewer than so many.
    fn add(&self, release: Release, most: usize) -> Option<Writer> {
        let mut waiting = self.lock();
        waiting.releases.push(release);
        if waiting.is_gathering || waiting.writers >= most {
            return None;
        }
        waiting.writers += 1;
        waiting.is_gathering = true;
        Some(Writer {
            queue: self.clone(),
            doing: Doing::Gathering,
        })
    }
}

/// Writes until nothing waits, or somebody else gathers what does.
struct Writer {
    queue: Queue,
    doing: Doing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Gathering,
    Writing,
    Nothing,
}

impl Writer {
    async fn run(mut self, database: SqlDatabase) {
        while self.doing == Doing::Gathering {
            // Whoever releases at the same moment goes along.
            yield_now().await;
            let batch = self.take();
            let mut progress = Progress::default();
            let outcome = write_batch(&database, &batch, &mut progress).await;
            self.go_on(answer(outcome, &progress, batch));
        }
    }

    fn take(&mut self) -> Vec<Release> {
        let mut waiting = self.queue.lock();
        waiting.is_gathering = false;
        self.doing = Doing::Writing;
        waiting.next_batch()
    }

    /// With those that are tried again.
    fn go_on(&mut self, again: Vec<Release>) {
        let mut waiting = self.queue.lock();
        waiting.releases.extend(again);
        if waiting.releases.is_empty() || waiting.is_gathering {
            waiting.writers -= 1;
            self.doing = Doing::Nothing;
        } else {
            waiting.is_gathering = true;
            self.doing = Doing::Gathering;
        }
    }
}

impl Drop for Writer {
    /// Cut off, because its runtime ends: nobody shall wait for it.
    fn drop(&mut self) {
        if self.doing == Doing::Nothing {
            return;
        }
        let mut waiting = self.queue.lock();
        waiting.writers -= 1;
        if self.doing == Doing::Gathering {
            waiting.is_gathering = false;
        }
        if waiting.writers == 0 {
            waiting.releases.clear();
        }
    }
}

/// Tells the callers of a batch what became of it, and gives back what is tried again. One that
/// is gone is not told.
fn answer(
    outcome: Result<(), Unwritten>,
    progress: &Progress,
    batch: Vec<Release>,
) -> Vec<Release> {
    let (failure, is_done) = match outcome {
        Ok(()) => (None, true),
        Err(Unwritten::Undone) => (None, false),
        Err(Unwritten::Unknown(error)) => (Some(SharedFailure::new("sql", error)), false),
    };
    let mut again = Vec::new();
    for mut release in batch {
        release.tries += 1;
        let told = match &failure {
            _ if progress.written.contains(&release.id) => Ok(true),
            Some(failure) => Err(failure.error()),
            None if is_done && progress.locked.contains(&release.id) && release.tries < TRIES => {
                again.push(release);
                continue;
            }
            None => Ok(false),
        };
        let _ = release.caller.send(told);
    }
    again
}
