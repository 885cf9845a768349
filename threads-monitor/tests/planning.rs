//! The queue, drafts, approval and warnings; the sandbox's ledger is the judge.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod world;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use threads_client::{Draft, UserId};
use threads_monitor::planning::{
    DraftPlan, Every, KeptDraft, NewDraft, NewSeries, PlanWarning, Planned, PostingPlan, Repeat,
    Slot, Stage,
};
use threads_monitor::publishing::{Due, NewPost, ScheduledPost};
use threads_monitor::scheduler::{Change, JobId, JobKind, JobQuery};
use threads_monitor::{MonitorError, StoreError, Zone};
use world::{World, minutes, settle};

/// A plan with a slot so many minutes from now, for each.
async fn plan(world: &World, user: &UserId, in_minutes: &[i64]) -> PostingPlan {
    let mut plan = PostingPlan::new(Zone::UTC);
    plan.slots = in_minutes
        .iter()
        .map(|minutes| {
            let at = Zone::UTC.local(slot(world, *minutes));
            Slot {
                day: at.weekday(),
                time: at.time(),
            }
        })
        .collect();
    world.monitor.set_posting_plan(user, &plan).await.unwrap();
    plan
}

/// The whole minute so far from now.
fn slot(world: &World, minutes: i64) -> DateTime<Utc> {
    let now = world.monitor.now() + TimeDelta::minutes(minutes);
    DateTime::from_timestamp(now.timestamp() / 60 * 60, 0).unwrap()
}

fn queued(user: &UserId, text: &str) -> NewPost {
    NewPost::new(user.clone(), Draft::text(text), Due::NextSlot)
}

async fn queue(world: &World, user: &UserId, text: &str) -> ScheduledPost {
    world.monitor.schedule(queued(user, text)).await.unwrap()
}

async fn keep(world: &World, user: &UserId, text: &str, due: Option<Due>) -> KeptDraft {
    let new = NewDraft {
        account: user.clone(),
        content: DraftPlan::new(Draft::text(text), due),
        idempotency_key: None,
    };
    world.monitor.keep_draft(new).await.unwrap()
}

async fn stage(world: &World, id: &JobId) -> Stage {
    let draft = world.monitor.draft(id).await.unwrap().unwrap();
    draft.entry.stage
}

fn in_minutes(world: &World, minutes: i64) -> Due {
    Due::At(world.monitor.now() + TimeDelta::minutes(minutes))
}

#[tokio::test]
async fn queued_posts_take_the_free_slots_in_order() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    plan(&world, &user, &[60, 120]).await;
    let (first_slot, second_slot) = (slot(&world, 60), slot(&world, 120));

    let first = queue(&world, &user, "one").await;
    let second = queue(&world, &user, "two").await;
    let third = queue(&world, &user, "three").await;

    assert_eq!(first.post.due_at, first_slot);
    assert_eq!(second.post.due_at, second_slot);
    assert_eq!(third.post.due_at, first_slot + TimeDelta::weeks(1));
    world.live(minutes(130), minutes(1)).await;
    assert_eq!(world.published().len(), 2);
}

#[tokio::test]
async fn a_slot_whose_post_is_called_off_is_free_at_once() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    plan(&world, &user, &[60]).await;
    let first = queue(&world, &user, "one").await;

    world.monitor.cancel(&first.id).await.unwrap();

    assert_eq!(
        queue(&world, &user, "two").await.post.due_at,
        first.post.due_at
    );
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn callers_at_one_time_get_a_slot_each() {
    let place = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", place.path().join("data/a.db").display());
    let storage = threads_monitor::Storage::open(&address).await.unwrap();
    let sandbox = threads_sandbox::Sandbox::start().await.unwrap();
    let monitor = world::builder(&sandbox, storage).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    plan(&world, &user, &[60, 120, 180, 240]).await;

    let texts = ["a", "b", "c", "d"];
    let all = texts.map(|text| world.monitor.schedule(queued(&user, text)));
    let mut slots: Vec<_> = futures::future::join_all(all)
        .await
        .into_iter()
        .map(|post| post.unwrap().post.due_at)
        .collect();

    slots.sort_unstable();
    let wanted = [60, 120, 180, 240].map(|minutes| slot(&world, minutes));
    assert_eq!(slots, wanted);
}

