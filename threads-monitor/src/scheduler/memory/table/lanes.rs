//! Which job may run next: an index whose cost does not grow with the number of jobs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::scheduler::{JobId, JobRecord};

/// An instant of a job.
type Entry = (DateTime<Utc>, JobId);

/// Jobs by serial key. The jobs of one key form a lane, of which one runs at a time.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    by_key: BTreeMap<String, Lane>,
    /// The first waiting job of every lane, earliest first, whether or not it is free.
    heads: BTreeMap<Entry, Option<DateTime<Utc>>>,
    /// When the first waiting job of every lane can be claimed.
    claimable: BTreeSet<Entry>,
}

#[derive(Debug, Default)]
struct Lane {
    /// Jobs that are not at their end, by wake-up; leased ones too.
    waiting: BTreeSet<Entry>,
    /// Jobs that have a lease, by its end; leases that ran out too.
    leases: BTreeSet<Entry>,
}

impl Lane {
    fn head(&self) -> Option<Entry> {
        self.waiting.first().copied()
    }

    fn leased_until(&self) -> Option<DateTime<Utc>> {
        self.leases.last().map(|(until, _)| *until)
    }

    /// When the head is due and every lease of the lane has ended.
    fn claimable(&self) -> Option<Entry> {
        let (wake_at, id) = self.head()?;
        let until = self.leased_until().unwrap_or(wake_at);
        Some((wake_at.max(until), id))
    }
}

impl Lanes {
    pub(super) fn add(&mut self, job: &JobRecord) {
        self.change(&job.serial_key, |lane| {
            lane.waiting.extend(job.wake_at.map(|at| (at, job.id)));
            lane.leases
                .extend(job.lease.as_ref().map(|lease| (lease.until, job.id)));
        });
    }

    pub(super) fn remove(&mut self, job: &JobRecord) {
        self.change(&job.serial_key, |lane| {
            if let Some(at) = job.wake_at {
                lane.waiting.remove(&(at, job.id));
            }
            if let Some(lease) = &job.lease {
                lane.leases.remove(&(lease.until, job.id));
            }
        });
    }

    /// Jobs that are due and free, earliest first, at most one of each lane.
    ///
    /// It passes over the lanes that are leased: as many as there are running jobs.
    pub(super) fn due(&self, now: DateTime<Utc>) -> impl Iterator<Item = JobId> {
        self.heads
            .iter()
            .take_while(move |((wake_at, _), _)| *wake_at <= now)
            .filter(move |(_, leased_until)| leased_until.is_none_or(|until| until <= now))
            .map(|((_, id), _)| *id)
    }

    /// Whether no lease of the lane reaches beyond `now`.
    pub(super) fn is_free(&self, serial_key: &str, now: DateTime<Utc>) -> bool {
        self.by_key
            .get(serial_key)
            .and_then(Lane::leased_until)
            .is_none_or(|until| until <= now)
    }

    /// Whether another job of the lane has a lease that reaches beyond `now`.
    pub(super) fn is_taken_by_another(
        &self,
        serial_key: &str,
        id: &JobId,
        now: DateTime<Utc>,
    ) -> bool {
        self.by_key.get(serial_key).is_some_and(|lane| {
            lane.leases
                .iter()
                .rev()
                .take_while(|(until, _)| *until > now)
                .any(|(_, other)| other != id)
        })
    }

    /// The earliest instant at which some job is due and free.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.claimable.first().map(|(at, _)| *at)
    }

    fn change(&mut self, serial_key: &str, act: impl FnOnce(&mut Lane)) {
        let mut lane = self.by_key.remove(serial_key).unwrap_or_default();
        if let Some(head) = lane.head() {
            self.heads.remove(&head);
        }
        if let Some(claimable) = lane.claimable() {
            self.claimable.remove(&claimable);
        }

        act(&mut lane);

        if let Some(head) = lane.head() {
            self.heads.insert(head, lane.leased_until());
        }
        self.claimable.extend(lane.claimable());
        if !lane.waiting.is_empty() || !lane.leases.is_empty() {
            self.by_key.insert(serial_key.to_owned(), lane);
        }
    }
}
