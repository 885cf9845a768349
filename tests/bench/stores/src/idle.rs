//! Memory of a monitor whose accounts have nothing to do.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chrono::{TimeDelta, Utc};
use sqlx::SqlitePool;
use threads_client::Client;
use threads_monitor::{Monitor, Storage};
use url::Url;

use crate::Place;
use crate::setup::{database, directory, drop_database, pool};
use crate::tokens::token;

/// The jobs that each account has.
const KINDS: [&str; 5] = [
    "collect_followers",
    "collect_profile",
    "collect_insights",
    "collect_posts",
    "refresh_token",
];

/// Prints the table.
pub async fn table(place: &Place, accounts: usize, backend: &str) -> anyhow::Result<()> {
    let name = "bench_idle";
    let address = match backend {
        "sqlite" => format!(
            "sqlite:{}",
            directory(place, "idle")?.join("bench.db").display()
        ),
        "postgres" => database(place, name).await?.to_string(),
        other => bail!("no such backend: {other}"),
    };
    // One account as the store writes it; the others are copies of it.
    let store = Storage::open(&address).await?;
    store.tokens.save(&token(0, 0), None).await?;
    drop(store);
    match backend {
        "sqlite" => fill_sqlite(&address, accounts).await?,
        _ => fill_postgres(&address, accounts).await?,
    }

    let before = resident()?;
    let storage = Storage::open(&address).await?;
    // Nobody listens there; nothing is due, so nobody is asked.
    let nobody: Url = "http://127.0.0.1:9/".parse()?;
    let client = Client::builder().base_url(nobody).build()?;
    let monitor = Monitor::builder(storage).client(client).build()?;
    let handle = monitor.start();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let connected = monitor.storage().tokens.list(None, usize::MAX).await?.len();
    ensure!(connected == accounts, "{connected} accounts are connected");
    let idle = resident()?;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let later = resident()?;
    println!("### Memory with {accounts} idle accounts ({backend})\n");
    println!("| before the monitor, MB | after 30 s, with all accounts listed once | after 60 s |");
    println!("|--:|--:|--:|");
    println!(
        "| {} | {} | {} |\n",
        before / 1_000,
        idle / 1_000,
        later / 1_000
    );
    handle.shutdown().await;
    if backend == "postgres" {
        drop_database(place, name).await?;
    }
    Ok(())
}

/// Resident memory of this process in thousands of bytes.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1_024 / 1_000)
}

const COLUMNS: &str = "version, access_token, obtained_at, expires_at, expiry_assumed, scopes, \
                       connected_at";

async fn fill_sqlite(address: &str, accounts: usize) -> anyhow::Result<()> {
    let pool = SqlitePool::connect(address).await?;
    let numbers =
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $1 - 1)";
    let copy = format!(
        "{numbers} INSERT INTO tokens (account, {COLUMNS}) \
         SELECT '1784' || printf('%013d', n), {COLUMNS} FROM n, (SELECT * FROM tokens LIMIT 1)"
    );
    sqlx::query(sqlx::AssertSqlSafe(copy))
        .bind(i64::try_from(accounts)?)
        .execute(&pool)
        .await?;
    for kind in KINDS {
        sqlx::query(
            "INSERT INTO jobs (id, account, kind, serial_key, idempotency_key, request, state, \
             wake_at, version, epoch, created_at) \
             SELECT randomblob(16), account, $1, $1 || ':' || account, $1, 'null', 'null', $2, 1, 0, 0 \
             FROM tokens",
        )
        .bind(kind)
        .bind((Utc::now() + TimeDelta::days(1)).timestamp_micros())
        .execute(&pool)
        .await?;
    }
    sqlx::query(
        "INSERT INTO lanes (serial_key, head_wake_at, head_id) SELECT serial_key, wake_at, id FROM jobs",
    )
    .execute(&pool)
    .await?;
    pool.close().await;
    Ok(())
}

async fn fill_postgres(address: &str, accounts: usize) -> anyhow::Result<()> {
    let pool = pool(&address.parse()?, 1).await?;
    let copy = format!(
        "INSERT INTO tokens (account, {COLUMNS}) \
         SELECT '1784' || lpad(n::text, 13, '0'), {COLUMNS} \
         FROM generate_series(1, $1 - 1) AS n, tokens"
    );
    sqlx::query(sqlx::AssertSqlSafe(copy))
        .bind(i64::try_from(accounts)?)
        .execute(&pool)
        .await?;
    for kind in KINDS {
        sqlx::query(
            "INSERT INTO jobs (id, account, kind, serial_key, idempotency_key, request, state, \
             wake_at, version, epoch, created_at) \
             SELECT gen_random_uuid(), account, $1, $1 || ':' || account, $1, 'null', 'null', $2, \
             nextval('job_versions'), 0, 0 FROM tokens",
        )
        .bind(kind)
        .bind((Utc::now() + TimeDelta::days(1)).timestamp_micros())
        .execute(&pool)
        .await?;
    }
    sqlx::query(
        "INSERT INTO lanes (serial_key, head_wake_at, head_id) SELECT serial_key, wake_at, id FROM jobs",
    )
    .execute(&pool)
    .await?;
    pool.close().await;
    Ok(())
}
