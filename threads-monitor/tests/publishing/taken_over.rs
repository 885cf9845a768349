//! Leases: what a dead node had in hand is taken over soon, what a living one has is not, and
//! a post that brings every node down is left alone.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use threads_client::Draft;
use threads_monitor::publishing::{Blocked, Due, NewPost, Phase, PublishedSource, ScheduledPost};
use threads_monitor::scheduler::{JobId, JobRecord, WorkerId};
use threads_monitor::{Clock, ManualClock, Monitor, Storage};
use threads_sandbox::{Endpoint, Fault, Sandbox};

use crate::world::{self, World, minutes, patient, settle, unknowable_world, until};

const LEASE: Duration = Duration::from_mins(1);

/// The sandbox's clock, for whoever waits for it, too.
#[derive(Debug, Clone)]
struct Both(Sandbox, ManualClock);

impl Both {
    fn new(sandbox: &Sandbox) -> Self {
        Self(sandbox.clone(), ManualClock::new(sandbox.now()))
    }

    fn advance(&self, by: Duration) {
        self.0.advance(by);
        self.1.set(self.0.now());
    }
}

#[async_trait]
impl Clock for Both {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        self.1.sleep_until(deadline).await;
    }
}

async fn job(monitor: &Monitor, id: &JobId) -> JobRecord {
    let scheduler = &monitor.storage().scheduler;
    scheduler.get(id).await.unwrap().unwrap()
}

async fn schedule(world: &World) -> ScheduledPost {
    let user = world.connect(&world.username(0)).await.user;
    let due = Due::At(world.sandbox.now() + minutes(10));
    let post = NewPost::new(user, Draft::text("tea at four"), due);
    world.monitor.schedule(post).await.unwrap()
}

#[tokio::test]
async fn a_lease_is_extended_for_as_long_as_its_run_takes() {
    let sandbox = Sandbox::start().await.unwrap();
    let clock = Both::new(&sandbox);
    let monitor = Monitor::builder(Storage::in_memory())
        .client(patient(&sandbox))
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let world = World { sandbox, monitor };
    let post = schedule(&world).await;
    clock.advance(Duration::from_mins(9));
    world.monitor.run_due_once().await.unwrap();
    clock.advance(Duration::from_mins(1));
    let begun_at = world.sandbox.now();
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::HangAfterEffect);

    let run = tokio::spawn({
        let (monitor, id) = (world.monitor.clone(), post.id);
        async move { monitor.run_job(&id).await }
    });
    until(async || world.calls(Endpoint::PublishContainer) == 1).await;
    let scheduler = &world.monitor.storage().scheduler;
    let other = WorkerId::new("other");
    for beat in 1..=9 {
        // Not before the run waits for the time that comes.
        let held_until = job(&world.monitor, &post.id).await.lease.unwrap().until;
        clock.advance(LEASE / 3);
        until(async || job(&world.monitor, &post.id).await.lease.unwrap().until > held_until).await;
        let now = world.sandbox.now();
        let taken = scheduler
            .claim_job(&post.id, now, &other, LEASE)
            .await
            .unwrap();
        assert_eq!(taken, None, "beat {beat}");
    }
    assert!(world.sandbox.now() - begun_at > TimeDelta::from_std(LEASE * 2).unwrap());

    // One that slept through its lease does not take it back.
    clock.advance(LEASE * 2);
    let now = world.sandbox.now();
    let taken = scheduler
        .claim_job(&post.id, now, &other, LEASE)
        .await
        .unwrap();
    assert!(taken.is_some());
    run.abort();
}

#[tokio::test]
async fn what_a_dead_node_had_in_hand_is_taken_over_within_75_seconds() {
    let world = World::new().await;
    let post = schedule(&world).await;
    world.advance(minutes(9));
    world
        .sandbox
        .fail_next(Endpoint::CreateContainer, Fault::HangAfterEffect);
    // It dies while it waits for an answer.
    let dead = tokio::spawn({
        let monitor = Monitor::builder(world.monitor.storage().clone())
            .client(patient(&world.sandbox))
            .clock(Arc::new(world::SandboxClock(world.sandbox.clone())))
            .build()
            .unwrap();
        async move { monitor.run_due_once().await }
    });
    until(async || world.calls(Endpoint::CreateContainer) == 1).await;
    dead.abort();
    let _ = dead.await;
    assert_eq!(job(&world.monitor, &post.id).await.epoch, 1);

    world
        .live(TimeDelta::seconds(75), TimeDelta::seconds(1))
        .await;

    assert!(job(&world.monitor, &post.id).await.epoch > 1);
    settle(&world).await;
    let after = world.post(&post.id).await;
    assert!(
        matches!(
            after.post.phase,
            Phase::Published {
                source: PublishedSource::Answer,
                ..
            }
        ),
        "{:?}",
        after.post.phase
    );
}

