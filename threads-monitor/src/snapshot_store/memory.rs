//! Observations in memory, and the table that every backend without a database is built on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use threads_client::UserId;

use super::{
    Metric, Order, Reading, Snapshot, SnapshotQuery, SnapshotStore, Source, Subject, is_by_day,
};
use crate::error::StoreError;

/// Observations in memory, gone with the process.
///
/// Clones share the history.
#[derive(Debug, Clone, Default)]
pub struct MemorySnapshotStore {
    table: Arc<Mutex<SnapshotTable>>,
}

impl MemorySnapshotStore {
    fn with<A>(&self, act: impl FnOnce(&mut SnapshotTable) -> A) -> A {
        // Every step leaves the table whole, so a panic elsewhere does not spoil it.
        act(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<A>(&self, plan: impl FnOnce(&SnapshotTable) -> (Vec<SnapshotRow>, A)) -> A {
        self.with(|table| {
            let (rows, answer) = plan(table);
            for row in rows {
                table.apply(row);
            }
            answer
        })
    }
}

#[async_trait]
impl SnapshotStore for MemorySnapshotStore {
    async fn append(&self, snapshots: &[Snapshot]) -> Result<(), StoreError> {
        self.write(|table| (table.append(snapshots), ()));
        Ok(())
    }

    async fn query(&self, query: &SnapshotQuery) -> Result<Vec<Snapshot>, StoreError> {
        Ok(self.with(|table| table.query(query)))
    }

    async fn latest(
        &self,
        account: &UserId,
        subjects: &[Subject],
    ) -> Result<Vec<Snapshot>, StoreError> {
        Ok(self.with(|table| table.latest(account, subjects)))
    }

    async fn accounts(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        Ok(self.with(|table| table.accounts(after, limit)))
    }

    async fn count(&self, account: &UserId, metric: Metric) -> Result<u64, StoreError> {
        Ok(self.with(|table| table.count(account, metric)))
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(self.write(|table| table.prune(before)))
    }

    async fn thin(
        &self,
        account: &UserId,
        oldest: DateTime<Utc>,
        bounds: &[DateTime<Utc>],
    ) -> Result<u64, StoreError> {
        Ok(self.write(|table| table.thin(account, oldest, bounds)))
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        Ok(self.write(|table| table.erase_account(account)))
    }
}

/// The whole contract of a [`SnapshotStore`] in one page: no clock, no I/O.
///
/// Writes come in two halves: a *plan* looks at the table and says which rows change,
/// [`apply`](Self::apply) changes one. So a durable backend writes the rows down
/// between the two.
#[derive(Debug, Default)]
pub(super) struct SnapshotTable {
    accounts: BTreeMap<UserId, BTreeMap<Subject, BTreeMap<Metric, Series>>>,
}

/// The points of one metric of one subject, by the instant that they are about.
type Series = BTreeMap<DateTime<Utc>, Point>;

/// What a point has besides its name.
#[derive(Debug, Clone)]
struct Point {
    captured_at: DateTime<Utc>,
    source: Source,
    reading: Reading,
}

/// The name of one point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PointKey {
    account: UserId,
    subject: Subject,
    metric: Metric,
    at: DateTime<Utc>,
}

/// One changed row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum SnapshotRow {
    Put(Snapshot),
    /// Points leave a durable store by its being written anew without them.
    #[serde(skip)]
    Remove(PointKey),
}

impl SnapshotTable {
    pub(super) fn append(&self, snapshots: &[Snapshot]) -> Vec<SnapshotRow> {
        // A batch may name one point twice, so it is first settled within itself.
        let mut newest: BTreeMap<PointKey, &Snapshot> = BTreeMap::new();
        for snapshot in snapshots {
            let key = PointKey::of(snapshot);
            let known = match newest.get(&key) {
                Some(known) => Some(known.captured_at),
                None => self.point(&key).map(|point| point.captured_at),
            };
            if known.is_none_or(|known| known < snapshot.captured_at) {
                newest.insert(key, snapshot);
            }
        }
        newest
            .into_values()
            .map(|snapshot| SnapshotRow::Put(snapshot.clone()))
            .collect()
    }

