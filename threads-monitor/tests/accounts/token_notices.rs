//! What is told before a token ends, and after.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use serde_json::Value;
use threads_client::{Draft, UserId};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::scheduler::EventCursor;
use threads_monitor::{Connection, Storage};
use threads_sandbox::{Endpoint, Fault, FaultRule, Sandbox, When};

use crate::world::{ALL_SCOPES, World, builder, minutes};

const DAY: Duration = Duration::from_hours(24);

/// An account whose token ends in `left` days, and is never refreshed.
async fn ending(world: &World, left: u32) -> UserId {
    let refuses = FaultRule::new(Endpoint::RefreshToken, When::Always, Fault::code(100));
    world.sandbox.add_fault(refuses);
    let name = world.username(0);
    let grant = world.grant(&name, &ALL_SCOPES, DAY * (60 - left));
    let connected = world.monitor.connect(&grant, &ALL_SCOPES).await;
    connected.unwrap().user
}

async fn told(world: &World, name: &str) -> Vec<(DateTime<Utc>, Value)> {
    let scheduler = &world.monitor.storage().scheduler;
    let events = scheduler.take_events(EventCursor::START, 100_000).await;
    let events = events.unwrap().into_iter();
    events
        .filter(|event| event.event.name == name)
        .map(|event| (event.event.at, event.event.data))
        .collect()
}

async fn schedule(world: &World, user: &UserId, text: &str, due: DateTime<Utc>) {
    let new = NewPost::new(user.clone(), Draft::text(text), Due::At(due));
    world.monitor.schedule(new).await.unwrap();
}

#[tokio::test]
async fn each_stage_is_told_once_when_it_is_reached_with_the_posts_at_stake() {
    let world = World::new().await;
    let user = ending(&world, 20).await;
    let ends_at = world.account(&user).await.token.expires_at;
    // Two are due before the end, seven after it.
    for hours in [-400, -30] {
        let due = ends_at + TimeDelta::hours(hours);
        schedule(&world, &user, &format!("before {hours}"), due).await;
    }
    for hours in 1..=7 {
        let due = ends_at + TimeDelta::hours(hours);
        schedule(&world, &user, &format!("after {hours}"), due).await;
    }

    world.live(TimeDelta::days(5), TimeDelta::hours(1)).await;
    assert_eq!(told(&world, "token.expiring").await, []);
    assert_eq!(world.account(&user).await.notice, None);
    world.live(TimeDelta::days(16), TimeDelta::hours(1)).await;

    let told_of = told(&world, "token.expiring").await;
    let days: Vec<_> = told_of
        .iter()
        .map(|(_, data)| data["days"].as_i64().unwrap())
        .collect();
    assert_eq!(days, [14, 7, 3, 1]);
    for (at, data) in &told_of {
        let days = TimeDelta::days(data["days"].as_i64().unwrap());
        let late = *at - (ends_at - days);
        assert!(
            late >= TimeDelta::zero() && late <= TimeDelta::hours(1),
            "{late}"
        );
        assert_eq!(data["posts"]["count"], 7);
        let first = data["posts"]["first"].as_array().unwrap();
        assert_eq!(first.len(), 5);
        let due: DateTime<Utc> = first[0]["due_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(due, ends_at + TimeDelta::hours(1));
    }
    let dead = told(&world, "account.needs_reconnect").await;
    assert_eq!(dead.len(), 1);
    assert!(dead[0].0 - ends_at <= TimeDelta::hours(1), "{dead:?}");
}

#[tokio::test]
async fn a_restart_repeats_no_notice_and_a_new_token_takes_it_back() {
    let sandbox = Sandbox::start().await.unwrap();
    let storage = Storage::in_memory();
    let start = || World {
        monitor: builder(&sandbox, storage.clone()).build().unwrap(),
        sandbox: sandbox.clone(),
    };
    let user = ending(&start(), 6).await;
    for _ in 0..5 {
        let world = start();
        world.live(TimeDelta::hours(5), TimeDelta::hours(1)).await;
    }
    let world = start();

    let before = told(&world, "token.expiring").await;
    let notice = world.account(&user).await.notice.unwrap();
    assert_eq!(before.len(), 1, "{before:?}");
    assert_eq!(notice.stage, Some(7));
    let name = world.username(0);
    let grant = world.grant(&name, &ALL_SCOPES, Duration::ZERO);
    world.monitor.connect(&grant, &ALL_SCOPES).await.unwrap();
    world.live(TimeDelta::days(2), TimeDelta::hours(2)).await;

    let account = world.account(&user).await;
    assert_eq!(account.connection, Connection::Connected);
    assert_eq!(account.notice, None);
    assert_eq!(told(&world, "token.expiring").await.len(), 1);
}

/// None of these says anything about the token.
#[rstest]
#[case(Fault::status(500))]
#[case(Fault::status(503))]
#[case(Fault::rate_limited(0))]
#[case(Fault::DropBeforeEffect)]
#[case(Fault::code(1))]
#[case(Fault::code(2))]
#[case(Fault::code(4))]
#[tokio::test]
async fn a_passing_failure_counts_nothing_towards_a_disconnect(#[case] fault: Fault) {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world.monitor.run_due_once().await.unwrap();
    // A call is refused, the probe that follows is not answered, for a day.
    let refused = Fault::subcode(190, 463);
    let once = FaultRule::new(Endpoint::AccountInsights, When::Next(1), refused.clone());
    world.sandbox.add_fault(once);
    world
        .sandbox
        .add_fault(FaultRule::new(Endpoint::Profile, When::Always, fault));
    world.live(TimeDelta::days(1), minutes(20)).await;
    let during = world.account(&user).await.connection;
    // One refused probe after that is the first, and not the second.
    world.sandbox.clear_faults();
    world.sandbox.fail_next(Endpoint::Profile, refused);
    world.live(TimeDelta::days(1), minutes(20)).await;

    assert_eq!(during, Connection::Connected);
    assert_eq!(world.account(&user).await.connection, Connection::Connected);
    assert_eq!(told(&world, "account.needs_reconnect").await, []);
}

#[tokio::test]
async fn one_refused_call_holds_the_other_posts_back_and_a_working_token_lets_them_go() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world.monitor.run_due_once().await.unwrap();
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::subcode(190, 463));
    let mut posts = Vec::new();
    for number in 0..4 {
        let draft = Draft::text(format!("post {number}"));
        posts.push(world.schedule_in(&user, draft, 3).await.id);
    }

    // It was a mistake of Meta's: the probe works, and only the post that was refused waits.
    world.live(minutes(8), TimeDelta::seconds(15)).await;
    assert_eq!(world.published().len(), 3);
    world.live(minutes(12), TimeDelta::seconds(15)).await;

    for id in posts {
        assert_eq!(world.phase(&id).await, "published");
    }
    assert_eq!(world.published().len(), 4);
    assert_eq!(world.calls(Endpoint::PublishContainer), 5);
}

