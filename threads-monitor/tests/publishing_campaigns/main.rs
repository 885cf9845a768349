//! Publishing under everything at once, in virtual time, judged by the sandbox's ledger.
//!
//! Every run of the tests affords a part. All of it, in about twenty minutes:
//!
//! ```sh
//! THREADS_CAMPAIGN=full cargo nextest run -p threads-monitor --all-features \
//!     --test publishing_campaigns --no-capture
//! ```
//!
//! `THREADS_CAMPAIGN_SEED` chooses other seeds. Each campaign prints one line of figures.
#![cfg(all(feature = "file", feature = "postgres", feature = "sqlite"))]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../server/mod.rs"]
mod server;
#[path = "../world/mod.rs"]
mod world;

mod attention;
mod idempotency;
mod matrix;
mod quota;
mod races;
mod twins;

use std::time::Duration;

use threads_client::{Client, RetryPolicy, ThrottlePolicy, Timeouts};
use threads_monitor::Storage;
use threads_monitor::publishing::{Outcome, Phase, ScheduledPost};
use threads_sandbox::{Sandbox, Switches};

use self::world::{World, builder};

/// How many of each; the full count is the one of the goal.
fn count(part: usize, full: usize) -> usize {
    match std::env::var("THREADS_CAMPAIGN").as_deref() {
        Ok("full") => full,
        _ => part,
    }
}

/// The seed of a run; each of its cases adds its own number.
fn seed() -> u64 {
    let chosen = std::env::var("THREADS_CAMPAIGN_SEED").ok();
    chosen.map_or(20_261_128, |seed| {
        seed.parse().expect("the seed is a number")
    })
}

/// An account without posts. No answer fails to come here, however busy the machine is.
async fn blank_world(switches: Switches) -> World {
    impatient_world(switches, Duration::from_secs(20)).await
}

/// The same with a client that waits for so long for the answer of a publish call.
async fn impatient_world(switches: Switches, patience: Duration) -> World {
    let sandbox = Sandbox::builder().seed("empty").switches(switches);
    let sandbox = sandbox.start().await.unwrap();
    let quick = RetryPolicy::default()
        .base_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(2));
    let client = Client::builder()
        .base_url(sandbox.base_url())
        .retry(quick)
        .throttle(ThrottlePolicy::none())
        .timeouts(
            Timeouts::default()
                .total(Duration::from_secs(20))
                .publish(patience),
        )
        .build()
        .unwrap();
    let monitor = builder(&sandbox, Storage::in_memory())
        .client(client)
        .build()
        .unwrap();
    World { sandbox, monitor }
}

/// How often a text was published, by the sandbox's books.
fn live(world: &World, text: &str) -> usize {
    let published = world.published();
    let mut texts = published.iter().filter_map(|entry| entry.text.as_deref());
    texts.by_ref().filter(|live| *live == text).count()
}

/// What a post says of itself is compared with what is in the books.
fn expect_honest(post: &ScheduledPost, live: usize, case: &str) {
    assert!(live <= 1, "{case}: published {live} times");
    match &post.post.phase {
        Phase::Published { .. } => assert_eq!(live, 1, "{case}: said to be published"),
        Phase::Failed { .. } | Phase::Cancelled { .. } | Phase::Missed { .. } => {
            assert_eq!(live, 0, "{case}: said to be {}", post.post.phase.name());
        }
        _ => {}
    }
    let open = post.post.attempts.iter();
    let open = open
        .filter(|attempt| matches!(attempt.outcome, Outcome::Pending | Outcome::Unknown { .. }));
    assert!(open.count() <= 1, "{case}: two open calls");
}
