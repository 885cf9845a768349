//! X8: two posts with the same words whose answers are lost.

use std::collections::HashSet;

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::publishing::Phase;
use threads_sandbox::{Endpoint, Fault, PublishedContainer, Republish, Switches};

use super::world::minutes;
use super::{blank_world, count, live, seed};

const TEXT: &str = "good morning, everybody";

#[tokio::test]
async fn twin_posts() {
    let (cases, mut asked, mut both) = (count(40, 1_000), 0, 0);
    for number in 0..cases {
        let mut random = fastrand::Rng::with_seed(seed() + u64::try_from(number).unwrap());
        let switches = Switches {
            published_container: random
                .choice([
                    PublishedContainer::Published,
                    PublishedContainer::NotFound,
                    PublishedContainer::NonexistingField,
                ])
                .unwrap(),
            republish: random
                .choice([Republish::Refused, Republish::SecondPost])
                .unwrap(),
            listing_lag_seconds: random.choice([0, 30, 300]).unwrap(),
            ..Switches::default()
        };
        let case = format!("seed {} + {number}, {switches:?}", seed());
        let world = blank_world(switches).await;
        let user = world.connect(&world.username(0)).await.user;
        for _ in 0..2 {
            let fault = random.choice([
                Fault::DropAfterEffect,
                Fault::DropBeforeEffect,
                Fault::DropThenEffect { after_seconds: 200 },
                Fault::StatusAfterEffect { status: 500 },
                Fault::status(500),
            ]);
            world
                .sandbox
                .fail_next(Endpoint::PublishContainer, fault.unwrap());
        }
        let first = world.schedule_in(&user, Draft::text(TEXT), 2).await;
        let later = random.i64(2..6);
        let second = world.schedule_in(&user, Draft::text(TEXT), later).await;

        world.live(minutes(40), TimeDelta::seconds(20)).await;

        let live = live(&world, TEXT);
        assert!(live <= 2, "{case}: {live} of two");
        let (mut said, mut open, mut ids) = (0, 0, HashSet::new());
        for post in [first, second] {
            match world.post(&post.id).await.post.phase {
                Phase::Published { media_id, .. } => {
                    said += 1;
                    if let Some(id) = media_id {
                        assert!(ids.insert(id), "{case}: both are said to be one post");
                    }
                }
                Phase::NeedsAttention { .. } => open += 1,
                phase => panic!("{case}: {phase:?}"),
            }
        }
        assert!(
            (said..=said + open).contains(&live),
            "{case}: {said} said to be live, {open} asked about, {live} live"
        );
        asked += usize::from(open > 0);
        both += usize::from(said == 2);
    }
    println!(
        "twin_posts: {cases} cases from seed {}: {both} with both live, {asked} with a question; none merged, none tripled",
        seed()
    );
}
