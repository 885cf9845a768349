//! When a program dies, one of the posts that it had in hand may be why: of those, the next
//! program works on one at a time, so that the others do not go down with it again.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::Monitor;
use threads_monitor::publishing::{Blocked, Due, NewPost, Phase, PostPolicy};
use threads_monitor::scheduler::{JobId, JobRecord, WorkerId};
use threads_sandbox::{AccountSeed, Endpoint, Fault, Sandbox, SandboxBuilder};

use crate::world::{RunningClock, World, patient, settle, until};

const LEASE: Duration = Duration::from_mins(1);
const NAMES: [&str; 4] = ["toko.satu", "toko.dua", "toko.tiga", "toko.empat"];

/// Three posts of three accounts, due in a moment.
async fn three_posts(world: &World) -> [JobId; 3] {
    let mut posts = Vec::new();
    for number in 0..3 {
        let user = world.connect(&world.username(number)).await.user;
        let text = Draft::text(format!("tea number {number}"));
        posts.push(world.schedule_in(&user, text, 1).await.id);
    }
    posts.try_into().unwrap()
}

async fn world_of(sandbox: SandboxBuilder) -> World {
    let accounts = NAMES.map(|name| AccountSeed::new(name).posts(0).history_days(1));
    let sandbox = accounts.into_iter().fold(sandbox, SandboxBuilder::account);
    World::of(sandbox.start().await.unwrap())
}

/// A program of its own that waits for answers for as long as the test takes.
fn program(world: &World) -> Monitor {
    let mut policy = PostPolicy::default();
    policy.pause_after_finished = Duration::ZERO;
    Monitor::builder(world.monitor.storage().clone())
        .client(patient(&world.sandbox))
        .clock(Arc::new(RunningClock(world.sandbox.clone())))
        .post_policy(policy)
        // Everything that is due at one time.
        .concurrency(40)
        .build()
        .unwrap()
}

async fn job(world: &World, id: &JobId) -> JobRecord {
    let scheduler = &world.monitor.storage().scheduler;
    scheduler.get(id).await.unwrap().unwrap()
}

/// A program dies that had all of them in hand.
async fn die(world: &World, posts: &[JobId]) {
    let scheduler = &world.monitor.storage().scheduler;
    let dead = WorkerId::new("dead");
    for post in posts {
        let now = world.sandbox.now();
        let lease = scheduler.claim_job(post, now, &dead, LEASE).await.unwrap();
        assert!(lease.is_some());
    }
    world.advance(TimeDelta::from_std(LEASE).unwrap());
}

/// How many programs in a row died with it, as far as its state tells.
async fn deaths(world: &World, id: &JobId) -> u64 {
    let job = job(world, id).await;
    job.epoch - job.state["last_step_epoch"].as_u64().unwrap()
}

#[tokio::test]
async fn the_one_that_brings_programs_down_takes_no_other_with_it() {
    let world = world_of(Sandbox::builder()).await;
    let [deadly, second, third] = three_posts(&world).await;
    die(&world, &[deadly, second, third]).await;

    // Each program works on the deadly one first, and dies of it while it waits for an answer.
    for death in 2..=6 {
        let calls = world.calls(Endpoint::CreateContainer);
        world
            .sandbox
            .fail_next(Endpoint::CreateContainer, Fault::HangBeforeEffect);
        let dies = tokio::spawn({
            let program = program(&world);
            async move { program.run_due_once().await }
        });
        until(async || world.calls(Endpoint::CreateContainer) > calls).await;
        for other in [&second, &third] {
            assert_eq!(job(&world, other).await.lease, None, "death {death}");
            assert_eq!(deaths(&world, other).await, 1, "death {death}");
        }
        dies.abort();
        let _ = dies.await;
        // The first one of them has brought it on to another phase.
        assert_eq!(deaths(&world, &deadly).await, death - 1);
        world.advance(TimeDelta::from_std(LEASE).unwrap());
        // It comes first again.
        let (this, other) = (job(&world, &deadly).await, job(&world, &second).await);
        assert!((this.wake_at, this.id) < (other.wake_at, other.id));
    }

    world.monitor.run_due_once().await.unwrap();

    let post = world.post(&deadly).await.post;
    assert!(
        matches!(
            post.phase,
            Phase::Blocked {
                reason: Blocked::Deadly,
                ..
            }
        ),
        "{:?}",
        post.phase
    );
    for other in [&second, &third] {
        assert_eq!(world.phase(other).await, "ready");
        assert_eq!(deaths(&world, other).await, 0);
    }
    settle(&world).await;
    assert_eq!(world.published().len(), 3);
}

#[tokio::test]
async fn while_one_is_under_way_only_what_nobody_died_of_is_begun() {
    let world = world_of(Sandbox::builder().running(true)).await;
    let suspects = three_posts(&world).await;
    let user = world.connect(&world.username(3)).await.user;
    die(&world, &suspects).await;
    world
        .sandbox
        .fail_next(Endpoint::CreateContainer, Fault::HangBeforeEffect);

    let running = program(&world).start();
    until(async || world.calls(Endpoint::CreateContainer) == 1).await;
    let due = Due::At(world.monitor.now() + TimeDelta::milliseconds(300));
    let post = NewPost::new(user, Draft::text("not one of them"), due);
    let post = world.monitor.schedule(post).await.unwrap();

    until(async || world.phase(&post.id).await == "published").await;
    assert_eq!(world.calls(Endpoint::CreateContainer), 2);
    let mut begun = 0;
    for suspect in &suspects {
        begun += usize::from(world.phase(suspect).await != "scheduled");
        assert!(deaths(&world, suspect).await <= 2);
    }
    assert_eq!(begun, 1);
    drop(running);
    // The next program has them out, one after the other.
    world.advance(TimeDelta::from_std(LEASE).unwrap());
    let running = program(&world).start();
    until(async || world.published().len() == 4).await;
    drop(running);
}
