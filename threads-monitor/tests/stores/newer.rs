//! What a newer version of the program has put into a database is left alone by this one.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use threads_client::UserId;
use threads_monitor::Storage;
use threads_monitor::scheduler::{
    Change, JobId, JobKind, JobQuery, JobRecord, Lease, NewJob, Scheduler, WorkerId,
};

use crate::server::Place;

const LEASE: Duration = Duration::from_mins(1);

/// A database that another program may write to.
enum Database {
    Sqlite(TempDir),
    Postgres(Place),
}

impl Database {
    fn path(directory: &TempDir) -> PathBuf {
        directory.path().join("data/threads.db")
    }

    async fn open(&self) -> Storage {
        let address = match self {
            Self::Sqlite(directory) => format!("sqlite:{}", Self::path(directory).display()),
            Self::Postgres(place) => place.address(),
        };
        Storage::open(&address).await.unwrap()
    }

    /// Calls a job of one kind a job of another.
    async fn rename(&self, from: &str, to: &str) {
        match self {
            Self::Sqlite(directory) => {
                let options = SqliteConnectOptions::new().filename(Self::path(directory));
                let mut connection = options.connect().await.unwrap();
                let sql = format!("UPDATE jobs SET kind = '{to}' WHERE kind = '{from}'");
                let renamed = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection);
                assert_eq!(renamed.await.unwrap().rows_affected(), 1);
                connection.close().await.unwrap();
            }
            Self::Postgres(place) => {
                let table = format!("{}.jobs", place.schema());
                place
                    .say(&format!(
                        "UPDATE {table} SET kind = '{to}' WHERE kind = '{from}'"
                    ))
                    .await;
            }
        }
    }
}

fn noon() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

async fn enqueue(jobs: &dyn Scheduler, kind: JobKind, wake_at: DateTime<Utc>) -> JobRecord {
    let job = NewJob {
        id: JobId::random(),
        account: UserId::new("7"),
        kind,
        serial_key: kind.as_str().to_owned(),
        idempotency_key: kind.as_str().to_owned(),
        request: json!(null),
        state: json!({ "is": kind.as_str() }),
        wake_at,
        created_at: noon(),
    };
    jobs.enqueue(job).await.unwrap()
}

async fn claim(jobs: &dyn Scheduler) -> Vec<Lease> {
    let worker = WorkerId::new("older");
    jobs.claim(noon(), &worker, LEASE, 10).await.unwrap()
}

async fn listed(jobs: &dyn Scheduler, query: &JobQuery) -> Vec<JobId> {
    let jobs = jobs.list(query).await.unwrap();
    jobs.into_iter().map(|job| job.id).collect()
}

async fn a_kind_that_only_a_newer_version_knows_is_left_alone(database: Database) {
    let storage = database.open().await;
    let jobs = &*storage.scheduler;
    let newer = enqueue(jobs, JobKind::PublishPost, noon() - TimeDelta::hours(2)).await;
    let known = enqueue(jobs, JobKind::CollectPosts, noon() - TimeDelta::hours(1)).await;
    database.rename("publish_post", "publish_story").await;

    // It is due first, and holds nothing up.
    let mut leases = claim(jobs).await;
    let lease = leases.pop().unwrap();
    assert_eq!((lease.job.id, leases.len()), (known.id, 0));
    let change = Change {
        state: json!("done"),
        wake_at: None,
        events: Vec::new(),
    };
    jobs.release(lease, change).await.unwrap();
    assert_eq!(claim(jobs).await, []);
    let worker = WorkerId::new("older");
    let posts = jobs.claim_kind(JobKind::PublishPost, noon(), &worker, LEASE, 10);
    assert_eq!(posts.await.unwrap(), []);
    let by_name = jobs.claim_job(&newer.id, noon(), &worker, LEASE);
    assert_eq!(by_name.await.unwrap(), None);
    // Nobody wakes up for it.
    assert_eq!(jobs.next_due().await.unwrap(), None);
    assert_eq!(jobs.get(&newer.id).await.unwrap(), None);
    let all = JobQuery::default();
    assert_eq!(listed(jobs, &all).await, [known.id]);
    let of_account = JobQuery::account(UserId::new("7"));
    assert_eq!(listed(jobs, &of_account).await, [known.id]);

    // The newer version finds it as it was, and runs it.
    database.rename("publish_story", "publish_post").await;
    assert_eq!(jobs.get(&newer.id).await.unwrap(), Some(newer.clone()));
    assert_eq!(jobs.next_due().await.unwrap(), newer.wake_at);
    let claimed = claim(jobs).await;
    assert_eq!(claimed.first().unwrap().job.id, newer.id);

    // It goes with its account, whoever erases that.
    database.rename("publish_post", "publish_story").await;
    jobs.erase_account(&UserId::new("7")).await.unwrap();
    assert_eq!(jobs.erase_account(&UserId::new("7")).await.unwrap(), 0);
    let again = enqueue(jobs, JobKind::PublishPost, noon()).await;
    assert_ne!(again.id, newer.id);
}

#[tokio::test]
async fn sqlite_leaves_a_kind_that_only_a_newer_version_knows_alone() {
    let database = Database::Sqlite(TempDir::new().unwrap());
    a_kind_that_only_a_newer_version_knows_is_left_alone(database).await;
}

#[tokio::test]
async fn postgres_leaves_a_kind_that_only_a_newer_version_knows_alone() {
    let Some(place) = Place::new() else {
        return;
    };
    a_kind_that_only_a_newer_version_knows_is_left_alone(Database::Postgres(place)).await;
}
