//! The memory of an export does not grow with the history.
#![cfg(all(feature = "archive", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{PostId, UserId};
use threads_monitor::archive::{ExportOptions, export_account};
use threads_monitor::snapshot_store::{
    Metric, Order, Reading, Snapshot, SnapshotQuery, Source, Subject,
};
use threads_monitor::{SnapshotStore, Storage, StoreError};

/// Five years of hours.
const HOURS: i64 = 5 * 365 * 24;
/// So many posts are measured every hour, besides the followers.
const POSTS: i64 = 9;

/// A history that is computed when it is asked for, so that nobody has to keep it.
#[derive(Debug, Default)]
struct FiveYears {
    largest_answer: AtomicUsize,
}

fn beginning() -> DateTime<Utc> {
    "2021-01-01T00:00:00Z".parse().unwrap()
}

fn point(hour: i64, series: i64) -> Snapshot {
    let (subject, metric) = if series == 0 {
        (Subject::Account, Metric::Followers)
    } else {
        let post = PostId::new(format!("1790000000000{series}"));
        (Subject::Post(post), Metric::Views)
    };
    let at = beginning() + TimeDelta::hours(hour);
    Snapshot {
        account: UserId::new("1"),
        subject,
        metric,
        at,
        captured_at: at,
        source: Source::Insights,
        reading: Reading::Count((hour * 131 + series * 17).cast_unsigned()),
    }
}

#[async_trait]
impl SnapshotStore for FiveYears {
    async fn append(&self, _: &[Snapshot]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn query(&self, query: &SnapshotQuery) -> Result<Vec<Snapshot>, StoreError> {
        let hours_until = |at: DateTime<Utc>| {
            let microseconds = (at - beginning()).num_microseconds().unwrap();
            let hour = TimeDelta::hours(1).num_microseconds().unwrap();
            microseconds.div_euclid(hour) + i64::from(microseconds.rem_euclid(hour) > 0)
        };
        let from = query.from.map_or(0, hours_until).clamp(0, HOURS);
        let to = query.to.map_or(HOURS, hours_until).clamp(from, HOURS);
        let hours: Box<dyn Iterator<Item = i64> + Send> = match query.order {
            Order::OldestFirst => Box::new(from..to),
            Order::NewestFirst => Box::new((from..to).rev()),
        };
        let found: Vec<Snapshot> = hours
            .flat_map(|hour| (0..=POSTS).map(move |series| point(hour, series)))
            .filter(|point| query.subject.as_ref().is_none_or(|s| *s == point.subject))
            .filter(|point| query.metric.is_none_or(|metric| metric == point.metric))
            .take(query.limit)
            .collect();
        self.largest_answer
            .fetch_max(found.len(), Ordering::Relaxed);
        Ok(found)
    }

    async fn latest(&self, _: &UserId, _: &[Subject]) -> Result<Vec<Snapshot>, StoreError> {
        Ok(Vec::new())
    }

    async fn accounts(&self, _: Option<&UserId>, _: usize) -> Result<Vec<UserId>, StoreError> {
        Ok(vec![UserId::new("1")])
    }

    async fn count(&self, _: &UserId, metric: Metric) -> Result<u64, StoreError> {
        Ok(match metric {
            Metric::Followers => HOURS.cast_unsigned(),
            Metric::Views => (HOURS * POSTS).cast_unsigned(),
            _ => 0,
        })
    }

    async fn prune(&self, _: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn thin(
        &self,
        _: &UserId,
        _: DateTime<Utc>,
        _: &[DateTime<Utc>],
    ) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn erase_account(&self, _: &UserId) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Counts what it is given.
#[derive(Debug, Clone, Default)]
struct Scales(Arc<AtomicU64>);

impl Write for Scales {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A figure of this process in KiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn five_years_of_hourly_numbers_take_little_memory() {
    let store = Arc::new(FiveYears::default());
    let storage = Storage {
        snapshots: store.clone(),
        ..Storage::in_memory()
    };
    let scales = Scales::default();
    let before = memory("VmRSS:");

    let exported = export_account(
        &storage,
        &UserId::new("1"),
        ExportOptions::default(),
        beginning() + TimeDelta::hours(HOURS),
        scales,
        |_| {},
    )
    .await
    .unwrap();

    assert_eq!(exported.rows, (HOURS * (POSTS + 1)).cast_unsigned());
    assert!(exported.out.0.load(Ordering::Relaxed) > 1_000_000);
    assert!(store.largest_answer.load(Ordering::Relaxed) < 5_000);
    // 438,000 rows are 34 MB of text, and far more as values.
    let grown = memory("VmHWM:").saturating_sub(before);
    assert!(grown < 16 * 1024, "the process grew by {grown} KiB");
}
