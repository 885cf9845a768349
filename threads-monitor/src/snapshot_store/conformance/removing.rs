//! Pruning and erasing, and what survives that the store is opened again.

use super::{Case, Store, account, all, at, counts, followers, number, post};
use crate::snapshot_store::{
    Metric, PostReading, ProfileReading, Reading, Snapshot, SnapshotQuery, Subject,
};
use crate::zone::Zone;

/// Of all accounts; the instant itself stays.
pub async fn pruning_removes_numbers_before_an_instant(store: &Store) -> Case {
    let other = Snapshot {
        account: account("2"),
        ..followers(10, 9)
    };
    store
        .append(&[
            followers(10, 1),
            number(post("9"), Metric::Views, 15, 2),
            followers(20, 3),
            followers(30, 4),
            other,
        ])
        .await?;

    assert_eq!(store.prune(at(20)).await?, 3);
    assert_eq!(store.prune(at(20)).await?, 0);

    assert_eq!(counts(&store.query(&all()).await?), [3, 4]);
    assert_eq!(store.count(&account("2"), Metric::Followers).await?, 0);
    Ok(())
}

/// Profiles, posts and time zones do not grow old.
pub async fn pruning_keeps_what_accounts_and_posts_are(store: &Store) -> Case {
    let is = |subject, metric, reading| Snapshot {
        reading,
        ..number(subject, metric, 10, 0)
    };
    let kept = [
        is(
            Subject::Account,
            Metric::Profile,
            Reading::Profile(ProfileReading::default()),
        ),
        is(
            Subject::Account,
            Metric::TimeZone,
            Reading::TimeZone(Zone::UTC),
        ),
        is(
            post("9"),
            Metric::Post,
            Reading::Post(PostReading::default()),
        ),
    ];
    store.append(&kept).await?;
    store.append(&[followers(10, 1)]).await?;

    assert_eq!(store.prune(at(1000)).await?, 1);

    assert_eq!(store.query(&all()).await?, kept);
    Ok(())
}

/// Of each series, between each two bounds; what is outside of them stays, and so does
/// another account. Doing it again changes nothing.
pub async fn thinning_keeps_the_last_number_of_each_span(store: &Store) -> Case {
    let other = Snapshot {
        account: account("2"),
        ..followers(11, 9)
    };
    let likes = |seconds, count| number(post("9"), Metric::Likes, seconds, count);
    store
        .append(&[
            followers(9, 1),
            followers(10, 2),
            followers(19, 3),
            followers(20, 4),
            followers(28, 5),
            followers(29, 6),
            followers(30, 7),
            followers(31, 8),
            likes(10, 1),
            likes(12, 2),
            other.clone(),
        ])
        .await?;
    let bounds = [at(10), at(20), at(30)];

    assert_eq!(store.thin(&account("1"), at(0), &bounds).await?, 4);
    assert_eq!(store.thin(&account("1"), at(0), &bounds).await?, 0);
    assert_eq!(store.thin(&account("1"), at(0), &[]).await?, 0);
    assert_eq!(store.thin(&account("1"), at(0), &bounds[..1]).await?, 0);

    let left = SnapshotQuery::account(account("1")).metric(Metric::Followers);
    assert_eq!(counts(&store.query(&left).await?), [1, 3, 6, 7, 8]);
    let left = SnapshotQuery::account(account("1")).metric(Metric::Likes);
    assert_eq!(counts(&store.query(&left).await?), [2]);
    let left = store.query(&SnapshotQuery::account(account("2"))).await?;
    assert_eq!(left, [other]);
    // What was thinned out can be thinned out no further, and goes on.
    store.append(&[followers(32, 9)]).await?;
    assert_eq!(store.count(&account("1"), Metric::Followers).await?, 6);
    Ok(())
}

/// Numbers of every kind; the instant itself stays.
pub async fn thinning_removes_numbers_that_are_too_old(store: &Store) -> Case {
    store
        .append(&[
            followers(5, 1),
            number(Subject::Account, Metric::Views, 5, 2),
            number(post("9"), Metric::Views, 6, 3),
            followers(20, 4),
            followers(21, 5),
        ])
        .await?;

    let bounds = [at(0), at(10)];
    assert_eq!(store.thin(&account("1"), at(20), &bounds).await?, 3);

    assert_eq!(counts(&store.query(&all()).await?), [4, 5]);
    Ok(())
}