#[tokio::test]
async fn the_same_key_takes_one_slot() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    plan(&world, &user, &[60, 120]).await;
    let new = || NewPost {
        idempotency_key: Some("form-1".to_owned()),
        ..queued(&user, "once")
    };

    let first = world.monitor.schedule(new()).await.unwrap();
    let again = world.monitor.schedule(new()).await.unwrap();
    let other = queue(&world, &user, "other").await;

    assert_eq!(first, again);
    assert_eq!(other.post.due_at, slot(&world, 120));
}

#[tokio::test]
async fn the_queue_keeps_its_distance_from_posts_and_repeated_posts() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut plan = plan(&world, &user, &[60, 120, 180]).await;
    plan.spacing_minutes = 30;
    world.monitor.set_posting_plan(&user, &plan).await.unwrap();
    world.schedule_in(&user, Draft::text("near"), 75).await;
    let at = Zone::UTC.local(slot(&world, 110));
    let rule = Repeat::new(Zone::UTC, Every::Day, at.time(), at.date());
    let series = NewSeries::new(user.clone(), Draft::text("daily"), rule);
    world.monitor.repeat(series).await.unwrap();

    let times = world.monitor.queue_times(&user, 3).await.unwrap();
    assert_eq!(
        times.iter().map(|time| time.is_free).collect::<Vec<_>>(),
        [false, false, true]
    );
    assert_eq!(
        queue(&world, &user, "far enough").await.post.due_at,
        slot(&world, 180)
    );
}

#[tokio::test]
async fn a_queue_without_times_says_so() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;

    let none = world.monitor.schedule(queued(&user, "x")).await;
    assert!(matches!(none, Err(MonitorError::QueueFull { .. })));
    plan(&world, &user, &[]).await;
    let empty = world.monitor.schedule(queued(&user, "x")).await;
    assert!(matches!(empty, Err(MonitorError::QueueFull { .. })));
}

#[tokio::test]
async fn the_same_content_is_warned_of_and_scheduled_all_the_same_when_confirmed() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let open = world
        .schedule_in(&user, Draft::text("Hello  Jakarta"), 600)
        .await;
    let cautious = |text: &str| NewPost {
        unless_warned: true,
        ..NewPost::new(user.clone(), Draft::text(text), in_minutes(&world, 900))
    };

    let warned = world.monitor.schedule(cautious("hello jakarta")).await;
    let Err(MonitorError::Warned { warnings }) = warned else {
        panic!("not warned: {warned:?}");
    };
    assert_eq!(
        warnings,
        [PlanWarning::Duplicate {
            of: Planned::Post(open.id),
            at: open.post.due_at
        }]
    );
    assert_eq!(world.monitor.scheduled_posts(&user).await.unwrap().len(), 1);

    let confirmed = NewPost {
        unless_warned: false,
        ..cautious("hello jakarta")
    };
    world.monitor.schedule(confirmed).await.unwrap();
    world
        .monitor
        .schedule(cautious("hello bandung"))
        .await
        .unwrap();
    assert_eq!(world.monitor.scheduled_posts(&user).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_repetition_with_its_key_is_no_duplicate_of_itself() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let due = in_minutes(&world, 60);
    let new = || NewPost {
        unless_warned: true,
        idempotency_key: Some("form-1".to_owned()),
        ..NewPost::new(user.clone(), Draft::text("once"), due)
    };

    let first = world.monitor.schedule(new()).await.unwrap();

    assert_eq!(world.monitor.schedule(new()).await.unwrap(), first);
}