    pub(super) fn query(&self, query: &SnapshotQuery) -> Vec<Snapshot> {
        if query
            .from
            .zip(query.to)
            .is_some_and(|(from, to)| from >= to)
        {
            return Vec::new();
        }
        let range = (
            query.from.map_or(Bound::Unbounded, Bound::Included),
            query.to.map_or(Bound::Unbounded, Bound::Excluded),
        );
        // The first `limit` of the whole are among the first `limit` of each series.
        let mut found = Vec::new();
        for (subject, metric, series) in self.series(query) {
            let points = series.range(range);
            let push = |(at, point): (&DateTime<Utc>, &Point)| {
                found.push(point.snapshot(&query.account, subject, metric, *at));
            };
            match query.order {
                Order::OldestFirst => points.take(query.limit).for_each(push),
                Order::NewestFirst => points.rev().take(query.limit).for_each(push),
            }
        }
        // Series come by subject, then metric, and the sort keeps that order for equal instants.
        match query.order {
            Order::OldestFirst => found.sort_by_key(|snapshot| snapshot.at),
            Order::NewestFirst => found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at)),
        }
        found.truncate(query.limit);
        found
    }

    pub(super) fn latest(&self, account: &UserId, subjects: &[Subject]) -> Vec<Snapshot> {
        let Some(known) = self.accounts.get(account) else {
            return Vec::new();
        };
        let subjects: BTreeSet<&Subject> = subjects.iter().collect();
        subjects
            .into_iter()
            .filter_map(|subject| known.get_key_value(subject))
            .flat_map(|(subject, metrics)| {
                metrics.iter().filter_map(move |(metric, series)| {
                    let (at, point) = series.last_key_value()?;
                    Some(point.snapshot(account, subject, *metric, *at))
                })
            })
            .collect()
    }

    pub(super) fn accounts(&self, after: Option<&UserId>, limit: usize) -> Vec<UserId> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.accounts
            .range::<UserId, _>((after, Bound::Unbounded))
            .take(limit)
            .map(|(account, _)| account.clone())
            .collect()
    }

    pub(super) fn count(&self, account: &UserId, metric: Metric) -> u64 {
        self.accounts
            .get(account)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter_map(|metrics| metrics.get(&metric))
            .map(|series| series.len() as u64)
            .sum()
    }

    pub(super) fn prune(&self, before: DateTime<Utc>) -> (Vec<SnapshotRow>, u64) {
        let rows: Vec<_> = self
            .points()
            .filter(|(key, point)| key.at < before && point.reading.count().is_some())
            .map(|(key, _)| SnapshotRow::Remove(key))
            .collect();
        let removed = rows.len() as u64;
        (rows, removed)
    }

    pub(super) fn thin(
        &self,
        account: &UserId,
        oldest: DateTime<Utc>,
        bounds: &[DateTime<Utc>],
    ) -> (Vec<SnapshotRow>, u64) {
        let is_number = |(_, point): &(&DateTime<Utc>, &Point)| point.reading.count().is_some();
        let all = SnapshotQuery::account(account.clone());
        let mut removed = BTreeSet::new();
        for (subject, metric, series) in self.series(&all) {
            let too_old = series.range(..oldest).filter(is_number);
            let mut gone: BTreeSet<DateTime<Utc>> = too_old.map(|(at, _)| *at).collect();
            for span in bounds.windows(2) {
                let &[from, to] = span else { continue };
                if from >= to || is_by_day(subject, metric) {
                    continue;
                }
                let mut newer = series.range(from..to).filter(is_number).rev();
                let _last = newer.next();
                gone.extend(newer.map(|(at, _)| *at));
            }
            removed.extend(gone.into_iter().map(|at| PointKey {
                account: account.clone(),
                subject: subject.clone(),
                metric,
                at,
            }));
        }
        let count = removed.len() as u64;
        (
            removed.into_iter().map(SnapshotRow::Remove).collect(),
            count,
        )
    }

    pub(super) fn erase_account(&self, account: &UserId) -> (Vec<SnapshotRow>, u64) {
        let rows: Vec<_> = self
            .accounts
            .get(account)
            .into_iter()
            .flat_map(|subjects| points_of(account, subjects))
            .map(|(key, _)| SnapshotRow::Remove(key))
            .collect();
        let removed = rows.len() as u64;
        (rows, removed)
    }

    /// Changes one row, and gives the row that undoes it.
    pub(super) fn apply(&mut self, row: SnapshotRow) -> Option<SnapshotRow> {
        match row {
            SnapshotRow::Put(snapshot) => {
                let key = PointKey::of(&snapshot);
                let old = self
                    .accounts
                    .entry(snapshot.account)
                    .or_default()
                    .entry(snapshot.subject)
                    .or_default()
                    .entry(snapshot.metric)
                    .or_default()
                    .insert(
                        snapshot.at,
                        Point {
                            captured_at: snapshot.captured_at,
                            source: snapshot.source,
                            reading: snapshot.reading,
                        },
                    );
                Some(match old {
                    Some(old) => SnapshotRow::Put(old.named(&key)),
                    None => SnapshotRow::Remove(key),
                })
            }
            SnapshotRow::Remove(key) => self
                .remove(&key)
                .map(|old| SnapshotRow::Put(old.named(&key))),
        }
    }

    /// Every row, as a table that is built from them has them.
    #[cfg(feature = "file")]
    pub(super) fn rows(&self) -> impl Iterator<Item = SnapshotRow> {
        self.points()
            .map(|(key, point)| SnapshotRow::Put(point.named(&key)))
    }

    fn point(&self, key: &PointKey) -> Option<&Point> {
        self.accounts
            .get(&key.account)?
            .get(&key.subject)?
            .get(&key.metric)?
            .get(&key.at)
    }

    fn remove(&mut self, key: &PointKey) -> Option<Point> {
        // Maps that become empty go too: an erased account leaves nothing behind.
        let subjects = self.accounts.get_mut(&key.account)?;
        let metrics = subjects.get_mut(&key.subject)?;
        let series = metrics.get_mut(&key.metric)?;
        let old = series.remove(&key.at);
        if series.is_empty() {
            metrics.remove(&key.metric);
        }
        if metrics.is_empty() {
            subjects.remove(&key.subject);
        }
        if subjects.is_empty() {
            self.accounts.remove(&key.account);
        }
        old
    }

    /// The series that a query is about, by subject, then metric.
    fn series<'a>(
        &'a self,
        query: &'a SnapshotQuery,
    ) -> impl Iterator<Item = (&'a Subject, Metric, &'a Series)> {
        let subjects = self.accounts.get(&query.account);
        let one = subjects
            .zip(query.subject.as_ref())
            .and_then(|(subjects, subject)| subjects.get_key_value(subject));
        let all = subjects.filter(|_| query.subject.is_none());
        one.into_iter()
            .chain(all.into_iter().flatten())
            .flat_map(|(subject, metrics)| {
                metrics
                    .iter()
                    .map(move |(metric, series)| (subject, *metric, series))
            })
            .filter(|(_, metric, _)| query.metric.is_none_or(|wanted| wanted == *metric))
    }

    fn points(&self) -> impl Iterator<Item = (PointKey, &Point)> {
        self.accounts
            .iter()
            .flat_map(|(account, subjects)| points_of(account, subjects))
    }
}

