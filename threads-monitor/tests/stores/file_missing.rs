//! A data directory that has lost a part of itself.

#![cfg(feature = "file")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::fs;

use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, Source, Subject};
use threads_monitor::{Storage, StoreError, Zone};

fn snapshot() -> Snapshot {
    let at = "2026-11-23T12:00:00Z".parse().unwrap();
    Snapshot {
        account: "1784".into(),
        subject: Subject::Account,
        metric: Metric::TimeZone,
        at,
        captured_at: at,
        source: Source::Person,
        reading: Reading::TimeZone(Zone::UTC),
    }
}

#[tokio::test]
async fn a_lost_journal_is_refused_and_not_taken_for_a_fresh_start() {
    for lost in ["tokens", "jobs"] {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("data");
        let address = format!("file:{}", directory.display());
        let storage = Storage::open(&address).await.unwrap();
        storage.snapshots.append(&[snapshot()]).await.unwrap();
        drop(storage);
        fs::remove_file(directory.join(lost).join("journal")).unwrap();

        for _ in 0..2 {
            let refused = Storage::open(&address).await;
            assert!(
                matches!(&refused, Err(StoreError::Corrupt { what, .. }) if what.contains(lost)),
                "{refused:?}"
            );
        }
        assert!(!directory.join(lost).join("journal").exists());
    }
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_simply_gone_on_with() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("data");
    let address = format!("file:{}", directory.display());
    drop(Storage::open(&address).await.unwrap());
    fs::remove_file(directory.join("snapshots").join("journal")).unwrap();

    let storage = Storage::open(&address).await.unwrap();

    storage.snapshots.append(&[snapshot()]).await.unwrap();
}
