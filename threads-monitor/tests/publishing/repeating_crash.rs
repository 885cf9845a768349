//! A repeated post and a draft, with the program dying at every call of its store in turn.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{TimeDelta, Timelike};
use threads_client::{Draft, UserId};
use threads_monitor::planning::{Every, NewSeries, Repeat, Stage};
use threads_monitor::scheduler::MemoryScheduler;
use threads_monitor::{Scheduler, Storage, Zone};
use threads_sandbox::Sandbox;

use crate::dying::Dying;
use crate::plans::{in_minutes, keep};
use crate::world::{World, builder, minutes};

/// A world whose first program works, and a second one on the same store that dies at a call.
struct Mortal {
    world: World,
    kept: MemoryScheduler,
    storage: Storage,
}

impl Mortal {
    async fn new() -> (Self, UserId) {
        let sandbox = Sandbox::start().await.unwrap();
        let kept = MemoryScheduler::default();
        let mut storage = Storage::in_memory();
        storage.scheduler = Arc::new(kept.clone());
        let monitor = builder(&sandbox, storage.clone()).build().unwrap();
        let world = World { sandbox, monitor };
        let user = world.connect(&world.username(0)).await.user;
        world.monitor.run_due_once().await.unwrap();
        let mortal = Self {
            world,
            kept,
            storage,
        };
        (mortal, user)
    }

    fn dying(&self, calls: usize, has_effect: bool) -> (World, Arc<Dying>) {
        let dying = Arc::new(Dying {
            kept: self.kept.clone(),
            left: AtomicUsize::new(calls),
            has_effect,
        });
        let mut storage = self.storage.clone();
        storage.scheduler = Arc::clone(&dying) as Arc<dyn Scheduler>;
        let world = World {
            monitor: builder(&self.world.sandbox, storage).build().unwrap(),
            sandbox: self.world.sandbox.clone(),
        };
        (world, dying)
    }
}

/// How many calls there are at most until the work is done.
const CALLS: usize = 80;

#[tokio::test]
async fn an_occurrence_is_one_post_wherever_the_program_dies() {
    let mut died = 0;
    for calls in 1..CALLS {
        let mut is_over = true;
        for has_effect in [false, true] {
            let (mortal, user) = Mortal::new().await;
            let world = &mortal.world;
            let first = Zone::UTC.local(world.monitor.now() + minutes(40));
            let time = first.time().with_second(0).unwrap();
            let time = time.with_nanosecond(0).unwrap();
            let mut repeat = Repeat::new(Zone::UTC, Every::Day, time, first.date());
            repeat.count = Some(1);
            let new = NewSeries::new(user.clone(), Draft::text("once"), repeat);
            let series = world.monitor.repeat(new).await.unwrap();
            world.monitor.run_due_once().await.unwrap();
            world.advance(minutes(26));

            let (mortal_world, dying) = mortal.dying(calls, has_effect);
            // What it says when it dies is nothing that anybody hears.
            let _ = mortal_world.monitor.run_job(&series.id).await;
            let is_dead = dying.left.load(Ordering::SeqCst) == 0;
            died += usize::from(is_dead);
            is_over &= !is_dead;
            world.live(minutes(40), minutes(1)).await;

            let posts = world.monitor.scheduled_posts(&user).await.unwrap();
            assert_eq!(posts.len(), 1, "{calls} {has_effect}");
            assert_eq!(world.published().len(), 1, "{calls} {has_effect}");
            let after = world.monitor.repeated(&series.id).await.unwrap().unwrap();
            assert_eq!(after.series.made, 1, "{calls} {has_effect}");
            assert_eq!(after.series.missed, 0, "{calls} {has_effect}");
        }
        if is_over {
            break;
        }
        assert!(calls < CALLS - 1, "it never came to its end");
    }
    assert!(died >= 8, "it died {died} times only");
}

#[tokio::test]
async fn a_change_holds_wherever_the_program_dies() {
    let mut died = 0;
    for calls in 1..CALLS {
        let mut is_over = true;
        for has_effect in [false, true] {
            let (mortal, user) = Mortal::new().await;
            let world = &mortal.world;
            let first = Zone::UTC.local(world.monitor.now() + minutes(40));
            let time = first.time().with_second(0).unwrap();
            let time = time.with_nanosecond(0).unwrap();
            let mut repeat = Repeat::new(Zone::UTC, Every::Day, time, first.date());
            // The second day is there so that the rule has not ended when it is changed.
            repeat.count = Some(2);
            let new = NewSeries::new(user.clone(), Draft::text("old"), repeat.clone());
            let series = world.monitor.repeat(new).await.unwrap();
            world.live(minutes(26), minutes(13)).await;
            let posts = world.monitor.scheduled_posts(&user).await.unwrap();
            assert_eq!(posts.len(), 1);

            let (mortal_world, dying) = mortal.dying(calls, has_effect);
            let new = Draft::text("new");
            let changed = mortal_world
                .monitor
                .change_repeated(&series.id, &new, &repeat)
                .await;
            let is_dead = dying.left.load(Ordering::SeqCst) == 0;
            died += usize::from(is_dead);
            is_over &= !is_dead;
            let stored = world.monitor.repeated(&series.id).await.unwrap().unwrap();
            let holds = stored.series.revision == 1;
            assert!(holds || changed.is_err(), "{calls} {has_effect}");
            world.live(minutes(40), minutes(1)).await;

            let texts: Vec<_> = world
                .published()
                .into_iter()
                .filter_map(|post| post.text)
                .collect();
            let wanted = if holds { "new" } else { "old" };
            assert_eq!(texts, [wanted], "{calls} {has_effect}");
        }
        if is_over {
            break;
        }
        assert!(calls < CALLS - 1, "it never came to its end");
    }
    assert!(died >= 12, "it died {died} times only");
}

#[tokio::test]
async fn an_approval_is_one_post_or_none_wherever_the_program_dies() {
    let mut died = 0;
    for calls in 1..CALLS {
        let mut is_over = true;
        for has_effect in [false, true] {
            let (mortal, user) = Mortal::new().await;
            let world = &mortal.world;
            let due = in_minutes(world, 30);
            let draft = keep(world, &user, "approved", Some(due)).await;
            world
                .monitor
                .ask_approval(&draft.id, 0, "Ani")
                .await
                .unwrap();
            world.monitor.run_due_once().await.unwrap();

            let (mortal_world, dying) = mortal.dying(calls, has_effect);
            let approved = mortal_world
                .monitor
                .approve_draft(&draft.id, 0, "Budi")
                .await;
            let is_dead = dying.left.load(Ordering::SeqCst) == 0;
            died += usize::from(is_dead);
            is_over &= !is_dead;
            let stored = world.monitor.draft(&draft.id).await.unwrap().unwrap();
            let is_decided = matches!(stored.entry.stage, Stage::Scheduled { .. });
            assert!(is_decided || approved.is_err(), "{calls} {has_effect}");
            world.live(TimeDelta::hours(1), minutes(1)).await;

            let wanted = usize::from(is_decided);
            assert_eq!(world.published().len(), wanted, "{calls} {has_effect}");
            let posts = world.monitor.scheduled_posts(&user).await.unwrap();
            assert_eq!(posts.len(), wanted, "{calls} {has_effect}");
        }
        if is_over {
            break;
        }
        assert!(calls < CALLS - 1, "it never came to its end");
    }
    assert!(died >= 8, "it died {died} times only");
}
