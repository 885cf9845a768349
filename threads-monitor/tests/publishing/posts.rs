//! Scheduled posts against the sandbox; its ledger is the judge.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use chrono::TimeDelta;
use threads_client::{Draft, Media, Scope};
use threads_monitor::publishing::{Due, NewPost, Phase, PublishedSource};
use threads_monitor::{MonitorError, StoreError, Zone};
use threads_sandbox::{Endpoint, Fault, FaultRule, Readiness, Sandbox, Switches, When};

use crate::world::{World, minutes, settle};

fn image_url() -> url::Url {
    "https://media.example/a.jpg".parse().unwrap()
}

#[tokio::test]
async fn a_text_is_published_once_and_not_before_its_time() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world
        .schedule_in(&user, Draft::text("Selamat pagi"), 10)
        .await;

    world
        .live(TimeDelta::seconds(599), TimeDelta::seconds(7))
        .await;
    assert_eq!(world.published().len(), 0);
    world.live(minutes(2), TimeDelta::seconds(5)).await;

    let published = world.published();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].text.as_deref(), Some("Selamat pagi"));
    let Phase::Published {
        media_id, source, ..
    } = world.post(&post.id).await.post.phase
    else {
        panic!("not published");
    };
    assert_eq!(
        media_id.unwrap().as_str(),
        published[0].post_id.as_deref().unwrap()
    );
    assert_eq!(source, PublishedSource::Answer);
}

#[tokio::test]
async fn the_container_is_prepared_ahead_so_that_the_post_is_punctual() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("on time"), 10).await;

    world.live(minutes(9), TimeDelta::seconds(5)).await;

    assert_eq!(world.phase(&post.id).await, "ready");
    assert_eq!(world.published().len(), 0);
}

#[tokio::test]
async fn an_image_waits_until_meta_has_processed_it() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let draft = Draft::image(image_url()).with_text("a picture");
    let post = world.schedule_in(&user, draft, 5).await;

    world.live(minutes(7), TimeDelta::seconds(5)).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_carousel_makes_every_child_before_the_parent() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let item = Media::image(image_url());
    let draft = Draft::carousel(vec![item.clone(), item.clone(), item]).with_text("three");
    let post = world.schedule_in(&user, draft, 12).await;

    world.live(minutes(15), TimeDelta::seconds(10)).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
    assert_eq!(world.calls(Endpoint::CreateContainer), 4);
}

#[tokio::test]
async fn one_bad_child_publishes_nothing() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world.sandbox.fail_next(
        Endpoint::CreateContainer,
        Fault::ContainerError {
            message: "INVALID_ASPEC_RATIO".to_owned(),
        },
    );
    let item = Media::image(image_url());
    let draft = Draft::carousel(vec![item.clone(), item]);
    let post = world.schedule_in(&user, draft, 1).await;

    settle(&world).await;

    let Phase::Failed { reason, .. } = world.post(&post.id).await.post.phase else {
        panic!("not failed");
    };
    assert!(reason.contains("INVALID_ASPEC_RATIO"), "{reason}");
    assert_eq!(world.published().len(), 0);
}

#[tokio::test]
async fn a_cancelled_post_never_goes_out() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let early = world
        .schedule_in(&user, Draft::text("called off early"), 60)
        .await;
    let ready = world
        .schedule_in(&user, Draft::text("called off ready"), 10)
        .await;
    world.live(minutes(9), TimeDelta::seconds(10)).await;
    assert_eq!(world.phase(&ready.id).await, "ready");

    world.monitor.cancel(&early.id).await.unwrap();
    world.monitor.cancel(&ready.id).await.unwrap();
    world.live(TimeDelta::hours(4), minutes(5)).await;

    assert_eq!(world.phase(&early.id).await, "cancelled");
    assert_eq!(world.phase(&ready.id).await, "cancelled");
    assert_eq!(world.published().len(), 0);
    assert!(matches!(
        world.monitor.cancel(&ready.id).await,
        Err(MonitorError::PostState { .. })
    ));
}

#[tokio::test]
async fn a_post_whose_time_has_long_passed_is_missed_not_burst_out() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("old news"), 1).await;

    // The service is down for three hours.
    world.advance(TimeDelta::hours(3));
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "missed");
    assert_eq!(world.published().len(), 0);
}

