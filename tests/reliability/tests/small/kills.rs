//! A process that is killed at random moments publishes every post once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::kills::{Size, run, step};
use threads_reliability::terminate;
use threads_reliability::verdict::Tally;
use threads_reliability::world::{PACE, Setup, five_per_cent};

use crate::support::Bench;

const SEED: u64 = 7;
const SIZE: Size = Size {
    kills: 12,
    posts: 48,
};

async fn kill(bench: &Bench, backend: Backend, mistake: Option<Mistake>) -> Tally {
    let setup = Setup {
        step: step(SIZE, PACE),
        faults: five_per_cent(SEED),
        ..bench.setup(backend, 12)
    };
    run(&setup, SEED, SIZE, mistake).await.unwrap()
}

#[tokio::test]
async fn killed_processes_on_a_directory_publish_every_post_once() {
    let tally = kill(&Bench::new(), Backend::File, None).await;

    assert!(tally.is_clean(), "{tally}");
    assert_eq!(tally.live, SIZE.posts);
}

#[tokio::test]
async fn killed_processes_on_sqlite_publish_every_post_once() {
    let tally = kill(&Bench::new(), Backend::Sqlite, None).await;

    assert!(tally.is_clean(), "{tally}");
    assert_eq!(tally.live, SIZE.posts);
}

#[tokio::test]
async fn killed_processes_on_postgres_publish_every_post_once() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };

    let tally = kill(&bench, Backend::Postgres, None).await;

    assert!(tally.is_clean(), "{tally}");
    assert_eq!(tally.live, SIZE.posts);
}

#[tokio::test]
async fn a_process_that_takes_a_lost_answer_for_a_failure_is_convicted() {
    let tally = kill(&Bench::new(), Backend::Sqlite, Some(Mistake::Fail)).await;

    assert!(tally.wrong > 0, "{tally}");
    assert!(!tally.charges.is_empty(), "{tally}");
}

#[tokio::test]
async fn a_process_that_is_told_to_end_ends_cleanly_and_loses_nothing() {
    let size = Size {
        kills: 8,
        posts: 32,
    };
    let bench = Bench::new();
    let setup = Setup {
        step: step(size, PACE),
        faults: five_per_cent(SEED),
        ..bench.setup(Backend::Sqlite, 12)
    };

    let ended = terminate::run(&setup, SEED, size).await.unwrap();

    assert_eq!(ended.bad_exits, 0);
    assert!(ended.tally.is_clean(), "{}", ended.tally);
}
