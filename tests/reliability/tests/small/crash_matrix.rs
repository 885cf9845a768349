//! A process that dies at a named point of publishing one post.
//!
//! Every point with a few of the answers here; every answer in the campaign.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::matrix::{Cell, Class, cells, run};

use crate::support::Bench;

/// Every point, with the answer that is worst there.
fn worst() -> Vec<Cell> {
    cells()
        .into_iter()
        .filter(|cell| cell.class == Class::Late)
        .collect()
}

async fn expect_as_predicted(bench: &Bench, backend: Backend, cells: Vec<Cell>) {
    let all = cells.len();
    let setup = bench.setup(backend, 1);

    let outcomes = run(&setup, cells, 9, None).await;

    assert_eq!(outcomes.len(), all);
    for outcome in outcomes {
        let outcome = outcome.unwrap();
        assert!(outcome.is_right(), "{outcome}");
    }
}

#[tokio::test]
async fn a_post_survives_a_crash_at_every_point_on_sqlite() {
    let cells = worst();
    assert_eq!(cells.len(), 27);

    expect_as_predicted(&Bench::new(), Backend::Sqlite, cells).await;
}

#[tokio::test]
async fn a_post_survives_a_crash_around_its_publish_call_in_a_directory() {
    let mut cells = cells();
    cells.retain(|cell| {
        cell.class == Class::LostAfter && ["K6", "K7", "K8", "K9"].contains(&cell.point.protocol)
    });

    expect_as_predicted(&Bench::new(), Backend::File, cells).await;
}

#[tokio::test]
async fn a_post_survives_a_crash_around_its_publish_call_on_postgres() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };
    let mut cells = cells();
    cells.retain(|cell| {
        cell.class == Class::LostBefore && ["K6", "K7", "K8", "K9"].contains(&cell.point.protocol)
    });

    expect_as_predicted(&bench, Backend::Postgres, cells).await;
}

#[tokio::test]
async fn a_process_that_sends_again_after_a_crash_is_convicted() {
    let mut cells = cells();
    cells.retain(|cell| cell.class == Class::Ok && cell.point.name == "publish-acted");
    let bench = Bench::new();
    let setup = bench.setup(Backend::Sqlite, 1);

    let outcomes = run(&setup, cells, 1, Some(Mistake::Rerun)).await;

    assert_eq!(outcomes.len(), 1);
    for outcome in outcomes {
        let outcome = outcome.unwrap();
        assert_eq!(outcome.tally.duplicates, 1, "{outcome}");
        assert!(!outcome.is_right());
    }
}
