//! PostgreSQL: what is read for a job does not depend on when statistics were taken.
#![cfg(feature = "postgres")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::ops::Range;
use std::time::Duration;

use chrono::DateTime;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use threads_client::UserId;
use threads_monitor::scheduler::{Change, JobId, JobKind, NewJob, WorkerId};
use threads_monitor::{Storage, StoreError};

use crate::server::Place;

const JOBS: usize = 2_000;
const BATCH: usize = 20;

fn job(number: usize) -> NewJob {
    NewJob {
        id: JobId::random(),
        account: UserId::new(number.to_string()),
        kind: JobKind::PublishPost,
        serial_key: number.to_string(),
        idempotency_key: number.to_string(),
        request: json!("a post"),
        state: json!("new"),
        wake_at: DateTime::UNIX_EPOCH,
        created_at: DateTime::UNIX_EPOCH,
    }
}

async fn enqueue(storage: &Storage, numbers: Range<usize>) {
    futures::stream::iter(numbers)
        .map(|number| storage.scheduler.enqueue(job(number)))
        .buffer_unordered(8)
        .try_for_each(|_| async { Ok(()) })
        .await
        .unwrap();
}

/// Some of those that are due, each released with its end.
async fn work(storage: &Storage) -> Result<(), StoreError> {
    let (worker, minute) = (WorkerId::new("w"), Duration::from_mins(1));
    let claimed = storage
        .scheduler
        .claim(DateTime::UNIX_EPOCH, &worker, minute, BATCH);
    let leases = claimed.await?;
    assert_eq!(leases.len(), BATCH);
    let released = leases.into_iter().map(|lease| {
        let done = Change {
            state: json!("done"),
            wake_at: None,
            events: Vec::new(),
        };
        storage.scheduler.release(lease, done)
    });
    try_join_all(released).await?;
    Ok(())
}

/// How many rows of jobs and lanes every ended connection has read: by going through a whole
/// table, and in all.
async fn rows_read(place: &Place) -> (i64, i64) {
    let mut connection = place.connect().await;
    sqlx::query_as(
        "SELECT sum(seq_tup_read)::bigint, sum(seq_tup_read + COALESCE(idx_tup_fetch, 0))::bigint \
         FROM pg_stat_user_tables \
         WHERE schemaname = $1 AND relname IN ('jobs', 'lanes', 'waiting')",
    )
    .bind(place.schema())
    .fetch_one(&mut connection)
    .await
    .unwrap()
}

/// Ends its connections, which then have told what they read.
async fn closed(storage: Storage, place: &Place) {
    drop(storage);
    let mut connection = place.connect().await;
    for _ in 0..1_000 {
        let others: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        if others == 0 {
            return;
        }
        sqlx::query("SELECT pg_sleep(0.01)")
            .execute(&mut connection)
            .await
            .unwrap();
    }
    panic!("somebody is still connected");
}

/// Statistics of a moment when nothing was leased say that a release finds no row, and of one
/// when little is due that a claim had better sort what is.
#[tokio::test]
async fn a_few_jobs_among_many_are_claimed_and_released_without_reading_the_others() {
    let Some(place) = Place::in_new_database().await else {
        return;
    };
    let storage = Storage::open(&place.address()).await.unwrap();
    enqueue(&storage, 0..JOBS).await;
    closed(storage, &place).await;
    let schema = place.schema();
    place
        .say(&format!("ANALYZE {schema}.jobs, {schema}.lanes"))
        .await;
    let storage = Storage::open(&place.address()).await.unwrap();
    let (_, before) = rows_read(&place).await;

    work(&storage).await.unwrap();
    closed(storage, &place).await;

    let read = rows_read(&place).await.1 - before;
    assert!(
        (1..1_000).contains(&read),
        "{read} rows were read for {BATCH} of {JOBS} jobs"
    );
}

/// A plan that is made while there are few would go through all of them, and is kept.
#[tokio::test]
async fn no_plan_of_a_time_with_few_jobs_goes_through_a_whole_table() {
    let Some(place) = Place::in_new_database().await else {
        return;
    };
    let storage = Storage::open(&place.address()).await.unwrap();
    enqueue(&storage, 0..BATCH).await;
    let schema = place.schema();
    place
        .say(&format!("ANALYZE {schema}.jobs, {schema}.lanes"))
        .await;

    work(&storage).await.unwrap();
    enqueue(&storage, BATCH..2 * BATCH).await;
    work(&storage).await.unwrap();
    closed(storage, &place).await;

    let (by_whole_tables, in_all) = rows_read(&place).await;
    assert_eq!(by_whole_tables, 0);
    assert!(in_all > 0);
}
