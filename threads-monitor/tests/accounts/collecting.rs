//! What is collected, how often, and what a failure does not stop.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{Scope, UserId};
use threads_monitor::scheduler::JobKind;
use threads_monitor::snapshot_store::{Metric, Reading, SnapshotQuery, Source, Subject};
use threads_monitor::{Erased, Measurement, MonitorError, Zone, trends};
use threads_sandbox::{AccountSeed, Endpoint, Fault, FaultRule, Sandbox, When};

use crate::world::{self, ALL_SCOPES, World};

async fn points(world: &World, user: &UserId, metric: Metric) -> Vec<trends::Point> {
    world
        .monitor
        .series(
            user,
            Subject::Account,
            metric,
            DateTime::<Utc>::MIN_UTC,
            DateTime::<Utc>::MAX_UTC,
        )
        .await
        .unwrap()
}

async fn one_account(followers: u64) -> World {
    let account = AccountSeed::new("toko.kopi")
        .followers(followers)
        .posts(7)
        .history_days(40);
    World::of(Sandbox::builder().account(account).start().await.unwrap())
}

#[tokio::test]
async fn a_new_account_has_its_numbers_with_date_and_source_after_one_run() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;

    world.monitor.run_due_once().await.unwrap();

    let account = world.account(&user).await;
    let truth = world.sandbox.user(&name).unwrap();
    let Measurement::Measured(followers) = account.followers else {
        panic!("followers were not measured");
    };
    assert_eq!(followers.value, truth.followers);
    assert_eq!(followers.source, Source::Insights);
    assert_eq!(followers.captured_at, world.sandbox.now());
    assert_eq!(account.handle(), format!("@{name}"));
    assert_eq!(
        account.posts_seen.value(),
        Some(world.sandbox.posts(&name).unwrap().len() as u64)
    );
    assert!(account.collection.iter().all(|health| health.failures == 0));
}

#[tokio::test]
async fn following_and_media_count_are_not_provided_and_never_zero() {
    let world = World::new().await;
    let account = world.connect(&world.username(0)).await;

    assert_eq!(account.following, Measurement::NotProvided);
    assert_eq!(account.media_count, Measurement::NotProvided);
    assert_eq!(account.followers, Measurement::NotMeasured);
    let json = serde_json::to_value(&account).unwrap();
    assert_eq!(
        json["following"],
        serde_json::json!({ "state": "not_provided" })
    );
    assert_eq!(
        json["followers"],
        serde_json::json!({ "state": "not_measured" })
    );
}

#[tokio::test]
async fn the_days_of_the_last_month_are_fetched_when_an_account_is_new() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;

    world.monitor.run_due_once().await.unwrap();

    let today = Zone::META.date(world.sandbox.now());
    let views = points(&world, &user, Metric::Views).await;
    let days = trends::meta_days(&views, today - TimeDelta::days(30), today);
    assert_eq!(days.len(), 31);
    assert!(days.iter().all(|day| day.point.is_some()), "{days:?}");
    for point in &views {
        assert_eq!(Zone::META.local(point.at).time(), chrono::NaiveTime::MIN);
    }
    let likes = points(&world, &user, Metric::Likes).await;
    assert_eq!(likes.len(), 31);
}

#[tokio::test]
async fn a_metric_that_meta_leaves_out_stays_unmeasured() {
    let sandbox = Sandbox::builder()
        .switches(threads_sandbox::Switches {
            omit_quiet_metrics: true,
            ..Default::default()
        })
        .account(
            AccountSeed::new("sunyi")
                .followers(3)
                .posts(0)
                .history_days(40),
        )
        .start()
        .await
        .unwrap();
    let world = World::of(sandbox);
    let user = world.connect("sunyi").await.user;

    world.monitor.run_due_once().await.unwrap();

    assert!(points(&world, &user, Metric::Quotes).await.is_empty());
    assert!(world.account(&user).await.followers.value().is_some());
}

