//! A post that kills whoever works on it holds nobody else up.

use std::time::Duration;

use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::poison::run;
use threads_reliability::world::Setup;

use crate::support::Bench;

#[tokio::test]
async fn a_deadly_post_is_left_alone_and_all_others_go_out() {
    let bench = Bench::new();
    let setup = Setup {
        step: TimeDelta::seconds(30),
        ..bench.setup(Backend::Sqlite, 8)
    };

    let poisoned = run(&setup, 24, Duration::from_mins(3)).await.unwrap();

    assert_eq!(poisoned.faults(), 0, "{poisoned:?}");
    assert_eq!(poisoned.phase, "blocked");
    assert!(poisoned.deaths > 0);
    assert_eq!(poisoned.tally.live, 23);
}
