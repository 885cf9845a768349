//! Repeated posts, drafts and the queue in exports and backups.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{TimeDelta, Timelike};
use serde_json::{Value, json};
use threads_client::{Draft, UserId};
use threads_monitor::planning::{
    DraftPlan, Every, NewDraft, NewSeries, PostingPlan, Repeat, RepeatedPost, Stage,
};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::scheduler::{Change, JobId};
use threads_monitor::{Monitor, Storage, Zone};

use crate::archives::{backed_up, exported, imported, restored, unpacked};
use crate::world::{World, builder, minutes};

/// A post of every day, an hour from now.
async fn daily(monitor: &Monitor, user: &UserId, text: &str) -> RepeatedPost {
    let first = Zone::UTC.local(monitor.now() + TimeDelta::hours(1));
    let time = first
        .time()
        .with_second(0)
        .unwrap()
        .with_nanosecond(0)
        .unwrap();
    let repeat = Repeat::new(Zone::UTC, Every::Day, time, first.date());
    let new = NewSeries::new(user.clone(), Draft::text(text), repeat);
    monitor.repeat(new).await.unwrap()
}

async fn drafted(world: &World, user: &UserId, text: &str) -> JobId {
    let due = Due::At(world.monitor.now() + minutes(30));
    let new = NewDraft {
        account: user.clone(),
        content: DraftPlan::new(Draft::text(text), Some(due)),
        idempotency_key: None,
    };
    world.monitor.keep_draft(new).await.unwrap().id
}

/// The restored copy of an instance that went on for so long after its backup.
async fn copy(world: &World, backup: &[u8]) -> World {
    let to = Storage::in_memory();
    restored(&to, backup, world.monitor.now()).await.unwrap();
    World {
        monitor: builder(&world.sandbox, to).build().unwrap(),
        sandbox: world.sandbox.clone(),
    }
}

#[tokio::test]
async fn plans_are_exported_and_no_import_plans_them_twice() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    daily(&world.monitor, &user, "good morning").await;
    drafted(&world, &user, "a draft").await;
    let plan = PostingPlan::new(Zone::UTC);
    world.monitor.set_posting_plan(&user, &plan).await.unwrap();

    let file = exported(world.monitor.storage(), &user, world.monitor.now()).await;
    let there = Storage::in_memory();
    imported(&there, &file).await.unwrap();

    let plans: Vec<Value> = serde_json::from_slice(&unpacked(&file)["plans.json"]).unwrap();
    assert_eq!(plans.len(), 3);
    assert_eq!(plans[0]["kind"], "repeat_post");
    assert_eq!(plans[0]["draft"]["text"], "good morning");
    assert_eq!(plans[1]["content"]["draft"]["text"], "a draft");
    assert_eq!(plans[2]["plan"]["duplicate_days"], 7);
    let copy = World {
        monitor: builder(&world.sandbox, there).build().unwrap(),
        sandbox: world.sandbox.clone(),
    };
    copy.connect(&world.username(0)).await;
    copy.live(TimeDelta::days(2), minutes(10)).await;
    assert_eq!(copy.published().len(), 0);
}

#[tokio::test]
async fn a_queued_post_can_be_imported_where_it_comes_from() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut plan = PostingPlan::new(Zone::UTC);
    let soon = Zone::UTC.local(world.monitor.now() + minutes(5));
    plan.slots = vec![threads_monitor::planning::Slot {
        day: chrono::Datelike::weekday(&soon),
        time: soon
            .time()
            .with_second(0)
            .unwrap()
            .with_nanosecond(0)
            .unwrap(),
    }];
    world.monitor.set_posting_plan(&user, &plan).await.unwrap();
    let new = NewPost::new(user.clone(), Draft::text("queued"), Due::NextSlot);
    world.monitor.schedule(new).await.unwrap();
    world.live(minutes(60), minutes(1)).await;
    assert_eq!(world.published().len(), 1);
    let storage = world.monitor.storage();

    let file = exported(storage, &user, world.monitor.now()).await;
    let again = threads_monitor::archive::import_account(
        storage,
        std::io::Cursor::new(file),
        threads_monitor::archive::Existing::Add,
        |_| {},
    )
    .await;

    assert_eq!(again.unwrap().posts, 1);
    assert_eq!(world.monitor.scheduled_posts(&user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_restored_repeated_post_makes_nothing_that_the_original_may_have_made() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let series = daily(&world.monitor, &user, "good morning").await;
    world.live(minutes(10), minutes(1)).await;
    let backup = backed_up(world.monitor.storage(), world.monitor.now()).await;
    // The original makes and publishes the first one, and is stopped soon after.
    world.live(minutes(60), minutes(1)).await;
    assert_eq!(world.published().len(), 1);

    let copy = copy(&world, &backup.out).await;
    copy.live(minutes(60), minutes(1)).await;
    assert_eq!(copy.published().len(), 1);
    let first = copy.monitor.repeated(&series.id).await.unwrap().unwrap();
    assert_eq!((first.series.made, first.series.missed), (0, 0));

    // The next day it goes on.
    copy.live(TimeDelta::days(1), minutes(5)).await;
    assert_eq!(copy.published().len(), 2);
}

#[tokio::test]
async fn an_ended_repeated_post_stays_ended_after_a_restore() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let series = daily(&world.monitor, &user, "no more").await;
    world.monitor.end_repeated(&series.id).await.unwrap();
    let backup = backed_up(world.monitor.storage(), world.monitor.now()).await;

    let copy = copy(&world, &backup.out).await;
    copy.live(TimeDelta::days(2), minutes(30)).await;

    assert_eq!(copy.published().len(), 0);
    let ended = copy.monitor.repeated(&series.id).await.unwrap().unwrap();
    assert_eq!(ended.next_wake_at, None);
}

#[tokio::test]
async fn a_draft_whose_post_the_backup_does_not_know_is_not_sent_again() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let id = drafted(&world, &user, "approved").await;
    world.monitor.ask_approval(&id, 0, "Ani").await.unwrap();
    // Decided, and the post is not there yet: the backup is made in between.
    let scheduler = &world.monitor.storage().scheduler;
    let job = scheduler.get(&id).await.unwrap().unwrap();
    let mut state = job.state.clone();
    state["stage"] = json!({
        "is": "scheduled",
        "approved": { "by": "Budi", "at": world.monitor.now() },
        "post": JobId::random(),
        "due_at": world.monitor.now() + minutes(30),
        "is_made": false
    });
    let change = Change {
        state,
        wake_at: Some(world.monitor.now()),
        events: Vec::new(),
    };
    scheduler.update(&id, job.version, change).await.unwrap();
    let backup = backed_up(world.monitor.storage(), world.monitor.now()).await;
    world.live(minutes(40), minutes(1)).await;
    assert_eq!(world.published().len(), 1);

    let copy = copy(&world, &backup.out).await;
    copy.live(TimeDelta::days(1), minutes(10)).await;

    assert_eq!(copy.published().len(), 1);
    let draft = copy.monitor.draft(&id).await.unwrap().unwrap();
    assert_eq!(draft.entry.stage, Stage::Waiting);
}
