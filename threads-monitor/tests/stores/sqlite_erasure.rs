//! After an erasure, no byte of what was erased is in the SQLite file or beside it.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use threads_client::{AccessToken, UserId};
use threads_monitor::Storage;
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, Source, Subject};

use crate::marked::{MARKER, OTHER, assert_filled, at, erase, files_under, fill, token};

async fn open(place: &TempDir) -> Storage {
    let path = place.path().join("data/threads.db");
    Storage::open(&format!("sqlite:{}", path.display()))
        .await
        .unwrap()
}

/// Files that hold the bytes. Another process reads them: closing a file of SQLite in
/// this one would drop the locks on it.
fn files_with(place: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    files_under(place)
        .into_iter()
        .filter(|file| {
            let content = Command::new("cat").arg(file).output().unwrap().stdout;
            content.windows(bytes.len()).any(|window| window == bytes)
        })
        .collect()
}

#[tokio::test]
async fn an_erased_account_leaves_no_byte_behind() {
    let place = TempDir::new().unwrap();
    let storage = open(&place).await;
    // Many, so that pages are split, merged and given back.
    for number in 0..40 {
        fill(&storage, &format!("{MARKER}-{number}")).await;
        fill(&storage, &format!("{OTHER}-{number}")).await;
    }
    assert!(!files_with(place.path(), MARKER.as_bytes()).is_empty());

    for number in 0..40 {
        erase(&storage, &format!("{MARKER}-{number}")).await;
    }

    assert_eq!(
        files_with(place.path(), MARKER.as_bytes()),
        Vec::<PathBuf>::new()
    );
    for number in 0..40 {
        assert_filled(&storage, &format!("{OTHER}-{number}")).await;
    }
}

#[tokio::test]
async fn a_replaced_token_is_gone_with_its_account() {
    let place = TempDir::new().unwrap();
    let storage = open(&place).await;
    let mut version = None;
    for number in 0..20 {
        let mut token = token("1");
        token.credential.access_token = AccessToken::new(format!("{MARKER}-{number}"));
        version = Some(storage.tokens.save(&token, version).await.unwrap());
    }
    assert!(!files_with(place.path(), MARKER.as_bytes()).is_empty());

    storage.tokens.delete(&UserId::new("1")).await.unwrap();

    assert_eq!(
        files_with(place.path(), MARKER.as_bytes()),
        Vec::<PathBuf>::new()
    );
}

#[tokio::test]
async fn pruned_numbers_leave_no_byte_behind() {
    let place = TempDir::new().unwrap();
    let storage = open(&place).await;
    let number = |seconds, count| Snapshot {
        account: UserId::new("1"),
        subject: Subject::Account,
        metric: Metric::Followers,
        at: at(seconds),
        captured_at: at(seconds),
        source: Source::Insights,
        reading: Reading::Count(count),
    };
    let rare = 0x7153_6241_7a59_u64;
    let bytes = &rare.to_be_bytes()[2..];
    storage
        .snapshots
        .append(&[number(1, rare), number(100, 5)])
        .await
        .unwrap();
    assert!(!files_with(place.path(), bytes).is_empty());

    assert_eq!(storage.snapshots.prune(at(100)).await.unwrap(), 1);

    assert_eq!(files_with(place.path(), bytes), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_erasure_waits_for_a_reader_of_another_program() {
    let place = TempDir::new().unwrap();
    let storage = open(&place).await;
    fill(&storage, MARKER).await;
    let mut reader = SqliteConnectOptions::new()
        .filename(place.path().join("data/threads.db"))
        .connect()
        .await
        .unwrap();
    let mut reading = reader.begin().await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM tokens")
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    assert_eq!(seen, 1);

    let ((), left) = tokio::join!(erase(&storage, MARKER), async {
        // The erasure has begun by the time this is polled, and cannot end before it.
        tokio::task::yield_now().await;
        let left = files_with(place.path(), MARKER.as_bytes());
        reading.rollback().await.unwrap();
        left
    });

    assert!(!left.is_empty());
    assert_eq!(
        files_with(place.path(), MARKER.as_bytes()),
        Vec::<PathBuf>::new()
    );
}
