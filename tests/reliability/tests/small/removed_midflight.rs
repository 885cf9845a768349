//! An account that is removed while its posts are on their way leaves no byte behind, and no
//! post twice, though the process that removes it may be killed meanwhile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::removed_midflight::{Removals, faults, run};
use threads_reliability::world::Setup;

use crate::support::Bench;

const SEED: u64 = 11;
const COUNT: usize = 8;

async fn remove(bench: &Bench, backend: Backend, mistake: Option<Mistake>) -> Removals {
    let setup = Setup {
        faults: faults(SEED),
        step: TimeDelta::seconds(30),
        ..bench.setup(backend, 0)
    };
    run(&setup, SEED, COUNT, mistake).await.unwrap()
}

#[tokio::test]
async fn a_removed_account_leaves_nothing_in_a_directory() {
    let all = remove(&Bench::new(), Backend::File, None).await;

    assert_eq!(all.faults(), 0, "{all}");
    assert_eq!(all.removed, COUNT);
    // Where the kills fall is chance; the campaign says how many cut a removal off.
}

#[tokio::test]
async fn a_removed_account_leaves_nothing_on_sqlite() {
    let all = remove(&Bench::new(), Backend::Sqlite, None).await;

    assert_eq!(all.faults(), 0, "{all}");
    assert_eq!(all.removed, COUNT);
}

#[tokio::test]
async fn a_removed_account_leaves_nothing_on_postgres() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };

    let all = remove(&bench, Backend::Postgres, None).await;

    assert_eq!(all.faults(), 0, "{all}");
    assert_eq!(all.removed, COUNT);
}

#[tokio::test]
async fn a_process_that_keeps_a_copy_of_a_token_is_convicted() {
    let all = remove(&Bench::new(), Backend::Sqlite, Some(Mistake::KeepCopy)).await;

    assert!(!all.leaks.is_empty(), "{all}");
}

#[tokio::test]
async fn a_process_that_keeps_a_copy_of_a_token_on_postgres_is_convicted() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };

    let all = remove(&bench, Backend::Postgres, Some(Mistake::KeepCopy)).await;

    assert!(!all.leaks.is_empty(), "{all}");
}
