//! R10: the same post scheduled by many at one time, on every kind of store.

use std::collections::HashSet;

use chrono::TimeDelta;
use futures::future::join_all;
use tempfile::TempDir;
use threads_client::Draft;
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::{MonitorError, Storage, StoreError};
use threads_sandbox::Sandbox;

use super::world::{World, builder};
use super::{count, server};

/// Who schedule the same post at one time.
const CALLERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn enqueue_idempotent() {
    let place = TempDir::new().unwrap();
    let path = place.path().display();
    let mut addresses = vec![
        "memory:".to_owned(),
        format!("file:{path}/data"),
        format!("sqlite:{path}/sqlite/threads.db"),
    ];
    let postgres = server::Place::new();
    addresses.extend(postgres.iter().map(server::Place::address));
    for address in &addresses {
        on(address).await;
    }
    println!(
        "enqueue_idempotent: {} keys by {CALLERS} callers each, on {} stores: one post for each key",
        count(20, 1_000),
        addresses.len()
    );
}

async fn on(address: &str) {
    let kind = address.split(':').next().unwrap();
    let sandbox = Sandbox::builder().seed("empty").start().await.unwrap();
    let storage = Storage::open(address).await.unwrap();
    let monitor = builder(&sandbox, storage).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    let due = Due::At(world.monitor.now() + TimeDelta::days(1));
    let keys = count(20, 1_000);
    let new = |key: usize, text: &str| {
        let mut post = NewPost::new(user.clone(), Draft::text(text), due);
        post.idempotency_key = Some(format!("key {key}"));
        post
    };
    for key in 0..keys {
        let text = format!("post of key {key}");
        let callers = (0..CALLERS).map(|_| {
            let (monitor, post) = (world.monitor.clone(), new(key, &text));
            tokio::spawn(async move { monitor.schedule(post).await })
        });
        let ids: HashSet<_> = join_all(callers)
            .await
            .into_iter()
            .map(|post| post.unwrap().unwrap().id)
            .collect();
        assert_eq!(ids.len(), 1, "{kind}, key {key}");
        let other = world.monitor.schedule(new(key, "another body")).await;
        assert!(
            matches!(other, Err(MonitorError::Store(StoreError::Conflict { .. }))),
            "{kind}, key {key}: {other:?}"
        );
    }
    let posts = world.monitor.scheduled_posts(&user).await.unwrap();
    assert_eq!(posts.len(), keys, "{kind}");
}
