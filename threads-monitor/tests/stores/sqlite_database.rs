//! The SQLite file: who may have it, what is refused, and what many processes do to it.
#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use threads_client::{AccessToken, UserId};
use threads_monitor::scheduler::{
    Change, EventCursor, JobId, JobKind, JobQuery, Lease, NewEvent, NewJob, WorkerId,
};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{SqlDatabase, Storage, StoreError};

fn database(place: &TempDir) -> PathBuf {
    place.path().join("data/threads.db")
}

async fn open(path: &Path) -> Result<Storage, StoreError> {
    Storage::open(&format!("sqlite:{}", path.display())).await
}

/// A database with one token in it, that nobody has open.
async fn used_database() -> (TempDir, PathBuf) {
    let place = TempDir::new().unwrap();
    let path = database(&place);
    let database = SqlDatabase::open_sqlite(&path).await.unwrap();
    let storage = Storage::from(&database);
    storage.tokens.save(&token("1"), None).await.unwrap();
    database.close().await;
    (place, path)
}

fn token(user: &str) -> Token {
    let instant = "2026-11-23T12:00:00Z".parse().unwrap();
    Token {
        user: UserId::new(user),
        credential: Credential {
            access_token: AccessToken::new("THAA-secret"),
            obtained_at: instant,
            expires_at: instant,
            expiry_assumed: false,
        },
        candidate: None,
        scopes: Vec::new(),
        connected_at: instant,
    }
}

fn make_directory(path: &Path) {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path.parent().unwrap())
        .unwrap();
}

/// Says something to the file as another program would.
async fn say(path: &Path, sql: &str) {
    let mut connection = raw(path).await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

/// The error with all its sources, as a program prints it.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

async fn refused(path: &Path) -> StoreError {
    match open(path).await {
        Ok(_) => panic!("the database was opened"),
        Err(error) => error,
    }
}

async fn refusal(path: &Path) -> String {
    chain(&refused(path).await)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test]
async fn files_and_directory_are_for_their_owner_alone() {
    let place = TempDir::new().unwrap();
    let path = database(&place);
    let storage = open(&path).await.unwrap();
    storage.tokens.save(&token("1"), None).await.unwrap();

    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["threads.db", "threads.db-shm", "threads.db-wal"]);
}

#[tokio::test]
async fn loose_modes_are_refused_and_left_as_they_are() {
    let (_place, path) = used_database().await;
    let directory = path.parent().unwrap();

    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    assert!(refusal(&path).await.contains("mode 640"));
    assert_eq!(mode(&path), 0o640);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    assert!(refusal(&path).await.contains("mode 755"));
    assert_eq!(mode(directory), 0o755);

    fs::set_permissions(directory, Permissions::from_mode(0o700)).unwrap();
    assert!(open(&path).await.is_ok());
}

