//! Drafts and approval; the sandbox's ledger is the judge.

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::planning::{DraftPlan, NewDraft, Stage};
use threads_monitor::publishing::Due;
use threads_monitor::scheduler::{Change, JobId, JobKind, JobQuery};
use threads_monitor::{MonitorError, StoreError};

use crate::plans::{in_minutes, keep, plan, queue, slot, stage};
use crate::world::{World, minutes, settle};

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
