//! Jobs in a SQL database.

#[macro_use]
mod words;
mod lane;
mod lease_time;
mod releases;
mod rows;
mod statements;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;

use self::lane::{Lane, join, leave, lock, refresh};
use self::lease_time::LeaseTime;
use self::releases::Releases;
use self::rows::{is_known, kinds, lease, record};
use self::statements as say;
use super::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, NewEvent,
    NewJob, Scheduler, WorkerId,
};
use crate::error::StoreError;
use crate::sql::{SqlDatabase, Statement, Transaction, Value, json_text, limit, signed, unsigned};
use crate::version::Version;

/// Jobs in a [`SqlDatabase`], for any number of processes.
///
/// Clones share the rows. Dropping a future of this store loses its answer: a write
/// that was begun may still happen, whole. A claim that was dropped may have leased
/// jobs to nobody; they are free again when that lease runs out.
#[derive(Debug, Clone)]
pub struct SqlScheduler {
    database: SqlDatabase,
    releases: Arc<Releases>,
}

impl SqlScheduler {
    /// The jobs of a database; there are none in a new one.
    pub fn new(database: &SqlDatabase) -> Self {
        Self {
            database: database.clone(),
            releases: Arc::new(Releases::new(database)),
        }
    }
}

#[async_trait]
impl Scheduler for SqlScheduler {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        let values = vec![
            job.id.uuid().into(),
            (&job.account).into(),
            job.kind.as_str().into(),
            job.serial_key.as_str().into(),
            job.idempotency_key.as_str().into(),
            json_text(&job.request)?,
            json_text(&job.state)?,
            job.wake_at.into(),
            job.created_at.into(),
        ];
        let key = || vec![(&job.account).into(), job.idempotency_key.as_str().into()];
        let mut step = self.database.begin("enqueueing a job").await?;
        if let Some(row) = step.rows(say::BY_KEY, key()).await?.first() {
            return repeated(record(row)?, &job);
        }
        step.run(say::ENTER_LANE, vec![job.serial_key.as_str().into()])
            .await?;
        step.run(say::NEXT_VERSION, Vec::new()).await?;
        let Some(row) = step.rows(say::INSERT, values).await?.pop() else {
            // Somebody else was faster, with the same key or the same id.
            let rows = step.rows(say::BY_KEY, key()).await?;
            step.undo().await?;
            return match rows.first() {
                Some(row) => repeated(record(row)?, &job),
                None => Err(changed(&job.id)),
            };
        };
        join(&mut step, vec![job.id.uuid()]).await?;
        refresh(&mut step, &job.serial_key, &job.id, Lane::Kept).await?;
        step.commit().await?;
        record(&row)
    }

    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let rows = self
            .database
            .read("reading a job", say::GET, vec![id.uuid().into()])
            .await?;
        match rows.first() {
            Some(row) if is_known(row)? => record(row).map(Some),
            _ => Ok(None),
        }
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        most: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.claim_some(None, now, worker, lease_for, most).await
    }

    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        most: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.claim_some(Some(kind), now, worker, lease_for, most)
            .await
    }

    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let doing = "claiming a job";
        let LeaseTime { now, end } = LeaseTime::new(&self.database, now, lease_for);
        let mut values = vec![now, id.uuid().into(), worker.as_str().into()];
        values.extend(end);
        values.push(kinds(None));
        let rows = if self.database.has_one_writer() {
            let mut step = self.database.begin(doing).await?;
            step.run(say::NEXT_VERSION, Vec::new()).await?;
            let rows = step.rows(say::CLAIM_JOB, values).await?;
            if let Some(row) = rows.first() {
                let job = record(row)?;
                let until = job.lease.map(|holder| holder.until);
                let values = vec![job.serial_key.into(), until.into()];
                step.run(say::TAKE_LANE, values).await?;
                step.commit().await?;
            }
            rows
        } else {
            self.database.write(doing, say::CLAIM_JOB, values).await?
        };
        rows.first().map(lease).transpose()
    }

    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        lease.job = self
            .change_leased("writing a job", say::CHECKPOINT, lease, change, Lane::Kept)
            .await?;
        Ok(())
    }

    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        if self.releases.write(&lease, &change).await? {
            return Ok(());
        }
        // Boxed, because it is the seldom one: all releases would be as large as it.
        Box::pin(self.change_leased(
            "releasing a job",
            say::RELEASE,
            &lease,
            change,
            Lane::Released,
        ))
        .await?;
        Ok(())
    }

    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        let id = lease.job.id;
        let LeaseTime { now, end } = LeaseTime::new(&self.database, now, lease_for);
        let mut values = vec![now, id.uuid().into(), signed(lease.epoch).into()];
        values.extend(end);
        let mut step = self.database.begin("renewing a lease").await?;
        lock(&mut step, &id).await?;
        let rows = step.rows(say::RENEW, values).await?;
        let Some(row) = rows.first() else {
            step.undo().await?;
            return Err(StoreError::LeaseLost { job: id });
        };
        let mut job = record(row)?;
        let holder = job.lease.take().ok_or(StoreError::LeaseLost { job: id })?;
        refresh(&mut step, &job.serial_key, &id, Lane::Leased(holder.until)).await?;
        step.commit().await?;
        lease.until = holder.until;
        lease.job.lease = Some(holder);
        Ok(())
    }

    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        let values = vec![
            id.uuid().into(),
            signed(expected.number()).into(),
            json_text(&change.state)?,
            change.wake_at.into(),
        ];
        let mut step = self.database.begin("changing a job").await?;
        if let Some(job) = write(
            &mut step,
            id,
            say::UPDATE,
            values,
            change.events,
            Lane::Kept,
        )
        .await?
        {
            step.commit().await?;
            return Ok(job);
        }
        step.undo().await?;
        Err(changed(id))
    }

    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        let values = vec![
            id.uuid().into(),
            evidence.at.into(),
            evidence.worker.as_str().into(),
            signed(evidence.epoch).into(),
            json_text(&evidence.data)?,
        ];
        let mut step = self.database.begin("adding evidence").await?;
        if step
            .rows(say::HOLD, vec![id.uuid().into()])
            .await?
            .is_empty()
        {
            return Ok(());
        }
        step.run(say::ADD_EVIDENCE, values).await?;
        step.commit().await
    }

    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        let rows = self
            .database
            .read("reading evidence", say::EVIDENCE, vec![id.uuid().into()])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Evidence {
                    at: row.instant(0)?,
                    worker: WorkerId::new(row.text(1)?),
                    epoch: unsigned(row.integer(2)?),
                    data: row.json(3)?,
                })
            })
            .collect()
    }

    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut step = self.database.begin_long("removing old evidence").await?;
        let values = vec![account.into(), before.into()];
        let removed = step.run(say::PRUNE_EVIDENCE, values).await?;
        step.commit().await?;
        if removed > 0 {
            self.database.tidy(&["evidence"]).await?;
        }
        Ok(removed)
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let rows = self
            .database
            .read("looking for the next job", say::NEXT_DUE, vec![kinds(None)])
            .await?;
        rows.first().map_or(Ok(None), |row| row.maybe_instant(0))
    }

    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        let statement = match (&query.account, query.after) {
            (None, None) => say::LIST,
            (None, Some(_)) => say::LIST_AFTER,
            (Some(_), None) => say::LIST_ACCOUNT,
            (Some(_), Some(_)) => say::LIST_ACCOUNT_AFTER,
        };
        let mut values = vec![
            kinds(query.kind),
            query.open_only.into(),
            query.limit.map_or(i64::MAX, limit).into(),
        ];
        values.extend(query.account.as_ref().map(Value::from));
        values.extend(query.after.map(|after| Value::from(after.uuid())));
        let rows = self
            .database
            .read("listing jobs", statement, values)
            .await?;
        rows.iter().map(record).collect()
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        let mut step = self.database.begin_long("erasing jobs").await?;
        let lanes = step
            .rows(say::ACCOUNT_LANES, vec![account.into()])
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let values = vec![account.into(), lanes.clone().into()];
        step.run(say::ERASE_WAITING, values.clone()).await?;
        let removed = step.run(say::ERASE_JOBS, values).await?;
        // Whoever numbers events locks many of them, too.
        step.rows(say::LOCK_CURSORS, Vec::new()).await?;
        step.run(say::ERASE_EVENTS, vec![account.into()]).await?;
        step.run(say::DOUBT_LANES, vec![lanes.clone().into()])
            .await?;
        let values = vec![lanes.clone().into(), Lane::Kept.end().into()];
        step.run(say::REFRESH_LANES, values).await?;
        for lane in lanes {
            step.run(say::LEAVE_LANE, vec![lane.into()]).await?;
        }
        step.commit().await?;
        self.database
            .forget(&["events", "evidence", "jobs", "lanes", "waiting"])
            .await?;
        Ok(removed)
    }

    async fn take_events(&self, after: EventCursor, most: usize) -> Result<Vec<Event>, StoreError> {
        let doing = "reading events";
        if !self.database.has_one_writer() {
            self.number_events(doing).await?;
        }
        let after = i64::try_from(after.place()).unwrap_or(i64::MAX);
        let values = vec![after.into(), limit(most).into()];
        let rows = self.database.read(doing, say::EVENTS, values).await?;
        rows.iter()
            .map(|row| {
                Ok(Event {
                    cursor: EventCursor::new(unsigned(row.integer(0)?)),
                    job: JobId::from_uuid(row.id(1)?),
                    account: UserId::new(row.text(2)?),
                    event: NewEvent {
                        at: row.instant(3)?,
                        name: row.text(4)?,
                        data: row.json(5)?,
                    },
                })
            })
            .collect()
    }
}

