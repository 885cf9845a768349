//! Archives in memory, and stores to compare.
#![allow(
    dead_code,
    reason = "each test file uses its own part of what they share"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

pub(crate) mod copying;
pub(crate) mod history;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use threads_client::UserId;
use threads_monitor::Storage;
use threads_monitor::archive::{
    ArchiveError, BackedUp, Existing, ExportOptions, Imported, Restored, back_up, export_account,
    import_account, restore,
};
use threads_monitor::scheduler::{Event, EventCursor, Evidence, JobQuery, JobRecord, NewEvent};
use threads_monitor::snapshot_store::{Snapshot, SnapshotQuery};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

pub(crate) async fn exported(storage: &Storage, user: &UserId, now: DateTime<Utc>) -> Vec<u8> {
    export_account(
        storage,
        user,
        ExportOptions::default(),
        now,
        Vec::new(),
        |_| {},
    )
    .await
    .unwrap()
    .out
}

pub(crate) async fn imported(storage: &Storage, file: &[u8]) -> Result<Imported, ArchiveError> {
    import_account(
        storage,
        Cursor::new(file.to_vec()),
        Existing::Refuse,
        |_| {},
    )
    .await
}

pub(crate) async fn backed_up(storage: &Storage, now: DateTime<Utc>) -> BackedUp<Vec<u8>> {
    back_up(storage, now, Vec::new(), |_| {}).await.unwrap()
}

pub(crate) async fn restored(
    storage: &Storage,
    file: &[u8],
    now: DateTime<Utc>,
) -> Result<Restored, ArchiveError> {
    restore(storage, Cursor::new(file.to_vec()), now, |_| {}).await
}

/// The parts of an archive by their names.
pub(crate) type Parts = BTreeMap<String, Vec<u8>>;

pub(crate) fn unpacked(file: &[u8]) -> Parts {
    let mut zip = ZipArchive::new(Cursor::new(file)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

pub(crate) fn packed(parts: &Parts) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn manifest(parts: &Parts) -> Value {
    serde_json::from_slice(&parts["manifest.json"]).unwrap()
}

/// Changes a part, and says so in the manifest, as somebody would who means it.
pub(crate) fn changed(file: &[u8], part: &str, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut parts = unpacked(file);
    let text = change(std::str::from_utf8(&parts[part]).unwrap());
    let mut manifest = manifest(&parts);
    for entry in manifest["parts"].as_array_mut().unwrap() {
        if entry["name"] == part {
            entry["bytes"] = json!(text.len());
            let sum = Sha256::digest(text.as_bytes());
            let sum = sum
                .iter()
                .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
            entry["sha256"] = json!(sum);
        }
    }
    parts.insert(part.to_owned(), text.into_bytes());
    parts.insert(
        "manifest.json".to_owned(),
        serde_json::to_vec(&manifest).unwrap(),
    );
    packed(&parts)
}

/// Changes the manifest.
pub(crate) fn with_manifest(file: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut parts = unpacked(file);
    let mut manifest = manifest(&parts);
    change(&mut manifest);
    parts.insert(
        "manifest.json".to_owned(),
        serde_json::to_vec(&manifest).unwrap(),
    );
    packed(&parts)
}

/// Everything that a store holds, without what each store counts for itself.
#[derive(Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) tokens: Vec<String>,
    pub(crate) jobs: Vec<JobRecord>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) snapshots: Vec<Snapshot>,
}

pub(crate) async fn content(storage: &Storage) -> Content {
    let mut tokens = Vec::new();
    for user in storage.tokens.list(None, usize::MAX).await.unwrap() {
        let token = storage.tokens.load(&user).await.unwrap().unwrap().token;
        let secret =
            |c: &threads_monitor::token_store::Credential| c.access_token.expose().to_owned();
        tokens.push(format!(
            "{token:?} {} {:?}",
            secret(&token.credential),
            token.candidate.as_ref().map(secret)
        ));
    }
    let stored = storage.scheduler.list(&JobQuery::default()).await.unwrap();
    let mut evidence = Vec::new();
    let mut jobs = Vec::new();
    for job in stored {
        evidence.extend(storage.scheduler.evidence(&job.id).await.unwrap());
        jobs.push(JobRecord {
            version: threads_monitor::Version::new(0),
            epoch: 0,
            lease: None,
            ..job
        });
    }
    let events: Vec<Event> = storage
        .scheduler
        .take_events(EventCursor::START, usize::MAX)
        .await
        .unwrap();
    let mut snapshots = Vec::new();
    for account in storage.snapshots.accounts(None, usize::MAX).await.unwrap() {
        snapshots.extend(readings(storage, &account).await);
    }
    Content {
        tokens,
        jobs,
        evidence,
        events: events.into_iter().map(|event| event.event).collect(),
        snapshots,
    }
}

pub(crate) async fn readings(storage: &Storage, account: &UserId) -> Vec<Snapshot> {
    storage
        .snapshots
        .query(&SnapshotQuery::account(account.clone()))
        .await
        .unwrap()
}

pub(crate) async fn is_empty(storage: &Storage) -> bool {
    let content = content(storage).await;
    content.tokens.is_empty()
        && content.jobs.is_empty()
        && content.events.is_empty()
        && content.snapshots.is_empty()
}