#[tokio::test]
async fn what_went_out_lately_is_warned_of_for_the_days_that_were_chosen() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut plan = plan(&world, &user, &[]).await;
    plan.duplicate_days = 3;
    world.monitor.set_posting_plan(&user, &plan).await.unwrap();
    let post = world
        .schedule_in(&user, Draft::text("yesterday's news"), 1)
        .await;
    world.live(minutes(90), minutes(1)).await;
    assert_eq!(world.phase(&post.id).await, "published");
    let new = || {
        let due = in_minutes(&world, 60);
        NewPost::new(user.clone(), Draft::text("Yesterday's news"), due)
    };

    let warnings = world.monitor.plan_warnings(&new()).await.unwrap();
    // Once, though the account's list has it, too.
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(matches!(
        warnings[0],
        PlanWarning::Duplicate { of: Planned::Post(id), .. } if id == post.id
    ));

    world.live(TimeDelta::days(4), TimeDelta::hours(6)).await;
    assert_eq!(world.monitor.plan_warnings(&new()).await.unwrap(), []);
}

#[tokio::test]
async fn a_post_that_did_not_come_from_here_is_a_duplicate_too() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut plan = plan(&world, &user, &[]).await;
    plan.duplicate_days = 366;
    world.monitor.set_posting_plan(&user, &plan).await.unwrap();
    world.live(minutes(10), minutes(1)).await;
    let query = threads_monitor::snapshot_store::SnapshotQuery::account(user.clone())
        .metric(threads_monitor::snapshot_store::Metric::Post)
        .newest_first();
    let snapshots = &world.monitor.storage().snapshots;
    let live = snapshots.query(&query).await.unwrap();
    let text = live
        .iter()
        .find_map(|snapshot| match &snapshot.reading {
            threads_monitor::snapshot_store::Reading::Post(post) if !post.is_repost => {
                post.text.clone().filter(|text| !text.is_empty())
            }
            _ => None,
        })
        .unwrap();

    let new = NewPost::new(user.clone(), Draft::text(text), in_minutes(&world, 60));
    let warnings = world.monitor.plan_warnings(&new).await.unwrap();

    assert!(
        warnings.iter().any(|warning| matches!(
            warning,
            PlanWarning::Duplicate {
                of: Planned::Live(_),
                ..
            }
        )),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_post_that_is_too_near_is_warned_of() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut plan = plan(&world, &user, &[]).await;
    plan.spacing_minutes = 60;
    world.monitor.set_posting_plan(&user, &plan).await.unwrap();
    let other = world.schedule_in(&user, Draft::text("first"), 120).await;
    let near = |minutes| {
        let due = in_minutes(&world, minutes);
        NewPost::new(user.clone(), Draft::text("second"), due)
    };

    assert_eq!(
        world.monitor.plan_warnings(&near(150)).await.unwrap(),
        [PlanWarning::TooClose {
            to: Planned::Post(other.id),
            at: other.post.due_at
        }]
    );
    assert_eq!(world.monitor.plan_warnings(&near(180)).await.unwrap(), []);
}

#[tokio::test]
async fn a_draft_is_never_sent() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let due = in_minutes(&world, 10);
    let draft = keep(&world, &user, "not yet", Some(due)).await;
    let waits = keep(&world, &user, "waits", Some(due)).await;
    let monitor = &world.monitor;
    monitor.ask_approval(&waits.id, 0, "Ani").await.unwrap();
    let rejected = keep(&world, &user, "rejected", Some(due)).await;
    monitor.ask_approval(&rejected.id, 0, "Ani").await.unwrap();
    monitor
        .reject_draft(&rejected.id, 0, "Budi", "too loud")
        .await
        .unwrap();

    world.live(TimeDelta::days(2), minutes(10)).await;

    assert_eq!(world.published().len(), 0);
    assert_eq!(world.monitor.scheduled_posts(&user).await.unwrap(), []);
    assert_eq!(stage(&world, &draft.id).await, Stage::Open);
    assert_eq!(stage(&world, &waits.id).await, Stage::Waiting);
    let Stage::Rejected { said, reason } = stage(&world, &rejected.id).await else {
        panic!("not rejected");
    };
    assert_eq!((said.by.as_str(), reason.as_str()), ("Budi", "too loud"));
}

