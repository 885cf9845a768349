//! X2: edits and cancels at random moments around the publish call.

#![expect(
    clippy::disallowed_methods,
    reason = "the moments are those of a call, in real time"
)]

use std::time::Duration;

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::MonitorError;
use threads_monitor::publishing::{Phase, ScheduledPost};
use threads_sandbox::{Endpoint, Fault, Switches};

use super::world::{World, minutes};
use super::{blank_world, count, expect_honest, live, seed};

/// Races that share a world: few enough for its lists, and its quota, to stay small.
const IN_ONE_WORLD: usize = 100;

/// What a person was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It is called off.
    Cancelled,
    /// It is recorded; a call may be under way.
    Recorded,
    /// It is too late.
    TooLate,
}

struct Race {
    post: ScheduledPost,
    text: String,
    /// The new version, if it is an edit and was accepted.
    edited: Option<(ScheduledPost, String)>,
    told: Told,
}

#[tokio::test]
async fn edit_cancel_race() {
    let races = count(300, 20_000);
    let (mut told, mut done) = ([0; 3], 0);
    while done < races {
        let world = blank_world(Switches::default()).await;
        let user = world.connect(&world.username(0)).await.user;
        let mut run = Vec::new();
        for number in done..races.min(done + IN_ONE_WORLD) {
            run.push(race(&world, &user, number).await);
        }
        world.sandbox.clear_faults();
        world.live(minutes(20), minutes(1)).await;
        for race in &run {
            judge(&world, race).await;
            told[race.told as usize] += 1;
        }
        done += run.len();
    }
    let [cancelled, recorded, late] = told;
    assert!(
        cancelled > 0 && recorded + late > 0,
        "{told:?}: the races are none"
    );
    println!(
        "edit_cancel_race: {races} races from seed {}: {cancelled} called off, {recorded} recorded, {late} too late; none against what was said",
        seed()
    );
}

async fn race(world: &World, user: &threads_client::UserId, number: usize) -> Race {
    let mut random = fastrand::Rng::with_seed(seed() + u64::try_from(number).unwrap());
    let text = unlike_any_other(&mut random, number);
    let post = world.schedule_in(user, Draft::text(&text), 3).await;
    world.advance(TimeDelta::seconds(100));
    world.monitor.run_due_once().await.unwrap();
    world.advance(TimeDelta::seconds(90));
    if random.f32() < 0.3 {
        let fault = random.choice([
            Fault::DropAfterEffect,
            Fault::DropBeforeEffect,
            Fault::StatusAfterEffect { status: 502 },
        ]);
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, fault.unwrap());
    }
    let offset = Duration::from_micros(random.u64(0..6_000));
    let cancel = async {
        tokio::time::sleep(offset).await;
        world.monitor.cancel(&post.id).await
    };
    let (run, cancelled) = tokio::join!(world.monitor.run_due_once(), cancel);
    run.unwrap();
    let told = match cancelled {
        Ok(post) if matches!(post.post.phase, Phase::Cancelled { .. }) => Told::Cancelled,
        Ok(post) => {
            assert!(post.post.cancel_requested_at.is_some());
            Told::Recorded
        }
        Err(MonitorError::PostState { .. }) => Told::TooLate,
        Err(error) => panic!("race {number}: {error}"),
    };
    // An edit is a cancel that was accepted, and a new version in its place.
    let edited = if random.bool() && told == Told::Cancelled {
        let text = unlike_any_other(&mut random, number);
        Some((world.schedule_in(user, Draft::text(&text), 2).await, text))
    } else {
        None
    };
    Race {
        post,
        text,
        edited,
        told,
    }
}

/// Posts that look nearly the same would be a question to a person.
fn unlike_any_other(random: &mut fastrand::Rng, number: usize) -> String {
    let words = (0..6).map(|_| format!("{:08x}", random.u32(..)));
    format!("{} race {number}", words.collect::<Vec<_>>().join(" "))
}

async fn judge(world: &World, race: &Race) {
    let case = format!("{} ({:?})", race.text, race.told);
    let after = world.post(&race.post.id).await;
    let first = live(world, &race.text);
    expect_honest(&after, first, &case);
    assert!(
        after.post.phase.is_final(),
        "{case}: {:?}",
        after.post.phase
    );
    match race.told {
        Told::Cancelled => assert_eq!(first, 0, "{case}: live after it was called off"),
        Told::TooLate => assert_eq!(first, 1, "{case}: too late for nothing"),
        // The truth wins, and expect_honest has compared it.
        Told::Recorded => {}
    }
    if let Some((post, text)) = &race.edited {
        let after = world.post(&post.id).await;
        let second = live(world, text);
        expect_honest(&after, second, &case);
        assert_eq!(second, 1, "{case}: the new version is not live");
    }
}
