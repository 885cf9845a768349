//! The program that is watched: it works on a store and says what it was told.
//!
//! It writes lines into a file outside of the store's directory, each with one call, so
//! that they have a place among the calls of the store.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use futures::future::join_all;
use threads_monitor::Storage;

use crate::backend::{Backend, Opened, chain};
use crate::workload::{Op, State, Step, World};

/// Writes marks.
#[derive(Debug)]
pub struct Marks(File);

impl Marks {
    /// Marks in this file.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::options().append(true).open(path);
        Ok(Self(file.context("opening the file for marks")?))
    }

    fn say(&self, text: &str) -> Result<()> {
        (&self.0)
            .write_all(format!("{text}\n").as_bytes())
            .context("writing a mark")
    }
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The stores are open.
    Opened,
    /// A step begins.
    Begin(usize),
    /// One operation of it is done, perhaps with a version.
    Done(usize, usize, Option<u64>),
    /// An operation failed: its number, whether it was applied, and why.
    Failed(usize, bool, String),
    /// The stores stopped for good, as they said.
    Stopped,
    /// The stores could not be opened.
    NotOpened(String),
    /// The program is at its end.
    End,
}

impl Mark {
    fn text(&self) -> String {
        match self {
            Self::Opened => "opened".to_owned(),
            Self::Begin(step) => format!("begin {step}"),
            Self::Done(step, op, None) => format!("done {step} {op}"),
            Self::Done(step, op, Some(version)) => format!("done {step} {op} {version}"),
            Self::Failed(step, is_applied, why) => {
                format!("failed {step} {is_applied} {}", why.replace('\n', " "))
            }
            Self::Stopped => "stopped".to_owned(),
            Self::NotOpened(why) => format!("not-opened {}", why.replace('\n', " ")),
            Self::End => "end".to_owned(),
        }
    }

    /// Reads a mark.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_end();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = rest.splitn(3, ' ');
        let mut next = || parts.next().context("a mark is too short");
        Ok(match word {
            "opened" => Self::Opened,
            "begin" => Self::Begin(next()?.parse()?),
            "done" => {
                let (step, op) = (next()?.parse()?, next()?.parse()?);
                Self::Done(step, op, next().ok().map(str::parse).transpose()?)
            }
            "failed" => Self::Failed(next()?.parse()?, next()?.parse()?, next()?.to_owned()),
            "stopped" => Self::Stopped,
            "not-opened" => Self::NotOpened(rest.to_owned()),
            "end" => Self::End,
            other => bail!("no mark: {other}"),
        })
    }
}

/// Does the steps, numbered from `first`, and marks each one.
///
/// # Errors
///
/// When the store fails.
pub async fn work(
    backend: Backend,
    place: &Path,
    marks: &Marks,
    first: usize,
    steps: &[Step],
) -> Result<()> {
    let opened = backend.open(place).await?;
    marks.say(&Mark::Opened.text())?;
    let world = World::new(opened.storage.clone());
    for (number, step) in (first..).zip(steps) {
        marks.say(&Mark::Begin(number).text())?;
        let world = &world;
        let ops = step.iter().enumerate().map(async |(index, op)| {
            let version = world.run(number, *op).await?;
            marks.say(&Mark::Done(number, index, version).text())
        });
        for done in join_all(ops).await {
            done?;
        }
    }
    drop(world);
    opened.close().await;
    marks.say(&Mark::End.text())
}

/// Does the operations of the steps one after the other, on a disk that fails, and finds
/// out after each failure whether the operation was applied.
///
/// # Errors
///
/// When a store breaks a promise, or a failure of the store is neither of the two.
pub async fn endure(backend: Backend, place: &Path, marks: &Marks, steps: &[Step]) -> Result<()> {
    let opened = match backend.open(place).await {
        Ok(opened) => opened,
        Err(error) => return marks.say(&Mark::NotOpened(chain(&error)).text()),
    };
    marks.say(&Mark::Opened.text())?;
    let real = World::new(opened.storage.clone());
    let twin = World::new(Storage::in_memory());
    for (number, op) in steps.iter().flatten().enumerate() {
        marks.say(&Mark::Begin(number).text())?;
        let error = match real.run(number, *op).await {
            Ok(version) => {
                twin.run(number, *op).await?;
                marks.say(&Mark::Done(number, 0, version).text())?;
                continue;
            }
            Err(error) => error,
        };
        let is_applied = is_applied(&real, &twin, number, *op).await?;
        real.forget();
        twin.forget();
        marks.say(&Mark::Failed(number, is_applied, chain(&error)).text())?;
        if error.is_final() {
            expect_stopped(&real, number, *op).await?;
            marks.say(&Mark::Stopped.text())?;
            return close(real, opened).await;
        }
    }
    let (found, expected) = (real.state().await?, twin.state().await?);
    if found != expected {
        bail!("at the end the store holds something else: {found:?} instead of {expected:?}");
    }
    close(real, opened).await?;
    marks.say(&Mark::End.text())
}

async fn close(world: World, opened: Opened) -> Result<()> {
    drop(world);
    opened.close().await;
    Ok(())
}

/// Whether an operation that failed changed anything; brings the twin to the same state.
async fn is_applied(real: &World, twin: &World, number: usize, op: Op) -> Result<bool> {
    let found = read(real).await?;
    let before = twin.state().await?;
    if found == before {
        return Ok(false);
    }
    twin.run(number, op).await?;
    let after = twin.state().await?;
    if found != after {
        bail!("{op:?} was done by half: {found:?}, and not {before:?} or {after:?}");
    }
    Ok(true)
}

/// Reads with patience: the fault may hit the reading, too.
async fn read(world: &World) -> Result<State> {
    if let Ok(state) = world.state().await {
        return Ok(state);
    }
    let again = world.state().await;
    again.map_err(|error| anyhow!("it cannot be read any more: {}", chain(&error)))
}

/// Once a store has stopped, it writes nothing more, and says so each time.
async fn expect_stopped(world: &World, number: usize, op: Op) -> Result<()> {
    // Something that the same store would have to write. The stores of a directory have a
    // journal each.
    let next = match op {
        Op::Save(_) | Op::DeleteToken(_) => Op::Save(0),
        Op::Append(..) | Op::Prune | Op::EraseSnapshots(_) => Op::Append(0, 1),
        _ => Op::Enqueue(0, u8::MAX, 1),
    };
    match world.run(number + 1, next).await {
        Ok(_) => bail!("it had stopped, and went on"),
        Err(error) if error.is_final() => Ok(()),
        Err(error) => bail!("after it stopped: {}", chain(&error)),
    }
}
