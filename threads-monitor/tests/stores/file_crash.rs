//! A process that is killed at any moment has lost nothing that it acknowledged.
#![cfg(feature = "file")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta};
use serde_json::json;
use tempfile::TempDir;
use threads_client::UserId;
use threads_monitor::Storage;
use threads_monitor::scheduler::{Change, EventCursor, JobId, JobKind, JobQuery, NewEvent, NewJob};

async fn open(path: &Path) -> Storage {
    Storage::open(&format!("file:{}", path.display()))
        .await
        .unwrap()
}

fn job(number: usize) -> NewJob {
    NewJob {
        id: JobId::random(),
        account: UserId::new("1"),
        kind: JobKind::PublishPost,
        serial_key: number.to_string(),
        idempotency_key: number.to_string(),
        request: json!(number),
        state: json!("x".repeat(2_000)),
        wake_at: DateTime::UNIX_EPOCH,
        created_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(1),
    }
}

/// Job by job: enqueue, change, and say so on standard output.
#[tokio::test]
#[ignore = "a part of `a_killed_process_has_lost_nothing_acknowledged`"]
async fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os("CHILD_DIRECTORY") else {
        return;
    };
    let storage = open(&PathBuf::from(path)).await;
    let known = storage.scheduler.list(&JobQuery::default()).await.unwrap();
    let mut out = std::io::stdout().lock();
    for number in known.len()..100_000 {
        let job = storage.scheduler.enqueue(job(number)).await.unwrap();
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
    let path = place.path().join("data");

    let mut acknowledged = BTreeSet::new();

    // The journal is long enough after some rounds to be written anew in between.
    for round in 0..12_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "file_crash::child_that_writes_until_it_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env("CHILD_DIRECTORY", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut note = |line: &str| {
            if let Some((_, number)) = line.trim().split_once("acknowledged ") {
                acknowledged.insert(number.parse::<usize>().unwrap());
            }
        };
        for _ in 0..20 + round * 13 {
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

        let storage = open(&path).await;
        let jobs = storage.scheduler.list(&JobQuery::default()).await.unwrap();
        let events = storage
            .scheduler
            .take_events(EventCursor::START, usize::MAX)
            .await
            .unwrap();

        assert!(acknowledged.len() > round * 20, "round {round}");
        let mut done = BTreeSet::new();
        for (number, job) in jobs.iter().enumerate() {
            assert_eq!(job.idempotency_key, number.to_string());
            if job.wake_at.is_none() {
                assert_eq!(job.state, "done");
                done.insert(number);
            }
        }
        assert!(acknowledged.is_subset(&done), "round {round}");
        // A change and its event are one step.
        let told: BTreeSet<usize> = events
            .iter()
            .map(|event| event.event.name.parse().unwrap())
            .collect();
        assert_eq!(told, done);
        drop(storage);
    }
}
