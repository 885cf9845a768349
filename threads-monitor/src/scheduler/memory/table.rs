//! The whole contract of a [`Scheduler`](crate::Scheduler): no clock, no I/O.

mod lanes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use threads_client::UserId;

use self::lanes::Lanes;
use crate::error::StoreError;
use crate::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, LeaseHolder,
    NewEvent, NewJob, WorkerId,
};
use crate::version::Version;

/// The rows that a write changes, and its answer; or why it is refused.
pub(in crate::scheduler) type Planned<A> = Result<(Vec<JobRow>, A), StoreError>;

/// Jobs, their events and evidence, with the indexes that make claims cheap.
///
/// Writes come in two halves: a *plan* looks at the table and says which rows change,
/// [`apply`](Self::apply) changes one. So a refused write changes nothing, and a
/// durable backend writes the rows down between the two.
#[derive(Debug, Default)]
pub(in crate::scheduler) struct JobTable {
    jobs: BTreeMap<JobId, JobRecord>,
    by_key: BTreeMap<(UserId, String), JobId>,
    by_account: BTreeMap<UserId, BTreeSet<JobId>>,
    lanes: Lanes,
    events: BTreeMap<EventCursor, Event>,
    evidence: BTreeMap<(JobId, u64), Evidence>,
    given: Given,
}

/// The newest numbers ever given; they outlive their rows, so that none is given twice.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(in crate::scheduler) struct Given {
    version: u64,
    cursor: EventCursor,
}

/// One changed row.
///
/// Rows leave a durable store by its being written anew without them, so removals are
/// not written down.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::scheduler) enum JobRow {
    Given(Given),
    Job(Box<JobRecord>),
    #[serde(skip)]
    RemoveJob(JobId),
    Event(Box<Event>),
    #[serde(skip)]
    RemoveEvent(EventCursor),
    Evidence {
        job: JobId,
        number: u64,
        evidence: Box<Evidence>,
    },
    #[serde(skip)]
    RemoveEvidence(JobId, u64),
}

impl JobTable {
    pub(in crate::scheduler) fn enqueue(&self, new: NewJob) -> Planned<JobRecord> {
        let key = (new.account.clone(), new.idempotency_key.clone());
        if let Some(known) = self.by_key.get(&key).and_then(|id| self.jobs.get(id)) {
            return if (known.kind, &known.serial_key, &known.request)
                == (new.kind, &new.serial_key, &new.request)
            {
                Ok((Vec::new(), known.clone()))
            } else {
                Err(changed(&known.id))
            };
        }
        if self.jobs.contains_key(&new.id) {
            return Err(changed(&new.id));
        }
        let job = JobRecord {
            id: new.id,
            account: new.account,
            kind: new.kind,
            serial_key: new.serial_key,
            idempotency_key: new.idempotency_key,
            request: new.request,
            state: new.state,
            wake_at: Some(new.wake_at),
            version: self.next_version(),
            epoch: 0,
            lease: None,
            created_at: new.created_at,
        };
        Ok((vec![JobRow::Job(Box::new(job.clone()))], job))
    }

    pub(in crate::scheduler) fn get(&self, id: &JobId) -> Option<JobRecord> {
        self.jobs.get(id).cloned()
    }

