//! A clock that is wrong: nothing is run by it, whatever it says is due.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use threads_client::Draft;
use threads_monitor::publishing::{Due, NewPost, ScheduledPost};
use threads_monitor::scheduler::{JobQuery, JobRecord};
use threads_monitor::{Clock, Monitor, MonitorError, Storage};
use threads_sandbox::{Endpoint, Fault, FaultRule, Sandbox, Switches, When};

use crate::world::{self, World, minutes, settle};

/// The clock of a machine, which says that it is the time of day.
#[derive(Debug, Clone)]
struct MachineClock(Sandbox, Arc<Mutex<TimeDelta>>);

impl MachineClock {
    fn set_ahead(&self, ahead: TimeDelta) {
        *self.1.lock().unwrap() = ahead;
    }
}

#[async_trait]
impl Clock for MachineClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now() + *self.1.lock().unwrap()
    }
    async fn sleep_until(&self, _: DateTime<Utc>) {
        std::future::pending::<()>().await;
    }
    fn is_time_of_day(&self) -> bool {
        true
    }
}

/// A world whose answers are dated, and whose monitor lives by the machine's clock.
async fn world() -> (World, MachineClock) {
    let switches = Switches {
        date_skew_seconds: Some(0),
        ..Switches::default()
    };
    let sandbox = Sandbox::builder().switches(switches).start().await.unwrap();
    let clock = MachineClock(sandbox.clone(), Arc::default());
    let monitor = world::builder(&sandbox, Storage::in_memory())
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    (World { sandbox, monitor }, clock)
}

/// Connected, with a post that is due in half an hour.
async fn scheduled(world: &World) -> ScheduledPost {
    let user = world.connect(&world.username(0)).await.user;
    world.monitor.run_due_once().await.unwrap();
    let due = Due::At(world.sandbox.now() + minutes(30));
    let post = NewPost::new(user, Draft::text("tea at four"), due);
    world.monitor.schedule(post).await.unwrap()
}

async fn jobs(world: &World) -> Vec<JobRecord> {
    let scheduler = &world.monitor.storage().scheduler;
    scheduler.list(&JobQuery::default()).await.unwrap()
}

fn state(monitor: &Monitor) -> (Option<i64>, bool) {
    let ahead = monitor.clock_ahead();
    let minutes = ahead.map(|ahead| ahead.num_minutes());
    (minutes, monitor.wrong_clock().is_some())
}

#[rstest]
#[case::a_day_behind(TimeDelta::days(-1), "24 hours behind")]
#[case::an_hour_behind(TimeDelta::hours(-1), "60 minutes behind")]
#[case::an_hour_ahead(TimeDelta::hours(1), "60 minutes ahead of")]
#[case::a_year_ahead(TimeDelta::days(365), "365 days ahead of")]
#[tokio::test]
async fn after_a_jump_nothing_is_run_until_the_clock_is_right(
    #[case] jump: TimeDelta,
    #[case] words: &str,
) {
    let (world, clock) = world().await;
    let post = scheduled(&world).await;
    let before = jobs(&world).await;

    clock.set_ahead(jump);
    let refused = world.monitor.run_due_once().await.unwrap_err();
    let refused_job = world.monitor.run_job(&post.id).await.unwrap_err();

    assert!(
        matches!(refused_job, MonitorError::WrongClock { .. }),
        "{refused_job}"
    );
    let said = refused.to_string();
    assert!(said.contains(words), "{said}");
    assert!(world.monitor.wrong_clock().is_some());
    // No wake-up was written down by that clock.
    assert_eq!(jobs(&world).await, before);
    assert_eq!(world.calls(Endpoint::CreateContainer), 0);

    clock.set_ahead(TimeDelta::zero());
    world.live(minutes(29), minutes(1)).await;
    assert_eq!(world.published().len(), 0);
    settle(&world).await;
    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(world.published().len(), 1);
    assert_eq!(state(&world.monitor), (Some(0), false));
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_holds_nothing_up() {
    let (world, clock) = world().await;
    let post = scheduled(&world).await;

    clock.set_ahead(TimeDelta::minutes(-4));
    world.live(minutes(40), minutes(1)).await;

    assert_eq!(world.phase(&post.id).await, "published");
    assert_eq!(state(&world.monitor), (Some(-4), false));
}

#[tokio::test]
async fn a_clock_that_is_wrong_from_the_start_is_found_out_before_anything_is_run() {
    let (world, clock) = world().await;
    clock.set_ahead(TimeDelta::seconds(3 * 3_600 + 30));

    assert_eq!(state(&world.monitor), (None, false));
    let refused = world.monitor.run_due_once().await;

    assert!(
        matches!(refused, Err(MonitorError::WrongClock { .. })),
        "{refused:?}"
    );
    assert_eq!(state(&world.monitor), (Some(180), true));
}

#[tokio::test]
async fn a_meta_that_cannot_be_reached_holds_nothing_up() {
    let (world, clock) = world().await;
    clock.set_ahead(TimeDelta::hours(3));
    world
        .sandbox
        .add_fault(FaultRule::everywhere(When::Always, Fault::DropBeforeEffect));

    assert_eq!(world.monitor.run_due_once().await.unwrap(), 0);
    // It is not asked at every look.
    let asked = world.sandbox.requests().len();
    world.monitor.run_due_once().await.unwrap();
    assert_eq!(world.sandbox.requests().len(), asked);
    world.advance(TimeDelta::seconds(16));
    world.monitor.run_due_once().await.unwrap();
    assert_eq!(world.sandbox.requests().len(), asked + 1);
}
