//! A process that is killed around the refresh of tokens leaves every account a token that
//! works, and two processes never refresh one token at one time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::refresh_kill::{PACE, Refreshes, Size, faults, run, slow};
use threads_reliability::world::Setup;
use threads_sandbox::RefreshedToken;

use crate::support::Bench;

const SEED: u64 = 5;

async fn kill(
    bench: &Bench,
    backend: Backend,
    platform: RefreshedToken,
    nodes: usize,
    mistake: Option<Mistake>,
) -> Refreshes {
    let size = Size {
        kills: 10,
        accounts: 30,
        nodes,
    };
    let setup = Setup {
        faults: match mistake {
            None => faults(SEED),
            Some(_) => slow(),
        },
        ..bench.setup(backend, 0)
    };
    run(&setup, platform, SEED, size, mistake).await.unwrap()
}

#[tokio::test]
async fn no_account_is_left_without_a_token_in_a_directory() {
    let bench = Bench::at_pace(PACE);

    let all = kill(
        &bench,
        Backend::File,
        RefreshedToken::NewAndOldValid,
        1,
        None,
    )
    .await;

    assert!(all.is_clean(), "{all}");
    assert_eq!(all.fresh, all.accounts);
}

#[tokio::test]
async fn two_processes_on_sqlite_do_not_refresh_one_token_at_one_time() {
    let bench = Bench::at_pace(PACE);

    let all = kill(
        &bench,
        Backend::Sqlite,
        RefreshedToken::NewAndOldValid,
        2,
        None,
    )
    .await;

    assert!(all.is_clean(), "{all}");
    assert_eq!(all.fresh, all.accounts);
}

#[tokio::test]
async fn two_processes_on_postgres_do_not_refresh_one_token_at_one_time() {
    let Some(bench) = Bench::on_postgres_at_pace(PACE).await else {
        return;
    };

    let all = kill(&bench, Backend::Postgres, RefreshedToken::Same, 2, None).await;

    assert!(all.is_clean(), "{all}");
    assert_eq!(all.fresh + all.unknown, all.accounts);
}

#[tokio::test]
async fn a_process_that_removes_a_token_before_it_writes_the_new_one_is_convicted() {
    let bench = Bench::at_pace(PACE);
    let (platform, mistake) = (RefreshedToken::NewAndOldValid, Mistake::DeleteFirst);

    let all = kill(&bench, Backend::File, platform, 1, Some(mistake)).await;

    assert!(all.unusable > 0, "{all}");
}

#[tokio::test]
async fn processes_that_refresh_without_a_lease_are_convicted() {
    let bench = Bench::at_pace(PACE);
    let (platform, mistake) = (RefreshedToken::NewAndOldValid, Mistake::RefreshWithoutLease);

    let all = kill(&bench, Backend::Sqlite, platform, 2, Some(mistake)).await;

    assert!(all.concurrent > 0, "{all}");
}
