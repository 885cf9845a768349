//! X1: every fault of a publish call, in every world that Meta may be.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use threads_client::Draft;
use threads_monitor::publishing::Phase;
use threads_sandbox::{Endpoint, Fault, PublishedContainer, Republish, Switches};

use super::world::minutes;
use super::{count, expect_honest, impatient_world, live};

/// What has to become of a post whose first publish call goes wrong in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The call acted: it is found, and no second one is made.
    Found,
    /// As `Found`, but where only the list tells, and tells it after the settle time, a
    /// person is asked first.
    FoundLate,
    /// It did not act, and says nothing: once that is proved, it is made again.
    SentAgain,
    /// It is proved by the answer alone.
    Refused,
    /// Refused for a token that turns out to work: it waits, and goes out a while later.
    CheckedFirst,
    /// It ends, with Meta's words.
    Failed,
}

fn faults() -> [(Fault, Expected); 14] {
    use Expected::{CheckedFirst, Failed, Found, FoundLate, Refused, SentAgain};
    let graph = |code, subcode, status| Fault::Graph {
        code,
        subcode,
        status,
    };
    [
        (Fault::DropBeforeEffect, SentAgain),
        (Fault::ResetBeforeEffect, SentAgain),
        (Fault::HangBeforeEffect, SentAgain),
        (Fault::status(503), SentAgain),
        (graph(2, None, 500), SentAgain),
        (Fault::DropAfterEffect, Found),
        (Fault::HangAfterEffect, Found),
        (Fault::StatusAfterEffect { status: 502 }, Found),
        (
            Fault::GraphAfterEffect {
                code: 4,
                subcode: Some(2_207_051),
                status: 403,
            },
            Found,
        ),
        (Fault::MissingId, Found),
        // The longest delay that was reported is 222 s.
        (Fault::DropThenEffect { after_seconds: 222 }, FoundLate),
        (graph(24, Some(4_279_009), 400), Refused),
        (graph(190, Some(463), 401), CheckedFirst),
        (graph(100, None, 400), Failed),
    ]
}

#[tokio::test]
async fn publish_fault_matrix() {
    let posts = count(1, 20);
    let mut cells = 0;
    for published_container in [
        PublishedContainer::Published,
        PublishedContainer::NotFound,
        PublishedContainer::NonexistingField,
    ] {
        for republish in [Republish::Refused, Republish::SecondPost] {
            for listing_lag_seconds in [0, 30, 300] {
                let switches = Switches {
                    published_container,
                    republish,
                    listing_lag_seconds,
                    ..Switches::default()
                };
                for _ in 0..posts {
                    // Most of a cell is waiting for answers that never come. More of them at a
                    // time would keep answers waiting that do come.
                    let row =
                        faults().map(|(fault, expected)| cell(switches.clone(), fault, expected));
                    cells += join_all(row).await.len();
                }
            }
        }
    }
    assert_eq!(cells, 252 * posts);
    println!("publish_fault_matrix: 252 cells, {cells} posts, all as predicted");
}

async fn cell(switches: Switches, fault: Fault, expected: Expected) {
    let case = format!(
        "{fault:?}, {:?}, {:?}, listed after {} s",
        switches.published_container, switches.republish, switches.listing_lag_seconds
    );
    let is_asked = expected == Expected::FoundLate
        && switches.published_container != PublishedContainer::Published
        && switches.listing_lag_seconds == 300;
    let patience = match fault {
        Fault::HangBeforeEffect | Fault::HangAfterEffect => Duration::from_secs(1),
        _ => Duration::from_secs(20),
    };
    let world = impatient_world(switches, patience).await;
    let user = world.connect(&world.username(0)).await.user;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, fault.clone());
    let text = "the post of a cell";
    let post = world.schedule_in(&user, Draft::text(text), 2).await;

    // Two minutes until they are due, six to settle, and two more.
    world.live(minutes(11), TimeDelta::seconds(20)).await;

    if is_asked {
        assert_eq!(world.phase(&post.id).await, "needs_attention", "{case}");
        // Nobody decides, and it settles itself.
        world.live(minutes(16), minutes(1)).await;
    }
    if expected == Expected::CheckedFirst {
        assert_eq!(world.phase(&post.id).await, "blocked", "{case}");
        world.live(minutes(30), minutes(1)).await;
    }
    let after = world.post(&post.id).await;
    expect_honest(&after, live(&world, text), &case);
    let (calls, is_as_predicted) = match expected {
        Expected::Found | Expected::FoundLate => {
            (1, matches!(after.post.phase, Phase::Published { .. }))
        }
        Expected::Failed => (1, matches!(after.post.phase, Phase::Failed { .. })),
        Expected::SentAgain | Expected::Refused | Expected::CheckedFirst => {
            (2, matches!(after.post.phase, Phase::Published { .. }))
        }
    };
    assert!(
        is_as_predicted,
        "{case}: {expected:?}, but it is {:?}",
        after.post.phase
    );
    assert_eq!(world.calls(Endpoint::PublishContainer), calls, "{case}");
}
