//! Numbers that processes collect while they are killed are there once, and what was not
//! measured is a gap.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::history_gaps::{Gaps, faults, run};
use threads_reliability::world::Setup;

use crate::support::Bench;

const DAYS: usize = 6;
const SEED: u64 = 2;

async fn collect(bench: &Bench, backend: Backend, mistake: Option<Mistake>) -> Gaps {
    let setup = Setup {
        faults: faults(SEED),
        ..bench.setup(backend, 1)
    };
    run(&setup, SEED, DAYS, mistake).await.unwrap()
}

fn expect_whole(all: &Gaps) {
    assert_eq!(all.faults(), 0, "{all}");
    assert_eq!(all.measured + all.gaps, DAYS, "{all}");
    assert!(all.measured >= 2, "{all}");
    assert!(all.gaps > 0, "{all}");
}

#[tokio::test]
async fn days_without_a_measurement_are_gaps_in_a_directory() {
    expect_whole(&collect(&Bench::new(), Backend::File, None).await);
}

#[tokio::test]
async fn two_processes_on_sqlite_measure_once() {
    expect_whole(&collect(&Bench::new(), Backend::Sqlite, None).await);
}

#[tokio::test]
async fn two_processes_on_postgres_measure_once() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };

    expect_whole(&collect(&bench, Backend::Postgres, None).await);
}

#[tokio::test]
async fn a_process_that_fills_gaps_is_convicted() {
    let all = collect(&Bench::new(), Backend::Sqlite, Some(Mistake::FillGaps)).await;

    assert!(all.invented > 0, "{all}");
}
