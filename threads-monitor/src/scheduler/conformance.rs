//! What every [`Scheduler`] has to do, as tests. Not a stable API.
//!
//! Each function is one case; [`scheduler_conformance!`](crate::scheduler_conformance)
//! makes one test of each. A case panics where the store breaks the contract, and
//! returns the error where the store fails.
//!
//! ```
//! mod my_store {
//!     use std::sync::Arc;
//!     use threads_monitor::scheduler::MemoryScheduler;
//!
//!     threads_monitor::scheduler_conformance! {
//!         fresh: async { Arc::new(MemoryScheduler::default()) },
//!     }
//! }
//! ```
#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "the module says it for all cases"
)]

mod claiming;
mod editing;
mod enqueueing;
mod erasing;
mod fencing;
mod outbox;
mod reopening;
mod serial_keys;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use threads_client::UserId;

pub use self::claiming::*;
pub use self::editing::*;
pub use self::enqueueing::*;
pub use self::erasing::*;
pub use self::fencing::*;
pub use self::outbox::*;
pub use self::reopening::*;
pub use self::serial_keys::*;
use super::{Change, JobId, JobKind, JobRecord, Lease, NewEvent, NewJob, Scheduler, WorkerId};
use crate::error::StoreError;

/// The store under test.
pub type Store = Arc<dyn Scheduler>;

/// What a case returns.
pub type Case = Result<(), StoreError>;

/// Makes one test of each case of the [`conformance`](crate::scheduler::conformance) suite.
///
/// - `fresh:` an async expression that gives a new, empty store as an `Arc`.
/// - `place:` and `open:` for a store that survives its process: where it is (evaluated
///   once a test), and an async function that opens, or opens again, the store there.
#[macro_export]
macro_rules! scheduler_conformance {
    (fresh: $fresh:expr $(,)?) => {
        $crate::scheduler_conformance!(@cases @fresh [$fresh]);
    };
    (place: $place:expr, open: $open:expr $(,)?) => {
        $crate::scheduler_conformance!(@cases @place [$place] [$open]);
        $crate::scheduler_conformance!(@reopen [$place] [$open] {
            leases_survive_reopening
            a_restart_neither_hastens_nor_postpones_a_job
            idempotency_keys_survive_reopening
            events_and_evidence_survive_reopening
            erased_accounts_stay_erased_after_reopening
            numbers_go_on_after_reopening
        });
    };
    (@cases $($how:tt)*) => {
        $crate::scheduler_conformance!($($how)* {
            an_empty_scheduler_answers_with_nothing
            an_enqueued_job_is_kept_as_it_was_given
            a_repeated_enqueue_gives_the_same_job
            a_repeated_enqueue_after_progress_changes_nothing
            another_content_under_the_same_key_conflicts
            an_idempotency_key_belongs_to_one_account
            a_job_id_is_used_once
            one_of_many_concurrent_enqueues_makes_the_job
            json_is_kept_exactly
            json_of_any_depth_is_refused_or_kept
            times_survive_to_the_microsecond
            jobs_are_listed_in_ascending_order_of_id
            lists_are_filtered_and_paged
            a_job_is_claimed_when_it_is_due
            the_earliest_job_is_claimed_first
            a_claim_respects_its_limit
            a_claim_of_one_kind_leaves_the_others
            a_claim_of_one_kind_takes_no_job_from_behind_another
            a_claim_leases_the_job_to_the_worker
            a_leased_job_is_invisible_until_its_lease_ends
            a_job_is_claimed_again_after_its_lease_ran_out
            every_lease_has_a_higher_epoch
            an_ended_job_is_not_claimed
            an_absurdly_long_lease_is_possible
            a_lease_of_no_length_has_ended
            a_large_claim_takes_the_earliest
            a_named_job_is_claimed_before_it_is_due
            a_named_job_is_not_claimed_when_it_cannot_be
            next_due_is_the_earliest_possible_claim
            next_due_waits_for_leases
            next_due_is_never_stuck_in_the_past
            eight_workers_run_two_hundred_jobs_once_each
            one_of_many_concurrent_claims_gets_the_job
            a_checkpoint_changes_the_job_and_keeps_the_lease
            a_release_changes_the_job_and_frees_it
            a_stale_lease_is_lost
            releases_at_one_time_are_told_apart
            a_refused_write_changes_nothing
            a_lease_that_ran_out_still_counts_until_the_next_one
            a_released_lease_is_lost
            a_renewed_lease_lasts_longer
            renewing_leaves_the_version_alone
            a_serial_key_is_never_leased_twice
            a_serial_key_is_free_again_after_its_lease
            a_serial_key_passes_over_to_the_next_earliest
            a_lease_is_not_renewed_once_its_serial_key_is_taken
            concurrent_claims_respect_serial_keys
            workers_of_one_serial_key_take_turns
            an_update_needs_the_current_version
            an_edit_against_a_claim_loses
            an_update_of_a_leased_job_meets_its_holder
            an_update_does_not_break_a_renewal
            one_of_many_concurrent_updates_wins
            an_update_can_end_and_revive_a_job
            events_are_those_of_committed_changes
            events_are_read_a_page_at_a_time
            events_of_concurrent_writers_are_all_kept
            a_reader_that_follows_misses_no_event
            evidence_is_taken_without_a_lease
            evidence_about_a_job_that_is_gone_is_dropped
            old_evidence_of_ended_jobs_is_removed
            erasing_removes_one_account
            erasing_takes_the_lease_of_a_running_job
            an_erased_account_can_begin_anew
            numbers_are_not_used_again_after_an_erasure
            an_enqueue_against_an_erasure_leaves_whole_jobs
            evidence_against_an_erasure_is_kept_or_dropped
        });
    };
    (@fresh [$fresh:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let store: $crate::scheduler::conformance::Store = $fresh.await;
            $crate::scheduler::conformance::$case(&store).await.unwrap();
        }
    )* };
    (@place [$place:expr] [$open:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let place = $place;
            let store: $crate::scheduler::conformance::Store = ($open)(&place).await;
            $crate::scheduler::conformance::$case(&store).await.unwrap();
        }
    )* };
    (@reopen [$place:expr] [$open:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let place = $place;
            let open = async || -> $crate::scheduler::conformance::Store {
                ($open)(&place).await
            };
            $crate::scheduler::conformance::$case(open).await.unwrap();
        }
    )* };
}

