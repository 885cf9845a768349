//! What every [`SnapshotStore`] has to do, as tests. Not a stable API.
//!
//! Each function is one case;
//! [`snapshot_store_conformance!`](crate::snapshot_store_conformance) makes one test of
//! each. A case panics where the store breaks the contract, and returns the error where
//! the store fails.
//!
//! ```
//! mod my_store {
//!     use std::sync::Arc;
//!     use threads_monitor::snapshot_store::MemorySnapshotStore;
//!
//!     threads_monitor::snapshot_store_conformance! {
//!         fresh: async { Arc::new(MemorySnapshotStore::default()) },
//!     }
//! }
//! ```
#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "the module says it for all cases"
)]

mod appending;
mod removing;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{PostId, UserId};

pub use self::appending::*;
pub use self::removing::*;
use super::{
    Metric, PostReading, ProfileReading, Reading, Snapshot, SnapshotQuery, SnapshotStore, Source,
    Subject,
};
use crate::error::StoreError;
use crate::zone::Zone;

/// The store under test.
pub type Store = Arc<dyn SnapshotStore>;

/// What a case returns.
pub type Case = Result<(), StoreError>;

/// Makes one test of each case of the [`conformance`](crate::snapshot_store::conformance) suite.
///
/// - `fresh:` an async expression that gives a new, empty store as an `Arc`.
/// - `place:` and `open:` for a store that survives its process: where it is (evaluated
///   once a test), and an async function that opens, or opens again, the store there.
#[macro_export]
macro_rules! snapshot_store_conformance {
    (fresh: $fresh:expr $(,)?) => {
        $crate::snapshot_store_conformance!(@cases @fresh [$fresh]);
    };
    (place: $place:expr, open: $open:expr $(,)?) => {
        $crate::snapshot_store_conformance!(@cases @place [$place] [$open]);
        $crate::snapshot_store_conformance!(@reopen [$place] [$open] {
            snapshots_survive_reopening
            removed_snapshots_stay_removed_after_reopening
        });
    };
    (@cases $($how:tt)*) => {
        $crate::snapshot_store_conformance!($($how)* {
            an_empty_store_answers_with_nothing
            every_kind_of_reading_is_kept
            times_survive_to_the_microsecond
            answers_come_oldest_first
            answers_come_newest_first_on_request
            equal_instants_are_ordered_by_subject_then_metric
            ranges_are_half_open
            a_range_that_ends_before_it_begins_is_empty
            a_limit_keeps_the_first_of_the_order
            subjects_and_metrics_are_filtered
            accounts_do_not_mix
            accounts_are_listed_in_order
            an_account_without_observations_is_not_listed
            appending_twice_stores_once
            the_later_capture_wins
            of_two_captures_at_one_instant_the_first_stays
            a_point_named_twice_in_one_append_is_settled
            the_latest_point_of_each_metric_is_by_its_instant
            the_latest_of_unknown_subjects_is_nothing
            points_of_a_metric_are_counted
            pruning_removes_numbers_before_an_instant
            pruning_keeps_what_accounts_and_posts_are
            thinning_keeps_the_last_number_of_each_span
            thinning_removes_numbers_that_are_too_old
            thinning_keeps_what_is_no_number_and_whole_days
            erasing_removes_one_account
            an_erased_account_can_begin_anew
            a_large_append_is_kept_whole
            concurrent_appends_all_arrive
            far_times_and_early_captures_are_kept
            one_series_is_read_from_either_end
            an_append_against_an_erasure_is_kept_or_dropped
        });
    };
    (@fresh [$fresh:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let store: $crate::snapshot_store::conformance::Store = $fresh.await;
            $crate::snapshot_store::conformance::$case(&store).await.unwrap();
        }
    )* };
    (@place [$place:expr] [$open:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let place = $place;
            let store: $crate::snapshot_store::conformance::Store = ($open)(&place).await;
            $crate::snapshot_store::conformance::$case(&store).await.unwrap();
        }
    )* };
    (@reopen [$place:expr] [$open:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let place = $place;
            let open = async || -> $crate::snapshot_store::conformance::Store {
                ($open)(&place).await
            };
            $crate::snapshot_store::conformance::$case(open).await.unwrap();
        }
    )* };
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_790_000_000 + seconds)
}

fn account(id: &str) -> UserId {
    UserId::new(id)
}

fn post(id: &str) -> Subject {
    Subject::Post(PostId::new(id))
}

