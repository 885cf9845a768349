//! After an erasure, no byte of what was erased is in any file of the data directory.
#![cfg(feature = "file")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use threads_client::{AccessToken, UserId};
use threads_monitor::Storage;
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, Source, Subject};

use crate::marked::{MARKER, OTHER, assert_filled, at, erase, files_with, fill, token};

async fn open(path: &Path) -> Storage {
    Storage::open(&format!("file:{}", path.display()))
        .await
        .unwrap()
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
