//! A table in memory whose every change is in a journal before anybody sees it.
//!
//! Each ledger has one thread, which alone has the table. It takes the requests that are
//! waiting, runs them on the table one after the other, and makes the rows that they
//! change durable with one append and one sync. Only then it answers. A write that fails
//! is undone, so the table never runs ahead of the journal.
//!
//! **Dropping a future** loses the answer, nothing else: a write that reached the
//! thread happens, whole, or does not. **Dropping the ledger** waits until the thread
//! has written what it was given.
//!
//! Rejected: writing on the pool of blocking threads (a runtime that shuts down drops
//! what is queued there); applying before the sync where readers see it (they could act
//! on what a power loss takes back); an async lock around the table (a reader that is
//! next in line, but whose future nobody polls, would stop every writer).

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::frame::LONGEST_PAYLOAD;
use super::journal::{Journal, NotUnderstood, too_long};
use super::{BACKEND, Directory, Turn, blocking};
use crate::error::{SharedFailure, StoreError};

/// A table that a ledger can keep.
pub(crate) trait Table: Default + Send + Sync + 'static {
    /// The folder of its journal.
    const NAME: &'static str;
    /// The mark of its journal.
    const MARK: [u8; 4];
    /// One changed row.
    type Row: Send + 'static;

    /// Changes one row, and gives the row that undoes it, if anything changed.
    fn apply(&mut self, row: Self::Row) -> Option<Self::Row>;
    /// Every row, as an empty table needs them to become this one.
    fn rows(&self) -> impl Iterator<Item = Self::Row>;
    /// A row in JSON.
    fn encode(row: &Self::Row) -> serde_json::Result<Vec<u8>>;
    /// The row of a JSON text.
    fn decode(json: &[u8]) -> serde_json::Result<Self::Row>;
}

/// The rows that a write changes, and its answer; or why it is refused.
type Planned<T, A> = Result<(Vec<<T as Table>::Row>, A), StoreError>;

/// A durable table.
pub(crate) struct Ledger<T: Table> {
    /// `None` only while it is dropped.
    requests: Option<Sender<Request<T>>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
    /// The process that has the thread.
    process: u32,
}

/// Work on its way to the thread.
struct Request<T: Table> {
    kind: Kind,
    plan: Plan<T>,
}

type Plan<T> = Box<dyn FnOnce(&T) -> Step<T> + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Changes nothing, and works even when nothing can be written.
    Read,
    Write,
    /// Removals are not written down: the journal is written anew without those rows.
    Remove,
    /// Removed rows must leave the files, so the journal is written anew.
    Erase,
}

/// A planned request.
struct Step<T: Table> {
    rows: Vec<T::Row>,
    answer: Answer,
}

/// Answers the caller, once it is known whether what was done is durable.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

impl<T: Table> Ledger<T> {
    /// Opens the table's journal in a directory.
    pub(crate) async fn open(directory: &Directory) -> Result<Self, StoreError> {
        let directory = directory.clone();
        blocking("opening a store", move || Self::open_now(&directory)).await
    }

    fn open_now(directory: &Directory) -> Result<Self, StoreError> {
        let writer = Writer::open(directory)?;
        let (requests, waiting) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(format!("threads-{}", T::NAME))
            .spawn(move || writer.run(&waiting))
            .map_err(|error| StoreError::backend(BACKEND, "starting the writer", error))?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
            path: directory.path().join(T::NAME),
            process: std::process::id(),
        })
    }

    /// Looks at the durable state.
    pub(crate) async fn read<A: Send + 'static>(
        &self,
        look: impl FnOnce(&T) -> A + Send + 'static,
    ) -> Result<A, StoreError> {
        self.send(Kind::Read, move |table| Ok((Vec::new(), look(table))))
            .await
    }

    /// Changes rows; durable when it returns.
    pub(crate) async fn write<A: Send + 'static>(
        &self,
        plan: impl FnOnce(&T) -> Planned<T, A> + Send + 'static,
    ) -> Result<A, StoreError> {
        self.send(Kind::Write, plan).await
    }

    /// Removes rows; when it returns, none of their bytes is left in the folder.
    pub(crate) async fn erase<A: Send + 'static>(
        &self,
        plan: impl FnOnce(&T) -> Planned<T, A> + Send + 'static,
    ) -> Result<A, StoreError> {
        self.send(Kind::Erase, plan).await
    }

    /// Removes rows. Where there are none, nothing is written.
    pub(crate) async fn remove<A: Send + 'static>(
        &self,
        plan: impl FnOnce(&T) -> Planned<T, A> + Send + 'static,
    ) -> Result<A, StoreError> {
        self.send(Kind::Remove, plan).await
    }

    async fn send<A: Send + 'static>(
        &self,
        kind: Kind,
        plan: impl FnOnce(&T) -> Planned<T, A> + Send + 'static,
    ) -> Result<A, StoreError> {
        let (request, answer) = Request::new(kind, plan);
        self.requests
            .as_ref()
            .and_then(|requests| requests.send(request).ok())
            .ok_or_else(stopped)?;
        answer.await.map_err(|_| stopped())?
    }
}