#[tokio::test]
async fn profile_discovery_is_the_fallback_and_its_numbers_say_so() {
    let world = one_account(5000).await;
    let user = world.connect("toko.kopi").await.user;
    world.monitor.run_due_once().await.unwrap();
    assert_eq!(world.calls(Endpoint::ProfileLookup), 0);

    // Insights have no followers, whatever they are asked.
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::AccountInsights,
        When::Always,
        Fault::code(100),
    ));
    world.advance(TimeDelta::hours(6));
    world.monitor.run_due_once().await.unwrap();

    let followers = points(&world, &user, Metric::Followers).await;
    let sources: Vec<Source> = followers.iter().map(|point| point.source).collect();
    assert_eq!(sources, [Source::Insights, Source::ProfileDiscovery]);
    assert_eq!(world.calls(Endpoint::ProfileLookup), 1);
}

#[tokio::test]
async fn discovery_that_refuses_leaves_the_number_unmeasured() {
    // Meta refuses discovery below a hundred followers.
    let world = one_account(40).await;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::AccountInsights,
        When::Always,
        Fault::code(100),
    ));
    let user = world.connect("toko.kopi").await.user;

    world.monitor.run_due_once().await.unwrap();

    let account = world.account(&user).await;
    assert_eq!(account.followers, Measurement::NotMeasured);
    let health = account
        .collection
        .iter()
        .find(|health| health.kind == JobKind::CollectFollowers)
        .unwrap();
    assert_eq!(health.failures, 1);
    assert!(health.last_error.is_some());
}

#[tokio::test]
async fn a_missing_scope_turns_a_collection_off_without_an_error_streak() {
    let world = World::new().await;
    let user = world
        .connect_with(&world.username(0), &[Scope::Basic])
        .await
        .user;

    world.live(TimeDelta::days(2), TimeDelta::hours(6)).await;

    let account = world.account(&user).await;
    assert_eq!(account.followers, Measurement::NotMeasured);
    assert!(account.posts_seen.value().is_some());
    assert!(account.collection.iter().all(|health| health.failures == 0));
    assert_eq!(world.calls(Endpoint::AccountInsights), 0);
    assert_eq!(world.calls(Endpoint::PostInsights), 0);
}

#[tokio::test]
async fn one_failing_collection_holds_up_no_other() {
    let world = World::new().await;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::Posts,
        When::Always,
        Fault::status(500),
    ));
    let user = world.connect(&world.username(0)).await.user;

    world.live(TimeDelta::days(1), TimeDelta::hours(1)).await;

    let account = world.account(&user).await;
    let failures = |kind| {
        account
            .collection
            .iter()
            .find(|health| health.kind == kind)
            .unwrap()
            .failures
    };
    assert!(failures(JobKind::CollectPosts) > 3);
    assert_eq!(failures(JobKind::CollectFollowers), 0);
    assert_eq!(points(&world, &user, Metric::Followers).await.len(), 5);
}

#[tokio::test]
async fn a_failing_collection_backs_off_and_recovers() {
    let world = World::new().await;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::AccountInsights,
        When::Always,
        Fault::status(503),
    ));
    let user = world.connect(&world.username(0)).await.user;
    world.live(TimeDelta::hours(3), TimeDelta::minutes(5)).await;
    let health = |account: threads_monitor::AccountSummary| {
        account
            .collection
            .into_iter()
            .find(|health| health.kind == JobKind::CollectFollowers)
            .unwrap()
    };
    // 5, 10, 20, 40, 80 minutes: the fifth failure is at 75 minutes, the sixth at 155.
    assert_eq!(health(world.account(&user).await).failures, 6);

    world.sandbox.clear_faults();
    world
        .live(TimeDelta::hours(6), TimeDelta::minutes(30))
        .await;

    let health = health(world.account(&user).await);
    assert_eq!(health.failures, 0);
    assert_eq!(health.last_error, None);
}

#[tokio::test]
async fn a_day_that_meta_cannot_answer_for_holds_up_no_other() {
    let world = World::new().await;
    // The calls of a new account: followers, a month of views, then day by day.
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::AccountInsights,
        When::Nth(10),
        Fault::code(100),
    ));
    let user = world.connect(&world.username(0)).await.user;

    world.monitor.run_due_once().await.unwrap();

    assert_eq!(points(&world, &user, Metric::Likes).await.len(), 30);
    let account = world.account(&user).await;
    let health = account
        .collection
        .iter()
        .find(|health| health.kind == JobKind::CollectInsights)
        .unwrap();
    assert_eq!(health.failures, 1);
    world
        .live(TimeDelta::hours(1), TimeDelta::minutes(10))
        .await;
    let account = world.account(&user).await;
    assert!(account.collection.iter().all(|health| health.failures == 0));
}

