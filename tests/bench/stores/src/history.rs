//! A year of one account among many.

use std::time::Instant;

use anyhow::ensure;
use chrono::TimeDelta;
use sqlx::{PgPool, Row, SqlitePool};
use threads_monitor::Storage;
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, SnapshotQuery, Source, Subject};

use crate::Place;
use crate::measure::{Spans, milliseconds, ratio};
use crate::setup::{account, database, directory, drop_database, epoch, pool};

const HOURS: i64 = 24 * 365;
const READS: usize = 200;

/// Prints the table.
pub async fn table(place: &Place, accounts: u64) -> anyhow::Result<()> {
    let points = i64::try_from(accounts)? * HOURS;
    println!("### A year of one account among {accounts} ({points} points)\n");
    println!(
        "| backend | bytes per point | ms per year read | p99 | hand-written table: bytes | ms | ratio |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    sqlite(place, accounts).await?;
    if place.postgres.is_some() {
        postgres(place, accounts).await?;
    }
    println!();
    Ok(())
}

async fn sqlite(place: &Place, accounts: u64) -> anyhow::Result<()> {
    let path = directory(place, "history")?.join("bench.db");
    let address = format!("sqlite:{}", path.display());
    first_hour(&Storage::open(&address).await?, accounts).await?;
    let points = i64::try_from(accounts)? * HOURS;
    let filled = SqlitePool::connect(&address).await?;
    let empty = sqlite_size(&filled).await?;
    // Hour by hour for all accounts, as it grows in life.
    sqlx::query(
        "WITH RECURSIVE h (h) AS (SELECT 1 UNION ALL SELECT h + 1 FROM h WHERE h < $1 - 1), \
         first AS MATERIALIZED (SELECT * FROM points) \
         INSERT INTO points (series, at, captured_after, source, count) \
         SELECT series, at + h * 3600000000, captured_after, source, count + h FROM h, first \
         WHERE true ORDER BY h, series",
    )
    .bind(HOURS)
    .execute(&filled)
    .await?;
    let bytes = (sqlite_size(&filled).await? - empty) / points;
    sqlx::query(
        "CREATE TABLE ideal (account INTEGER NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL, \
         PRIMARY KEY (account, at)) STRICT, WITHOUT ROWID",
    )
    .execute(&filled)
    .await?;
    let before = sqlite_size(&filled).await?;
    sqlx::query("INSERT INTO ideal SELECT series, at, count FROM points ORDER BY at, series")
        .execute(&filled)
        .await?;
    let ideal_bytes = (sqlite_size(&filled).await? - before) / points;
    let mut ideal = Spans::default();
    for read in 0..READS {
        let start = Instant::now();
        let rows =
            sqlx::query("SELECT at, count FROM ideal WHERE account = $1 AND at >= $2 ORDER BY at")
                .bind(i64::try_from(number(read, accounts) + 1)?)
                .bind(0_i64)
                .fetch_all(&filled)
                .await?;
        let year: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        ideal.add(start.elapsed());
        ensure!(year.len() == usize::try_from(HOURS)?);
    }
    filled.close().await;
    let store = Storage::open(&address).await?;
    let ours = reads(&store, accounts).await?;
    line("SQLite", bytes, &ours, ideal_bytes, &ideal);
    Ok(())
}

async fn postgres(place: &Place, accounts: u64) -> anyhow::Result<()> {
    let name = "bench_history";
    let url = database(place, name).await?;
    let store = Storage::open(url.as_str()).await?;
    let pool = pool(&url, 2).await?;
    let points = i64::try_from(accounts)? * HOURS;
    first_hour(&store, accounts).await?;
    sqlx::query(
        "INSERT INTO points (series, at, captured_after, source, count) \
         SELECT series, at + h * 3600000000, captured_after, source, count + h \
         FROM generate_series(1, $1 - 1) AS h, points ORDER BY h, series",
    )
    .bind(HOURS)
    .execute(&pool)
    .await?;
    sqlx::query(
        "CREATE TABLE ideal (account BIGINT NOT NULL, at BIGINT NOT NULL, count BIGINT NOT NULL, \
         PRIMARY KEY (account, at))",
    )
    .execute(&pool)
    .await?;
    sqlx::query("INSERT INTO ideal SELECT series, at, count FROM points ORDER BY at, series")
        .execute(&pool)
        .await?;
    for statement in [
        "VACUUM ANALYZE points",
        "VACUUM ANALYZE ideal",
        "VACUUM ANALYZE series",
    ] {
        sqlx::query(statement).execute(&pool).await?;
    }
    let bytes = table_size(&pool, "points").await? / points;
    let ideal_bytes = table_size(&pool, "ideal").await? / points;
    let mut ideal = Spans::default();
    for read in 0..READS {
        let start = Instant::now();
        let rows =
            sqlx::query("SELECT at, count FROM ideal WHERE account = $1 AND at >= $2 ORDER BY at")
                .bind(i64::try_from(number(read, accounts) + 1)?)
                .bind(0_i64)
                .fetch_all(&pool)
                .await?;
        let year: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        ideal.add(start.elapsed());
        ensure!(year.len() == usize::try_from(HOURS)?);
    }
    let ours = reads(&store, accounts).await?;
    line("PostgreSQL", bytes, &ours, ideal_bytes, &ideal);
    pool.close().await;
    drop(store);
    drop_database(place, name).await?;
    Ok(())
}

fn line(backend: &str, bytes: i64, ours: &Spans, ideal_bytes: i64, ideal: &Spans) {
    println!(
        "| {backend} | {bytes} | {} | {} | {ideal_bytes} | {} | {:.2} |",
        milliseconds(ours.median()),
        milliseconds(ours.quantile(0.99)),
        milliseconds(ideal.median()),
        ratio(ours.median(), ideal.median()),
    );
}

async fn reads(store: &Storage, accounts: u64) -> anyhow::Result<Spans> {
    let mut spans = Spans::default();
    let to = epoch() + TimeDelta::days(400);
    for read in 0..READS {
        let query = SnapshotQuery::account(account(usize::try_from(number(read, accounts))?))
            .subject(Subject::Account)
            .metric(Metric::Followers)
            .between(epoch(), to);
        let start = Instant::now();
        let year = store.snapshots.query(&query).await?;
        spans.add(start.elapsed());
        ensure!(
            year.len() == usize::try_from(HOURS)?,
            "{} points",
            year.len()
        );
    }
    Ok(spans)
}

fn number(read: usize, accounts: u64) -> u64 {
    (read as u64 * 7_919) % accounts
}

/// What the store writes itself: the rest of the year is made from it.
async fn first_hour(store: &Storage, accounts: u64) -> anyhow::Result<()> {
    let first: Vec<Snapshot> = (0..usize::try_from(accounts)?)
        .map(|number| Snapshot {
            account: account(number),
            subject: Subject::Account,
            metric: Metric::Followers,
            at: epoch(),
            captured_at: epoch(),
            source: Source::Insights,
            reading: Reading::Count(1_000),
        })
        .collect();
    store.snapshots.append(&first).await?;
    Ok(())
}

async fn sqlite_size(pool: &SqlitePool) -> anyhow::Result<i64> {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(pool)
        .await?;
    let size: i64 = sqlx::query_scalar("PRAGMA page_size")
        .fetch_one(pool)
        .await?;
    Ok(pages * size)
}

async fn table_size(pool: &PgPool, table: &str) -> anyhow::Result<i64> {
    Ok(
        sqlx::query_scalar("SELECT pg_total_relation_size($1::regclass)")
            .bind(table)
            .fetch_one(pool)
            .await?,
    )
}
