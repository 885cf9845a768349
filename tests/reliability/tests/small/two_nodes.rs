//! Two processes on one PostgreSQL whose clocks are minutes apart, and which are killed.

use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::two_nodes::{Clocks, run};
use threads_reliability::world::{Setup, late_effects};

use crate::support::Bench;

#[tokio::test]
async fn two_nodes_whose_clocks_are_ten_minutes_apart_publish_every_post_once() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };
    let setup = Setup {
        step: TimeDelta::seconds(10),
        faults: late_effects(3),
        ..bench.setup(Backend::Postgres, 20)
    };

    let tally = run(&setup, Clocks::APART, 3, (3, 60), None, None)
        .await
        .unwrap();

    assert!(tally.is_clean(), "{tally}");
    assert_eq!(tally.live, 60);
}
