//! Accounts of which every text is marked, to be looked for after an erasure.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]
#![allow(dead_code, reason = "each test program uses another part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
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
pub(crate) const MARKER: &str = "qzx-erase-me";
/// Stands in every text of the account that stays.
pub(crate) const OTHER: &str = "qzx-keep-me";

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

pub(crate) fn token(mark: &str) -> Token {
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
pub(crate) async fn fill(storage: &Storage, mark: &str) {
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
    // It waits behind the first one.
    let next = NewJob {
        id: JobId::random(),
        idempotency_key: format!("next-{mark}"),
        wake_at: at(2),
        ..job.clone()
    };
    let worker = WorkerId::new(format!("worker-{mark}"));
    let id = storage.scheduler.enqueue(job).await.unwrap().id;
    storage.scheduler.enqueue(next).await.unwrap();
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

pub(crate) async fn erase(storage: &Storage, mark: &str) {
    let account = UserId::new(mark);
    storage.tokens.delete(&account).await.unwrap();
    storage.scheduler.erase_account(&account).await.unwrap();
    storage.snapshots.erase_account(&account).await.unwrap();
}

pub(crate) async fn assert_filled(storage: &Storage, mark: &str) {
    let account = UserId::new(mark);
    assert!(storage.tokens.load(&account).await.unwrap().is_some());
    let jobs = storage
        .scheduler
        .list(&JobQuery::account(account.clone()))
        .await;
    assert_eq!(jobs.unwrap().len(), 2);
    let snapshots = storage
        .snapshots
        .query(&SnapshotQuery::account(account))
        .await;
    assert_eq!(snapshots.unwrap().len(), 3);
}

pub(crate) fn files_under(path: &Path) -> Vec<PathBuf> {
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
pub(crate) fn files_with(path: &Path, marker: &str) -> Vec<PathBuf> {
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
