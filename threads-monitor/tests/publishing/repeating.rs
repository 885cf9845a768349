//! Repeated posts against the sandbox; its ledger is the judge.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use chrono::{NaiveTime, TimeDelta};
use threads_client::{Draft, UserId};
use threads_monitor::planning::{Every, NewSeries, Repeat, RepeatedPost};
use threads_monitor::publishing::ScheduledPost;
use threads_monitor::scheduler::{Change, EventCursor, JobId, WorkerId};
use threads_monitor::{MonitorError, StoreError, Zone};
use threads_sandbox::{Endpoint, Fault};

use crate::world::{World, minutes, settle};

/// Every day, `minutes` after now.
fn daily(world: &World, minutes: i64) -> Repeat {
    let first = Zone::UTC.local(world.monitor.now() + TimeDelta::minutes(minutes));
    Repeat::new(
        Zone::UTC,
        Every::Day,
        whole_minute(first.time()),
        first.date(),
    )
}

fn whole_minute(time: NaiveTime) -> NaiveTime {
    use chrono::Timelike;
    time.with_second(0).unwrap().with_nanosecond(0).unwrap()
}

async fn repeat(world: &World, user: &UserId, text: &str, repeat: Repeat) -> RepeatedPost {
    let new = NewSeries::new(user.clone(), Draft::text(text), repeat);
    world.monitor.repeat(new).await.unwrap()
}

async fn series(world: &World, id: &JobId) -> RepeatedPost {
    world.monitor.repeated(id).await.unwrap().unwrap()
}

async fn posts(world: &World, user: &UserId) -> Vec<ScheduledPost> {
    world.monitor.scheduled_posts(user).await.unwrap()
}

#[tokio::test]
async fn each_occurrence_is_published_once_until_the_rule_ends() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut rule = daily(&world, 60);
    rule.count = Some(3);
    let made = repeat(&world, &user, "good morning", rule.clone()).await;

    world.live(TimeDelta::days(6), minutes(5)).await;

    let published = world.published();
    assert_eq!(published.len(), 3);
    for (entry, occurrence) in published.iter().zip(rule.occurrences()) {
        let late = entry.at - occurrence.at();
        assert!(late >= TimeDelta::zero() && late <= minutes(5), "{late}");
    }
    let after = series(&world, &made.id).await;
    assert_eq!((after.series.made, after.series.missed), (3, 0));
    assert!(after.series.ended_at.is_some());
    assert_eq!(after.next_wake_at, None);
}

#[tokio::test]
async fn a_crash_between_the_post_and_its_note_makes_no_second_post() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let made = repeat(&world, &user, "once", daily(&world, 60)).await;
    world.live(minutes(1), minutes(1)).await;
    let scheduler = &world.monitor.storage().scheduler;
    let before = scheduler.get(&made.id).await.unwrap().unwrap();
    world.advance(minutes(50));
    world.monitor.run_due_once().await.unwrap();
    assert_eq!(posts(&world, &user).await.len(), 1);

    // The note is lost, the post is not.
    let after = scheduler.get(&made.id).await.unwrap().unwrap();
    let change = Change {
        state: before.state,
        wake_at: Some(world.monitor.now()),
        events: Vec::new(),
    };
    scheduler
        .update(&made.id, after.version, change)
        .await
        .unwrap();
    world.live(minutes(60), minutes(1)).await;

    assert_eq!(posts(&world, &user).await.len(), 1);
    assert_eq!(world.published().len(), 1);
    assert_eq!(series(&world, &made.id).await.series.made, 1);
}

#[tokio::test]
async fn what_was_missed_never_comes_out_in_a_burst() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let made = repeat(&world, &user, "daily", daily(&world, 60)).await;
    world.live(minutes(1), minutes(1)).await;

    // The service is down for ten days, and starts ten minutes after a time.
    world.advance(TimeDelta::days(10) + minutes(69));
    world.monitor.run_due_once().await.unwrap();
    settle(&world).await;

    assert_eq!(world.published().len(), 1);
    let after = series(&world, &made.id).await.series;
    assert_eq!((after.made, after.missed), (1, 10));
    let events = world
        .monitor
        .storage()
        .scheduler
        .take_events(EventCursor::START, 1000)
        .await
        .unwrap();
    let missed: Vec<_> = events
        .iter()
        .filter(|event| event.event.name == "series.missed")
        .collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].event.data["missed"], 10);
}

#[tokio::test]
async fn an_occurrence_that_is_too_late_is_missed_and_the_next_one_comes() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let made = repeat(&world, &user, "daily", daily(&world, 60)).await;
    world.live(minutes(1), minutes(1)).await;

    world.advance(minutes(95));
    settle(&world).await;
    assert_eq!(world.published().len(), 0);
    world.live(TimeDelta::days(1), minutes(5)).await;

    assert_eq!(world.published().len(), 1);
    let after = series(&world, &made.id).await.series;
    assert_eq!((after.made, after.missed), (1, 1));
}

#[tokio::test]
async fn a_change_calls_off_what_was_made_and_makes_it_anew() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let rule = daily(&world, 10);
    let made = repeat(&world, &user, "old words", rule.clone()).await;
    world.live(minutes(9), minutes(1)).await;
    assert_eq!(posts(&world, &user).await.len(), 1);

    let changed = world
        .monitor
        .change_repeated(&made.id, &Draft::text("new words"), &rule)
        .await
        .unwrap();
    assert_eq!(changed.series.revision, 1);
    world.live(minutes(30), TimeDelta::seconds(30)).await;

    let published = world.published();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].text.as_deref(), Some("new words"));
}

