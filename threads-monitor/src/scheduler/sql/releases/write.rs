//! Writing a batch of releases.

use std::collections::HashSet;

use uuid::Uuid;

use super::super::statements::REFRESH_LANES;
use super::super::{Lane, lane};
use super::{Entry, Release, statements as say};
use crate::error::StoreError;
use crate::sql::{SqlDatabase, Transaction, Value, is_refused};

const DOING: &str = "releasing jobs";

/// Why a batch was not written.
pub(super) enum Unwritten {
    /// Nothing of it was done.
    Undone,
    /// The commit failed; it may be done.
    Unknown(StoreError),
}

/// What became of the jobs of a batch. Those in neither set are not plain.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) written: HashSet<Uuid>,
    /// Somebody else had locked their lanes.
    pub(super) locked: HashSet<Uuid>,
}

/// Writes what is plain of a batch, and notes which jobs those were.
pub(super) async fn write_batch(
    database: &SqlDatabase,
    batch: &[Release],
    progress: &mut Progress,
) -> Result<(), Unwritten> {
    let mut batch: Vec<&Release> = batch.iter().collect();
    if !database.has_one_writer() {
        let written = write_alone(database, &batch).await?;
        batch.retain(|release| !written.contains(&release.id));
        progress.written = written;
    }
    if !batch.is_empty() {
        write_shared(database, batch, progress).await?;
    }
    Ok(())
}

/// Those whose lanes have no other open job, in one statement.
async fn write_alone(
    database: &SqlDatabase,
    batch: &[&Release],
) -> Result<HashSet<Uuid>, Unwritten> {
    let values = [changes(batch), events(batch)].concat();
    let rows = database.write(DOING, say::RELEASE_ALONE, values).await;
    let ids = rows.and_then(|rows| rows.iter().map(|row| row.id(0)).collect());
    ids.map_err(|error| {
        if is_refused(&error) {
            Unwritten::Undone
        } else {
            Unwritten::Unknown(error)
        }
    })
}

/// Those whose lanes nobody else has locked, in one step.
async fn write_shared(
    database: &SqlDatabase,
    mut batch: Vec<&Release>,
    progress: &mut Progress,
) -> Result<(), Unwritten> {
    let mut step = database.begin(DOING).await.map_err(undone)?;
    if !database.has_one_writer() {
        let lanes = lanes(&batch);
        let free = step.rows(say::LOCK_FREE_LANES, vec![lanes]).await;
        let free: HashSet<String> = free
            .and_then(|rows| rows.iter().map(|row| row.text(0)).collect())
            .map_err(undone)?;
        let locked;
        (batch, locked) = batch
            .into_iter()
            .partition(|release| free.contains(&release.lane));
        progress.locked = locked.iter().map(|release| release.id).collect();
    }
    if batch.is_empty() {
        return step.undo().await.map_err(undone);
    }
    let written = if database.has_one_writer() {
        change_here(&mut step, &batch).await
    } else {
        change_shared(&mut step, &batch).await
    };
    let written = written.map_err(undone)?;
    step.commit().await.map_err(Unwritten::Unknown)?;
    progress.written.extend(written);
    Ok(())
}

/// On SQLite, by what is in the lanes.
async fn change_here(
    step: &mut Transaction,
    batch: &[&Release],
) -> Result<HashSet<Uuid>, StoreError> {
    let lanes = vec![lanes(batch)];
    if step.rows(say::ANY_SHARED, lanes).await?.is_empty() {
        change_alone(step, batch).await
    } else {
        change_shared(step, batch).await
    }
}

async fn change_shared(
    step: &mut Transaction,
    batch: &[&Release],
) -> Result<HashSet<Uuid>, StoreError> {
    let ids: Vec<Uuid> = batch.iter().map(|release| release.id).collect();
    lane::leave(step, ids.clone()).await?;
    let written = change_jobs(step, batch).await?;
    // What was not written is back among those that wait, too.
    lane::join(step, ids).await?;
    let released = of(batch, &written);
    let values = vec![lanes(&released), Lane::Released.end().into()];
    step.run(REFRESH_LANES, values).await?;
    Ok(written)
}

