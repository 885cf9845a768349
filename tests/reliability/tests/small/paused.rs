//! A process that stands still for longer than anything waits for it sends nothing late, and
//! writes over nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::paused::{Meanwhile, Pause, run};

use crate::support::Bench;

const SIZE: (usize, usize) = (3, 3);

async fn pauses(
    bench: &Bench,
    backend: Backend,
    point: &str,
    meanwhile: Meanwhile,
    mistake: Option<Mistake>,
) -> Vec<Pause> {
    let setup = bench.setup(backend, 1);
    let pauses = run(&setup, point, meanwhile, SIZE, mistake).await;
    assert_eq!(pauses.len(), SIZE.0);
    pauses.into_iter().map(|pause| pause.unwrap()).collect()
}

#[tokio::test]
async fn nothing_is_sent_after_the_send_deadline() {
    let bench = Bench::new();
    let alone = Meanwhile::Nobody;

    for pause in pauses(&bench, Backend::Sqlite, "send-before", alone, None).await {
        assert_eq!(pause.late_sends, 0);
        assert!(pause.tally.is_clean(), "{}", pause.tally);
    }
}

#[tokio::test]
async fn a_process_without_a_send_deadline_is_convicted() {
    let bench = Bench::new();
    let mistake = Some(Mistake::NoDeadline);

    let pauses = pauses(
        &bench,
        Backend::Sqlite,
        "send-before",
        Meanwhile::Nobody,
        mistake,
    )
    .await;

    // Where its lease was claimed again, by itself, before it went on, it sends nothing.
    let late: usize = pauses.iter().map(|pause| pause.late_sends).sum();
    assert!(late > 0);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing() {
    let bench = Bench::new();
    for point in ["intent-before", "answer-before"] {
        for pause in pauses(&bench, Backend::Sqlite, point, Meanwhile::AnotherNode, None).await {
            assert!(!pause.overwrote, "{point}");
            assert_eq!(pause.late_sends, 0, "{point}");
            assert!(pause.tally.is_clean(), "{}", pause.tally);
        }
    }
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing_to_postgres() {
    let Some(bench) = Bench::on_postgres().await else {
        return;
    };
    let other = Meanwhile::AnotherNode;

    for pause in pauses(&bench, Backend::Postgres, "send-before", other, None).await {
        assert!(!pause.overwrote);
        assert_eq!(pause.late_sends, 0);
        assert!(pause.tally.is_clean(), "{}", pause.tally);
    }
}

#[tokio::test]
async fn a_worker_whose_writes_are_not_fenced_is_convicted() {
    let bench = Bench::new();
    let (point, mistake) = ("answer-before", Some(Mistake::NoFence));

    for pause in pauses(
        &bench,
        Backend::Sqlite,
        point,
        Meanwhile::AnotherNode,
        mistake,
    )
    .await
    {
        assert!(pause.overwrote);
    }
}
