//! P-15: what is kept for how long, in virtual time, on every kind of store.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rstest::rstest;
use threads_client::{Draft, UserId};
use threads_monitor::scheduler::JobQuery;
use threads_monitor::snapshot_store::{Metric, Subject};
use threads_monitor::trends::{Day, Point, daily, meta_days};
use threads_monitor::{Cadence, Monitor, Retention, Storage, Zone};
use threads_sandbox::Sandbox;

use crate::place::{Kind, Place};
use crate::world::{World, builder, minutes};

const DAY: Duration = Duration::from_hours(24);
const LIVED: i64 = 24;

fn retention() -> Retention {
    let mut retention = Retention::default();
    retention.raw = Some(DAY * 7);
    retention.daily = Some(DAY * 20);
    retention.attempts = Some(DAY * 10);
    retention
}

/// Everything once in twelve hours, so that there are two numbers a day.
fn monitor(sandbox: &Sandbox, storage: Storage, retention: Retention) -> Monitor {
    let mut cadence = Cadence::default();
    cadence.followers = DAY / 2;
    cadence.insights = DAY;
    cadence.posts = DAY / 2;
    cadence.backfill_days = 2;
    builder(sandbox, storage)
        .cadence(cadence)
        .retention(retention)
        .build()
        .unwrap()
}

fn zone() -> Zone {
    "Asia/Jakarta".parse().unwrap()
}

