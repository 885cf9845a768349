//! PostgreSQL: what is refused, whose clock counts, and what an erasure leaves.
#![cfg(feature = "postgres")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use threads_client::UserId;
use threads_monitor::scheduler::{Change, JobId, JobKind, JobQuery, Lease, NewJob, WorkerId};
use threads_monitor::{Storage, StoreError};

use crate::marked::{MARKER, OTHER, assert_filled, erase, fill};
use crate::server::{self, Place};

/// The error with all its sources, as a program prints it.
fn chain(error: &StoreError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source} {source:?}");
        next = source.source();
    }
    text
}

async fn refused(address: &str) -> StoreError {
    match Storage::open(address).await {
        Ok(_) => panic!("the database was opened"),
        Err(error) => error,
    }
}

fn job(name: &str, wake_at: DateTime<Utc>) -> NewJob {
    NewJob {
        id: JobId::random(),
        account: UserId::new("1"),
        kind: JobKind::PublishPost,
        serial_key: name.to_owned(),
        idempotency_key: name.to_owned(),
        request: json!(name),
        state: json!("new"),
        wake_at,
        created_at: DateTime::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledged_is_refused() {
    let Some(place) = Place::in_new_database().await else {
        return;
    };
    let name = place.server().path().trim_start_matches('/').to_owned();
    place
        .say(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = off"
        ))
        .await;

    let error = refused(&place.address()).await;

    assert!(
        matches!(error, StoreError::UnsafeSettings { .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("`synchronous_commit` is `off`"), "{text}");
    assert!(text.contains("allow_unsafe_durability=true"), "{text}");
    let waived = place.address_with(&[("allow_unsafe_durability", "true")]);
    assert!(Storage::open(&waived).await.is_ok());
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused_and_kept() {
    let Some(place) = Place::new() else {
        return;
    };
    drop(Storage::open(&place.address()).await.unwrap());
    let table = format!("{}.migrations", place.schema());
    place
        .say(&format!("INSERT INTO {table} (number) VALUES (99)"))
        .await;

    let error = refused(&place.address()).await;

    assert!(
        matches!(error, StoreError::TooNew { found: 99, .. }),
        "{error:?}"
    );
    place
        .say(&format!("DELETE FROM {table} WHERE number = 99"))
        .await;
    assert!(Storage::open(&place.address()).await.is_ok());
}

#[tokio::test]
async fn a_database_of_each_earlier_schema_is_brought_up_to_date() {
    let migrations = [
        include_str!("../../src/sql/migrations/postgres/0001_tokens.sql"),
        include_str!("../../src/sql/migrations/postgres/0002_jobs.sql"),
        include_str!("../../src/sql/migrations/postgres/0003_snapshots.sql"),
        include_str!("../../src/sql/migrations/postgres/0004_leases.sql"),
        include_str!("../../src/sql/migrations/postgres/0005_waiting.sql"),
    ];
    let nobody = uuid::Uuid::nil();
    // A job that somebody has, and another one of its lane.
    let leased = format!(
        "INSERT INTO jobs VALUES
             ('{nobody}', '7', 'publish_post', 'old', 'old', 'null', 'null', 0, 3, 2,
              'w', 4000000000000000, 0),
             (gen_random_uuid(), '7', 'publish_post', 'old', 'next', 'null', 'null', 5, 4, 0,
              NULL, NULL, 0);
         INSERT INTO lanes (serial_key, head_wake, head_id, leased_until)
             VALUES ('old', 0, '{nobody}', 4000000000000000);
         SELECT setval('job_versions', 4);"
    );
    for earlier in 1..=migrations.len() {
        let Some(place) = Place::new() else {
            return;
        };
        let schema = place.schema();
        let (older, newer) = migrations[..earlier].split_at(earlier.min(2));
        let (older, newer) = (older.join("\n"), newer.join("\n"));
        let leased = if earlier > 1 { leased.as_str() } else { "" };
        place
            .say(&format!(
                "CREATE SCHEMA {schema}; SET search_path = {schema}; {older} {leased} {newer}
                 CREATE TABLE migrations (number BIGINT PRIMARY KEY,
                     done_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp());
                 INSERT INTO migrations (number) SELECT generate_series(1, {earlier});
                 INSERT INTO tokens VALUES
                     ('7', 5, 'A', 0, 1, 0, NULL, NULL, NULL, NULL, '[]', 2);
                 SELECT setval('token_versions', 5);"
            ))
            .await;

        let storage = Storage::open(&place.address()).await.unwrap();

        let kept = storage.tokens.load(&"7".into()).await.unwrap().unwrap();
        assert_eq!(kept.token.credential.access_token.expose(), "A");
        let version = storage
            .tokens
            .save(&kept.token, Some(kept.version))
            .await
            .unwrap();
        assert_eq!((kept.version.number(), version.number()), (5, 6));
        let due = job("a", DateTime::UNIX_EPOCH);
        storage.scheduler.enqueue(due).await.unwrap();
        if earlier > 1 {
            expect_lease_is_kept(&storage).await;
        }
    }
}

/// The lease that an older program wrote keeps its lane until it is released.
async fn expect_lease_is_kept(storage: &Storage) {
    let scheduler = &storage.scheduler;
    let keys = |leases: Vec<Lease>| -> Vec<String> {
        let keys = leases.into_iter().map(|lease| lease.job.idempotency_key);
        keys.collect()
    };
    assert_eq!(keys(claim_all(storage).await), ["a"]);
    let jobs = scheduler.list(&JobQuery::default()).await.unwrap();
    let mut jobs = jobs.into_iter();
    let job = jobs.find(|job| job.idempotency_key == "old").unwrap();
    let lease = Lease {
        epoch: job.epoch,
        until: job.lease.as_ref().unwrap().until,
        job,
    };
    scheduler.release(lease, done()).await.unwrap();
    assert_eq!(keys(claim_all(storage).await), ["next"]);
}

async fn claim_all(storage: &Storage) -> Vec<Lease> {
    let (worker, minute) = (WorkerId::new("x"), Duration::from_mins(1));
    let claimed = storage.scheduler.claim(at(1), &worker, minute, 99);
    claimed.await.unwrap()
}

fn done() -> Change {
    Change {
        state: json!("done"),
        wake_at: None,
        events: Vec::new(),
    }
}

#[tokio::test]
async fn a_lane_that_somebody_keeps_locked_holds_up_no_release_of_another() {
    let place = crate::place_or_skip!();
    let storage = Storage::open(&place.address()).await.unwrap();
    for name in ["a", "b", "c"] {
        let due = job(name, DateTime::UNIX_EPOCH);
        storage.scheduler.enqueue(due).await.unwrap();
    }
    let mut leases = claim_all(&storage).await;
    leases.sort_by(|one, other| one.job.serial_key.cmp(&other.job.serial_key));
    let mut holder = place.connect().await;
    let lock = format!(
        "BEGIN; SELECT 1 FROM {}.lanes WHERE serial_key = 'a' FOR UPDATE",
        place.schema()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock))
        .execute(&mut holder)
        .await
        .unwrap();

    let mut released = leases
        .into_iter()
        .map(|lease| {
            let scheduler = storage.scheduler.clone();
            tokio::spawn(async move { scheduler.release(lease, done()).await })
        })
        .collect::<Vec<_>>();
    let held_up = released.remove(0);
    for free in released {
        free.await.unwrap().unwrap();
    }

    assert!(!held_up.is_finished());
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut holder)
        .await
        .unwrap();
    held_up.await.unwrap().unwrap();
    let jobs = storage.scheduler.list(&JobQuery::default()).await.unwrap();
    assert!(
        jobs.iter()
            .all(|job| job.lease.is_none() && job.wake_at.is_none())
    );
}

#[tokio::test]
async fn leases_run_by_the_clock_of_the_server() {
    let Some(place) = Place::new() else {
        return;
    };
    let address = place.address_with(&[("clock", "server")]);
    let scheduler = Storage::open(&address).await.unwrap().scheduler;
    let mut connection = place.connect().await;
    let micros: i64 =
        sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    let server_now = DateTime::from_timestamp_micros(micros).unwrap();
    let hour = TimeDelta::hours(1);
    scheduler
        .enqueue(job("past", server_now - hour))
        .await
        .unwrap();
    let later = job("later", server_now + hour);
    scheduler.enqueue(later).await.unwrap();
    let (slow, fast) = (server_now - hour * 24, server_now + hour * 24);
    let worker = WorkerId::new("w");
    let minute = Duration::from_mins(1);

    let leases = scheduler.claim(slow, &worker, minute, 10).await.unwrap();
    assert!(
        scheduler
            .claim(fast, &worker, minute, 10)
            .await
            .unwrap()
            .is_empty()
    );

    let [lease] = leases.as_slice() else {
        panic!("claimed {leases:?}");
    };
    assert_eq!(lease.job.idempotency_key, "past");
    let span = lease.until - server_now;
    assert!(span >= TimeDelta::minutes(1) && span < hour, "{span}");
    let mut lease = lease.clone();
    scheduler
        .renew(&mut lease, slow, Duration::from_hours(2))
        .await
        .unwrap();
    assert!(lease.until - server_now >= hour * 2);
    let held = scheduler.claim_job(&lease.job.id, fast, &worker, minute);
    assert_eq!(held.await.unwrap(), None);
}

#[tokio::test]
async fn a_refused_change_keeps_its_job_from_nobody() {
    let place = crate::place_or_skip!();
    let storage = Storage::open(&place.address()).await.unwrap();
    let scheduler = &storage.scheduler;
    let known = scheduler.enqueue(job("one", at(0))).await.unwrap();
    let nothing = Change {
        state: json!("other"),
        wake_at: Some(at(0)),
        events: Vec::new(),
    };
    let (worker, lease_for) = (WorkerId::new("w"), Duration::from_secs(1));
    for round in 0..100 {
        let old = scheduler.update(&known.id, known.version, nothing.clone());
        assert_eq!(old.await.is_err(), round > 0);

        // A locked lane is skipped, as one that another process has.
        let now = at(10 * round);
        let claimed = scheduler.claim(now, &worker, lease_for, 1).await.unwrap();

        assert_eq!(claimed.len(), 1, "in round {round}");
    }
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

#[tokio::test]
async fn a_wrong_password_is_not_shown() {
    let Some(server) = server::url() else {
        return;
    };
    let mut address = server;
    address.set_password(Some("hunter2")).unwrap();

    let text = chain(&refused(address.as_str()).await);

    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("password"), "{text}");
}

#[tokio::test]
async fn a_store_and_its_errors_do_not_show_the_password() {
    let Some(place) = Place::new() else {
        return;
    };
    let password = place.server().password().unwrap().to_owned();
    let storage = Storage::open(&place.address()).await.unwrap();
    place
        .say(&format!("DROP SCHEMA {} CASCADE", place.schema()))
        .await;

    let error = storage.tokens.load(&"1".into()).await.unwrap_err();

    let shown = format!("{storage:?} {}", chain(&error));
    assert!(!shown.contains(&password), "{shown}");
    assert!(shown.contains(place.schema()), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_connected_programs_run_every_job_once() {
    let Some(place) = Place::new() else {
        return;
    };
    let first = Storage::open(&place.address()).await.unwrap();
    for number in 0..200 {
        let due = job(&number.to_string(), DateTime::UNIX_EPOCH);
        first.scheduler.enqueue(due).await.unwrap();
    }

    let programs = (0..8).map(|program| {
        let address = place.address();
        tokio::spawn(async move {
            let scheduler = Storage::open(&address).await.unwrap().scheduler;
            let worker = WorkerId::new(program.to_string());
            let mut ran = Vec::new();
            loop {
                let leases = scheduler
                    .claim(DateTime::UNIX_EPOCH, &worker, Duration::from_mins(1), 7)
                    .await
                    .unwrap();
                if leases.is_empty() && scheduler.next_due().await.unwrap().is_none() {
                    return ran;
                }
                for lease in leases {
                    ran.push(lease.job.id);
                    let done = Change {
                        state: json!("done"),
                        wake_at: None,
                        events: Vec::new(),
                    };
                    scheduler.release(lease, done).await.unwrap();
                }
            }
        })
    });
    let mut times: BTreeMap<JobId, usize> = BTreeMap::new();
    for ran in futures::future::join_all(programs).await {
        for id in ran.unwrap() {
            *times.entry(id).or_default() += 1;
        }
    }

    assert_eq!(times.len(), 200);
    assert!(times.values().all(|times| *times == 1), "a job ran twice");
}

/// Files of the database's tables and indexes that hold the marker.
async fn files_with(place: &Place, marker: &str) -> Vec<PathBuf> {
    place
        .files()
        .await
        .into_iter()
        .filter(|file| {
            let content = fs::read(file).unwrap();
            content
                .windows(marker.len())
                .any(|window| window == marker.as_bytes())
        })
        .collect()
}

#[tokio::test]
async fn an_erased_account_leaves_no_byte_in_any_table_or_index() {
    // Alone in its database: nobody else's transaction keeps removed rows.
    let Some(place) = Place::in_new_database().await else {
        return;
    };
    let storage = Storage::open(&place.address()).await.unwrap();
    for number in 0..10 {
        fill(&storage, &format!("{MARKER}-{number}")).await;
        fill(&storage, &format!("{OTHER}-{number}")).await;
    }
    // The planner's statistics are samples of what is in the tables.
    place.say("ANALYZE").await;
    assert!(files_with(&place, MARKER).await.len() > 8);

    for number in 0..10 {
        erase(&storage, &format!("{MARKER}-{number}")).await;
    }

    assert_eq!(files_with(&place, MARKER).await, Vec::<PathBuf>::new());
    for number in 0..10 {
        assert_filled(&storage, &format!("{OTHER}-{number}")).await;
    }
}
