//! Publish calls whose outcome is not known, or not what was hoped for.

use std::time::Duration;

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::publishing::{Decision, Outcome, Phase, PublishedSource};
use threads_monitor::{MonitorError, Storage};
use threads_sandbox::{Endpoint, Fault, PublishedContainer, Sandbox, Switches};

use crate::world::{self, World, minutes, settle, unknowable_world, until};

/// Each of these answers hides a post that is live.
#[tokio::test]
async fn an_answer_lost_after_the_effect_is_found_and_never_sent_again() {
    let faults = [
        Fault::DropAfterEffect,
        Fault::ResetAfterEffect,
        Fault::HangAfterEffect,
        Fault::StatusAfterEffect { status: 502 },
        Fault::GraphAfterEffect {
            code: 4,
            subcode: Some(2_207_051),
            status: 403,
        },
        Fault::GraphAfterEffect {
            code: 10,
            subcode: None,
            status: 500,
        },
        Fault::GraphAfterEffect {
            code: 100,
            subcode: Some(2_207_051),
            status: 400,
        },
        Fault::GraphAfterEffect {
            code: 100,
            subcode: Some(33),
            status: 400,
        },
        Fault::GraphAfterEffect {
            code: 24,
            subcode: None,
            status: 400,
        },
        Fault::GraphAfterEffect {
            code: 506,
            subcode: None,
            status: 400,
        },
        Fault::TruncatedBody,
        Fault::MissingId,
        Fault::WrongJson,
        Fault::HtmlBody,
    ];
    for fault in faults {
        let world = World::new().await;
        let user = world.connect(&world.username(0)).await.user;
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, fault.clone());
        let post = world.schedule_in(&user, Draft::text("once only"), 1).await;

        settle(&world).await;

        let after = world.post(&post.id).await;
        assert_eq!(after.post.phase.name(), "published", "{fault:?}");
        assert_eq!(world.published().len(), 1, "{fault:?}");
        assert_eq!(world.calls(Endpoint::PublishContainer), 1, "{fault:?}");
        let Phase::Published { media_id, .. } = after.post.phase else {
            panic!("not published");
        };
        assert_eq!(
            media_id.map(|id| id.as_str().to_owned()),
            world.published()[0].post_id,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_sent_again_only_after_the_settle_time() {
    for fault in [
        Fault::DropBeforeEffect,
        Fault::ResetBeforeEffect,
        Fault::HangBeforeEffect,
        Fault::status(503),
        Fault::code(1),
        Fault::code(2),
        Fault::rate_limited(3),
        Fault::Redirect {
            to: "http://127.0.0.1:9/".to_owned(),
            status: 307,
        },
    ] {
        let world = World::new().await;
        let user = world.connect(&world.username(0)).await.user;
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, fault.clone());
        let post = world.schedule_in(&user, Draft::text("once only"), 1).await;

        world.live(minutes(6), TimeDelta::seconds(10)).await;
        assert_eq!(world.phase(&post.id).await, "verifying", "{fault:?}");
        assert_eq!(world.calls(Endpoint::PublishContainer), 1, "{fault:?}");
        settle(&world).await;

        assert_eq!(world.phase(&post.id).await, "published", "{fault:?}");
        assert_eq!(world.published().len(), 1, "{fault:?}");
        assert_eq!(world.calls(Endpoint::PublishContainer), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_missing_container_is_not_taken_for_an_unpublished_post() {
    let sandbox = Sandbox::builder()
        .switches(Switches {
            published_container: PublishedContainer::NotFound,
            listing_lag_seconds: 60,
            ..Switches::default()
        })
        .start()
        .await
        .unwrap();
    let world = World::of(sandbox);
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    let post = world
        .schedule_in(&user, Draft::text("seen in the list"), 1)
        .await;

    settle(&world).await;

    let Phase::Published { source, .. } = world.post(&post.id).await.post.phase else {
        panic!("not published");
    };
    assert_eq!(source, PublishedSource::Listing);
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_known_needs_a_person_and_is_never_sent_again() {
    let world = unknowable_world().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    let post = world.schedule_in(&user, Draft::text("who knows"), 1).await;

    world.live(TimeDelta::hours(3), minutes(1)).await;

    assert_eq!(world.phase(&post.id).await, "needs_attention");
    assert_eq!(world.calls(Endpoint::PublishContainer), 1);
    let live = world
        .monitor
        .decide(&post.id, Decision::ItIsLive)
        .await
        .unwrap();
    assert_eq!(live.post.phase.name(), "published");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_discarded_post_does_not_claim_to_have_failed() {
    let world = unknowable_world().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    let post = world.schedule_in(&user, Draft::text("who knows"), 1).await;
    world.live(minutes(30), minutes(1)).await;

    let closed = world
        .monitor
        .decide(&post.id, Decision::Discard)
        .await
        .unwrap();

    assert_eq!(closed.post.phase.name(), "abandoned");
    assert_eq!(closed.next_wake_at, None);
}

#[tokio::test]
async fn only_a_post_that_needs_attention_can_be_decided_by_hand() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("later"), 60).await;

    let refused = world.monitor.decide(&post.id, Decision::ItIsLive).await;

    assert!(matches!(refused, Err(MonitorError::PostState { .. })));
}

#[tokio::test]
async fn a_process_that_dies_while_sending_leaves_a_post_to_be_verified() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::HangAfterEffect);
    let post = world.schedule_in(&user, Draft::text("killed"), 1).await;
    world
        .live(TimeDelta::seconds(55), TimeDelta::seconds(5))
        .await;
    world.advance(TimeDelta::seconds(30));

    // The run is dropped while the publish call waits for its answer.
    let monitor = world.monitor.clone();
    let run = tokio::spawn(async move { monitor.run_due_once().await });
    until(async || world.published().len() == 1).await;
    run.abort();
    let _ = run.await;
    assert_eq!(world.phase(&post.id).await, "publishing");
    assert_eq!(world.published().len(), 1);
    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
    assert_eq!(world.calls(Endpoint::PublishContainer), 1);
}

#[tokio::test]
async fn a_refused_container_is_tried_again_and_then_replaced() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    for _ in 0..4 {
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, Fault::subcode(24, 4_279_009));
    }
    let post = world
        .schedule_in(&user, Draft::text("propagation"), 1)
        .await;

    settle(&world).await;

    let after = world.post(&post.id).await.post;
    assert_eq!(after.phase.name(), "published");
    assert_eq!(after.containers_used, 2);
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_post_that_meta_refuses_fails_with_meta_s_words() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::code(100));
    let post = world.schedule_in(&user, Draft::text("refused"), 1).await;

    settle(&world).await;

    let after = world.post(&post.id).await.post;
    assert_eq!(after.phase.name(), "failed");
    assert!(matches!(
        after.attempts[0].outcome,
        Outcome::Ineffective { .. }
    ));
    assert_eq!(world.published().len(), 0);
}