/// Profiles, posts and time zones, and numbers of which there is one a day.
pub async fn thinning_keeps_what_is_no_number_and_whole_days(store: &Store) -> Case {
    let is = |subject, metric, seconds, reading| Snapshot {
        reading,
        ..number(subject, metric, seconds, 0)
    };
    let profile = || Reading::Profile(ProfileReading::default());
    let mut kept = vec![
        is(Subject::Account, Metric::Profile, 10, profile()),
        is(Subject::Account, Metric::Profile, 11, profile()),
        is(
            post("9"),
            Metric::Post,
            12,
            Reading::Post(PostReading::default()),
        ),
        is(
            Subject::Account,
            Metric::TimeZone,
            13,
            Reading::TimeZone(Zone::UTC),
        ),
    ];
    store.append(&kept).await?;
    assert_eq!(
        store
            .thin(&account("1"), at(100), &[at(0), at(100)])
            .await?,
        0
    );
    let days = [
        number(Subject::Account, Metric::Views, 14, 1),
        number(Subject::Account, Metric::Views, 15, 2),
        number(Subject::Account, Metric::Clicks, 16, 3),
        number(Subject::Account, Metric::Clicks, 17, 4),
    ];
    store.append(&days).await?;
    kept.extend(days);

    assert_eq!(
        store.thin(&account("1"), at(0), &[at(0), at(100)]).await?,
        0
    );

    assert_eq!(store.query(&all()).await?, kept);
    Ok(())
}

/// Everything of the account goes, and nothing of another one.
pub async fn erasing_removes_one_account(store: &Store) -> Case {
    let profile = Snapshot {
        metric: Metric::Profile,
        reading: Reading::Profile(ProfileReading::default()),
        ..followers(10, 0)
    };
    let other = Snapshot {
        account: account("11"),
        ..followers(10, 9)
    };
    store
        .append(&[
            followers(10, 1),
            profile,
            number(post("9"), Metric::Views, 10, 2),
            other.clone(),
        ])
        .await?;

    assert_eq!(store.erase_account(&account("1")).await?, 3);
    assert_eq!(store.erase_account(&account("1")).await?, 0);

    assert!(store.query(&all()).await?.is_empty());
    assert!(
        store
            .latest(&account("1"), &[Subject::Account, post("9")])
            .await?
            .is_empty()
    );
    assert_eq!(store.count(&account("1"), Metric::Followers).await?, 0);
    assert_eq!(
        store.query(&SnapshotQuery::account(account("11"))).await?,
        [other]
    );
    Ok(())
}

/// After an erasure even an older capture counts as new.
pub async fn an_erased_account_can_begin_anew(store: &Store) -> Case {
    store.append(&[followers(10, 1)]).await?;
    store.erase_account(&account("1")).await?;

    store.append(&[followers(10, 2)]).await?;

    assert_eq!(counts(&store.query(&all()).await?), [2]);
    Ok(())
}

/// No error, no half: what is left is erased by the next erasure, and can be appended anew.
pub async fn an_append_against_an_erasure_is_kept_or_dropped(store: &Store) -> Case {
    for round in 0..10 {
        let tasks = (0..8_i64).map(|task| {
            let store = std::sync::Arc::clone(store);
            tokio::spawn(async move {
                if task % 4 == 0 {
                    return store.erase_account(&account("1")).await.map(|_| ());
                }
                let points = [
                    followers(task, 1),
                    number(post("9"), Metric::Views, task, 1),
                    number(post("10"), Metric::Likes, task, 1),
                ];
                store.append(&points).await
            })
        });
        for outcome in futures::future::join_all(tasks).await {
            match outcome {
                Ok(result) => result?,
                Err(error) => panic!("a task panicked: {error}"),
            }
        }

        let left = store.query(&all()).await?.len();
        assert_eq!(left % 3, 0, "an append was torn in round {round}");
        let erased = store.erase_account(&account("1")).await?;
        assert_eq!(usize::try_from(erased).ok(), Some(left));
        assert!(store.query(&all()).await?.is_empty());
    }
    store.append(&[followers(1, 1)]).await?;
    assert_eq!(counts(&store.query(&all()).await?), [1]);
    Ok(())
}

/// What was appended is there after the store was closed and opened again.
pub async fn snapshots_survive_reopening(open: impl AsyncFn() -> Store) -> Case {
    let recaptured = Snapshot {
        captured_at: at(1000),
        ..followers(10, 5)
    };
    let zone = Snapshot {
        metric: Metric::TimeZone,
        reading: Reading::TimeZone(Zone::META),
        ..followers(20, 0)
    };
    let store = open().await;
    store.append(&[followers(10, 1), zone.clone()]).await?;
    store.append(std::slice::from_ref(&recaptured)).await?;
    drop(store);

    for _ in 0..2 {
        let store = open().await;
        assert_eq!(
            store.query(&all()).await?,
            [recaptured.clone(), zone.clone()]
        );
    }
    Ok(())
}

/// Opening again brings nothing back that was pruned or erased.
pub async fn removed_snapshots_stay_removed_after_reopening(open: impl AsyncFn() -> Store) -> Case {
    let other = Snapshot {
        account: account("2"),
        ..followers(30, 9)
    };
    let store = open().await;
    store
        .append(&[followers(10, 1), followers(20, 2), other.clone()])
        .await?;
    store.prune(at(20)).await?;
    drop(store);
    let store = open().await;
    assert_eq!(counts(&store.query(&all()).await?), [2]);
    store.erase_account(&account("1")).await?;
    drop(store);

    let store = open().await;

    assert!(store.query(&all()).await?.is_empty());
    assert_eq!(
        store.query(&SnapshotQuery::account(account("2"))).await?,
        [other]
    );
    Ok(())
}