/// As [`change_shared`] on SQLite, if no other job of any of their lanes is open.
async fn change_alone(
    step: &mut Transaction,
    batch: &[&Release],
) -> Result<HashSet<Uuid>, StoreError> {
    let written = change_jobs(step, batch).await?;
    let values = vec![lanes(&of(batch, &written))];
    step.run(say::GIVE_LANES_BACK, values).await?;
    Ok(written)
}

/// Writes the jobs with their events, and says which of them were still leased as they say.
async fn change_jobs(
    step: &mut Transaction,
    batch: &[&Release],
) -> Result<HashSet<Uuid>, StoreError> {
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    step.run(say::NEXT_VERSIONS, vec![count.into()]).await?;
    let values = match step {
        #[cfg(feature = "sqlite")]
        Transaction::Sqlite(_) => vec![json(batch.iter().map(|release| release.json()))],
        #[cfg(feature = "postgres")]
        Transaction::Postgres(_) => changes(batch),
    };
    let rows = step.rows(say::RELEASE_ALL, values).await?;
    let written = rows
        .iter()
        .map(|row| row.id(0))
        .collect::<Result<HashSet<_>, _>>()?;
    let released = of(batch, &written);
    if released.iter().any(|release| !release.events.is_empty()) {
        let values = match step {
            #[cfg(feature = "sqlite")]
            Transaction::Sqlite(_) => {
                vec![json(
                    released.iter().flat_map(|release| release.json_events()),
                )]
            }
            #[cfg(feature = "postgres")]
            Transaction::Postgres(_) => events(&released),
        };
        step.run(say::ADD_EVENTS, values).await?;
    }
    Ok(written)
}

fn undone(_: StoreError) -> Unwritten {
    Unwritten::Undone
}

/// Those of a batch that were written.
fn of<'a>(batch: &[&'a Release], written: &HashSet<Uuid>) -> Vec<&'a Release> {
    let batch = batch.iter().copied();
    batch
        .filter(|release| written.contains(&release.id))
        .collect()
}

fn lanes(batch: &[&Release]) -> Value {
    let lanes = batch.iter().map(|release| release.lane.clone());
    lanes.collect::<Vec<_>>().into()
}

/// The lists of [`say::RELEASE_ALL`].
fn changes(batch: &[&Release]) -> Vec<Value> {
    let numbers = |number: fn(&Release) -> Option<i64>| {
        let numbers = batch.iter().map(|release| number(release));
        Value::from(numbers.collect::<Vec<_>>())
    };
    let states = batch.iter().map(|release| release.state.clone());
    let ids = batch.iter().map(|release| release.id);
    vec![
        ids.collect::<Vec<_>>().into(),
        lanes(batch),
        numbers(|release| Some(release.epoch)),
        numbers(|release| Some(release.version)),
        states.collect::<Vec<_>>().into(),
        numbers(|release| release.wake_at),
    ]
}

/// The lists of [`say::ADD_EVENTS`].
fn events(batch: &[&Release]) -> Vec<Value> {
    let all: Vec<(Uuid, &Entry)> = batch
        .iter()
        .flat_map(|release| release.events.iter().map(|event| (release.id, event)))
        .collect();
    let texts = |text: fn(&Entry) -> &String| {
        let texts = all.iter().map(|(_, event)| text(event).clone());
        Value::from(texts.collect::<Vec<_>>())
    };
    let ids = all.iter().map(|(id, _)| *id);
    let instants = all.iter().map(|(_, event)| Some(event.at));
    vec![
        ids.collect::<Vec<_>>().into(),
        texts(|event| &event.account),
        instants.collect::<Vec<_>>().into(),
        texts(|event| &event.name),
        texts(|event| &event.data),
    ]
}

/// A JSON array as a text.
#[cfg(feature = "sqlite")]
fn json(values: impl Iterator<Item = serde_json::Value>) -> Value {
    values.collect::<serde_json::Value>().to_string().into()
}