    /// Of one kind, or of any.
    pub(in crate::scheduler) fn claim(
        &self,
        kind: Option<JobKind>,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> (Vec<JobRow>, Vec<Lease>) {
        let due: Vec<_> = self
            .lanes
            .due(now)
            .filter_map(|id| self.jobs.get(&id))
            .filter(|job| kind.is_none_or(|kind| job.kind == kind))
            .take(limit)
            .collect();
        let holder = LeaseHolder {
            worker: worker.clone(),
            until: lease_end(now, lease_for),
        };
        let versions = self.given.version.saturating_add(1)..;
        due.into_iter()
            .zip(versions)
            .map(|(job, version)| leased(job, Version::new(version), holder.clone()))
            .unzip()
    }

    pub(in crate::scheduler) fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> (Vec<JobRow>, Option<Lease>) {
        let job = self
            .jobs
            .get(id)
            .filter(|job| job.wake_at.is_some() && self.lanes.is_free(&job.serial_key, now));
        let Some(job) = job else {
            return (Vec::new(), None);
        };
        let holder = LeaseHolder {
            worker: worker.clone(),
            until: lease_end(now, lease_for),
        };
        let (row, lease) = leased(job, self.next_version(), holder);
        (vec![row], Some(lease))
    }

    pub(in crate::scheduler) fn checkpoint(
        &self,
        lease: &Lease,
        change: Change,
    ) -> Planned<JobRecord> {
        let job = self.unchanged(lease)?.clone();
        Ok(self.changed(job, change))
    }

    pub(in crate::scheduler) fn release(&self, lease: &Lease, change: Change) -> Planned<()> {
        let mut job = self.unchanged(lease)?.clone();
        job.lease = None;
        let (rows, _) = self.changed(job, change);
        Ok((rows, ()))
    }

    pub(in crate::scheduler) fn renew(
        &self,
        lease: &Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Planned<LeaseHolder> {
        let mut job = self.fenced(lease)?.clone();
        // While this lease had run out, another job of the lane may have been leased.
        if self
            .lanes
            .is_taken_by_another(&job.serial_key, &job.id, now)
        {
            return Err(StoreError::LeaseLost { job: job.id });
        }
        let mut holder = self.holder(lease)?.clone();
        holder.until = lease_end(now, lease_for);
        // The version stays: what the job is about did not change, so an edit that was
        // begun before is still right, and one that came between still meets the holder.
        job.lease = Some(holder.clone());
        Ok((vec![JobRow::Job(Box::new(job))], holder))
    }

    pub(in crate::scheduler) fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Planned<JobRecord> {
        match self.jobs.get(id) {
            Some(job) if job.version == expected => Ok(self.changed(job.clone(), change)),
            _ => Err(changed(id)),
        }
    }

    pub(in crate::scheduler) fn append_evidence(
        &self,
        id: &JobId,
        evidence: Evidence,
    ) -> Vec<JobRow> {
        if !self.jobs.contains_key(id) {
            return Vec::new();
        }
        let number = self
            .evidence
            .range((*id, 0)..=(*id, u64::MAX))
            .next_back()
            .map_or(0, |((_, last), _)| last.saturating_add(1));
        vec![JobRow::Evidence {
            job: *id,
            number,
            evidence: Box::new(evidence),
        }]
    }

    pub(in crate::scheduler) fn evidence(&self, id: &JobId) -> Vec<Evidence> {
        self.evidence
            .range((*id, 0)..=(*id, u64::MAX))
            .map(|(_, evidence)| evidence.clone())
            .collect()
    }

    pub(in crate::scheduler) fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> (Vec<JobRow>, u64) {
        let is_over = |id: &JobId| {
            self.jobs
                .get(id)
                .is_some_and(|job| job.account == *account && job.wake_at.is_none())
        };
        let rows: Vec<_> = self
            .evidence
            .iter()
            .filter(|((job, _), evidence)| evidence.at < before && is_over(job))
            .map(|((job, number), _)| JobRow::RemoveEvidence(*job, *number))
            .collect();
        let removed = rows.len() as u64;
        (rows, removed)
    }

    pub(in crate::scheduler) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.lanes.next_due()
    }

    pub(in crate::scheduler) fn list(&self, query: &JobQuery) -> Vec<JobRecord> {
        let after = query.after.map_or(Bound::Unbounded, Bound::Excluded);
        let wanted = |job: &&JobRecord| {
            query.kind.is_none_or(|kind| kind == job.kind)
                && (!query.open_only || job.wake_at.is_some())
        };
        let limit = query.limit.unwrap_or(usize::MAX);
        match &query.account {
            Some(account) => self
                .by_account
                .get(account)
                .into_iter()
                .flat_map(|ids| ids.range((after, Bound::Unbounded)))
                .filter_map(|id| self.jobs.get(id))
                .filter(wanted)
                .take(limit)
                .cloned()
                .collect(),
            None => self
                .jobs
                .range((after, Bound::Unbounded))
                .map(|(_, job)| job)
                .filter(wanted)
                .take(limit)
                .cloned()
                .collect(),
        }
    }

    pub(in crate::scheduler) fn erase_account(&self, account: &UserId) -> (Vec<JobRow>, u64) {
        let jobs = self.by_account.get(account);
        let is_of_account = |id: &JobId| jobs.is_some_and(|jobs| jobs.contains(id));
        let evidence = self
            .evidence
            .keys()
            .filter(|(job, _)| is_of_account(job))
            .map(|(job, number)| JobRow::RemoveEvidence(*job, *number));
        let events = self
            .events
            .values()
            .filter(|event| event.account == *account)
            .map(|event| JobRow::RemoveEvent(event.cursor));
        let rows = evidence
            .chain(events)
            .chain(
                jobs.into_iter()
                    .flatten()
                    .map(|job| JobRow::RemoveJob(*job)),
            )
            .collect();
        (rows, jobs.map_or(0, |jobs| jobs.len() as u64))
    }

    pub(in crate::scheduler) fn take_events(&self, after: EventCursor, limit: usize) -> Vec<Event> {
        self.events
            .range((Bound::Excluded(after), Bound::Unbounded))
            .take(limit)
            .map(|(_, event)| event.clone())
            .collect()
    }

    /// Changes one row, and gives the row that undoes it.
    pub(in crate::scheduler) fn apply(&mut self, row: JobRow) -> Option<JobRow> {
        match row {
            JobRow::Given(given) => {
                self.given.version = self.given.version.max(given.version);
                self.given.cursor = self.given.cursor.max(given.cursor);
                None
            }
            JobRow::Job(job) => {
                self.given.version = self.given.version.max(job.version.number());
                let id = job.id;
                let old = self.remove_job(&id);
                self.insert_job(*job);
                Some(old.map_or(JobRow::RemoveJob(id), |old| JobRow::Job(Box::new(old))))
            }
            JobRow::RemoveJob(id) => self.remove_job(&id).map(|old| JobRow::Job(Box::new(old))),
            JobRow::Event(event) => {
                self.given.cursor = self.given.cursor.max(event.cursor);
                let cursor = event.cursor;
                let old = self.events.insert(cursor, *event);
                Some(old.map_or(JobRow::RemoveEvent(cursor), |old| {
                    JobRow::Event(Box::new(old))
                }))
            }
            JobRow::RemoveEvent(cursor) => self
                .events
                .remove(&cursor)
                .map(|old| JobRow::Event(Box::new(old))),
            JobRow::Evidence {
                job,
                number,
                evidence,
            } => {
                let old = self.evidence.insert((job, number), *evidence);
                Some(old.map_or(JobRow::RemoveEvidence(job, number), |old| {
                    JobRow::Evidence {
                        job,
                        number,
                        evidence: Box::new(old),
                    }
                }))
            }
            JobRow::RemoveEvidence(job, number) => {
                self.evidence
                    .remove(&(job, number))
                    .map(|old| JobRow::Evidence {
                        job,
                        number,
                        evidence: Box::new(old),
                    })
            }
        }
    }

    /// Every row, as a table that is built from them has them.
    #[cfg(feature = "file")]
    pub(in crate::scheduler) fn rows(&self) -> impl Iterator<Item = JobRow> {
        let jobs = self.jobs.values();
        let events = self.events.values();
        std::iter::once(JobRow::Given(self.given))
            .chain(jobs.map(|job| JobRow::Job(Box::new(job.clone()))))
            .chain(events.map(|event| JobRow::Event(Box::new(event.clone()))))
            .chain(
                self.evidence
                    .iter()
                    .map(|((job, number), evidence)| JobRow::Evidence {
                        job: *job,
                        number: *number,
                        evidence: Box::new(evidence.clone()),
                    }),
            )
    }

    fn next_version(&self) -> Version {
        Version::new(self.given.version.saturating_add(1))
    }

    /// The job, if this lease is its newest one and was not given back.
    fn fenced(&self, lease: &Lease) -> Result<&JobRecord, StoreError> {
        self.jobs
            .get(&lease.job.id)
            .filter(|job| job.epoch == lease.epoch && job.lease.is_some())
            .ok_or(StoreError::LeaseLost { job: lease.job.id })
    }

    fn holder(&self, lease: &Lease) -> Result<&LeaseHolder, StoreError> {
        self.fenced(lease)?
            .lease
            .as_ref()
            .ok_or(StoreError::LeaseLost { job: lease.job.id })
    }

    /// As [`fenced`](Self::fenced), and nobody edited the job since its holder read it.
    fn unchanged(&self, lease: &Lease) -> Result<&JobRecord, StoreError> {
        let job = self.fenced(lease)?;
        if job.version == lease.job.version {
            Ok(job)
        } else {
            Err(changed(&job.id))
        }
    }

    fn changed(&self, mut job: JobRecord, change: Change) -> (Vec<JobRow>, JobRecord) {
        job.state = change.state;
        job.wake_at = change.wake_at;
        job.version = self.next_version();
        let cursors = self.given.cursor.place().saturating_add(1)..;
        let events = change
            .events
            .into_iter()
            .zip(cursors)
            .map(|(event, cursor)| event_row(&job, event, EventCursor::new(cursor)));
        let rows = std::iter::once(JobRow::Job(Box::new(job.clone())))
            .chain(events)
            .collect();
        (rows, job)
    }

    fn insert_job(&mut self, job: JobRecord) {
        let key = (job.account.clone(), job.idempotency_key.clone());
        self.by_key.insert(key, job.id);
        self.by_account
            .entry(job.account.clone())
            .or_default()
            .insert(job.id);
        self.lanes.add(&job);
        self.jobs.insert(job.id, job);
    }

    fn remove_job(&mut self, id: &JobId) -> Option<JobRecord> {
        let job = self.jobs.remove(id)?;
        self.lanes.remove(&job);
        if let Some(jobs) = self.by_account.get_mut(&job.account) {
            jobs.remove(id);
            if jobs.is_empty() {
                self.by_account.remove(&job.account);
            }
        }
        self.by_key
            .remove(&(job.account.clone(), job.idempotency_key.clone()));
        Some(job)
    }
}

fn changed(id: &JobId) -> StoreError {
    StoreError::conflict(format!("job {id}"))
}

fn leased(job: &JobRecord, version: Version, holder: LeaseHolder) -> (JobRow, Lease) {
    let mut job = job.clone();
    job.version = version;
    job.epoch = job.epoch.saturating_add(1);
    let until = holder.until;
    job.lease = Some(holder);
    let lease = Lease {
        epoch: job.epoch,
        until,
        job: job.clone(),
    };
    (JobRow::Job(Box::new(job)), lease)
}

fn event_row(job: &JobRecord, event: NewEvent, cursor: EventCursor) -> JobRow {
    JobRow::Event(Box::new(Event {
        cursor,
        job: job.id,
        account: job.account.clone(),
        event,
    }))
}

/// The end of a lease; the last representable instant when it is beyond that.
fn lease_end(now: DateTime<Utc>, lease_for: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(lease_for)
        .ok()
        .and_then(|lease_for| now.checked_add_signed(lease_for))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
