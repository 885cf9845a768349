//! X9: a person who presses every button of a post that needs attention.

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::MonitorError;
use threads_monitor::publishing::{Decision, Phase};
use threads_sandbox::{Endpoint, Fault, PublishedContainer, Switches};

use super::world::minutes;
use super::{blank_world, count, live, seed};

/// Posts that are asked about, and clicks on each.
const CLICKS: usize = 10;

#[tokio::test]
async fn attention_clicks() {
    let posts = count(12, 100);
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..posts {
        let mut random = fastrand::Rng::with_seed(seed() + u64::try_from(number).unwrap());
        // Nothing tells whether it is live, for as long as the person clicks.
        let world = blank_world(Switches {
            published_container: PublishedContainer::NotFound,
            listing_lag_seconds: 30 * 86_400,
            ..Switches::default()
        })
        .await;
        let user = world.connect(&world.username(0)).await.user;
        let fault = random.choice([
            Fault::DropAfterEffect,
            Fault::DropThenEffect { after_seconds: 200 },
        ]);
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, fault.unwrap());
        let text = format!("an open question, number {number}");
        let post = world.schedule_in(&user, Draft::text(&text), 2).await;
        let case = format!("seed {} + {number}", seed());
        world.live(minutes(2), TimeDelta::seconds(10)).await;

        for _ in 0..CLICKS {
            world.advance(TimeDelta::seconds(random.i64(0..120)));
            if random.bool() {
                world.monitor.run_due_once().await.unwrap();
            }
            let before = world.post(&post.id).await.post.phase;
            let pressed = random.u8(0..8);
            let outcome = match pressed {
                0 => world.monitor.decide(&post.id, Decision::ItIsLive).await,
                1 => world.monitor.decide(&post.id, Decision::Discard).await,
                _ => world.monitor.cancel(&post.id).await,
            };
            match outcome {
                Ok(after) => {
                    accepted += 1;
                    // No button sends anything, or leads to where something is sent.
                    assert!(
                        !matches!(
                            after.post.phase,
                            Phase::Scheduled | Phase::Ready { .. } | Phase::Publishing { .. }
                        ),
                        "{case}: {:?}",
                        after.post.phase
                    );
                    // While it may still settle, nobody is asked.
                    assert!(
                        pressed > 1 || matches!(before, Phase::NeedsAttention { .. }),
                        "{case}: decided in {before:?}"
                    );
                }
                Err(MonitorError::PostState { .. }) => refused += 1,
                Err(error) => panic!("{case}: {error}"),
            }
            world.monitor.run_due_once().await.unwrap();
        }
        world.live(minutes(30), minutes(1)).await;

        assert_eq!(world.calls(Endpoint::PublishContainer), 1, "{case}");
        assert_eq!(live(&world, &text), 1, "{case}");
        let phase = world.post(&post.id).await.post.phase;
        assert!(
            matches!(
                phase,
                Phase::Published { .. } | Phase::NeedsAttention { .. } | Phase::Abandoned { .. }
            ),
            "{case}: a live post is said to be {phase:?}"
        );
    }
    assert!(accepted > 0 && refused > 0);
    println!(
        "attention_clicks: {} clicks on {posts} posts from seed {}: {accepted} taken, {refused} refused; no call by any",
        posts * CLICKS,
        seed()
    );
}