impl SqlScheduler {
    /// Of one kind, or of any.
    async fn claim_some(
        &self,
        kind: Option<JobKind>,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        most: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let doing = "claiming jobs";
        let kinds = kinds(kind);
        let LeaseTime { now, end } = LeaseTime::new(&self.database, now, lease_for);
        let mut values = vec![now.clone(), limit(most).into(), worker.as_str().into()];
        values.extend(end.iter().cloned());
        values.push(kinds.clone());
        let mut rows = if self.database.has_one_writer() {
            let any = vec![now.clone(), 1.into(), kinds.clone()];
            let due = self.database.read(doing, say::ANY_DUE, any);
            if most == 0 || due.await?.is_empty() {
                return Ok(Vec::new());
            }
            let mut step = self.database.begin(doing).await?;
            let which = vec![now, limit(most).into()];
            let versions = [which.clone(), vec![kinds.clone()]].concat();
            step.run(say::CLAIM_VERSIONS, versions).await?;
            let rows = step.rows(say::CLAIM, values).await?;
            let lanes = [which, end, vec![kinds]].concat();
            step.run(say::CLAIM_LANES, lanes).await?;
            step.commit().await?;
            rows
        } else {
            self.database.write(doing, say::CLAIM, values).await?
        }
        .iter()
        .map(lease)
        .collect::<Result<Vec<_>, StoreError>>()?;
        rows.sort_by_key(|lease| (lease.job.wake_at, lease.job.id));
        Ok(rows)
    }

