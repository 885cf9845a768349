//! A network that swallows everything between a process and its database.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::half_open::{HalfOpen, run};
use threads_reliability::world::Setup;

use crate::support::Bench;

async fn cut(two: bool, mistake: Option<Mistake>) -> Option<HalfOpen> {
    let bench = Bench::on_postgres().await?;
    // A process that is cut off has much under way. One that is not has posts all the time.
    let (posts, step) = if mistake.is_none() {
        (36, 1)
    } else {
        (130, 12)
    };
    let setup = Setup {
        step: TimeDelta::seconds(step),
        ..bench.setup(Backend::Postgres, 35)
    };
    Some(run(&setup, 3, (1, posts), two, mistake).await.unwrap())
}

#[tokio::test]
async fn a_process_that_cannot_reach_its_store_sends_nothing_and_comes_back() {
    let Some(cut) = cut(false, None).await else {
        return;
    };

    assert_eq!(cut.late_sends, 0);
    assert_eq!(cut.dead, 0);
    assert!(cut.tally.is_clean(), "{}", cut.tally);
}

#[tokio::test]
async fn posts_of_a_process_that_cannot_reach_its_store_are_taken_over_once() {
    let Some(cut) = cut(true, None).await else {
        return;
    };

    assert!(cut.tally.is_clean(), "{}", cut.tally);
}

#[tokio::test]
async fn a_process_that_goes_on_while_it_is_cut_off_is_convicted() {
    let Some(cut) = cut(false, Some(Mistake::OtherWay)).await else {
        return;
    };

    assert!(cut.late_sends > 0, "{}", cut.tally);
}