#[tokio::test]
async fn what_went_out_before_a_change_is_not_made_anew() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let rule = daily(&world, 10);
    let made = repeat(&world, &user, "old words", rule.clone()).await;
    // The answer is lost: the post may be live, and cannot be called off for certain.
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    world.live(minutes(10), TimeDelta::seconds(30)).await;
    assert_eq!(world.published().len(), 1);

    world
        .monitor
        .change_repeated(&made.id, &Draft::text("new words"), &rule)
        .await
        .unwrap();
    settle(&world).await;
    assert_eq!(world.published().len(), 1);
    world.live(TimeDelta::days(1), minutes(5)).await;

    let texts: Vec<_> = world
        .published()
        .into_iter()
        .map(|post| post.text)
        .collect();
    assert_eq!(
        texts,
        [Some("old words".to_owned()), Some("new words".to_owned())]
    );
}

#[tokio::test]
async fn the_end_calls_off_what_was_made() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let made = repeat(&world, &user, "no more", daily(&world, 10)).await;
    world.live(minutes(9), minutes(1)).await;
    let post = posts(&world, &user).await.remove(0);
    assert_eq!(post.post.phase.name(), "ready");

    let ended = world.monitor.end_repeated(&made.id).await.unwrap();
    world.live(TimeDelta::days(3), minutes(30)).await;

    assert_eq!(ended.next_wake_at, None);
    assert_eq!(world.phase(&post.id).await, "cancelled");
    assert_eq!(world.published().len(), 0);
    assert!(matches!(
        world.monitor.end_repeated(&made.id).await,
        Err(MonitorError::PostState { .. })
    ));
}

#[tokio::test]
async fn the_last_post_of_a_rule_is_not_called_off_by_its_end() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let mut rule = daily(&world, 10);
    rule.count = Some(1);
    let made = repeat(&world, &user, "the only one", rule).await;
    world.live(minutes(2), minutes(1)).await;
    assert!(series(&world, &made.id).await.series.ended_at.is_some());

    settle(&world).await;

    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_worker_that_was_held_up_makes_nothing_of_before_a_change() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let made = repeat(&world, &user, "old words", daily(&world, 60)).await;
    world.live(minutes(1), minutes(1)).await;
    let scheduler = &world.monitor.storage().scheduler;
    let slow = WorkerId::new("slow");
    let now = world.monitor.now();
    let lease = scheduler
        .claim_job(&made.id, now, &slow, Duration::from_mins(3))
        .await
        .unwrap()
        .unwrap();

    // It has the lease, and a person changes the series.
    let later = daily(&world, 180);
    world
        .monitor
        .change_repeated(&made.id, &Draft::text("new words"), &later)
        .await
        .unwrap();
    world.live(minutes(5), minutes(1)).await;
    let change = Change {
        state: lease.job.state.clone(),
        wake_at: None,
        events: Vec::new(),
    };
    let late = scheduler.release(lease, change).await;
    world.live(TimeDelta::hours(5), minutes(5)).await;

    assert!(
        matches!(late, Err(StoreError::LeaseLost { .. })),
        "{late:?}"
    );
    let texts: Vec<_> = world
        .published()
        .into_iter()
        .map(|post| post.text)
        .collect();
    assert_eq!(texts, [Some("new words".to_owned())]);
}

#[tokio::test]
async fn the_same_key_makes_one_series() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let rule = daily(&world, 60);
    let new = |text: &str| NewSeries {
        idempotency_key: Some("form-1".to_owned()),
        ..NewSeries::new(user.clone(), Draft::text(text), rule.clone())
    };

    let first = world.monitor.repeat(new("hello")).await.unwrap();
    let again = world.monitor.repeat(new("hello")).await.unwrap();
    let other = world.monitor.repeat(new("something else")).await;

    assert_eq!(first.id, again.id);
    assert!(matches!(
        other,
        Err(MonitorError::Store(StoreError::Conflict { .. }))
    ));
    assert_eq!(world.monitor.repeated_posts(&user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_repeated_is_refused() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let refused = async |draft: Draft, rule: Repeat| {
        world
            .monitor
            .repeat(NewSeries::new(user.clone(), draft, rule))
            .await
            .unwrap_err()
    };

    let mut without_days = daily(&world, 60);
    without_days.every = Every::Week { days: Vec::new() };
    assert!(matches!(
        refused(Draft::text("x"), without_days).await,
        MonitorError::Repeat(_)
    ));
    let mut over = daily(&world, -60);
    over.count = Some(1);
    assert!(matches!(
        refused(Draft::text("x"), over).await,
        MonitorError::Config(_)
    ));
    assert!(matches!(
        refused(Draft::text(""), daily(&world, 60)).await,
        MonitorError::Draft(_)
    ));
    assert!(
        world
            .monitor
            .repeated_posts(&user)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_disconnected_account_repeats_nothing() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let made = repeat(&world, &user, "gone", daily(&world, 60)).await;
    world.live(minutes(50), minutes(1)).await;

    world.monitor.disconnect(&user).await.unwrap();
    world.live(TimeDelta::days(2), minutes(30)).await;

    assert_eq!(world.monitor.repeated(&made.id).await.unwrap(), None);
    assert_eq!(world.published().len(), 0);
}
