//! A claim while many jobs wait for another day.

use std::time::{Duration, Instant};

use anyhow::ensure;
use chrono::{TimeDelta, Utc};
use futures::future::try_join_all;
use serde_json::json;
use sqlx::PgPool;
use threads_monitor::Storage;
use threads_monitor::scheduler::{Change, WorkerId};

use crate::Place;
use crate::claims::{LEASE, enqueue};
use crate::measure::{Spans, milliseconds, ratio};
use crate::setup::{database, drop_database, pool};

const FEW: u64 = 10_000;
const CLAIMS: usize = 500;

/// Prints the table.
pub async fn table(place: &Place, many: u64, accounts: u64) -> anyhow::Result<()> {
    println!("### A claim while jobs wait for another day (PostgreSQL, {accounts} accounts)\n");
    println!(
        "| jobs that wait | ms per claim and release | p99 | ratio | ms per idle poll | p99 | bytes per job |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    let mut first = None;
    for jobs in [FEW, many] {
        let name = "bench_waiting";
        let url = database(place, name).await?;
        let store = Storage::open(url.as_str()).await?;
        let pool = pool(&url, 2).await?;
        let before = size(&pool).await?;
        fill(&pool, jobs, accounts.min(jobs)).await?;
        let bytes = (size(&pool).await? - before) / i64::try_from(jobs)?;
        let idle = idle_polls(&store).await?;
        let claims = claims(&store).await?;
        let base = *first.get_or_insert(claims.median());
        println!(
            "| {jobs} | {} | {} | {:.2} | {} | {} | {bytes} |",
            milliseconds(claims.median()),
            milliseconds(claims.quantile(0.99)),
            ratio(claims.median(), base),
            milliseconds(idle.median()),
            milliseconds(idle.quantile(0.99)),
        );
        pool.close().await;
        drop(store);
        drop_database(place, name).await?;
    }
    println!();
    Ok(())
}

async fn size(pool: &PgPool) -> anyhow::Result<i64> {
    Ok(
        sqlx::query_scalar("SELECT pg_database_size(current_database())")
            .fetch_one(pool)
            .await?,
    )
}

/// Writes the rows that `enqueue` would have written, in one go: by itself it would take hours.
async fn fill(pool: &PgPool, jobs: u64, accounts: u64) -> anyhow::Result<()> {
    let far = (Utc::now() + TimeDelta::days(365)).timestamp_micros();
    let chunk = 500_000;
    for start in (0..jobs).step_by(usize::try_from(chunk)?) {
        sqlx::query(
            "INSERT INTO jobs (id, account, kind, serial_key, idempotency_key, request, state, \
             wake_at, version, epoch, created_at) \
             SELECT gen_random_uuid(), '1784' || lpad((n % $3)::text, 13, '0'), 'publish_post', \
             'publish:1784' || lpad((n % $3)::text, 13, '0'), 'wait-' || n, \
             '{\"text\":\"a post of the benchmark\",\"number\":' || n || '}', 'null', $4 + n, \
             nextval('job_versions'), 0, $4 FROM generate_series($1, $2) AS n",
        )
        .bind(i64::try_from(start)?)
        .bind(i64::try_from((start + chunk).min(jobs) - 1)?)
        .bind(i64::try_from(accounts)?)
        .bind(far)
        .execute(pool)
        .await?;
    }
    sqlx::query(
        "INSERT INTO lanes (serial_key, head_wake_at, head_id, is_shared) \
         SELECT DISTINCT ON (serial_key) serial_key, wake_at, id, TRUE FROM jobs \
         ORDER BY serial_key, wake_at, id",
    )
    .execute(pool)
    .await?;
    sqlx::query(
        "INSERT INTO waiting (serial_key, wake_at, id) \
         SELECT serial_key, wake_at, id FROM jobs ORDER BY serial_key, wake_at, id",
    )
    .execute(pool)
    .await?;
    for table in ["jobs", "lanes", "waiting"] {
        let vacuum = format!("VACUUM ANALYZE {table}");
        sqlx::query(sqlx::AssertSqlSafe(vacuum))
            .execute(pool)
            .await?;
    }
    // What was filled in is on the disk before anything is measured: otherwise each commit
    // waits for gigabytes that are being written.
    sqlx::query("CHECKPOINT").execute(pool).await?;
    Ok(())
}

async fn idle_polls(store: &Storage) -> anyhow::Result<Spans> {
    let mut spans = Spans::default();
    let worker = WorkerId::new("idle");
    for _ in 0..CLAIMS {
        let start = Instant::now();
        let leases = store
            .scheduler
            .claim(Utc::now(), &worker, LEASE, 100)
            .await?;
        spans.add(start.elapsed());
        ensure!(leases.is_empty(), "nothing is due");
    }
    Ok(spans)
}

/// Each claims and releases ten jobs that are due among those that wait.
async fn claims(store: &Storage) -> anyhow::Result<Spans> {
    // Accounts of their own, after all that wait.
    let first = 500_000_000;
    enqueue(
        store,
        first..first + CLAIMS * 10,
        Utc::now() - TimeDelta::hours(1),
    )
    .await?;
    let mut spans = Spans::default();
    let worker = WorkerId::new("busy");
    for _ in 0..CLAIMS {
        let start = Instant::now();
        let leases = store
            .scheduler
            .claim(Utc::now(), &worker, LEASE, 10)
            .await?;
        ensure!(leases.len() == 10, "only {} were claimed", leases.len());
        let released = leases.into_iter().map(|lease| {
            let change = Change {
                state: json!({ "done": true }),
                wake_at: None,
                events: Vec::new(),
            };
            store.scheduler.release(lease, change)
        });
        try_join_all(released).await?;
        spans.add(start.elapsed());
        if spans.median() > Duration::from_secs(2) {
            anyhow::bail!("a claim takes seconds");
        }
    }
    Ok(spans)
}
