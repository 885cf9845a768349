//! Claiming and releasing: due jobs drained by one, four and eight workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use threads_monitor::Storage;
use threads_monitor::scheduler::{Change, JobId, JobKind, NewJob, WorkerId};

use crate::Place;
use crate::measure::{rate, ratio};
use crate::rivals::Release;
use crate::setup::{account, drop_database, storage};
use crate::{rivals, setup};

/// How many jobs are claimed at a time, by everybody.
pub const BATCH: usize = 100;
/// How long a lease is.
pub const LEASE: Duration = Duration::from_mins(3);

/// Prints the tables.
///
/// Of those whose names have `only` in them, if not of all; what they are measured by is the first.
pub async fn table(place: &Place, jobs: usize, only: Option<&str>) -> anyhow::Result<()> {
    let chosen = |all: &[Who]| -> Vec<Who> {
        let named = |who: &&Who| only.is_none_or(|only| who.name().contains(only));
        all.iter().filter(named).copied().collect()
    };
    let (postgres, sqlite) = (chosen(&POSTGRES), chosen(&SQLITE));
    println!("### Claim and release of {jobs} due jobs, in batches of {BATCH}\n");
    println!("| who | workers | jobs a second | bare SQL takes / this takes |");
    println!("|---|--:|--:|--:|");
    for workers in [1, 4, 8] {
        if place.postgres.is_some() {
            rows(place, jobs, workers, &postgres).await?;
        }
    }
    for workers in [1, 4, 8] {
        rows(place, jobs, workers, &sqlite).await?;
    }
    println!();
    Ok(())
}

/// Who drains jobs. The first of each database is what the others are measured by.
#[derive(Debug, Clone, Copy)]
enum Who {
    Bare(Database, Release),
    Ours(Database),
    Apalis,
    Graphile,
}

#[derive(Debug, Clone, Copy)]
enum Database {
    Postgres,
    Sqlite,
}

const POSTGRES: [Who; 5] = [
    Who::Bare(Database::Postgres, Release::Batch),
    Who::Bare(Database::Postgres, Release::OneByOne),
    Who::Ours(Database::Postgres),
    Who::Apalis,
    Who::Graphile,
];

const SQLITE: [Who; 3] = [
    Who::Bare(Database::Sqlite, Release::Batch),
    Who::Bare(Database::Sqlite, Release::OneByOne),
    Who::Ours(Database::Sqlite),
];

impl Who {
    fn name(self) -> String {
        match self {
            Self::Bare(database, Release::Batch) => {
                format!("bare SQL, {database:?}, batches released at once")
            }
            Self::Bare(database, Release::OneByOne) => {
                format!("bare SQL, {database:?}, jobs released one by one")
            }
            Self::Ours(database) => format!("threads-monitor, {database:?}"),
            Self::Apalis => "apalis-postgres 1.0.0".to_owned(),
            Self::Graphile => "graphile_worker 0.14.1".to_owned(),
        }
    }

    async fn drain(self, place: &Place, jobs: usize, workers: usize) -> anyhow::Result<Duration> {
        match self {
            Self::Bare(Database::Postgres, release) => {
                rivals::bare_postgres(place, jobs, workers, release).await
            }
            Self::Bare(Database::Sqlite, release) => {
                rivals::bare_sqlite(place, jobs, workers, release).await
            }
            Self::Ours(Database::Postgres) => ours(place, "postgres", jobs, workers).await,
            Self::Ours(Database::Sqlite) => ours(place, "sqlite", jobs, workers).await,
            Self::Apalis => rivals::apalis(place, jobs, workers).await,
            Self::Graphile => rivals::graphile(place, jobs, workers).await,
        }
    }
}

/// The best of three each, in turns: what disturbs a run only makes it longer.
async fn rows(place: &Place, jobs: usize, workers: usize, who: &[Who]) -> anyhow::Result<()> {
    let mut best = vec![Duration::MAX; who.len()];
    for _ in 0..3 {
        for (best, who) in best.iter_mut().zip(who) {
            *best = who.drain(place, jobs, workers).await?.min(*best);
        }
    }
    for (span, who) in best.iter().zip(who) {
        println!(
            "| {} | {workers} | {:.0} | {:.2} |",
            who.name(),
            rate(jobs, *span),
            ratio(best[0], *span)
        );
    }
    Ok(())
}

async fn ours(
    place: &Place,
    backend: &str,
    jobs: usize,
    workers: usize,
) -> anyhow::Result<Duration> {
    let name = format!("bench_claims_{backend}");
    let store = storage(place, backend, &name).await?;
    enqueue(&store, 0..jobs, Utc::now() - TimeDelta::seconds(1)).await?;
    let start = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    try_join_all((0..workers).map(|worker| {
        let (store, done) = (store.clone(), Arc::clone(&done));
        async move { tokio::spawn(drain(store, worker, jobs, done)).await? }
    }))
    .await?;
    let span = start.elapsed();
    anyhow::ensure!(done.load(Ordering::SeqCst) == jobs, "not all were drained");
    drop(store);
    if backend == "postgres" {
        drop_database(place, &name).await?;
    }
    Ok(span)
}

async fn drain(
    store: Storage,
    worker: usize,
    jobs: usize,
    done: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let worker = WorkerId::new(format!("worker-{worker}"));
    while done.load(Ordering::SeqCst) < jobs {
        let leases = store
            .scheduler
            .claim(Utc::now(), &worker, LEASE, BATCH)
            .await?;
        let released = leases.into_iter().map(|lease| {
            let change = Change {
                state: json!({ "done": true }),
                wake_at: None,
                events: Vec::new(),
            };
            store.scheduler.release(lease, change)
        });
        let count = released.len();
        try_join_all(released).await?;
        done.fetch_add(count, Ordering::SeqCst);
    }
    Ok(())
}

/// Enqueues jobs of as many accounts.
pub async fn enqueue(
    store: &Storage,
    numbers: std::ops::Range<usize>,
    wake_at: DateTime<Utc>,
) -> anyhow::Result<()> {
    futures::stream::iter(numbers)
        .map(|number| async move {
            let user = account(number);
            let job = NewJob {
                id: JobId::random(),
                account: user.clone(),
                kind: JobKind::PublishPost,
                serial_key: format!("publish:{user}"),
                idempotency_key: format!("bench-{number}"),
                request: json!({ "text": "a post of the benchmark", "number": number }),
                state: Value::Null,
                wake_at,
                created_at: setup::epoch(),
            };
            store.scheduler.enqueue(job).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(32)
        .try_collect::<()>()
        .await
}
