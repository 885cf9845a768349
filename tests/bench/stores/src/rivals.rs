//! The same drain without this project: bare SQL as one would write it by hand, and the two
//! job queues on PostgreSQL, each set up for throughput as its own documentation says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use apalis::prelude::{BoxDynError, Data, ParallelizeExt, TaskBuilder, TaskSink, WorkerBuilder};
use apalis_postgres::PostgresStorage;
use futures::future::try_join_all;
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext,
    WorkerOptions, WorkerUtils,
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::Place;
use crate::claims::{BATCH, LEASE};
use crate::setup::{database, directory, drop_database, pool};

/// As many as the monitor's own store has.
const CONNECTIONS: u32 = 16;

type Job = (i64, i64);

/// How bare SQL releases what it has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Each job by itself, as a worker does that ends one job.
    OneByOne,
    /// A whole batch in one statement (on SQLite: in one transaction).
    Batch,
}

/// Claims with SKIP LOCKED in batches, and releases with a fence.
pub async fn bare_postgres(
    place: &Place,
    jobs: usize,
    workers: usize,
    release: Release,
) -> anyhow::Result<Duration> {
    let name = "bench_claims_bare";
    let pool = pool(&database(place, name).await?, CONNECTIONS).await?;
    for statement in [
        "CREATE TABLE jobs (id BIGINT PRIMARY KEY, wake_at BIGINT, lease_until BIGINT NOT NULL \
         DEFAULT 0, worker TEXT, epoch BIGINT NOT NULL DEFAULT 0, request TEXT NOT NULL, \
         state TEXT NOT NULL)",
        "CREATE INDEX due ON jobs (wake_at, id) WHERE wake_at IS NOT NULL",
    ] {
        sqlx::query(statement).execute(&pool).await?;
    }
    sqlx::query(
        "INSERT INTO jobs (id, wake_at, request, state) SELECT n, 0, \
         '{\"text\":\"a post of the benchmark\",\"number\":' || n || '}', 'null' \
         FROM generate_series(1, $1) AS n",
    )
    .bind(i64::try_from(jobs)?)
    .execute(&pool)
    .await?;
    let start = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    try_join_all((0..workers).map(|worker| {
        let (pool, done) = (pool.clone(), Arc::clone(&done));
        async move { tokio::spawn(drain_postgres(pool, worker, jobs, done, release)).await? }
    }))
    .await?;
    let span = start.elapsed();
    pool.close().await;
    drop_database(place, name).await?;
    Ok(span)
}

async fn drain_postgres(
    pool: PgPool,
    worker: usize,
    jobs: usize,
    done: Arc<AtomicUsize>,
    release: Release,
) -> anyhow::Result<()> {
    while done.load(Ordering::SeqCst) < jobs {
        let claimed: Vec<Job> = sqlx::query_as(
            "WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now), \
             heads AS MATERIALIZED (SELECT id FROM jobs, clock WHERE wake_at <= now \
             AND lease_until <= now ORDER BY wake_at, id LIMIT $1 FOR UPDATE OF jobs SKIP LOCKED) \
             UPDATE jobs SET epoch = epoch + 1, worker = $2, \
             lease_until = (SELECT now FROM clock) + $3 \
             WHERE id = ANY (ARRAY(SELECT id FROM heads)) RETURNING id, epoch",
        )
        .bind(i64::try_from(BATCH)?)
        .bind(format!("worker-{worker}"))
        .bind(i64::try_from(LEASE.as_micros())?)
        .fetch_all(&pool)
        .await?;
        if release == Release::Batch {
            let (ids, epochs): (Vec<i64>, Vec<i64>) = claimed.iter().copied().unzip();
            sqlx::query(
                "UPDATE jobs SET state = '{\"done\":true}', wake_at = NULL, worker = NULL, \
                 lease_until = 0 FROM unnest($1::bigint[], $2::bigint[]) AS done (id, epoch) \
                 WHERE jobs.id = done.id AND jobs.epoch = done.epoch",
            )
            .bind(ids)
            .bind(epochs)
            .execute(&pool)
            .await?;
        } else {
            let released = claimed.iter().map(|(id, epoch)| {
                sqlx::query(
                    "UPDATE jobs SET state = '{\"done\":true}', wake_at = NULL, worker = NULL, \
                     lease_until = 0 WHERE id = $1 AND epoch = $2",
                )
                .bind(id)
                .bind(epoch)
                .execute(&pool)
            });
            try_join_all(released).await?;
        }
        done.fetch_add(claimed.len(), Ordering::SeqCst);
    }
    Ok(())
}