#[tokio::test]
async fn a_deleted_post_is_not_asked_for_again_and_again() {
    let world = one_account(5000).await;
    let user = world.connect("toko.kopi").await.user;
    world.monitor.run_due_once().await.unwrap();
    let asked = world.calls(Endpoint::PostInsights);
    for post in world.sandbox.posts("toko.kopi").unwrap() {
        world.sandbox.delete_post(&post.id).unwrap();
    }

    world.live(TimeDelta::days(20), TimeDelta::hours(1)).await;

    // Seven posts, each asked for at most once a day in its first week or so.
    let again = world.calls(Endpoint::PostInsights) - asked;
    assert!(again <= 7 * 20, "{again} calls");
    let account = world.account(&user).await;
    assert!(account.collection.iter().all(|health| health.failures == 0));
}

#[tokio::test]
async fn posts_are_measured_at_their_age_and_reposts_never() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;

    world.monitor.run_due_once().await.unwrap();

    let posts = world.monitor.recent_posts(&user, 10).await.unwrap();
    assert_eq!(posts.len(), 10);
    assert!(posts.is_sorted_by(|a, b| a.published_at >= b.published_at));
    for post in &posts {
        assert!(post.views.value().is_some(), "{post:?}");
    }
    let measured = world.calls(Endpoint::PostInsights);
    world.monitor.collect_now(&user).await.unwrap();
    assert_eq!(
        world.calls(Endpoint::PostInsights),
        measured,
        "no post was due again at the same instant"
    );
}

#[tokio::test]
async fn a_post_made_elsewhere_is_seen() {
    let world = World::new().await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world.monitor.run_due_once().await.unwrap();
    let before = world.account(&user).await.posts_seen.value().unwrap();
    let other = world::client(&world.sandbox)
        .with_access_token(world.grant(&name, &ALL_SCOPES, Duration::ZERO).access_token);
    other
        .publishing()
        .publish_with(
            threads_client::Draft::text("made on the phone"),
            &threads_client::WaitPolicy::default()
                .first_pause(Duration::from_millis(1))
                .settle(Duration::ZERO),
        )
        .await
        .unwrap();

    world.advance(TimeDelta::hours(1));
    world.monitor.run_due_once().await.unwrap();

    let newest = &world.monitor.recent_posts(&user, 1).await.unwrap()[0];
    assert_eq!(newest.post.text.as_deref(), Some("made on the phone"));
    assert_eq!(
        world.account(&user).await.posts_seen.value(),
        Some(before + 1)
    );
}

#[tokio::test]
async fn sixty_days_leave_a_reading_for_every_day_and_a_living_token() {
    let world = one_account(5000).await;
    let user = world.connect("toko.kopi").await.user;
    let first = Zone::UTC.date(world.sandbox.now());

    world.live(TimeDelta::days(60), TimeDelta::hours(6)).await;

    let last = Zone::UTC.date(world.sandbox.now());
    let followers = points(&world, &user, Metric::Followers).await;
    let days = trends::daily(&followers, Zone::UTC, first, last);
    assert_eq!(days.len(), 61);
    assert!(days.iter().all(|day| day.point.is_some()));
    assert_eq!(followers.len(), 4 * 60 + 1);
    let account = world.account(&user).await;
    assert_eq!(account.connection, threads_monitor::Connection::Connected);
    assert!(account.token.expires_at - world.sandbox.now() > TimeDelta::days(29));
    // The token was half way on day 30, and its successor on day 60.
    assert_eq!(world.refreshes(), 2);
}