#[tokio::test]
async fn a_cancel_that_may_be_too_late_is_recorded_and_the_truth_wins() {
    for (fault, end, live) in [
        (Fault::DropAfterEffect, "published", 1),
        (Fault::DropBeforeEffect, "cancelled", 0),
    ] {
        let sandbox = Sandbox::builder()
            .switches(Switches {
                // Neither the status nor the list tells at once.
                status_lag_seconds: 120,
                listing_lag_seconds: 120,
                ..Switches::default()
            })
            .start()
            .await
            .unwrap();
        let world = World::of(sandbox);
        let user = world.connect(&world.username(0)).await.user;
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, fault.clone());
        let post = world.schedule_in(&user, Draft::text("too late?"), 1).await;
        world
            .live(TimeDelta::seconds(90), TimeDelta::seconds(5))
            .await;
        assert_eq!(world.phase(&post.id).await, "verifying", "{fault:?}");

        let recorded = world.monitor.cancel(&post.id).await.unwrap();
        settle(&world).await;

        assert!(recorded.post.cancel_requested_at.is_some());
        assert_eq!(world.phase(&post.id).await, end, "{fault:?}");
        assert_eq!(world.published().len(), live, "{fault:?}");
    }
}

#[tokio::test]
async fn twins_are_never_bound_to_one_live_post() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    let first = world.schedule_in(&user, Draft::text("same words"), 1).await;
    let second = world.schedule_in(&user, Draft::text("same words"), 1).await;

    world
        .live(TimeDelta::hours(1), TimeDelta::seconds(30))
        .await;

    let mut bound = Vec::new();
    for id in [first.id, second.id] {
        let Phase::Published { media_id, .. } = world.post(&id).await.post.phase else {
            panic!("not published");
        };
        bound.push(media_id.unwrap());
    }
    assert_eq!(world.published().len(), 2);
    assert_eq!(world.calls(Endpoint::PublishContainer), 2);
    assert_ne!(bound[0], bound[1]);
}

#[tokio::test]
async fn a_twin_waits_until_the_first_is_known_to_be_live_or_not() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropBeforeEffect);
    let first = world.schedule_in(&user, Draft::text("same words"), 1).await;
    let second = world.schedule_in(&user, Draft::text("same words"), 2).await;

    world.live(minutes(6), TimeDelta::seconds(10)).await;
    assert_eq!(world.phase(&first.id).await, "verifying");
    assert_eq!(world.phase(&second.id).await, "ready");
    assert_eq!(world.calls(Endpoint::PublishContainer), 1);
    settle(&world).await;

    assert_eq!(world.phase(&first.id).await, "published");
    assert_eq!(world.phase(&second.id).await, "published");
    assert_eq!(world.published().len(), 2);
}

/// The owner posts the same words by hand while ours are being verified.
#[tokio::test]
async fn a_post_made_by_hand_is_not_taken_for_one_that_meta_says_is_unpublished() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropBeforeEffect);
    let post = world
        .schedule_in(&user, Draft::text("Good morning"), 1)
        .await;
    world.live(minutes(2), TimeDelta::seconds(10)).await;
    assert_eq!(world.phase(&post.id).await, "verifying");
    let token = world.grant(&name, &world::ALL_SCOPES, Duration::ZERO);
    world::client(&world.sandbox)
        .with_access_token(token.access_token)
        .publishing()
        .publish_with(
            Draft::text("Good morning"),
            &threads_client::WaitPolicy::default()
                .first_pause(Duration::from_millis(1))
                .settle(Duration::ZERO),
        )
        .await
        .unwrap();

    settle(&world).await;

    assert_eq!(world.phase(&post.id).await, "needs_attention");
    assert_eq!(world.published().len(), 1, "only the one made by hand");
}

#[tokio::test]
async fn two_monitors_on_one_storage_publish_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let storage = Storage::in_memory();
    let one = world::builder(&sandbox, storage.clone()).build().unwrap();
    let two = world::builder(&sandbox, storage).build().unwrap();
    let world = World {
        sandbox,
        monitor: one,
    };
    let user = world.connect(&world.username(0)).await.user;
    for index in 0..10 {
        world
            .schedule_in(&user, Draft::text(format!("post {index}")), 1)
            .await;
    }

    for _ in 0..60 {
        world.advance(TimeDelta::seconds(10));
        let (first, second) = tokio::join!(world.monitor.run_due_once(), two.run_due_once());
        first.unwrap();
        second.unwrap();
    }

    assert_eq!(world.published().len(), 10);
    assert_eq!(world.calls(Endpoint::PublishContainer), 10);
}