impl<T: Table> Request<T> {
    fn new<A: Send + 'static>(
        kind: Kind,
        plan: impl FnOnce(&T) -> Planned<T, A> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<A, StoreError>>) {
        let (caller, receiver) = oneshot::channel();
        let plan = Box::new(move |table: &T| {
            let (rows, planned) = match plan(table) {
                Ok((rows, answer)) => (rows, Ok(answer)),
                Err(error) => (Vec::new(), Err(error)),
            };
            let answer = Box::new(move |done: Result<(), StoreError>| {
                // The caller may have gone away; then nobody is told.
                let _ = caller.send(done.and(planned));
            });
            Step { rows, answer }
        });
        (Self { kind, plan }, receiver)
    }
}

fn stopped() -> StoreError {
    StoreError::backend(
        BACKEND,
        "working on its journal",
        "its thread has stopped: start the program again",
    )
}

impl<T: Table> Drop for Ledger<T> {
    fn drop(&mut self) {
        drop(self.requests.take());
        let is_fork = self.process != std::process::id();
        if let Some(thread) = self.thread.take()
            // A forked process has the handle of a thread that it does not have.
            && !is_fork
        {
            // It ends when it has done what was sent. If it panicked, its callers know.
            let _ = thread.join();
        }
    }
}

impl<T: Table> fmt::Debug for Ledger<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// So many bytes are written with one sync; more wait for the next one.
const LARGEST_BATCH: usize = 8 << 20;
/// So many writes share one sync.
const LONGEST_BATCH: usize = 1024;

/// What the thread works with.
struct Writer<T: Table> {
    table: T,
    journal: Journal,
    /// Last, so that the journal is closed before another may open it.
    _turn: Turn,
}

/// Requests that are answered together.
struct Batch<T: Table> {
    payload: Vec<u8>,
    undo: Vec<T::Row>,
    answers: Vec<Answer>,
    rewrite: bool,
}

impl<T: Table> Batch<T> {
    fn changes_something(&self) -> bool {
        self.rewrite || !self.payload.is_empty()
    }
}

impl<T: Table> Writer<T> {
    fn open(directory: &Directory) -> Result<Self, StoreError> {
        let turn = directory.turn(T::NAME)?;
        let mut table = T::default();
        let journal = Journal::open(turn.folder()?, T::MARK, |payload| {
            for line in payload.split(|byte| *byte == b'\n') {
                // Why is not said: the parser's message may quote what it read.
                table.apply(T::decode(line).map_err(|_| NotUnderstood)?);
            }
            Ok(())
        })?;
        let mut writer = Self {
            table,
            journal,
            _turn: turn,
        };
        // What was read may be in the system's memory only: a program that was killed had
        // not synced its last record yet, and a sync that failed leaves pages behind that
        // no later sync writes. Nobody may rely on it before it is written anew.
        if writer.journal.has_appended() {
            writer.rewrite()?;
        }
        Ok(writer)
    }

    fn run(mut self, waiting: &Receiver<Request<T>>) {
        while let Ok(first) = waiting.recv() {
            self.commit(std::iter::once(first).chain(waiting.try_iter()));
            self.tidy();
        }
    }