/// A number of account 1 at an instant, captured at the same instant.
fn number(subject: Subject, metric: Metric, seconds: i64, count: u64) -> Snapshot {
    Snapshot {
        account: account("1"),
        subject,
        metric,
        at: at(seconds),
        captured_at: at(seconds),
        source: Source::Insights,
        reading: Reading::Count(count),
    }
}

fn followers(seconds: i64, count: u64) -> Snapshot {
    number(Subject::Account, Metric::Followers, seconds, count)
}

fn all() -> SnapshotQuery {
    SnapshotQuery::account(account("1"))
}

fn counts(snapshots: &[Snapshot]) -> Vec<u64> {
    snapshots
        .iter()
        .filter_map(|snapshot| snapshot.reading.count())
        .collect()
}

/// Nothing is there yet: empty answers, no errors.
pub async fn an_empty_store_answers_with_nothing(store: &Store) -> Case {
    assert!(store.query(&all()).await?.is_empty());
    assert!(
        store
            .latest(&account("1"), &[Subject::Account])
            .await?
            .is_empty()
    );
    assert_eq!(store.count(&account("1"), Metric::Followers).await?, 0);
    assert_eq!(store.prune(at(0)).await?, 0);
    assert_eq!(store.erase_account(&account("1")).await?, 0);
    store.append(&[]).await?;
    Ok(())
}

/// Numbers (0 and the largest too), profiles, posts and time zones come back equal.
pub async fn every_kind_of_reading_is_kept(store: &Store) -> Case {
    let profile = Reading::Profile(ProfileReading {
        username: Some("jakarta.tv".to_owned()),
        name: Some("\u{1f9f5} \"Jakarta\" \\ TV\n".to_owned()),
        picture_url: "https://example.com/p.jpg?a=1&b=%20".parse().ok(),
        biography: None,
        is_verified: Some(false),
    });
    let text = Reading::Post(PostReading {
        text: Some(String::new()),
        media_type: Some("TEXT_POST".to_owned()),
        permalink: "https://www.threads.net/@a/post/b".parse().ok(),
        topic_tag: None,
        is_repost: true,
    });
    let is = |subject, metric, reading, source| Snapshot {
        reading,
        source,
        captured_at: at(9),
        ..number(subject, metric, 0, 0)
    };
    let stored = [
        is(
            Subject::Account,
            Metric::Followers,
            Reading::Count(0),
            Source::ProfileDiscovery,
        ),
        is(Subject::Account, Metric::Profile, profile, Source::Api),
        is(
            Subject::Account,
            Metric::TimeZone,
            Reading::TimeZone(Zone::META),
            Source::Person,
        ),
        is(
            post("9"),
            Metric::Views,
            Reading::Count(u64::MAX),
            Source::Monitor,
        ),
        is(post("9"), Metric::Post, text, Source::Api),
    ];

    store.append(&stored).await?;

    assert_eq!(store.query(&all()).await?, stored);
    Ok(())
}

/// Times are not cut to seconds or milliseconds.
pub async fn times_survive_to_the_microsecond(store: &Store) -> Case {
    let mut snapshot = followers(0, 1);
    snapshot.at += TimeDelta::microseconds(1);
    snapshot.captured_at += TimeDelta::microseconds(999_999);

    store.append(std::slice::from_ref(&snapshot)).await?;

    assert_eq!(store.query(&all()).await?, [snapshot]);
    Ok(())
}

/// Ascending in time, whatever the order of appending.
pub async fn answers_come_oldest_first(store: &Store) -> Case {
    store
        .append(&[followers(20, 2), followers(-5, 0), followers(30, 3)])
        .await?;
    store.append(&[followers(10, 1)]).await?;

    assert_eq!(counts(&store.query(&all()).await?), [0, 1, 2, 3]);
    Ok(())
}

/// Descending in time.
pub async fn answers_come_newest_first_on_request(store: &Store) -> Case {
    store
        .append(&[followers(20, 2), followers(30, 3), followers(10, 1)])
        .await?;

    assert_eq!(
        counts(&store.query(&all().newest_first()).await?),
        [3, 2, 1]
    );
    Ok(())
}

