//! Chains in archives: they come back as they were, and no part is published twice.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::TimeDelta;
use threads_client::{Draft, UserId};
use threads_monitor::Storage;
use threads_monitor::publishing::{ChainStanding, ChainStatus, Due, NewChain, StopReason};
use threads_monitor::scheduler::JobId;
use threads_sandbox::Sandbox;

use crate::archives::{backed_up, exported, imported, restored};
use crate::world::{CHAIN_SCOPES, World, builder, minutes, settle};

async fn begun(parts: usize) -> (World, Storage, UserId, JobId) {
    let sandbox = Sandbox::start().await.unwrap();
    let storage = Storage::in_memory();
    let monitor = builder(&sandbox, storage.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let name = world.username(0);
    let user = world.connect_with(&name, &CHAIN_SCOPES).await.user;
    let parts = (1..=parts).map(|part| Draft::text(format!("part {part}")));
    let due = Due::At(world.monitor.now() + minutes(2));
    let chain = NewChain::new(user.clone(), parts.collect(), due);
    let id = world.monitor.schedule_chain(chain).await.unwrap().id;
    (world, storage, user, id)
}

async fn until_live(world: &World, parts: usize) {
    while world.published().len() < parts {
        world
            .live(TimeDelta::seconds(2), TimeDelta::seconds(1))
            .await;
    }
}

async fn status(world: &World, id: &JobId) -> ChainStatus {
    world.post(id).await.post.chain_status().unwrap()
}

/// The world of a backup, put into a store of its own.
async fn put_back(world: &World, file: &[u8]) -> World {
    let storage = Storage::in_memory();
    let now = world.monitor.now();
    restored(&storage, file, now).await.unwrap();
    World {
        monitor: builder(&world.sandbox, storage).build().unwrap(),
        sandbox: world.sandbox.clone(),
    }
}

#[tokio::test]
async fn a_chain_that_went_on_after_the_backup_is_found_and_not_sent_again() {
    for live in [1, 2] {
        let (world, storage, _, id) = begun(3).await;
        until_live(&world, live).await;
        let backup = backed_up(&storage, world.monitor.now()).await;
        settle(&world).await;
        assert_eq!(world.published().len(), 3);

        let again = put_back(&world, &backup.out).await;
        settle(&again).await;

        assert_eq!(again.published().len(), 3, "nothing twice");
        let status = status(&again, &id).await;
        assert_eq!(status.standing, ChainStanding::Complete, "{status:?}");
    }
}

#[tokio::test]
async fn a_chain_that_did_not_go_on_is_left_to_a_person() {
    let (world, storage, _, id) = begun(3).await;
    until_live(&world, 1).await;
    let backup = backed_up(&storage, world.monitor.now()).await;
    drop(storage);

    let again = put_back(&world, &backup.out).await;
    settle(&again).await;

    assert_eq!(again.published().len(), 1, "nothing by itself");
    let status = status(&again, &id).await;
    assert_eq!((status.published, status.of), (1, 3));
    assert_eq!(status.stopped.unwrap().reason, StopReason::Unknown);
}

#[tokio::test]
async fn a_chain_that_is_over_is_in_an_export_and_comes_back() {
    let (world, storage, user, id) = begun(2).await;
    settle(&world).await;
    let file = exported(&storage, &user, world.monitor.now()).await;

    let other = Storage::in_memory();
    let report = imported(&other, &file).await.unwrap();

    assert_eq!((report.posts, report.waiting.len()), (1, 0));
    let elsewhere = World {
        monitor: builder(&world.sandbox, other).build().unwrap(),
        sandbox: world.sandbox.clone(),
    };
    assert_eq!(status(&elsewhere, &id).await, status(&world, &id).await);
    // One that is between two parts is not over.
    let (world, storage, user, _) = begun(2).await;
    until_live(&world, 1).await;
    let file = exported(&storage, &user, world.monitor.now()).await;
    let report = imported(&Storage::in_memory(), &file).await.unwrap();
    assert_eq!((report.posts, report.waiting.len()), (0, 1));
}