    /// Takes requests until the batch is full, makes it durable, and answers.
    fn commit(&mut self, requests: impl Iterator<Item = Request<T>>) {
        let mut batch = Batch {
            payload: Vec::new(),
            undo: Vec::new(),
            answers: Vec::new(),
            rewrite: false,
        };
        let mut requests = requests.take(LONGEST_BATCH);
        while batch.payload.len() < LARGEST_BATCH
            && let Some(request) = requests.next()
        {
            self.run_on_table(request, &mut batch);
        }
        let done = self
            .make_durable(&batch)
            .map_err(|error| SharedFailure::new(BACKEND, error));
        if done.is_err() {
            for row in batch.undo.into_iter().rev() {
                self.table.apply(row);
            }
        }
        for answer in batch.answers {
            answer(done.as_ref().copied().map_err(SharedFailure::error));
        }
    }

    fn run_on_table(&mut self, request: Request<T>, batch: &mut Batch<T>) {
        let step = (request.plan)(&self.table);
        match self.prepare(request.kind, &step.rows, batch) {
            // What was seen or refused may hang on a change that is not durable yet.
            Ok(()) if batch.changes_something() => batch.answers.push(step.answer),
            done => return (step.answer)(done),
        }
        for row in step.rows {
            batch.undo.extend(self.table.apply(row));
        }
    }

    /// Adds the rows to what is to be written.
    fn prepare(&self, kind: Kind, rows: &[T::Row], batch: &mut Batch<T>) -> Result<(), StoreError> {
        if kind == Kind::Read {
            return Ok(());
        }
        self.journal.check()?;
        if kind == Kind::Remove {
            batch.rewrite |= !rows.is_empty();
            return Ok(());
        }
        if kind == Kind::Erase {
            // What was appended may have replaced rows, whose bytes go as well.
            batch.rewrite |=
                !rows.is_empty() || self.journal.has_appended() || self.journal.has_debris()?;
            return Ok(());
        }
        let lines = encode::<T>(rows)?;
        if !batch.payload.is_empty() && !lines.is_empty() {
            batch.payload.push(b'\n');
        }
        batch.payload.extend_from_slice(&lines);
        Ok(())
    }

    fn make_durable(&mut self, batch: &Batch<T>) -> Result<(), StoreError> {
        if batch.rewrite {
            // The new journal holds the whole table, and so the rows of the batch.
            self.journal.remove_debris()?;
            self.rewrite()
        } else if batch.payload.is_empty() {
            Ok(())
        } else {
            self.journal.append(&batch.payload)
        }
    }

    fn rewrite(&mut self) -> Result<(), StoreError> {
        self.journal
            .rewrite(self.table.rows().map(|row| encode::<T>(&[row])))
    }

    /// Writes the journal anew when most of it is of the past.
    fn tidy(&mut self) {
        if !self.journal.is_overgrown() {
            return;
        }
        if let Err(error) = self.rewrite() {
            self.journal.postpone_rewrite();
            tracing::warn!(
                error = &error as &dyn StdError,
                "the journal could not be written anew and goes on growing"
            );
        }
    }
}

/// Rows as lines of JSON, proven to read back.
///
/// A row that does not, as one nested too deeply for the parser, is refused here:
/// written down, it would make the whole journal unreadable.
fn encode<T: Table>(rows: &[T::Row]) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::new();
    for row in rows {
        let line = T::encode(row).map_err(|_| unreadable())?;
        T::decode(&line).map_err(|_| unreadable())?;
        if !lines.is_empty() {
            lines.push(b'\n');
        }
        lines.extend_from_slice(&line);
    }
    if lines.len() > LONGEST_PAYLOAD - LARGEST_BATCH {
        return Err(too_long());
    }
    Ok(lines)
}

/// Says nothing of the row, which may hold a secret.
fn unreadable() -> StoreError {
    StoreError::backend(
        BACKEND,
        "writing a row",
        "it could not be read back: an id in it is empty, or it is nested too deeply",
    )
}

#[cfg(test)]
mod tests;
