//! The judge convicts clients that are known to be bad and acquits those that are not.
//!
//! A judge that never convicts proves nothing, so the clients here make the
//! mistakes that real ones make. Each talks real HTTP to sandboxes of its own.

mod bad_callers;
mod bad_publishers;
mod desk;
mod good;
mod worlds;

use std::future::Future;
use std::pin::{Pin, pin};

use futures::{Stream, StreamExt as _, stream};
use threads_sandbox::{Charge, Claim, Ending, Verdict};

use desk::Desk;
use worlds::{Case, cases};

/// A client: gets a desk with one text to publish and says what became of it.
type Client = for<'a> fn(&'a Desk) -> Pin<Box<dyn Future<Output = Claim> + Send + 'a>>;

/// How many trials run at the same time.
const AT_ONCE: usize = 12;

/// A trial's end: the world, what the client says and what the judge says.
struct Outcome {
    name: String,
    claim: Claim,
    verdict: Verdict,
}

/// Lets a client publish in one world and judges it.
async fn trial(case: Case, client: Client, http: reqwest::Client) -> Outcome {
    let desk = Desk::open(&case, http).await;
    let claim = client(&desk).await;
    // Whatever was still under way acts now.
    desk.wait(3_600);
    let verdict = desk.sandbox.judge(std::slice::from_ref(&claim));
    Outcome {
        name: case.name(),
        claim,
        verdict,
    }
}

/// A client's trials in every world, each in a task of its own.
fn trials(client: Client) -> impl Stream<Item = Outcome> {
    let http = desk::http();
    stream::iter(cases())
        .map(move |case| tokio::spawn(trial(case, client, http.clone())))
        .buffered(AT_ONCE)
        .map(Result::unwrap)
}

/// A mark of guilt that a bad publisher has to be convicted of in some world.
type Guilt = fn(&Charge) -> bool;

fn is_duplicate(charge: &Charge) -> bool {
    matches!(charge, Charge::TwoLivePosts { .. })
}

fn is_live_after_all(charge: &Charge) -> bool {
    matches!(
        charge,
        Charge::LiveAfterAll {
            ending: Ending::Failed,
            ..
        }
    )
}

fn is_live_after_cancel(charge: &Charge) -> bool {
    matches!(
        charge,
        Charge::LiveAfterAll {
            ending: Ending::Cancelled,
            ..
        }
    )
}

fn is_stale(charge: &Charge) -> bool {
    matches!(charge, Charge::StaleText { .. })
}

fn is_invented(charge: &Charge) -> bool {
    matches!(charge, Charge::NeverPublished { .. })
}

fn is_repeated(charge: &Charge) -> bool {
    matches!(charge, Charge::PublishRepeated { .. })
}

/// Asserts that a client is convicted of each of `guilts` in some world.
async fn assert_convicted(name: &str, client: Client, guilts: &[Guilt]) {
    let mut open: Vec<Guilt> = guilts.to_vec();
    let mut trials = pin!(trials(client));
    while !open.is_empty() {
        let Some(outcome) = trials.next().await else {
            panic!("{name} got away with {} of {}", open.len(), guilts.len());
        };
        open.retain(|guilt| !outcome.verdict.charges().iter().any(guilt));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careful_publisher_is_acquitted_in_every_world_and_always_knows_the_ending() {
    let mut trials = pin!(trials(good::publisher));
    let mut count = 0;
    while let Some(outcome) = trials.next().await {
        let Outcome {
            name,
            claim,
            verdict,
        } = outcome;
        assert!(verdict.is_acquitted(), "{name}: {verdict}");
        assert_eq!(claim, Claim::new(desk::MARKER, Ending::Published), "{name}");
        count += 1;
    }
    assert!(count > 300, "{count} worlds");
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_at_once_is_convicted() {
    let guilts: &[Guilt] = &[is_duplicate, is_live_after_all, is_repeated];
    assert_convicted("M1", bad_publishers::verifies_at_once, guilts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retrying_blindly_is_convicted() {
    let guilts: &[Guilt] = &[is_duplicate, is_live_after_all, is_repeated];
    assert_convicted("M2", bad_publishers::retries_blindly, guilts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_container_on_retry_is_convicted() {
    assert_convicted("M3", bad_publishers::starts_anew, &[is_duplicate]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_silence_for_failure_is_convicted() {
    let client = bad_publishers::takes_silence_for_failure;
    assert_convicted("M4", client, &[is_live_after_all]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rescuing_a_stuck_job_is_convicted() {
    let guilts: &[Guilt] = &[is_duplicate, is_live_after_all, is_repeated];
    assert_convicted("M5a", bad_publishers::rescues_the_container, guilts).await;
    assert_convicted(
        "M5b",
        bad_publishers::rescues_from_the_start,
        &[is_duplicate],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_without_a_fence_are_convicted() {
    let guilts: &[Guilt] = &[is_duplicate, is_live_after_all];
    assert_convicted("M6", bad_publishers::has_no_fence, guilts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_not_found_for_not_published_is_convicted() {
    let client = bad_publishers::takes_not_found_for_not_published;
    assert_convicted("M7", client, &[is_duplicate]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_in_flight_is_convicted() {
    let client = bad_publishers::cancels_in_flight;
    assert_convicted("M8", client, &[is_live_after_cancel]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_without_a_deadline_is_convicted() {
    let guilts: &[Guilt] = &[is_duplicate, is_live_after_all];
    assert_convicted("M9", bad_publishers::sends_without_a_deadline, guilts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editing_in_flight_is_convicted() {
    assert_convicted("M10", bad_publishers::edits_in_flight, &[is_stale]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn believing_every_answer_is_convicted() {
    let client = bad_publishers::believes_every_answer;
    assert_convicted("M11", client, &[is_invented]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_what_is_found_and_starting_anew_is_convicted() {
    let client = bad_publishers::deletes_and_starts_anew;
    assert_convicted("M12", client, &[is_duplicate]).await;
}