#[tokio::test]
async fn an_approved_draft_is_published_once_and_says_who_approved_it() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let draft = keep(&world, &user, "approved", Some(in_minutes(&world, 10))).await;
    let monitor = &world.monitor;
    let asked = monitor.ask_approval(&draft.id, 0, " Ani ").await.unwrap();
    assert_eq!(asked.entry.asked.unwrap().by, "Ani");

    let post = monitor.approve_draft(&draft.id, 0, "Budi").await.unwrap();
    let again = monitor.approve_draft(&draft.id, 0, "Budi").await;
    settle(&world).await;

    assert!(matches!(again, Err(MonitorError::PostState { .. })));
    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
    let Stage::Scheduled {
        approved,
        post: id,
        is_made,
        ..
    } = stage(&world, &draft.id).await
    else {
        panic!("not scheduled");
    };
    assert_eq!(
        (approved.unwrap().by.as_str(), id, is_made),
        ("Budi", post.id, true)
    );
    assert_eq!(monitor.drafts(&user).await.unwrap(), []);
}

#[tokio::test]
async fn a_crash_after_the_approval_still_makes_the_post_and_only_one() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let draft = keep(&world, &user, "approved", Some(in_minutes(&world, 10))).await;
    let monitor = &world.monitor;
    monitor.ask_approval(&draft.id, 0, "Ani").await.unwrap();
    monitor.approve_draft(&draft.id, 0, "Budi").await.unwrap();
    // As if the note that the post is there had not been written any more.
    let scheduler = &monitor.storage().scheduler;
    let job = scheduler.get(&draft.id).await.unwrap().unwrap();
    let mut state = job.state.clone();
    state["stage"]["is_made"] = false.into();
    let change = Change {
        state,
        wake_at: Some(monitor.now()),
        events: Vec::new(),
    };
    scheduler
        .update(&draft.id, job.version, change)
        .await
        .unwrap();

    settle(&world).await;
    assert_eq!(world.published().len(), 1);
    assert_eq!(monitor.scheduled_posts(&user).await.unwrap().len(), 1);

    // As if it had stopped before the post was made.
    let other = keep(&world, &user, "approved, too", Some(in_minutes(&world, 10))).await;
    let job = scheduler.get(&other.id).await.unwrap().unwrap();
    let mut state = job.state.clone();
    let Due::At(due_at) = in_minutes(&world, 10) else {
        unreachable!()
    };
    state["stage"] = serde_json::json!({
        "is": "scheduled",
        "approved": null,
        "post": JobId::random(),
        "due_at": due_at,
        "is_made": false
    });
    let change = Change {
        state,
        wake_at: Some(monitor.now()),
        events: Vec::new(),
    };
    scheduler
        .update(&other.id, job.version, change)
        .await
        .unwrap();
    settle(&world).await;
    assert_eq!(world.published().len(), 2);
}

#[tokio::test]
async fn only_what_was_seen_can_be_approved() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let due = in_minutes(&world, 10);
    let draft = keep(&world, &user, "seen", Some(due)).await;
    let monitor = &world.monitor;
    monitor.ask_approval(&draft.id, 0, "Ani").await.unwrap();
    let content = DraftPlan::new(Draft::text("slipped in"), Some(due));
    monitor.change_draft(&draft.id, 0, &content).await.unwrap();

    let unasked = monitor.approve_draft(&draft.id, 1, "Budi").await;
    assert!(matches!(unasked, Err(MonitorError::PostState { .. })));
    monitor.ask_approval(&draft.id, 1, "Ani").await.unwrap();
    let unseen = monitor.approve_draft(&draft.id, 0, "Budi").await;
    assert!(matches!(unseen, Err(MonitorError::PostState { .. })));
    let around = monitor.schedule_draft(&draft.id, 1).await;
    assert!(matches!(around, Err(MonitorError::PostState { .. })));

    settle(&world).await;
    assert_eq!(world.published().len(), 0);
    assert_eq!(stage(&world, &draft.id).await, Stage::Waiting);
}