/// The same on SQLite, which has one writer at a time.
pub async fn bare_sqlite(
    place: &Place,
    jobs: usize,
    workers: usize,
    release: Release,
) -> anyhow::Result<Duration> {
    let path = directory(place, "bare-sqlite")?;
    std::fs::create_dir_all(&path)?;
    let options = SqliteConnectOptions::new()
        .filename(path.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .busy_timeout(Duration::from_secs(30));
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    for statement in [
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY, wake_at INTEGER, lease_until INTEGER NOT NULL \
         DEFAULT 0, worker TEXT, epoch INTEGER NOT NULL DEFAULT 0, request TEXT NOT NULL, \
         state TEXT NOT NULL) STRICT",
        "CREATE INDEX due ON jobs (wake_at, id) WHERE wake_at IS NOT NULL",
    ] {
        sqlx::query(statement).execute(&pool).await?;
    }
    sqlx::query(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) \
         INSERT INTO jobs (id, wake_at, request, state) SELECT n, 0, \
         '{\"text\":\"a post of the benchmark\",\"number\":' || n || '}', 'null' FROM numbers",
    )
    .bind(i64::try_from(jobs)?)
    .execute(&pool)
    .await?;
    let start = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    try_join_all((0..workers).map(|worker| {
        let (pool, done) = (pool.clone(), Arc::clone(&done));
        async move { tokio::spawn(drain_sqlite(pool, worker, jobs, done, release)).await? }
    }))
    .await?;
    let span = start.elapsed();
    pool.close().await;
    Ok(span)
}

async fn drain_sqlite(
    pool: SqlitePool,
    worker: usize,
    jobs: usize,
    done: Arc<AtomicUsize>,
    release: Release,
) -> anyhow::Result<()> {
    while done.load(Ordering::SeqCst) < jobs {
        let now = chrono::Utc::now().timestamp_micros();
        let claimed: Vec<Job> = sqlx::query_as(
            "UPDATE jobs SET epoch = epoch + 1, worker = $2, lease_until = $3 WHERE id IN \
             (SELECT id FROM jobs WHERE wake_at <= $4 AND lease_until <= $4 \
              ORDER BY wake_at, id LIMIT $1) RETURNING id, epoch",
        )
        .bind(i64::try_from(BATCH)?)
        .bind(format!("worker-{worker}"))
        .bind(now + i64::try_from(LEASE.as_micros())?)
        .bind(now)
        .fetch_all(&pool)
        .await?;
        let text = "UPDATE jobs SET state = '{\"done\":true}', wake_at = NULL, worker = NULL, \
                    lease_until = 0 WHERE id = $1 AND epoch = $2";
        if release == Release::Batch {
            let mut step = pool.begin_with("BEGIN IMMEDIATE").await?;
            for (id, epoch) in &claimed {
                let update = sqlx::query(text).bind(id).bind(epoch);
                update.execute(&mut *step).await?;
            }
            step.commit().await?;
        } else {
            for (id, epoch) in &claimed {
                let update = sqlx::query(text).bind(id).bind(epoch);
                update.execute(&pool).await?;
            }
        }
        done.fetch_add(claimed.len(), Ordering::SeqCst);
    }
    Ok(())
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    text: String,
    number: usize,
}

impl Payload {
    fn new(number: usize) -> Self {
        Self {
            text: "a post of the benchmark".to_owned(),
            number,
        }
    }
}

