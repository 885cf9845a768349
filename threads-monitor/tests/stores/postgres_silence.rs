//! PostgreSQL behind a network that swallows everything and keeps the connections open.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use threads_client::UserId;
use threads_monitor::Storage;
use threads_monitor::scheduler::{JobId, JobKind, NewJob, WorkerId};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use crate::server::Place;

/// More than a process has connections.
const CALLS: usize = 40;
/// Long enough on any machine, and an end for what would hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// PostgreSQL's `Sync` by itself: a question whether the server is there.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// A network on which everything gets lost while it is deaf.
struct Network {
    address: String,
    is_deaf: Arc<AtomicBool>,
    /// Questions whether the server is there get lost, and nothing else.
    loses_sync: Arc<AtomicBool>,
    _listener: JoinSet<()>,
}

impl Network {
    async fn in_front_of(address: &str) -> Self {
        let mut url = Url::parse(address).unwrap();
        let host = url.host_str().unwrap().to_owned();
        let server = (host, url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        let is_deaf = Arc::new(AtomicBool::new(false));
        let loses_sync = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let (deaf, no_sync) = (Arc::clone(&is_deaf), Arc::clone(&loses_sync));
        tasks.spawn(async move {
            let mut pipes = JoinSet::new();
            loop {
                let (here, _) = listener.accept().await.unwrap();
                let there = TcpStream::connect(server.clone()).await.unwrap();
                let (asks, answered) = here.into_split();
                let (answers, asked) = there.into_split();
                let (deaf, no_sync) = (Arc::clone(&deaf), Arc::clone(&no_sync));
                pipes.spawn(pass(asks, asked, Arc::clone(&deaf), no_sync));
                pipes.spawn(pass(answers, answered, deaf, Arc::default()));
            }
        });
        Self {
            address: url.into(),
            is_deaf,
            loses_sync,
            _listener: tasks,
        }
    }
}

/// Passes bytes on, unless the network is deaf.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    is_deaf: Arc<AtomicBool>,
    loses_sync: Arc<AtomicBool>,
) {
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut part).await {
        let bytes = &part[..length];
        let is_lost =
            is_deaf.load(Ordering::SeqCst) || (bytes == SYNC && loses_sync.load(Ordering::SeqCst));
        if !is_lost && to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

fn job(name: &str) -> NewJob {
    let now = chrono::DateTime::UNIX_EPOCH;
    NewJob {
        id: JobId::random(),
        account: UserId::new("1"),
        kind: JobKind::PublishPost,
        serial_key: name.to_owned(),
        idempotency_key: name.to_owned(),
        request: serde_json::json!(name),
        state: serde_json::json!("new"),
        wake_at: now,
        created_at: now,
    }
}

/// What a worker says to the store at every look.
async fn work(storage: &Storage, name: &str) -> bool {
    let worker = WorkerId::new(name);
    let now = chrono::DateTime::UNIX_EPOCH;
    let lease = Duration::from_secs(1);
    storage.scheduler.enqueue(job(name)).await.is_ok()
        && storage
            .scheduler
            .claim(now, &worker, lease, 1)
            .await
            .is_ok()
        && storage.scheduler.next_due().await.is_ok()
}

/// So many at one time, each until it succeeds.
async fn work_until_done(storage: &Storage, name: &str) {
    let mut busy = JoinSet::new();
    for call in 0..CALLS {
        let (storage, name) = (storage.clone(), format!("{name} {call}"));
        busy.spawn(async move { while !work(&storage, &name).await {} });
    }
    let all = timeout(PATIENCE, busy.join_all()).await;
    assert!(all.is_ok(), "it does not come back");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_and_found_again() {
    let Some(place) = Place::new() else {
        return;
    };
    let network = Network::in_front_of(&place.address_with(&[("answer_within", "1")])).await;
    let storage = Storage::open(&network.address).await.unwrap();
    work_until_done(&storage, "before").await;

    network.is_deaf.store(true, Ordering::SeqCst);
    let mut busy = JoinSet::new();
    for call in 0..CALLS {
        let storage = storage.clone();
        busy.spawn(async move { work(&storage, &format!("meanwhile {call}")).await });
    }
    let done = timeout(PATIENCE, busy.join_all()).await;
    assert!(done.is_ok(), "it waits for ever");
    assert!(done.unwrap().into_iter().all(|done| !done));

    network.is_deaf.store(false, Ordering::SeqCst);
    work_until_done(&storage, "after").await;
}

/// The pool asks each connection that comes back whether it is still there. That answer may be
/// the one that gets lost.
#[tokio::test]
async fn a_connection_that_falls_silent_when_it_is_given_back_is_given_up() {
    let Some(place) = Place::new() else {
        return;
    };
    let network = Network::in_front_of(&place.address_with(&[("answer_within", "1")])).await;
    let storage = Storage::open(&network.address).await.unwrap();

    network.loses_sync.store(true, Ordering::SeqCst);
    let looks = async {
        for look in 0..CALLS {
            let due = storage.scheduler.next_due().await;
            assert!(due.is_ok(), "look {look}: {due:?}");
        }
    };

    assert!(timeout(PATIENCE, looks).await.is_ok(), "it waits for ever");
}

#[tokio::test]
async fn a_server_that_ended_all_connections_costs_one_call() {
    let Some(place) = Place::in_new_database().await else {
        return;
    };
    let storage = Storage::open(&place.address()).await.unwrap();
    // As many connections as it may have.
    work_until_done(&storage, "before").await;
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
        place.database()
    );
    place.say_elsewhere(&end).await;

    let mut failures = 0;
    for _ in 0..CALLS {
        failures += usize::from(storage.scheduler.next_due().await.is_err());
    }

    assert!(failures <= 1, "{failures} calls failed");
}