#[tokio::test]
async fn a_day_on_which_nobody_measured_stays_missing() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let first = Zone::UTC.date(world.sandbox.now());
    world.live(TimeDelta::days(2), TimeDelta::hours(6)).await;

    // The machine is off for three days.
    world.advance(TimeDelta::days(3));
    world.live(TimeDelta::days(1), TimeDelta::hours(6)).await;

    let followers = points(&world, &user, Metric::Followers).await;
    let last = Zone::UTC.date(world.sandbox.now());
    let days = trends::daily(&followers, Zone::UTC, first, last);
    let missing = days.iter().filter(|day| day.point.is_none()).count();
    assert!((1..=3).contains(&missing), "{missing} of {}", days.len());
    // Meta's own days can be fetched afterwards, and were.
    let views = points(&world, &user, Metric::Views).await;
    let today = Zone::META.date(world.sandbox.now());
    let meta = trends::meta_days(&views, today - TimeDelta::days(6), today);
    assert!(meta.iter().all(|day| day.point.is_some()));
}

#[tokio::test]
async fn a_time_zone_belongs_to_its_account() {
    let world = World::new().await;
    let one = world.connect(&world.username(0)).await.user;
    let two = world.connect(&world.username(1)).await.user;
    let zone: Zone = "Asia/Jakarta".parse().unwrap();

    world.monitor.set_zone(&one, zone).await.unwrap();

    assert_eq!(world.account(&one).await.zone, zone);
    assert_eq!(world.account(&two).await.zone, Zone::UTC);
    assert!(matches!(
        world.monitor.set_zone(&"99".into(), zone).await,
        Err(MonitorError::NotConnected { .. })
    ));
}

#[tokio::test]
async fn a_disconnected_account_leaves_nothing_and_its_work_stops() {
    let world = World::new().await;
    let one = world.connect(&world.username(0)).await.user;
    let two = world.connect(&world.username(1)).await.user;
    world.monitor.run_due_once().await.unwrap();
    world
        .schedule_in(&one, threads_client::Draft::text("never"), 30)
        .await;

    let erased = world.monitor.disconnect(&one).await.unwrap();
    assert!(world.monitor.account(&two).await.unwrap().is_some());
    world.monitor.disconnect(&two).await.unwrap();
    let requests = world.sandbox.requests().len();
    world.live(TimeDelta::days(1), TimeDelta::hours(1)).await;

    assert!(
        erased.token && erased.jobs == 6 && erased.snapshots > 30,
        "{erased:?}"
    );
    assert!(world.monitor.account(&one).await.unwrap().is_none());
    assert!(
        world
            .monitor
            .scheduled_posts(&one)
            .await
            .unwrap()
            .is_empty()
    );
    let left = world
        .monitor
        .storage()
        .snapshots
        .query(&SnapshotQuery::account(one.clone()))
        .await
        .unwrap();
    assert!(left.is_empty());
    assert!(world.published().is_empty());
    assert_eq!(world.sandbox.requests().len(), requests);
    assert_eq!(
        world.monitor.disconnect(&one).await.unwrap(),
        Erased::default()
    );
}

#[tokio::test]
async fn a_collection_under_way_cannot_bring_an_erased_account_back() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    // Every answer is slow enough for the erasure to come in between.
    world.sandbox.add_fault(FaultRule::everywhere(
        When::Always,
        Fault::SlowBody {
            delay_ms: 20,
            chunk_bytes: 4096,
        },
    ));

    let (run, erased) = tokio::join!(world.monitor.run_due_once(), async {
        tokio::time::timeout(Duration::from_millis(60), std::future::pending::<()>())
            .await
            .unwrap_err();
        world.monitor.disconnect(&user).await
    });

    run.unwrap();
    assert!(erased.unwrap().token);
    let left = world
        .monitor
        .storage()
        .snapshots
        .query(&SnapshotQuery::account(user.clone()))
        .await
        .unwrap();
    assert_eq!(left, []);
    assert_eq!(
        world.monitor.storage().scheduler.next_due().await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_profile_is_stored_when_it_changes_and_not_otherwise() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;

    world.live(TimeDelta::days(3), TimeDelta::hours(12)).await;

    let query = SnapshotQuery::account(user).metric(Metric::Profile);
    let profiles = world
        .monitor
        .storage()
        .snapshots
        .query(&query)
        .await
        .unwrap();
    assert_eq!(profiles.len(), 1);
    assert!(matches!(profiles[0].reading, Reading::Profile(_)));
}