fn points_of<'a>(
    account: &'a UserId,
    subjects: &'a BTreeMap<Subject, BTreeMap<Metric, Series>>,
) -> impl Iterator<Item = (PointKey, &'a Point)> {
    subjects.iter().flat_map(move |(subject, metrics)| {
        metrics.iter().flat_map(move |(metric, series)| {
            series.iter().map(move |(at, point)| {
                let key = PointKey {
                    account: account.clone(),
                    subject: subject.clone(),
                    metric: *metric,
                    at: *at,
                };
                (key, point)
            })
        })
    })
}

impl PointKey {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            account: snapshot.account.clone(),
            subject: snapshot.subject.clone(),
            metric: snapshot.metric,
            at: snapshot.at,
        }
    }
}

impl Point {
    fn snapshot(
        &self,
        account: &UserId,
        subject: &Subject,
        metric: Metric,
        at: DateTime<Utc>,
    ) -> Snapshot {
        Snapshot {
            account: account.clone(),
            subject: subject.clone(),
            metric,
            at,
            captured_at: self.captured_at,
            source: self.source,
            reading: self.reading.clone(),
        }
    }

    fn named(&self, key: &PointKey) -> Snapshot {
        self.snapshot(&key.account, &key.subject, key.metric, key.at)
    }
}