    /// A write under a lease: fenced by its epoch, and by the version that it was read in.
    async fn change_leased(
        &self,
        doing: &'static str,
        statement: Statement,
        lease: &Lease,
        change: Change,
        lane: Lane,
    ) -> Result<JobRecord, StoreError> {
        let id = lease.job.id;
        let values = vec![
            id.uuid().into(),
            signed(lease.epoch).into(),
            signed(lease.job.version.number()).into(),
            json_text(&change.state)?,
            change.wake_at.into(),
        ];
        let mut step = self.database.begin(doing).await?;
        if let Some(job) = write(&mut step, &id, statement, values, change.events, lane).await? {
            step.commit().await?;
            return Ok(job);
        }
        let rows = step.rows(say::GET, vec![id.uuid().into()]).await?;
        step.undo().await?;
        match rows.first().map(record).transpose()? {
            Some(job) if job.epoch == lease.epoch && job.lease.is_some() => Err(changed(&id)),
            _ => Err(StoreError::LeaseLost { job: id }),
        }
    }

    /// Gives cursors to events that were committed since the last reader looked.
    async fn number_events(&self, doing: &'static str) -> Result<(), StoreError> {
        let unseen = self.database.read(doing, say::ANY_UNSEEN, Vec::new());
        if unseen.await?.is_empty() {
            return Ok(());
        }
        let mut step = self.database.begin(doing).await?;
        step.rows(say::LOCK_CURSORS, Vec::new()).await?;
        step.run(say::NUMBER_EVENTS, Vec::new()).await?;
        step.commit().await
    }
}

/// Changes a job with its events and its lane; `None` when the statement found no job, and the
/// step is to be undone.
async fn write(
    step: &mut Transaction,
    id: &JobId,
    statement: Statement,
    values: Vec<Value>,
    events: Vec<NewEvent>,
    lane: Lane,
) -> Result<Option<JobRecord>, StoreError> {
    let is_alone = lock(step, id).await?;
    if !is_alone {
        leave(step, vec![id.uuid()]).await?;
    }
    step.run(say::NEXT_VERSION, Vec::new()).await?;
    let rows = step.rows(statement, values).await?;
    let Some(job) = rows.first().map(record).transpose()? else {
        return Ok(None);
    };
    for event in events {
        let values = vec![
            id.uuid().into(),
            (&job.account).into(),
            event.at.into(),
            event.name.into(),
            json_text(&event.data)?,
        ];
        step.run(say::ADD_EVENT, values).await?;
    }
    if !is_alone {
        join(step, vec![id.uuid()]).await?;
    }
    refresh(step, &job.serial_key, id, lane).await?;
    Ok(Some(job))
}

/// The answer to a job that is enqueued again.
fn repeated(known: JobRecord, new: &NewJob) -> Result<JobRecord, StoreError> {
    if (known.kind, &known.serial_key, &known.request) == (new.kind, &new.serial_key, &new.request)
    {
        Ok(known)
    } else {
        Err(changed(&known.id))
    }
}

fn changed(id: &JobId) -> StoreError {
    StoreError::conflict(format!("job {id}"))
}
