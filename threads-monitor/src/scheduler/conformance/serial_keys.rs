//! Jobs that must not run at one time.

use super::{
    Case, MINUTE, Store, assert_lost, at, at_once, change, claim, job, names, on_key, stored,
    worker,
};
use crate::error::StoreError;

/// Not in one claim, not in two, and not by name.
pub async fn a_serial_key_is_never_leased_twice(store: &Store) -> Case {
    for (name, due) in [("a", 1), ("b", 2), ("c", 3)] {
        store.enqueue(on_key("one", job(name, due))).await?;
    }
    let other = store.enqueue(on_key("two", job("d", 4))).await?;
    let waiting = store.enqueue(on_key("one", job("e", 5))).await?;

    assert_eq!(names(&claim(store, 10).await?), ["a", "d"]);
    assert!(claim(store, 69).await?.is_empty());
    for id in [waiting.id, other.id] {
        let lease = store.claim_job(&id, at(69), &worker("w"), MINUTE).await?;
        assert_eq!(lease, None);
    }
    Ok(())
}

/// After a release at once, otherwise when the lease ends.
pub async fn a_serial_key_is_free_again_after_its_lease(store: &Store) -> Case {
    store.enqueue(on_key("one", job("a", 1))).await?;
    let second = store.enqueue(on_key("one", job("b", 2))).await?;
    let leases = claim(store, 10).await?;
    assert_eq!(names(&leases), ["a"]);
    assert_eq!(store.next_due().await?, Some(at(70)));

    for lease in leases {
        store.release(lease, change("done", None)).await?;
    }

    assert_eq!(store.next_due().await?, Some(at(2)));
    let lease = store
        .claim_job(&second.id, at(10), &worker("w"), MINUTE)
        .await?;
    assert_eq!(lease.map(|lease| lease.epoch), Some(1));
    Ok(())
}

/// When a lease ran out, the earliest job of the key is next, leased before or not.
pub async fn a_serial_key_passes_over_to_the_next_earliest(store: &Store) -> Case {
    store.enqueue(on_key("one", job("late", 5))).await?;
    assert_eq!(names(&claim(store, 10).await?), ["late"]);
    store.enqueue(on_key("one", job("early", 1))).await?;

    assert!(claim(store, 69).await?.is_empty());
    assert_eq!(names(&claim(store, 70).await?), ["early"]);
    // The first lease ran out, the second one did not.
    assert!(claim(store, 129).await?.is_empty());
    Ok(())
}

/// A sleeper may not take the key back while another job runs; it may still report.
pub async fn a_lease_is_not_renewed_once_its_serial_key_is_taken(store: &Store) -> Case {
    let first = store.enqueue(on_key("one", job("a", 0))).await?;
    let lease = store
        .claim_job(&first.id, at(0), &worker("w"), MINUTE)
        .await?;
    let Some(mut sleeper) = lease else {
        panic!("a free job could not be claimed");
    };
    let second = store.enqueue(on_key("one", job("b", 5))).await?;
    let taken = store
        .claim_job(&second.id, at(60), &worker("other"), MINUTE)
        .await?;
    assert!(taken.is_some());

    assert_lost(store.renew(&mut sleeper, at(61), MINUTE).await, first.id);

    store
        .checkpoint(&mut sleeper, change("late", Some(at(0))))
        .await?;
    assert_eq!(stored(store, first.id).await?.state, "late");
    assert!(claim(store, 119).await?.is_empty());
    Ok(())
}

/// Eight workers, three keys: at no time two leases on one key.
pub async fn concurrent_claims_respect_serial_keys(store: &Store) -> Case {
    for number in 0..60 {
        let key = format!("key-{}", number % 3);
        store
            .enqueue(on_key(&key, job(&number.to_string(), number)))
            .await?;
    }

    for _ in 0..20 {
        let outcomes = at_once(store, |store, number| async move {
            store
                .claim(at(100), &worker(&number.to_string()), MINUTE, 5)
                .await
        })
        .await;

        let mut leases = Vec::new();
        for outcome in outcomes {
            leases.extend(outcome?);
        }
        let mut keys: Vec<_> = leases
            .iter()
            .map(|lease| lease.job.serial_key.as_str())
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, ["key-0", "key-1", "key-2"]);
        for lease in leases {
            store.release(lease, change("done", None)).await?;
        }
    }

    assert_eq!(store.next_due().await?, None);
    Ok::<_, StoreError>(())
}

/// Eight workers enqueue, claim, write and release on one key at once: every job is run
/// once, and no two at one time.
pub async fn workers_of_one_serial_key_take_turns(store: &Store) -> Case {
    const JOBS: usize = 10;
    let outcomes = at_once(store, |store, number| async move {
        let me = worker(&number.to_string());
        for turn in 0..JOBS {
            let name = format!("{number}-{turn}");
            store.enqueue(on_key("one", job(&name, 0))).await?;
        }
        let mut ran = Vec::new();
        // Bounded, so that a store in which nobody gets on fails instead of hanging.
        for _ in 0..2_000 {
            if store.next_due().await?.is_none() {
                break;
            }
            let leases = store.claim(at(0), &me, MINUTE, 5).await?;
            assert!(leases.len() <= 1, "two jobs of one key were claimed");
            for mut lease in leases {
                store
                    .checkpoint(&mut lease, change("running", Some(at(0))))
                    .await?;
                assert!(store.claim(at(0), &me, MINUTE, 5).await?.is_empty());
                ran.push(lease.job.id);
                store.release(lease, change("done", None)).await?;
            }
            tokio::task::yield_now().await;
        }
        Ok(ran)
    })
    .await;

    let mut ran = Vec::new();
    for outcome in outcomes {
        ran.extend(outcome?);
    }
    assert_eq!(ran.len(), 8 * JOBS);
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(ran.len(), 8 * JOBS, "a job ran twice");
    assert_eq!(store.next_due().await?, None);
    Ok::<_, StoreError>(())
}
