//! A history in pieces of bounded size.

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::StoreError;
use crate::snapshot_store::{Snapshot, SnapshotQuery, SnapshotStore};

/// About so many snapshots are read together.
const PAGE: usize = 4096;
/// The first window of time; it grows and shrinks with what is found in it.
const WINDOW: TimeDelta = TimeDelta::days(1);
/// Times in a store are this fine.
const SMALLEST: TimeDelta = TimeDelta::microseconds(1);
/// Far more than any history, and far from any overflow.
const LARGEST: TimeDelta = TimeDelta::days(36_500);

/// Everything that a query is about, oldest first, in pages.
///
/// It reads windows of time, not "the next so many": a store that has to bring many series
/// into one order would otherwise look at all that is left for each page.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    store: &'a dyn SnapshotStore,
    query: SnapshotQuery,
    from: Option<DateTime<Utc>>,
    last: DateTime<Utc>,
    window: TimeDelta,
}

impl<'a> Pages<'a> {
    pub(super) async fn new(
        store: &'a dyn SnapshotStore,
        query: SnapshotQuery,
    ) -> Result<Self, StoreError> {
        let one = query.clone().limit(1);
        let first = store.query(&one).await?;
        let last = store.query(&one.newest_first()).await?;
        Ok(Self {
            store,
            query,
            from: first.first().map(|snapshot| snapshot.at),
            last: last
                .first()
                .map_or(DateTime::<Utc>::MIN_UTC, |last| last.at),
            window: WINDOW,
        })
    }

    /// The next page, never an empty one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Snapshot>>, StoreError> {
        while let Some(from) = self.from.filter(|from| *from <= self.last) {
            let to = from.checked_add_signed(self.window);
            let is_smallest = self.window <= SMALLEST;
            let query = SnapshotQuery {
                from: Some(from),
                to,
                // What belongs to one instant is not divided.
                limit: if is_smallest { usize::MAX } else { PAGE + 1 },
                ..self.query.clone()
            };
            let page = self.store.query(&query).await?;
            if page.len() > PAGE && !is_smallest {
                self.window = (self.window / 4).max(SMALLEST);
                continue;
            }
            self.from = to;
            if page.len() < PAGE / 4 {
                self.window = (self.window * 4).min(LARGEST);
            }
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use threads_client::{PostId, UserId};

    use super::*;
    use crate::snapshot_store::{MemorySnapshotStore, Metric, Reading, Source, Subject};

    fn views(post: usize, at: DateTime<Utc>) -> Snapshot {
        Snapshot {
            account: UserId::new("1"),
            subject: Subject::Post(PostId::new(format!("{post:05}"))),
            metric: Metric::Views,
            at,
            captured_at: at,
            source: Source::Insights,
            reading: Reading::Count(7),
        }
    }

    #[tokio::test]
    async fn pages_hold_everything_in_order_however_it_lies_in_time() {
        let store = MemorySnapshotStore::default();
        let start: DateTime<Utc> = "2016-03-01T00:00:00Z".parse().unwrap();
        let mut snapshots = vec![views(1, start)];
        // Years without anything, then many at one instant, many close by, many far apart.
        let burst = start + TimeDelta::days(3000);
        snapshots.extend((0..PAGE + 500).map(|post| views(post, burst)));
        for number in 0..10_000 {
            snapshots.push(views(2, burst + TimeDelta::microseconds(1 + number)));
            snapshots.push(views(3, burst + TimeDelta::hours(1 + number)));
        }
        store.append(&snapshots).await.unwrap();
        let query = SnapshotQuery::account(UserId::new("1"));

        let mut read = Vec::new();
        let mut pages = Pages::new(&store, query.clone()).await.unwrap();
        while let Some(page) = pages.next().await.unwrap() {
            assert!(!page.is_empty());
            assert!(page.len() <= PAGE + 1 || page.iter().all(|point| point.at == burst));
            read.extend(page);
        }

        assert!(read == store.query(&query).await.unwrap());
        assert_eq!(read.len(), snapshots.len());
    }

    #[tokio::test]
    async fn the_first_and_the_last_instant_are_read() {
        let store = MemorySnapshotStore::default();
        let far = [
            views(1, DateTime::<Utc>::MIN_UTC),
            views(1, DateTime::<Utc>::MAX_UTC),
        ];
        store.append(&far).await.unwrap();
        let query = SnapshotQuery::account(UserId::new("1"));

        let mut read = Vec::new();
        let mut pages = Pages::new(&store, query).await.unwrap();
        while let Some(page) = pages.next().await.unwrap() {
            read.extend(page);
        }

        assert!(read == far);
    }
}
