//! After an erasure, no byte of what was erased is in any file of the data directory.
#![cfg(feature = "file")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;
use threads_client::{AccessToken, PostId, UserId};
use threads_monitor::Storage;
use threads_monitor::scheduler::{
    Change, Evidence, JobId, JobKind, JobQuery, NewEvent, NewJob, WorkerId,
};
use threads_monitor::snapshot_store::{
    Metric, PostReading, ProfileReading, Reading, Snapshot, SnapshotQuery, Source, Subject,
};
use threads_monitor::token_store::{Credential, Token};

/// Stands in every text of the account that will be erased.
const MARKER: &str = "qzx-erase-me";
/// Stands in every text of the account that stays.
const OTHER: &str = "qzx-keep-me";

async fn open(path: &Path) -> Storage {
    Storage::open(&format!("file:{}", path.display()))
        .await
        .unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn token(mark: &str) -> Token {
    let credential = |name: &str| Credential {
        access_token: AccessToken::new(format!("{name}-{mark}")),
        obtained_at: at(0),
        expires_at: at(1),
        expiry_assumed: false,
    };
    Token {
        user: UserId::new(mark),
        credential: credential("current"),
        candidate: Some(credential("candidate")),
        scopes: Vec::new(),
        connected_at: at(0),
    }
}

/// Puts the mark into every field of every store that takes a text.
async fn fill(storage: &Storage, mark: &str) {
    let account = UserId::new(mark);
    let version = storage.tokens.save(&token(mark), None).await.unwrap();
    storage
        .tokens
        .save(&token(mark), Some(version))
        .await
        .unwrap();

    let job = NewJob {
        id: JobId::random(),
        account: account.clone(),
        kind: JobKind::PublishPost,
        serial_key: format!("serial-{mark}"),
        idempotency_key: format!("key-{mark}"),
        request: json!({ "text": mark }),
        state: json!({ "text": mark }),
        wake_at: at(0),
        created_at: at(0),
    };
    let worker = WorkerId::new(format!("worker-{mark}"));
    let id = storage.scheduler.enqueue(job).await.unwrap().id;
    let mut lease = storage
        .scheduler
        .claim_job(&id, at(0), &worker, Duration::from_mins(1))
        .await
        .unwrap()
        .unwrap();
    let change = Change {
        state: json!(mark),
        wake_at: Some(at(1)),
        events: vec![NewEvent {
            at: at(0),
            name: "post.published".to_owned(),
            data: json!(mark),
        }],
    };
    storage
        .scheduler
        .checkpoint(&mut lease, change)
        .await
        .unwrap();
    let evidence = Evidence {
        at: at(0),
        worker,
        epoch: 1,
        data: json!(mark),
    };
    storage
        .scheduler
        .append_evidence(&id, evidence)
        .await
        .unwrap();

    let snapshot = |subject, metric, reading| Snapshot {
        account: account.clone(),
        subject,
        metric,
        at: at(0),
        captured_at: at(0),
        source: Source::Api,
        reading,
    };
    let profile = ProfileReading {
        username: Some(mark.to_owned()),
        name: Some(mark.to_owned()),
        picture_url: Some(format!("https://example.com/{mark}").parse().unwrap()),
        biography: Some(mark.to_owned()),
        is_verified: None,
    };
    let post = PostReading {
        text: Some(mark.to_owned()),
        ..PostReading::default()
    };
    let subject = Subject::Post(PostId::new(format!("post-{mark}")));
    storage
        .snapshots
        .append(&[
            snapshot(Subject::Account, Metric::Profile, Reading::Profile(profile)),
            snapshot(subject.clone(), Metric::Post, Reading::Post(post)),
            snapshot(subject, Metric::Views, Reading::Count(1)),
        ])
        .await
        .unwrap();
}

async fn erase(storage: &Storage, mark: &str) {
    let account = UserId::new(mark);
    storage.tokens.delete(&account).await.unwrap();
    storage.scheduler.erase_account(&account).await.unwrap();
    storage.snapshots.erase_account(&account).await.unwrap();
}

async fn assert_filled(storage: &Storage, mark: &str) {
    let account = UserId::new(mark);
    assert!(storage.tokens.load(&account).await.unwrap().is_some());
    let jobs = storage
        .scheduler
        .list(&JobQuery::account(account.clone()))
        .await;
    assert_eq!(jobs.unwrap().len(), 1);
    let snapshots = storage
        .snapshots
        .query(&SnapshotQuery::account(account))
        .await;
    assert_eq!(snapshots.unwrap().len(), 3);
}

fn files_under(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Files that hold the marker in their content or in their name.
fn files_with(path: &Path, marker: &str) -> Vec<PathBuf> {
    files_under(path)
        .into_iter()
        .filter(|file| {
            let content = fs::read(file).unwrap();
            content
                .windows(marker.len())
                .any(|window| window == marker.as_bytes())
                || file.to_string_lossy().contains(marker)
        })
        .collect()
}

#[tokio::test]
async fn an_erased_account_leaves_no_byte_behind() {
    let place = TempDir::new().unwrap();
    let storage = open(place.path()).await;
    fill(&storage, MARKER).await;
    fill(&storage, OTHER).await;
    assert_eq!(files_with(place.path(), MARKER).len(), 3);

    erase(&storage, MARKER).await;

    assert_eq!(files_with(place.path(), MARKER), Vec::<PathBuf>::new());
    assert_filled(&storage, OTHER).await;
    drop(storage);
    let storage = open(place.path()).await;
    assert_eq!(files_with(place.path(), MARKER), Vec::<PathBuf>::new());
    assert_filled(&storage, OTHER).await;
}

#[tokio::test]
async fn a_replaced_token_is_gone_with_its_account() {
    let place = TempDir::new().unwrap();
    let storage = open(place.path()).await;
    let mut version = None;
    for number in 0..20 {
        let mut token = token("1");
        token.credential.access_token = AccessToken::new(format!("{MARKER}-{number}"));
        version = Some(storage.tokens.save(&token, version).await.unwrap());
    }
    assert_eq!(files_with(place.path(), MARKER).len(), 1);

    storage.tokens.delete(&UserId::new("1")).await.unwrap();

    assert_eq!(files_with(place.path(), MARKER), Vec::<PathBuf>::new());
}

/// What crashes may leave: a torn end of each journal, and a new journal that was not
/// put in place. Both hold bytes of the account, and the torn row was never committed.
fn leave_remains(path: &Path) {
    for store in ["tokens", "jobs", "snapshots"] {
        let folder = path.join(store);
        let mut journal = fs::OpenOptions::new()
            .append(true)
            .open(folder.join("journal"))
            .unwrap();
        journal
            .write_all(format!("a torn row of {MARKER}").as_bytes())
            .unwrap();
        fs::write(folder.join("x.new"), MARKER).unwrap();
    }
}

#[tokio::test]
async fn remains_of_a_crash_are_erased_too() {
    let place = TempDir::new().unwrap();
    let storage = open(place.path()).await;
    fill(&storage, MARKER).await;
    fill(&storage, OTHER).await;
    drop(storage);
    leave_remains(place.path());
    let storage = open(place.path()).await;
    let torn = files_with(place.path(), MARKER);
    assert_eq!(torn.len(), 6, "a journal and a torn end of each: {torn:?}");

    erase(&storage, MARKER).await;

    assert_eq!(files_with(place.path(), MARKER), Vec::<PathBuf>::new());
    assert_filled(&storage, OTHER).await;
}

#[tokio::test]
async fn remains_are_erased_for_an_account_that_has_no_row() {
    let place = TempDir::new().unwrap();
    drop(open(place.path()).await);
    leave_remains(place.path());
    let storage = open(place.path()).await;
    assert_eq!(files_with(place.path(), MARKER).len(), 3);

    erase(&storage, MARKER).await;

    assert_eq!(files_with(place.path(), MARKER), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn pruned_numbers_leave_no_byte_behind() {
    let place = TempDir::new().unwrap();
    let storage = open(place.path()).await;
    let number = |seconds, count| Snapshot {
        account: UserId::new("1"),
        subject: Subject::Account,
        metric: Metric::Followers,
        at: at(seconds),
        captured_at: at(seconds),
        source: Source::Insights,
        reading: Reading::Count(count),
    };
    storage
        .snapshots
        .append(&[number(1, 7_654_321_987), number(100, 5)])
        .await
        .unwrap();
    assert_eq!(files_with(place.path(), "7654321987").len(), 1);

    assert_eq!(storage.snapshots.prune(at(100)).await.unwrap(), 1);

    assert_eq!(
        files_with(place.path(), "7654321987"),
        Vec::<PathBuf>::new()
    );
}