#[tokio::test]
async fn a_post_that_is_a_little_late_still_goes_out() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world
        .schedule_in(&user, Draft::text("a little late"), 1)
        .await;

    world.advance(minutes(90));
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_revoked_account_blocks_its_posts_until_it_is_connected_again() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    let post = world
        .schedule_in(&user, Draft::text("after the pause"), 30)
        .await;
    world.sandbox.revoke(&name).unwrap();

    world.live(minutes(45), minutes(1)).await;
    assert_eq!(world.phase(&post.id).await, "blocked");
    assert_eq!(world.published().len(), 0);
    world.connect(&name).await;
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn the_same_idempotency_key_makes_one_post() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let due = Due::At(world.monitor.now() + minutes(1));
    let new = |text: &str| NewPost {
        idempotency_key: Some("form-1".to_owned()),
        ..NewPost::new(user.clone(), Draft::text(text), due)
    };

    let first = world.monitor.schedule(new("hello")).await.unwrap();
    let again = world.monitor.schedule(new("hello")).await.unwrap();
    let other = world.monitor.schedule(new("something else")).await;
    settle(&world).await;

    assert_eq!(first.id, again.id);
    assert!(matches!(
        other,
        Err(MonitorError::Store(StoreError::Conflict { .. }))
    ));
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_draft_that_cannot_be_published_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let before = world.sandbox.requests().len();
    let due = Due::At(world.monitor.now() + minutes(1));

    for draft in [
        Draft::text("x".repeat(501)),
        Draft::text(""),
        Draft::carousel(Vec::new()),
        Draft::image("ftp://media.example/a.jpg".parse().unwrap()),
    ] {
        let refused = world
            .monitor
            .schedule(NewPost::new(user.clone(), draft, due))
            .await;
        assert!(
            matches!(refused, Err(MonitorError::Draft(_))),
            "{refused:?}"
        );
    }

    assert_eq!(world.sandbox.requests().len(), before);
    assert!(
        world
            .monitor
            .scheduled_posts(&user)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_local_due_time_is_kept_in_its_zone() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let zone: Zone = "Asia/Jakarta".parse().unwrap();
    let due = world.monitor.now() + TimeDelta::hours(5);

    let post = world
        .monitor
        .schedule(NewPost::new(
            user,
            Draft::text("pagi"),
            Due::Local {
                time: zone.local(due),
                zone,
            },
        ))
        .await
        .unwrap();

    assert_eq!(post.post.due_at, due);
    assert_eq!(post.post.zone, Some(zone));
}

#[tokio::test]
async fn an_outage_before_the_due_time_uses_nothing_up() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("patience"), 10).await;
    world
        .sandbox
        .add_fault(FaultRule::everywhere(When::Always, Fault::status(503)));
    world.live(minutes(100), minutes(1)).await;
    assert_eq!(world.phase(&post.id).await, "preparing");

    world.sandbox.clear_faults();
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn waiting_for_a_person_uses_no_attempts_up() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    let post = world
        .monitor
        .schedule(NewPost {
            max_lateness: Some(Duration::from_hours(24)),
            ..NewPost::new(
                user.clone(),
                Draft::text("at last"),
                Due::At(world.monitor.now() + minutes(10)),
            )
        })
        .await
        .unwrap();
    world.live(minutes(9), TimeDelta::seconds(30)).await;
    assert_eq!(world.phase(&post.id).await, "ready");
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::PublishContainer,
        When::Always,
        Fault::subcode(9, 2_207_042),
    ));

    world.live(TimeDelta::hours(6), minutes(5)).await;
    assert_eq!(world.phase(&post.id).await, "blocked");
    world.sandbox.clear_faults();
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_post_that_cannot_be_read_holds_up_no_other() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let due = world.monitor.now();
    let unreadable = threads_monitor::scheduler::NewJob {
        id: threads_monitor::scheduler::JobId::random(),
        account: user.clone(),
        kind: threads_monitor::scheduler::JobKind::PublishPost,
        serial_key: format!("publish:{user}"),
        idempotency_key: "post:of-tomorrow".to_owned(),
        request: serde_json::Value::Null,
        state: serde_json::json!({ "phase": { "name": "phase_of_tomorrow" } }),
        wake_at: due,
        created_at: due,
    };
    let scheduler = &world.monitor.storage().scheduler;
    let unreadable = scheduler.enqueue(unreadable).await.unwrap();
    let post = world.schedule_in(&user, Draft::text("healthy"), 1).await;

    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    let kept = scheduler.get(&unreadable.id).await.unwrap().unwrap();
    assert_eq!(kept.state, unreadable.state);
    assert_eq!(world.monitor.scheduled_posts(&user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_slow_container_is_waited_for() {
    let sandbox = Sandbox::builder()
        .switches(Switches {
            text_readiness: Readiness {
                polls: 1000,
                seconds: 240,
            },
            ..Switches::default()
        })
        .start()
        .await
        .unwrap();
    let world = World::of(sandbox);
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("slow"), 1).await;

    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.calls(Endpoint::CreateContainer), 1);
}

#[tokio::test]
async fn a_missing_scope_blocks_with_its_reason() {
    let world = World::new().await;
    let user = world
        .connect_with(&world.username(0), &[Scope::Basic])
        .await
        .user;
    let post = world
        .schedule_in(&user, Draft::text("not allowed"), 1)
        .await;

    world.live(minutes(10), TimeDelta::seconds(30)).await;

    let Phase::Blocked { detail, .. } = world.post(&post.id).await.post.phase else {
        panic!("not blocked");
    };
    assert!(!detail.is_empty());
    assert_eq!(world.published().len(), 0);
}

#[tokio::test]
async fn every_change_of_phase_is_one_event_in_order() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("told"), 1).await;

    settle(&world).await;

    let events = world
        .monitor
        .storage()
        .scheduler
        .take_events(threads_monitor::scheduler::EventCursor::START, 100)
        .await
        .unwrap();
    let names: Vec<&str> = events
        .iter()
        .filter(|event| event.job == post.id)
        .map(|event| event.event.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "post.preparing",
            "post.ready",
            "post.publishing",
            "post.published"
        ]
    );
}