async fn points(world: &World, user: &UserId, subject: &Subject, metric: Metric) -> Vec<Point> {
    let (from, to) = (DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
    world
        .monitor
        .series(user, subject.clone(), metric, from, to)
        .await
        .unwrap()
}

fn values(days: &[Day]) -> Vec<(NaiveDate, Option<u64>)> {
    days.iter()
        .map(|day| (day.date, day.point.map(|point| point.value)))
        .collect()
}

#[rstest]
#[case::memory(Kind::Memory)]
#[case::file(Kind::File)]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test]
async fn a_thinned_history_gives_the_same_charts_and_invents_no_day(#[case] kind: Kind) {
    let Some(place) = Place::new(kind).await else {
        return;
    };
    let opened = place.open().await;
    let sandbox = Sandbox::start().await.unwrap();
    let world = |monitor| World {
        sandbox: sandbox.clone(),
        monitor,
    };
    let all = world(monitor(
        &sandbox,
        Storage::in_memory(),
        Retention::default(),
    ));
    let thinned = world(monitor(&sandbox, opened.storage.clone(), retention()));
    let name = all.username(0);
    let mut user = None;
    for world in [&all, &thinned] {
        let id = world.connect(&name).await.user;
        world.monitor.set_zone(&id, zone()).await.unwrap();
        user = Some(id);
    }
    let user = user.unwrap();
    let post = thinned.schedule_in(&user, Draft::text("kept"), 1).await;
    for _ in 0..30 {
        sandbox.advance(Duration::from_secs(30));
        thinned.monitor.run_due_once().await.unwrap();
    }
    assert_eq!(thinned.phase(&post.id).await, "published");
    assert_eq!(thinned.post(&post.id).await.post.attempts.len(), 1);
    let begun = sandbox.now();

    for step in 0..LIVED * 2 {
        sandbox.advance(DAY / 2);
        // As if the machine had been off for two days.
        if !(8..12).contains(&step) {
            all.monitor.run_due_once().await.unwrap();
            thinned.monitor.run_due_once().await.unwrap();
        }
    }

    let now = sandbox.now();
    let (first, last) = (zone().date(begun), zone().date(now));
    let kept_from = zone().date(now - TimeDelta::days(20));
    let followers = |world| points(world, &user, &Subject::Account, Metric::Followers);
    let (whole, thin) = (followers(&all).await, followers(&thinned).await);
    let expected: Vec<_> = values(&daily(&whole, zone(), first, last));
    let shown = values(&daily(&thin, zone(), first, last));
    let kept = |days: &[(NaiveDate, Option<u64>)]| -> Vec<_> {
        let later = kept_from.checked_add_days(Days::new(1)).unwrap();
        days.iter().filter(|day| day.0 >= later).copied().collect()
    };
    assert_eq!(kept(&shown), kept(&expected));
    let gaps = kept(&shown).iter().filter(|day| day.1.is_none()).count();
    assert_eq!(gaps, 2, "the days off stay missing: {shown:?}");

    // One a day where it is old, every one where it is young, and none where it is too old.
    let limit = now - TimeDelta::days(7) - TimeDelta::days(1);
    let mut days: Vec<_> = thin
        .iter()
        .filter(|point| point.at < limit)
        .map(|point| zone().date(point.at))
        .collect();
    assert!(days.len() >= 8, "{days:?}");
    days.dedup();
    let old = thin.iter().filter(|point| point.at < limit).count();
    assert_eq!(days.len(), old);
    let young = |points: &[Point]| {
        points
            .iter()
            .filter(|point| point.at >= limit + TimeDelta::days(1))
            .count()
    };
    assert_eq!(young(&thin), young(&whole));
    assert!(young(&thin) > 10);
    assert!(
        thin.iter()
            .all(|point| point.at >= now - TimeDelta::days(21))
    );
    assert!(
        whole
            .iter()
            .any(|point| point.at < now - TimeDelta::days(23))
    );

    // Whole days stay whole, and what a post is and says stays.
    let views = |world| points(world, &user, &Subject::Account, Metric::Views);
    let expected = meta_days(&views(&all).await, kept_from, last);
    let shown = meta_days(&views(&thinned).await, kept_from, last);
    assert_eq!(kept(&values(&shown)), kept(&values(&expected)));
    let posts = thinned.monitor.recent_posts(&user, 100).await.unwrap();
    assert_eq!(
        posts.len(),
        all.monitor.recent_posts(&user, 100).await.unwrap().len()
    );
    assert!(
        posts
            .iter()
            .any(|post| post.post.text.as_deref() == Some("kept"))
    );

    // The attempt is forgotten, what became of the post is not.
    let post = thinned.post(&post.id).await;
    assert_eq!(post.post.phase.name(), "published");
    assert!(post.post.attempts.is_empty());

    // It says what it did; whoever set nothing keeps everything and has no such job.
    let account = thinned.account(&user).await;
    let done = account.thinned.unwrap();
    assert_eq!(done.attempts, 1);
    assert!(done.numbers > 20, "{done:?}");
    assert_eq!(done.last_error, None);
    assert_eq!(all.account(&user).await.thinned, None);
    assert_eq!(
        account.collection.len(),
        all.account(&user).await.collection.len()
    );

    drop(thinned);
    opened.close().await;
}

/// An account from before there were settings gets the job with its next profile.
#[tokio::test]
async fn an_account_that_was_connected_before_is_thinned_out_too() {
    let sandbox = Sandbox::start().await.unwrap();
    let storage = Storage::in_memory();
    let before = World {
        monitor: monitor(&sandbox, storage.clone(), Retention::default()),
        sandbox: sandbox.clone(),
    };
    let user = before.connect(&before.username(0)).await.user;
    before.live(TimeDelta::days(12), minutes(60 * 12)).await;
    let jobs = async || {
        let query = JobQuery::account(user.clone());
        storage.scheduler.list(&query).await.unwrap().len()
    };
    assert_eq!(jobs().await, 5);

    let after = World {
        monitor: monitor(&sandbox, storage.clone(), retention()),
        sandbox,
    };
    after.live(TimeDelta::days(2), minutes(60 * 12)).await;

    assert_eq!(jobs().await, 6);
    assert!(after.account(&user).await.thinned.unwrap().numbers > 0);
    after.monitor.disconnect(&user).await.unwrap();
    assert_eq!(jobs().await, 0);
}

#[tokio::test]
async fn thinning_needs_no_token_that_works() {
    let sandbox = Sandbox::start().await.unwrap();
    let world = World {
        monitor: monitor(&sandbox, Storage::in_memory(), retention()),
        sandbox: sandbox.clone(),
    };
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world.live(TimeDelta::days(5), minutes(60 * 12)).await;
    sandbox.revoke(&name).unwrap();

    world.live(TimeDelta::days(30), minutes(60 * 24)).await;

    let account = world.account(&user).await;
    assert!(account.thinned.unwrap().numbers > 5);
    let left = points(&world, &user, &Subject::Account, Metric::Followers).await;
    assert!(left.is_empty(), "{left:?}");
}
