//! What stays when points meet.

use std::sync::Arc;

use super::{Case, Store, account, all, at, counts, followers, number, post};
use crate::error::StoreError;
use crate::snapshot_store::{Metric, Snapshot, Source};

/// A repetition after a lost answer does no harm.
pub async fn appending_twice_stores_once(store: &Store) -> Case {
    let snapshots = [followers(10, 1), followers(20, 2)];

    store.append(&snapshots).await?;
    store.append(&snapshots).await?;

    assert_eq!(store.query(&all()).await?, snapshots);
    assert_eq!(store.count(&account("1"), Metric::Followers).await?, 2);
    Ok(())
}

/// A day that was still growing is brought up to date; an older capture comes too late.
pub async fn the_later_capture_wins(store: &Store) -> Case {
    let captured = |seconds, count, source| Snapshot {
        captured_at: at(seconds),
        source,
        ..followers(10, count)
    };

    store.append(&[captured(20, 1, Source::Insights)]).await?;
    store.append(&[captured(30, 2, Source::Api)]).await?;
    store.append(&[captured(25, 3, Source::Insights)]).await?;

    assert_eq!(store.query(&all()).await?, [captured(30, 2, Source::Api)]);
    Ok(())
}

/// Two captures at one instant: the first to arrive stays.
pub async fn of_two_captures_at_one_instant_the_first_stays(store: &Store) -> Case {
    store.append(&[followers(10, 1)]).await?;
    store.append(&[followers(10, 2)]).await?;

    assert_eq!(counts(&store.query(&all()).await?), [1]);
    Ok(())
}

/// The rules hold within one append as between two.
pub async fn a_point_named_twice_in_one_append_is_settled(store: &Store) -> Case {
    let captured = |seconds, count| Snapshot {
        captured_at: at(seconds),
        ..followers(10, count)
    };

    store
        .append(&[
            captured(20, 1),
            captured(40, 2),
            captured(40, 3),
            captured(30, 4),
        ])
        .await?;

    assert_eq!(store.query(&all()).await?, [captured(40, 2)]);
    Ok(())
}

/// Ten thousand points in one append.
pub async fn a_large_append_is_kept_whole(store: &Store) -> Case {
    let snapshots: Vec<_> = (0..10_000)
        .map(|point| {
            let subject = post(&(point % 100).to_string());
            number(subject, Metric::Views, point / 100, point.unsigned_abs())
        })
        .collect();

    store.append(&snapshots).await?;

    assert_eq!(store.count(&account("1"), Metric::Views).await?, 10_000);
    let mut found = counts(&store.query(&all()).await?);
    found.sort_unstable();
    assert!(found.into_iter().eq(0..10_000));
    Ok(())
}

/// Eight writers at once, none of them loses a point.
pub async fn concurrent_appends_all_arrive(store: &Store) -> Case {
    let writers = (0..8).map(|writer: i64| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for point in 0..25 {
                let metrics = [Metric::Views, Metric::Likes];
                let subject = post(&writer.to_string());
                store
                    .append(&metrics.map(|metric| number(subject.clone(), metric, point, 1)))
                    .await?;
            }
            Ok::<_, StoreError>(())
        })
    });

    for outcome in futures::future::join_all(writers).await {
        match outcome {
            Ok(result) => result?,
            Err(error) => panic!("a writer panicked: {error}"),
        }
    }

    assert_eq!(store.count(&account("1"), Metric::Views).await?, 200);
    assert_eq!(store.query(&all()).await?.len(), 400);
    Ok(())
}