const MINUTE: Duration = Duration::from_mins(1);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_790_000_000 + seconds)
}

fn account(id: &str) -> UserId {
    UserId::new(id)
}

fn worker(name: &str) -> WorkerId {
    WorkerId::new(name)
}

/// A job of account 1 that is due at an instant; its keys are its name.
fn job(name: &str, seconds: i64) -> NewJob {
    NewJob {
        id: JobId::random(),
        account: account("1"),
        kind: JobKind::CollectFollowers,
        serial_key: name.to_owned(),
        idempotency_key: name.to_owned(),
        request: json!({ "name": name }),
        state: json!("new"),
        wake_at: at(seconds),
        created_at: at(0),
    }
}

fn on_key(serial_key: &str, job: NewJob) -> NewJob {
    NewJob {
        serial_key: serial_key.to_owned(),
        ..job
    }
}

fn names(leases: &[Lease]) -> Vec<&str> {
    leases
        .iter()
        .map(|lease| lease.job.idempotency_key.as_str())
        .collect()
}

/// A change without events.
fn change(state: &str, wake_at: Option<DateTime<Utc>>) -> Change {
    Change {
        state: json!(state),
        wake_at,
        events: Vec::new(),
    }
}

fn event(name: &str) -> NewEvent {
    NewEvent {
        at: at(0),
        name: name.to_owned(),
        data: json!({ "of": name }),
    }
}

/// Claims as worker `w` for a minute, without a limit.
async fn claim(store: &Store, seconds: i64) -> Result<Vec<Lease>, StoreError> {
    store
        .claim(at(seconds), &worker("w"), MINUTE, usize::MAX)
        .await
}

/// Enqueues a job that is due at 0, and leases it there for a minute.
async fn leased(store: &Store, name: &str) -> Result<Lease, StoreError> {
    let job = store.enqueue(job(name, 0)).await?;
    let lease = store
        .claim_job(&job.id, at(0), &worker("w"), MINUTE)
        .await?;
    Ok(lease.unwrap_or_else(|| panic!("a free job could not be claimed")))
}

async fn stored(store: &Store, id: JobId) -> Result<JobRecord, StoreError> {
    let job = store.get(&id).await?;
    Ok(job.unwrap_or_else(|| panic!("job {id} is not there")))
}

fn assert_lost<A>(result: Result<A, StoreError>, id: JobId) {
    match result {
        Err(StoreError::LeaseLost { job }) => assert_eq!(job, id),
        Err(error) => panic!("expected a lost lease, got {error:?}"),
        Ok(_) => panic!("expected a lost lease, got success"),
    }
}

fn assert_conflict<A>(result: Result<A, StoreError>) {
    match result {
        Err(StoreError::Conflict { .. }) => {}
        Err(error) => panic!("expected a conflict, got {error:?}"),
        Ok(_) => panic!("expected a conflict, got success"),
    }
}

/// The outcomes of eight tasks that run at once.
async fn at_once<A, F>(
    store: &Store,
    task: impl Fn(Store, usize) -> F,
) -> Vec<Result<A, StoreError>>
where
    A: Send + 'static,
    F: Future<Output = Result<A, StoreError>> + Send + 'static,
{
    let tasks = (0..8).map(|number| tokio::spawn(task(Arc::clone(store), number)));
    futures::future::join_all(tasks)
        .await
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|error| panic!("a task panicked: {error}")))
        .collect()
}

/// Values that a careless encoding changes.
fn awkward_json() -> Value {
    json!({
        "": null,
        "float": 0.1 + 0.2,
        "whole float": 1.0,
        "small": 5e-324,
        "large": u64::MAX,
        "negative": i64::MIN,
        "text": "\u{0}\n\"\\\u{1f9f5}\u{2028}",
        "nested": [[[[[{ "a": [] }]]]], {}],
    })
}