/// So many programs die while they have the post in hand, one after the other.
async fn die(world: &World, id: &JobId, times: usize) {
    let scheduler = &world.monitor.storage().scheduler;
    for _ in 0..times {
        let now = world.sandbox.now();
        let dead = WorkerId::new("dead");
        let claimed = scheduler.claim_job(id, now, &dead, LEASE).await.unwrap();
        assert!(claimed.is_some());
        world.advance(TimeDelta::from_std(LEASE).unwrap());
    }
}

#[rstest]
#[tokio::test]
async fn a_post_that_brings_every_node_down_is_left_alone_after_five_of_them(
    #[values(4, 5)] deaths: usize,
) {
    let world = World::new().await;
    let post = schedule(&world).await;
    world.advance(minutes(9));

    die(&world, &post.id, deaths).await;
    let calls = world.sandbox.requests().len();
    world.monitor.run_job(&post.id).await.unwrap();

    let after = world.post(&post.id).await;
    if deaths < 5 {
        assert_eq!(after.post.phase.name(), "ready");
        return;
    }
    let Phase::Blocked { reason, detail, .. } = &after.post.phase else {
        panic!("{:?}", after.post.phase);
    };
    assert_eq!(*reason, Blocked::Deadly);
    assert!(detail.contains("5 times in a row"), "{detail}");
    assert_eq!(world.sandbox.requests().len(), calls);
    // It has one chance after a while, and is left alone again if that was its turn's end.
    world.advance(minutes(15));
    die(&world, &post.id, 1).await;
    let calls = world.sandbox.requests().len();
    world.monitor.run_job(&post.id).await.unwrap();
    assert_eq!(world.phase(&post.id).await, "blocked");
    assert_eq!(world.sandbox.requests().len(), calls);
    // If something else had ended the program, it goes out.
    world.live(minutes(16), minutes(1)).await;
    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_call_that_may_be_under_way_is_verified_however_many_nodes_died() {
    let world = World::new().await;
    let post = schedule(&world).await;
    world.live(minutes(9), TimeDelta::seconds(30)).await;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::HangAfterEffect);
    let run = world.monitor.clone();
    world.advance(minutes(1));
    // It dies with the post in hand, before it can write down that there was no answer.
    let sent = tokio::spawn(async move { run.run_due_once().await });
    until(async || world.calls(Endpoint::PublishContainer) == 1).await;
    sent.abort();
    let _ = sent.await;

    die_after_its_lease(&world, &post.id, 7).await;
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.calls(Endpoint::PublishContainer), 1);
}

/// As [`die`], once the lease that it has now is over.
async fn die_after_its_lease(world: &World, id: &JobId, times: usize) {
    world.advance(TimeDelta::from_std(LEASE).unwrap());
    die(world, id, times).await;
}

#[tokio::test]
async fn what_may_be_live_is_looked_at_once_at_a_time_when_every_node_dies_of_it() {
    let world = unknowable_world().await;
    let post = schedule(&world).await;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    world.live(minutes(11), TimeDelta::seconds(10)).await;
    assert_eq!(world.phase(&post.id).await, "verifying");

    die(&world, &post.id, 5).await;
    let calls = world.sandbox.requests().len();
    world.monitor.run_job(&post.id).await.unwrap();

    let after = world.post(&post.id).await;
    let Phase::Blocked { reason, resume, .. } = &after.post.phase else {
        panic!("{:?}", after.post.phase);
    };
    assert_eq!(*reason, Blocked::Deadly);
    assert_eq!(resume.name(), "verifying");
    assert_eq!(world.sandbox.requests().len(), calls);
    // Nothing is concluded from that, and nothing is sent.
    world.live(minutes(40), minutes(1)).await;
    assert_eq!(world.phase(&post.id).await, "needs_attention");
    assert_eq!(world.calls(Endpoint::PublishContainer), 1);
    // Looking at it may be what the programs die of: that has one chance at a time, too.
    die(&world, &post.id, 1).await;
    let calls = world.sandbox.requests().len();
    world.monitor.run_job(&post.id).await.unwrap();
    assert_eq!(world.sandbox.requests().len(), calls);
    assert_eq!(world.phase(&post.id).await, "needs_attention");
}