/// In both directions of time: the account, then its posts by id; then the metric.
pub async fn equal_instants_are_ordered_by_subject_then_metric(store: &Store) -> Case {
    let at_once = [
        number(Subject::Account, Metric::Followers, 10, 1),
        number(Subject::Account, Metric::Views, 10, 2),
        number(post("10"), Metric::Views, 10, 3),
        number(post("10"), Metric::Likes, 10, 4),
        number(post("9"), Metric::Views, 10, 5),
    ];
    let mut shuffled = at_once.to_vec();
    shuffled.reverse();
    shuffled.swap(1, 3);
    store.append(&shuffled).await?;
    store.append(&[followers(20, 6), followers(0, 0)]).await?;

    assert_eq!(counts(&store.query(&all()).await?), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(
        counts(&store.query(&all().newest_first()).await?),
        [6, 1, 2, 3, 4, 5, 0]
    );
    Ok(())
}

/// `from` is part of a range, `to` is not; either may be left open.
pub async fn ranges_are_half_open(store: &Store) -> Case {
    store
        .append(&[
            followers(10, 1),
            followers(20, 2),
            followers(30, 3),
            followers(40, 4),
        ])
        .await?;
    let from = SnapshotQuery {
        from: Some(at(30)),
        ..all()
    };
    let to = SnapshotQuery {
        to: Some(at(30)),
        ..all()
    };

    assert_eq!(
        counts(&store.query(&all().between(at(20), at(40))).await?),
        [2, 3]
    );
    assert_eq!(counts(&store.query(&from).await?), [3, 4]);
    assert_eq!(counts(&store.query(&to).await?), [1, 2]);
    assert_eq!(counts(&store.query(&to.newest_first()).await?), [2, 1]);
    Ok(())
}

/// Empty, and no error: a form may ask for it.
pub async fn a_range_that_ends_before_it_begins_is_empty(store: &Store) -> Case {
    store.append(&[followers(10, 1)]).await?;

    assert!(
        store
            .query(&all().between(at(10), at(10)))
            .await?
            .is_empty()
    );
    assert!(store.query(&all().between(at(20), at(0))).await?.is_empty());
    Ok(())
}

/// The limit counts from the end of time that comes first, over all series.
pub async fn a_limit_keeps_the_first_of_the_order(store: &Store) -> Case {
    store
        .append(&[
            followers(10, 1),
            number(post("9"), Metric::Views, 20, 2),
            followers(30, 3),
            number(post("9"), Metric::Likes, 40, 4),
        ])
        .await?;

    assert_eq!(counts(&store.query(&all().limit(3)).await?), [1, 2, 3]);
    assert_eq!(
        counts(&store.query(&all().newest_first().limit(3)).await?),
        [4, 3, 2]
    );
    assert!(store.query(&all().limit(0)).await?.is_empty());
    Ok(())
}

/// The first years, the last ones, and a point about the future of its capture.
pub async fn far_times_and_early_captures_are_kept(store: &Store) -> Case {
    let year = |year: i64| at(0) + TimeDelta::days((year - 2026) * 365);
    let about = |about, captured| Snapshot {
        at: year(about),
        captured_at: year(captured),
        ..followers(0, 1)
    };
    let stored = [
        about(1, 2026),
        about(1969, 1),
        about(2026, 2020),
        about(9999, 2026),
    ];

    store.append(&stored).await?;

    assert_eq!(store.query(&all()).await?, stored);
    store.append(&[about(1, 2025), about(9999, 9998)]).await?;
    let found = store.query(&all()).await?;
    assert_eq!(found.first(), stored.first());
    assert_eq!(found.last(), Some(&about(9999, 9998)));
    Ok(())
}

/// One metric of one subject, in a range, with a limit: from the end that comes first.
pub async fn one_series_is_read_from_either_end(store: &Store) -> Case {
    let points: Vec<_> = (0..50)
        .flat_map(|second: i64| {
            [
                followers(second, second.unsigned_abs()),
                number(post("9"), Metric::Views, second, 1_000),
            ]
        })
        .collect();
    store.append(&points).await?;
    let series = all()
        .subject(Subject::Account)
        .metric(Metric::Followers)
        .between(at(10), at(40));

    assert_eq!(
        counts(&store.query(&series.clone().limit(3)).await?),
        [10, 11, 12]
    );
    let newest = store.query(&series.clone().newest_first().limit(3)).await?;
    assert_eq!(counts(&newest), [39, 38, 37]);
    assert_eq!(newest.first(), Some(&followers(39, 39)));
    assert_eq!(store.query(&series).await?.len(), 30);
    Ok(())
}

/// Each filter alone, and both together.
pub async fn subjects_and_metrics_are_filtered(store: &Store) -> Case {
    store
        .append(&[
            number(Subject::Account, Metric::Followers, 10, 1),
            number(Subject::Account, Metric::Views, 20, 2),
            number(post("9"), Metric::Views, 30, 3),
            number(post("9"), Metric::Likes, 40, 4),
            number(post("99"), Metric::Views, 50, 5),
        ])
        .await?;
    let answer = async |query: SnapshotQuery| -> Result<Vec<u64>, StoreError> {
        Ok(counts(&store.query(&query).await?))
    };

    assert_eq!(answer(all().subject(Subject::Account)).await?, [1, 2]);
    assert_eq!(answer(all().subject(post("9"))).await?, [3, 4]);
    assert_eq!(answer(all().metric(Metric::Views)).await?, [2, 3, 5]);
    assert_eq!(
        answer(all().subject(post("9")).metric(Metric::Views)).await?,
        [3]
    );
    assert!(answer(all().subject(post("0"))).await?.is_empty());
    Ok(())
}

/// The same point of two accounts is two points.
pub async fn accounts_do_not_mix(store: &Store) -> Case {
    let other = Snapshot {
        account: account("2"),
        ..followers(10, 2)
    };

    store.append(&[followers(10, 1), other.clone()]).await?;

    assert_eq!(counts(&store.query(&all()).await?), [1]);
    assert_eq!(
        store.query(&SnapshotQuery::account(account("2"))).await?,
        [other]
    );
    assert_eq!(store.count(&account("2"), Metric::Followers).await?, 1);
    Ok(())
}

/// A page at a time.
pub async fn accounts_are_listed_in_order(store: &Store) -> Case {
    let of = |id| Snapshot {
        account: account(id),
        ..followers(10, 1)
    };
    store.append(&[of("3"), of("1"), of("20"), of("2")]).await?;
    store.append(&[followers(20, 1)]).await?;

    let first = store.accounts(None, 3).await?;
    let rest = store.accounts(first.last(), 3).await?;

    assert_eq!(first, [account("1"), account("2"), account("20")]);
    assert_eq!(rest, [account("3")]);
    assert_eq!(store.accounts(rest.last(), 3).await?, []);
    assert_eq!(store.accounts(None, 0).await?, []);
    Ok(())
}

/// Neither one that was erased, nor one of which everything was pruned.
pub async fn an_account_without_observations_is_not_listed(store: &Store) -> Case {
    let other = Snapshot {
        account: account("2"),
        ..followers(10, 1)
    };
    assert_eq!(store.accounts(None, 9).await?, []);
    store.append(&[followers(10, 1), other]).await?;
    assert_eq!(store.accounts(None, 9).await?.len(), 2);

    store.erase_account(&account("1")).await?;
    assert_eq!(store.accounts(None, 9).await?, [account("2")]);
    store.prune(at(20)).await?;

    assert_eq!(store.accounts(None, 9).await?, []);
    Ok(())
}

/// By the instant a point is about, not by when it was captured or appended.
pub async fn the_latest_point_of_each_metric_is_by_its_instant(store: &Store) -> Case {
    let recaptured = Snapshot {
        captured_at: at(1000),
        ..followers(10, 1)
    };
    store
        .append(&[
            followers(30, 3),
            recaptured,
            followers(20, 2),
            number(Subject::Account, Metric::Views, 15, 4),
            number(post("9"), Metric::Views, 50, 5),
            number(post("9"), Metric::Views, 60, 6),
            number(post("10"), Metric::Views, 70, 7),
            number(post("11"), Metric::Views, 80, 8),
        ])
        .await?;

    let latest = store
        .latest(
            &account("1"),
            &[post("9"), post("10"), Subject::Account, post("9")],
        )
        .await?;

    assert_eq!(counts(&latest), [3, 4, 7, 6]);
    Ok(())
}

/// No subjects, a subject without points, another account's subject: nothing.
pub async fn the_latest_of_unknown_subjects_is_nothing(store: &Store) -> Case {
    store
        .append(&[number(post("9"), Metric::Views, 10, 1)])
        .await?;

    assert!(store.latest(&account("1"), &[]).await?.is_empty());
    assert!(store.latest(&account("1"), &[post("8")]).await?.is_empty());
    assert!(store.latest(&account("2"), &[post("9")]).await?.is_empty());
    Ok(())
}

/// Points of the account and of its posts count, each once.
pub async fn points_of_a_metric_are_counted(store: &Store) -> Case {
    let snapshots = [
        number(Subject::Account, Metric::Views, 10, 1),
        number(post("9"), Metric::Views, 10, 2),
        number(post("9"), Metric::Views, 20, 3),
        number(post("9"), Metric::Likes, 20, 4),
    ];
    store.append(&snapshots).await?;
    store.append(&snapshots).await?;

    assert_eq!(store.count(&account("1"), Metric::Views).await?, 3);
    assert_eq!(store.count(&account("1"), Metric::Likes).await?, 1);
    assert_eq!(store.count(&account("1"), Metric::Shares).await?, 0);
    assert_eq!(store.count(&account("2"), Metric::Views).await?, 0);
    Ok(())
}
