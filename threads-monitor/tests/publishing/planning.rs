//! The queue and warnings; the sandbox's ledger is the judge.

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::planning::{Every, NewSeries, PlanWarning, Planned, Repeat};
use threads_monitor::publishing::NewPost;
use threads_monitor::{MonitorError, Zone};

use crate::plans::{in_minutes, plan, queue, queued, slot};
use crate::world::{World, minutes};

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
    let monitor = crate::world::builder(&sandbox, storage).build().unwrap();
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