async fn count(_: Payload, done: Data<Arc<AtomicUsize>>) -> Result<(), BoxDynError> {
    done.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

/// apalis-postgres in batches, without the second lock of each task.
pub async fn apalis(place: &Place, jobs: usize, workers: usize) -> anyhow::Result<Duration> {
    let name = "bench_claims_apalis";
    let pool = pool(&database(place, name).await?, CONNECTIONS).await?;
    PostgresStorage::setup(&pool).await?;
    let config = || {
        apalis_postgres::Config::default()
            .queue("bench")
            .batch_size(BATCH)
            .lock_tasks(false)
    };
    let mut sink = PostgresStorage::<Payload>::new(&pool).with_config(config());
    for chunk in (0..jobs).collect::<Vec<_>>().chunks(1_000) {
        let tasks = chunk
            .iter()
            .map(|number| TaskBuilder::new(Payload::new(*number)).build());
        let mut tasks = futures::stream::iter(tasks);
        sink.push_all(&mut tasks)
            .await
            .map_err(|error| anyhow::anyhow!("apalis: {error}"))?;
    }
    let done = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    // Each on a thread of its own: their futures cannot be spawned.
    let (stop, stopped) = watch::channel(false);
    for worker in 0..workers {
        let backend = PostgresStorage::<Payload>::new(&pool).with_config(config());
        let (done, mut stopped) = (Arc::clone(&done), stopped.clone());
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let worker = WorkerBuilder::new(format!("worker-{worker}"))
                .backend(backend)
                .data(done)
                .parallelize(tokio::spawn)
                .build(count);
            runtime.block_on(async {
                tokio::select! {
                    _ = worker.run() => {}
                    _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
                }
            });
        });
    }
    let finished = "SELECT count(*) FROM apalis.jobs WHERE status <> 'Done'";
    wait_until_none(&pool, finished, start).await?;
    let span = start.elapsed();
    stop.send_replace(true);
    ensure!(done.load(Ordering::SeqCst) == jobs, "apalis ran some twice");
    drop_database(place, name).await?;
    Ok(span)
}

impl TaskHandler for Payload {
    const IDENTIFIER: &'static str = "bench";

    async fn run(self, _: WorkerContext) -> impl IntoTaskHandlerResult {
        Ok::<(), String>(())
    }
}

/// graphile_worker with its local queue and batched completions.
pub async fn graphile(place: &Place, jobs: usize, workers: usize) -> anyhow::Result<Duration> {
    let name = "bench_claims_graphile";
    let pool = pool(&database(place, name).await?, CONNECTIONS).await?;
    let worker = Arc::new(
        WorkerOptions::default()
            .pg_pool(pool.clone())
            .schema("graphile_worker")
            .concurrency(workers)
            .poll_interval(Duration::from_millis(10))
            .local_queue(LocalQueueConfig::default().with_size(BATCH))
            .complete_job_batch_delay(Duration::from_millis(5))
            .define_job::<Payload>()
            .init()
            .await?,
    );
    let utils = WorkerUtils::new(pool.clone(), "graphile_worker");
    for chunk in (0..jobs).collect::<Vec<_>>().chunks(1_000) {
        let specs: Vec<RawJobSpec> = chunk
            .iter()
            .map(|number| {
                Ok(RawJobSpec {
                    identifier: Payload::IDENTIFIER.to_owned(),
                    payload: serde_json::to_value(Payload::new(*number))?,
                    spec: JobSpec::default(),
                })
            })
            .collect::<anyhow::Result<_>>()?;
        utils.add_raw_jobs(&specs).await?;
    }
    let start = Instant::now();
    let running = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { worker.run().await }
    });
    let left = "SELECT count(*) FROM graphile_worker._private_jobs";
    wait_until_none(&pool, left, start).await?;
    let span = start.elapsed();
    worker.request_shutdown();
    running.await.context("graphile_worker panicked")??;
    drop_database(place, name).await?;
    Ok(span)
}

/// Asks 50 times a second; that costs each of them the same.
async fn wait_until_none(pool: &PgPool, query: &'static str, start: Instant) -> anyhow::Result<()> {
    loop {
        let left: i64 = sqlx::query_scalar(query).fetch_one(pool).await?;
        if left == 0 {
            return Ok(());
        }
        ensure!(start.elapsed() < Duration::from_mins(5), "{left} are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