#[tokio::test]
async fn links_and_other_things_at_the_path_are_refused() {
    let (place, path) = used_database().await;
    let elsewhere = place.path().join("elsewhere");
    fs::write(&elsewhere, "not ours").unwrap();
    for name in ["x.db", "y.db-wal", "y.db-shm", "y.db-journal"] {
        let link = path.with_file_name(name);
        symlink(&elsewhere, &link).unwrap();
        let opened = path.with_file_name(name.split('-').next().unwrap());
        assert!(refusal(&opened).await.contains("symbolic link"), "{name}");
        fs::remove_file(&link).unwrap();
    }

    let second = path.with_file_name("second.db");
    fs::hard_link(&path, &second).unwrap();
    assert!(refusal(&path).await.contains("2 names"));
    fs::remove_file(&second).unwrap();

    fs::create_dir(&second).unwrap();
    assert!(refusal(&second).await.contains("not a regular file"));
    let linked = place.path().join("linked");
    symlink(path.parent().unwrap(), &linked).unwrap();
    let through = refusal(&linked.join("threads.db")).await;
    assert!(through.contains("symbolic link"), "{through}");

    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "not ours");
    assert!(open(&path).await.is_ok());
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_kept() {
    let (_place, path) = used_database().await;
    say(&path, "PRAGMA user_version = 99").await;

    let error = refused(&path).await;

    assert!(
        matches!(error, StoreError::TooNew { found: 99, .. }),
        "{error:?}"
    );
    say(&path, "PRAGMA user_version = 5").await;
    let storage = open(&path).await.unwrap();
    assert!(storage.tokens.load(&"1".into()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_database_of_another_program_is_refused() {
    let place = TempDir::new().unwrap();
    let path = database(&place);
    make_directory(&path);
    let make = "CREATE TABLE theirs (id INTEGER); PRAGMA user_version = 1;";
    say(&path, make).await;
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();

    assert!(refusal(&path).await.contains("another program"));

    say(&path, "SELECT id FROM theirs").await;
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_kept() {
    let (_place, path) = used_database().await;
    let good = fs::read(&path).unwrap();
    let half = good.get(..good.len() / 2).unwrap();
    let mut scribbled = good.clone();
    for byte in scribbled.iter_mut().skip(4_096).step_by(97) {
        *byte ^= 0x5a;
    }
    for (name, content) in [
        (
            "text",
            b"no database, but long enough to be taken for one. ".repeat(40),
        ),
        ("half", half.to_vec()),
        ("scribbled", scribbled),
    ] {
        fs::write(&path, &content).unwrap();

        let error = refused(&path).await;

        assert!(
            matches!(error, StoreError::Corrupt { .. }),
            "{name}: {error:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), content, "{name}");
    }
}

#[tokio::test]
async fn a_database_of_each_earlier_schema_is_brought_up_to_date() {
    let migrations = [
        include_str!("../../src/sql/migrations/sqlite/0001_tokens.sql"),
        include_str!("../../src/sql/migrations/sqlite/0002_jobs.sql"),
        include_str!("../../src/sql/migrations/sqlite/0003_snapshots.sql"),
        include_str!("../../src/sql/migrations/sqlite/0004_leases.sql"),
        include_str!("../../src/sql/migrations/sqlite/0005_waiting.sql"),
    ];
    // A job that somebody has, and another one of its lane.
    let leased = "INSERT INTO jobs VALUES
                      (zeroblob(16), '7', 'publish_post', 'old', 'old', 'null', 'null', 0, 3, 2,
                       'w', 4000000000000000, 0),
                      (randomblob(16), '7', 'publish_post', 'old', 'next', 'null', 'null', 5, 4, 0,
                       NULL, NULL, 0);
                  INSERT INTO lanes (serial_key, head_wake, head_id, leased_until)
                      VALUES ('old', 0, zeroblob(16), 4000000000000000);
                  UPDATE numbers SET job_version = 4;";
    let row = "INSERT INTO tokens VALUES ('7', 5, x'41', 0, 1, 0, NULL, NULL, NULL, NULL, '[]', 2);
               UPDATE numbers SET token_version = 5;";
    for earlier in 1..=migrations.len() {
        let place = TempDir::new().unwrap();
        let path = database(&place);
        make_directory(&path);
        let (older, newer) = migrations[..earlier].split_at(earlier.min(2));
        let (older, newer) = (older.join("\n"), newer.join("\n"));
        let leased = if earlier > 1 { leased } else { "" };
        let mark = format!(
            "PRAGMA journal_mode = WAL; {older} {row} {leased} {newer} PRAGMA user_version = {earlier}; \
             PRAGMA application_id = 1416131172;"
        );
        say(&path, &mark).await;
        for name in ["threads.db", "threads.db-wal", "threads.db-shm"] {
            let file = path.with_file_name(name);
            if file.exists() {
                fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
            }
        }

        let storage = open(&path).await.unwrap();

        let kept = storage.tokens.load(&"7".into()).await.unwrap().unwrap();
        assert_eq!(kept.token.credential.access_token.expose(), "A");
        assert_eq!(kept.version.number(), 5);
        storage
            .tokens
            .save(&token("7"), Some(kept.version))
            .await
            .unwrap();
        storage.scheduler.enqueue(job("a", 0)).await.unwrap();
        let jobs = storage.scheduler.list(&JobQuery::default()).await.unwrap();
        assert_eq!(jobs.len(), if earlier > 1 { 3 } else { 1 });
        if earlier > 1 {
            expect_lease_is_kept(&storage).await;
        }
        expect_earlier_programs_fail(&path).await;
    }
}

/// A program of before schema 5, which would write down nobody who waits, finds no head.
async fn expect_earlier_programs_fail(path: &Path) {
    let mut connection = raw(path).await;
    let refresh = sqlx::query("UPDATE lanes SET head_wake = NULL");
    let error = refresh.execute(&mut connection).await.unwrap_err();
    assert!(error.to_string().contains("no such column"), "{error}");
}

/// The lease that an older program wrote keeps its lane until it is released.
async fn expect_lease_is_kept(storage: &Storage) {
    let scheduler = &storage.scheduler;
    let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(1);
    let (worker, minute) = (WorkerId::new("x"), Duration::from_mins(1));
    let keys = |leases: Vec<Lease>| -> Vec<String> {
        let keys = leases.into_iter().map(|lease| lease.job.idempotency_key);
        keys.collect()
    };
    let claimed = scheduler.claim(now, &worker, minute, 9).await.unwrap();
    assert_eq!(keys(claimed), ["a-0"]);
    let jobs = scheduler.list(&JobQuery::default()).await.unwrap();
    let mut jobs = jobs.into_iter();
    let job = jobs.find(|job| job.idempotency_key == "old").unwrap();
    let lease = Lease {
        epoch: job.epoch,
        until: job.lease.as_ref().unwrap().until,
        job,
    };
    let done = Change {
        state: serde_json::Value::Null,
        wake_at: None,
        events: Vec::new(),
    };
    scheduler.release(lease, done).await.unwrap();
    let claimed = scheduler.claim(now, &worker, minute, 9).await.unwrap();
    assert_eq!(keys(claimed), ["next"]);
}

#[tokio::test]
async fn an_address_without_a_file_is_refused() {
    for address in ["sqlite:/", "sqlite:..", "sqlite:data/.."] {
        let error = Storage::open(address).await.unwrap_err();
        assert!(
            matches!(error, StoreError::UnsupportedAddress { .. }),
            "{address}: {error:?}"
        );
    }
}

fn job(name: &str, number: usize) -> NewJob {
    NewJob {
        id: JobId::random(),
        account: UserId::new("1"),
        kind: JobKind::PublishPost,
        serial_key: format!("key-{}", number % 5),
        idempotency_key: format!("{name}-{number}"),
        request: json!(number),
        state: json!("x".repeat(500)),
        wake_at: DateTime::UNIX_EPOCH,
        created_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(1),
    }
}

/// Starts an ignored test of this program as a process of its own.
fn start(test: &str, path: &Path, name: &str) -> Child {
    let test = format!("sqlite_database::{test}");
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--ignored", "--nocapture"])
        .env("CHILD_DATABASE", path)
        .env("CHILD_NAME", name)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Each of its rounds reads the token, counts it on, and writes a job.
#[tokio::test]
#[ignore = "a part of `eight_processes_lose_no_update`"]
async fn child_that_counts() {
    let Some(path) = std::env::var_os("CHILD_DATABASE") else {
        return;
    };
    let name = std::env::var("CHILD_NAME").unwrap();
    let storage = open(Path::new(&path)).await.unwrap();
    for number in 0..ROUNDS {
        storage.scheduler.enqueue(job(&name, number)).await.unwrap();
        loop {
            let stored = storage.tokens.load(&"1".into()).await.unwrap().unwrap();
            let mut token = stored.token;
            token.connected_at += TimeDelta::seconds(1);
            match storage.tokens.save(&token, Some(stored.version)).await {
                Ok(_) => break,
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => panic!("{}", chain(&error)),
            }
        }
    }
}

const ROUNDS: usize = 25;

#[tokio::test]
async fn eight_processes_lose_no_update() {
    let place = TempDir::new().unwrap();
    let path = database(&place);
    // They make the database, too, all at one time.
    let mut openers: Vec<_> = (0..8)
        .map(|_| start("child_that_opens", &path, "opener"))
        .collect();
    for opener in &mut openers {
        assert!(opener.wait().unwrap().success());
    }
    let storage = open(&path).await.unwrap();
    storage.tokens.save(&token("1"), None).await.unwrap();

    let mut children: Vec<_> = (0..8)
        .map(|child| start("child_that_counts", &path, &child.to_string()))
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }

    let stored = storage.tokens.load(&"1".into()).await.unwrap().unwrap();
    let counted = stored.token.connected_at - token("1").connected_at;
    assert_eq!(counted.num_seconds(), i64::try_from(8 * ROUNDS).unwrap());
    let jobs = storage.scheduler.list(&JobQuery::default()).await.unwrap();
    assert_eq!(jobs.len(), 8 * ROUNDS);
}

#[tokio::test]
#[ignore = "a part of `eight_processes_lose_no_update`"]
async fn child_that_opens() {
    let Some(path) = std::env::var_os("CHILD_DATABASE") else {
        return;
    };
    let storage = open(Path::new(&path)).await.unwrap();
    assert!(storage.tokens.load(&"1".into()).await.unwrap().is_none());
}

/// Job by job: enqueue, change, and say so on standard output.
#[tokio::test]
#[ignore = "a part of `a_killed_process_has_lost_nothing_acknowledged`"]
async fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os("CHILD_DATABASE") else {
        return;
    };
    let storage = open(Path::new(&path)).await.unwrap();
    let known = storage.scheduler.list(&JobQuery::default()).await.unwrap();
    let mut out = std::io::stdout().lock();
    for number in known.len()..100_000 {
        let job = storage.scheduler.enqueue(job("k", number)).await.unwrap();
        let change = Change {
            state: json!("done"),
            wake_at: None,
            events: vec![NewEvent {
                at: DateTime::UNIX_EPOCH,
                name: number.to_string(),
                data: json!(null),
            }],
        };
        storage
            .scheduler
            .update(&job.id, job.version, change)
            .await
            .unwrap();
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn a_killed_process_has_lost_nothing_acknowledged() {
    let place = TempDir::new().unwrap();
    let path = database(&place);
    let mut acknowledged = BTreeSet::new();
    for round in 0..6_usize {
        let mut child = start("child_that_writes_until_it_is_killed", &path, "k");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut note = |line: &str| {
            if let Some((_, number)) = line.trim().split_once("acknowledged ") {
                acknowledged.insert(number.to_owned());
            }
        };
        for _ in 0..15 + round * 13 {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "the child ended");
            note(&line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        // The last line may have been cut short.
        rest.rsplit_once('\n')
            .map_or("", |(whole, _)| whole)
            .lines()
            .for_each(&mut note);

        let storage = open(&path).await.unwrap();
        let jobs = storage.scheduler.list(&JobQuery::default()).await.unwrap();
        let events = storage
            .scheduler
            .take_events(EventCursor::START, usize::MAX)
            .await
            .unwrap();

        let done = jobs.iter().filter(|job| job.wake_at.is_none()).count();
        assert!(acknowledged.len() > round * 12, "round {round}");
        // By name: a job that was killed between its two steps is there, and was never told.
        let kept: BTreeSet<_> = events
            .iter()
            .map(|event| event.event.name.clone())
            .collect();
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        // A change and its event are one step.
        assert_eq!(events.len(), done, "round {round}");
    }
}