#[tokio::test]
async fn a_dead_token_costs_one_publish_call_and_its_posts_go_on_with_a_new_one() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world.monitor.run_due_once().await.unwrap();
    let mut posts = Vec::new();
    for number in 0..4 {
        let draft = Draft::text(format!("post {number}"));
        posts.push(world.schedule_in(&user, draft, 3).await.id);
    }
    // All of them are ready when the token dies.
    world
        .live(TimeDelta::seconds(160), TimeDelta::seconds(5))
        .await;
    world.sandbox.revoke(&name).unwrap();

    world.live(minutes(100), minutes(1)).await;

    assert_eq!(world.calls(Endpoint::PublishContainer), 1);
    let dead = told(&world, "account.needs_reconnect").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].1["posts"]["count"], 4);
    let notice = world.account(&user).await.notice.unwrap();
    assert_eq!(notice.posts.count, 4);
    for id in &posts {
        assert_eq!(world.phase(id).await, "blocked");
    }
    let grant = world.grant(&name, &ALL_SCOPES, Duration::ZERO);
    world.monitor.connect(&grant, &ALL_SCOPES).await.unwrap();
    world.live(minutes(3), TimeDelta::seconds(5)).await;
    for id in posts {
        assert_eq!(world.phase(&id).await, "published");
    }
    assert_eq!(world.account(&user).await.notice, None);
}

#[tokio::test]
async fn where_meta_refuses_nothing_but_publishing_it_is_not_asked_without_a_pause() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world.monitor.run_due_once().await.unwrap();
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::PublishContainer,
        When::Always,
        Fault::subcode(190, 463),
    ));
    for number in 0..2 {
        let draft = Draft::text(format!("post {number}"));
        world.schedule_in(&user, draft, 3).await;
    }

    world.live(minutes(63), TimeDelta::seconds(15)).await;

    // Each four times an hour.
    let calls = world.calls(Endpoint::PublishContainer);
    assert!((6..=10).contains(&calls), "{calls}");
    assert_eq!(world.account(&user).await.connection, Connection::Connected);
}
