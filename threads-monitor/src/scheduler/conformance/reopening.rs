//! What a store that survives its process has to survive with.

use serde_json::json;

use super::{
    Case, MINUTE, Store, account, assert_conflict, at, change, claim, event, job, leased, names,
    on_key, stored, worker,
};
use crate::scheduler::{Change, EventCursor, Evidence, JobQuery, NewJob};

fn with_event(name: &str) -> Change {
    Change {
        events: vec![event(name)],
        ..change("x", Some(at(0)))
    }
}

/// Leased jobs stay leased, to the same worker, and the lease still works.
pub async fn leases_survive_reopening(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    store.enqueue(on_key("one", job("a", 0))).await?;
    let leases = claim(&store, 0).await?;
    store.enqueue(on_key("one", job("b", 1))).await?;
    drop(store);

    let store = open().await;

    let [lease] = leases.as_slice() else {
        panic!("claimed {} jobs", leases.len());
    };
    assert_eq!(stored(&store, lease.job.id).await?, lease.job);
    assert!(claim(&store, 59).await?.is_empty());
    assert_eq!(store.next_due().await?, Some(at(60)));
    let mut lease = lease.clone();
    store
        .checkpoint(&mut lease, change("after", Some(at(0))))
        .await?;
    let id = lease.job.id;
    assert_eq!(names(&claim(&store, 60).await?), ["a"]);
    super::assert_lost(store.release(lease, change("stale", None)).await, id);
    Ok(())
}

/// The wake-up stays what it was, also when the job is enqueued again at the start.
pub async fn a_restart_neither_hastens_nor_postpones_a_job(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    let lease = leased(&store, "recurring").await?;
    let id = lease.job.id;
    store.release(lease, change("ran", Some(at(3600)))).await?;
    drop(store);

    let store = open().await;
    let again = store.enqueue(job("recurring", 100)).await?;

    assert_eq!((again.id, again.wake_at), (id, Some(at(3600))));
    assert_eq!(again.state, "ran");
    assert!(claim(&store, 3599).await?.is_empty());
    assert_eq!(names(&claim(&store, 3600).await?), ["recurring"]);
    Ok(())
}

/// A repetition after a restart finds the row, and other content still conflicts.
pub async fn idempotency_keys_survive_reopening(open: impl AsyncFn() -> Store) -> Case {
    let new = NewJob {
        request: super::awkward_json(),
        ..job("a", 10)
    };
    let store = open().await;
    let first = store.enqueue(new.clone()).await?;
    drop(store);

    let store = open().await;

    assert_eq!(store.enqueue(new.clone()).await?, first);
    let other = NewJob {
        request: json!(null),
        ..new
    };
    assert_conflict(store.enqueue(other).await);
    Ok(())
}

/// In the same order, with the same cursors.
pub async fn events_and_evidence_survive_reopening(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    let job = store.enqueue(job("a", 10)).await?;
    let job = store
        .update(&job.id, job.version, with_event("first"))
        .await?;
    store
        .update(&job.id, job.version, with_event("second"))
        .await?;
    for what in ["one", "two"] {
        let evidence = Evidence {
            at: at(7),
            worker: worker("w"),
            epoch: 3,
            data: json!(what),
        };
        store.append_evidence(&job.id, evidence).await?;
    }
    let events = store.take_events(EventCursor::START, 10).await?;
    let evidence = store.evidence(&job.id).await?;
    drop(store);

    let store = open().await;

    assert_eq!(store.take_events(EventCursor::START, 10).await?, events);
    assert_eq!(store.evidence(&job.id).await?, evidence);
    assert_eq!((events.len(), evidence.len()), (2, 2));
    Ok(())
}

/// Opening again brings nothing back.
pub async fn erased_accounts_stay_erased_after_reopening(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    let lease = leased(&store, "a").await?;
    let other = NewJob {
        account: account("2"),
        ..job("b", 5)
    };
    let other = store.enqueue(other).await?;
    store.release(lease, with_event("gone")).await?;
    store.erase_account(&account("1")).await?;
    drop(store);

    let store = open().await;

    assert_eq!(store.list(&JobQuery::default()).await?, [other]);
    assert!(store.take_events(EventCursor::START, 10).await?.is_empty());
    assert_eq!(store.next_due().await?, Some(at(5)));
    Ok(())
}

/// Versions and cursors from before are not given again, even if their rows are gone.
pub async fn numbers_go_on_after_reopening(open: impl AsyncFn() -> Store) -> Case {
    let store = open().await;
    let first = store.enqueue(job("a", 10)).await?;
    let first = store
        .update(&first.id, first.version, with_event("first"))
        .await?;
    let seen = store.take_events(EventCursor::START, 10).await?;
    store.erase_account(&account("1")).await?;
    drop(store);

    let store = open().await;
    let second = store.enqueue(job("a", 10)).await?;
    store
        .update(&second.id, second.version, with_event("second"))
        .await?;
    let events = store.take_events(EventCursor::START, 10).await?;

    assert!(second.version > first.version);
    assert!(events.first().map(|event| event.cursor) > seen.last().map(|event| event.cursor));
    assert_eq!(events.len(), 1);
    let lease = store
        .claim_job(&second.id, at(0), &worker("w"), MINUTE)
        .await?;
    assert!(lease.is_some());
    Ok(())
}