#[tokio::test]
async fn a_draft_takes_a_slot_only_when_it_is_scheduled() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    plan(&world, &user, &[60, 120]).await;
    let draft = keep(&world, &user, "later", Some(Due::NextSlot)).await;
    let undecided = keep(&world, &user, "whenever", None).await;
    let monitor = &world.monitor;
    assert_eq!(
        queue(&world, &user, "first").await.post.due_at,
        slot(&world, 60)
    );

    let scheduled = monitor.schedule_draft(&draft.id, 0).await.unwrap();
    let without_time = monitor.schedule_draft(&undecided.id, 0).await;

    assert_eq!(scheduled.post.due_at, slot(&world, 120));
    assert!(matches!(without_time, Err(MonitorError::Config(_))));
    assert_eq!(
        queue(&world, &user, "next week").await.post.due_at,
        slot(&world, 60) + TimeDelta::weeks(1)
    );
}

#[tokio::test]
async fn a_refused_approval_takes_no_slot() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    plan(&world, &user, &[60, 120]).await;
    let draft = keep(&world, &user, "later", Some(Due::NextSlot)).await;

    let refused = world.monitor.approve_draft(&draft.id, 0, "Budi").await;

    assert!(matches!(refused, Err(MonitorError::PostState { .. })));
    assert_eq!(
        queue(&world, &user, "first").await.post.due_at,
        slot(&world, 60)
    );
}

#[tokio::test]
async fn an_approval_that_comes_too_late_says_so() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let draft = keep(&world, &user, "too late", Some(in_minutes(&world, 10))).await;
    world
        .monitor
        .ask_approval(&draft.id, 0, "Ani")
        .await
        .unwrap();
    world.advance(TimeDelta::hours(3));

    let late = world.monitor.approve_draft(&draft.id, 0, "Budi").await;

    assert!(matches!(late, Err(MonitorError::Config(_))), "{late:?}");
    assert_eq!(stage(&world, &draft.id).await, Stage::Waiting);
}

#[tokio::test]
async fn a_discarded_draft_says_nothing_any_more() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let draft = keep(&world, &user, "qzx secret", None).await;

    world.monitor.discard_draft(&draft.id).await.unwrap();

    let jobs = world
        .monitor
        .storage()
        .scheduler
        .list(&JobQuery::account(user.clone()).kind(JobKind::KeepDraft))
        .await
        .unwrap();
    let stored = serde_json::to_string(&jobs[0]).unwrap();
    assert!(!stored.contains("qzx"), "{stored}");
    assert_eq!(world.monitor.drafts(&user).await.unwrap(), []);
    let after = world.monitor.ask_approval(&draft.id, 0, "Ani").await;
    assert!(matches!(after, Err(MonitorError::PostState { .. })));
}

#[tokio::test]
async fn the_same_key_keeps_one_draft() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let new = |text: &str| NewDraft {
        account: user.clone(),
        content: DraftPlan::new(Draft::text(text), None),
        idempotency_key: Some("form-1".to_owned()),
    };

    let first = world.monitor.keep_draft(new("a")).await.unwrap();
    let again = world.monitor.keep_draft(new("a")).await.unwrap();
    let other = world.monitor.keep_draft(new("b")).await;

    assert_eq!(first.id, again.id);
    assert!(matches!(
        other,
        Err(MonitorError::Store(StoreError::Conflict { .. }))
    ));
}
