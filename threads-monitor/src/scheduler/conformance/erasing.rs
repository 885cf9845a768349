//! Removing an account.

use super::{
    Case, MINUTE, Store, account, assert_conflict, assert_lost, at, at_once, change, claim, event,
    job, leased, names, on_key, worker,
};
use crate::error::StoreError;
use crate::scheduler::{Change, EventCursor, Evidence, JobQuery, NewJob};

fn with_event(name: &str) -> Change {
    Change {
        events: vec![event(name)],
        ..change("x", Some(at(0)))
    }
}

/// Jobs, events and evidence of the account go, and nothing of another one.
pub async fn erasing_removes_one_account(store: &Store) -> Case {
    let mine = [
        store.enqueue(job("a", 1)).await?,
        store.enqueue(job("b", 2)).await?,
    ];
    let other = NewJob {
        account: account("11"),
        ..job("a", 3)
    };
    let other = store.enqueue(other).await?;
    for job in mine.iter().chain([&other]) {
        store.update(&job.id, job.version, with_event("e")).await?;
        let evidence = Evidence {
            at: at(0),
            worker: worker("w"),
            epoch: 0,
            data: "seen".into(),
        };
        store.append_evidence(&job.id, evidence).await?;
    }

    assert_eq!(store.erase_account(&account("1")).await?, 2);
    assert_eq!(store.erase_account(&account("1")).await?, 0);

    for job in mine {
        assert_eq!(store.get(&job.id).await?, None);
        assert!(store.evidence(&job.id).await?.is_empty());
    }
    let left = store.list(&JobQuery::default()).await?;
    assert_eq!(
        left.iter().map(|job| job.id).collect::<Vec<_>>(),
        [other.id]
    );
    let events = store.take_events(EventCursor::START, 100).await?;
    assert_eq!(
        events.iter().map(|event| event.job).collect::<Vec<_>>(),
        [other.id]
    );
    assert_eq!(store.evidence(&other.id).await?.len(), 1);
    Ok(())
}

/// Of one account, from before the instant, of jobs at their end.
pub async fn old_evidence_of_ended_jobs_is_removed(store: &Store) -> Case {
    let ended = store.enqueue(job("ended", 1)).await?;
    let open = store.enqueue(job("open", 2)).await?;
    let other = NewJob {
        account: account("2"),
        ..job("other", 3)
    };
    let other = store.enqueue(other).await?;
    for id in [ended.id, open.id, other.id] {
        for seconds in [9, 10] {
            let evidence = Evidence {
                at: at(seconds),
                worker: worker("w"),
                epoch: 0,
                data: seconds.into(),
            };
            store.append_evidence(&id, evidence).await?;
        }
    }
    for job in [&ended, &other] {
        store
            .update(&job.id, job.version, change("done", None))
            .await?;
    }

    assert_eq!(store.prune_evidence(&account("1"), at(10)).await?, 1);
    assert_eq!(store.prune_evidence(&account("1"), at(10)).await?, 0);

    let left = store.evidence(&ended.id).await?;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].at, at(10));
    assert_eq!(store.evidence(&open.id).await?.len(), 2);
    assert_eq!(store.evidence(&other.id).await?.len(), 2);
    Ok(())
}

/// Work in flight can write nothing any more, and its serial key is free.
pub async fn erasing_takes_the_lease_of_a_running_job(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    let id = lease.job.id;
    let other = NewJob {
        account: account("2"),
        ..on_key("a", job("b", 5))
    };
    store.enqueue(other).await?;

    store.erase_account(&account("1")).await?;

    assert_lost(store.checkpoint(&mut lease, with_event("ghost")).await, id);
    assert_lost(store.renew(&mut lease, at(10), MINUTE).await, id);
    assert_conflict(
        store
            .update(&id, lease.job.version, with_event("ghost"))
            .await,
    );
    assert_lost(store.release(lease, with_event("ghost")).await, id);
    assert_eq!(store.get(&id).await?, None);
    assert!(store.take_events(EventCursor::START, 10).await?.is_empty());
    assert_eq!(store.next_due().await?, Some(at(5)));
    assert_eq!(names(&claim(store, 10).await?), ["b"]);
    Ok(())
}

/// The same keys make new jobs.
pub async fn an_erased_account_can_begin_anew(store: &Store) -> Case {
    let first = store.enqueue(job("a", 10)).await?;
    store.erase_account(&account("1")).await?;
    let other_content = NewJob {
        request: "something else".into(),
        ..job("a", 20)
    };

    let second = store.enqueue(other_content).await?;

    assert_ne!(second.id, first.id);
    assert_eq!(store.list(&JobQuery::default()).await?, [second]);
    assert_eq!(store.next_due().await?, Some(at(20)));
    Ok(())
}

/// A reader's cursor and a sleeper's version mean nothing new.
pub async fn numbers_are_not_used_again_after_an_erasure(store: &Store) -> Case {
    let first = store.enqueue(job("a", 10)).await?;
    let changed = store
        .update(&first.id, first.version, with_event("first"))
        .await?;
    let seen = store.take_events(EventCursor::START, 10).await?;
    let cursor = seen.last().map_or(EventCursor::START, |event| event.cursor);
    store.erase_account(&account("1")).await?;

    let second = store.enqueue(job("a", 10)).await?;
    store
        .update(&second.id, second.version, with_event("second"))
        .await?;

    assert!(second.version > changed.version);
    let after = store.take_events(cursor, 10).await?;
    assert_eq!(
        after
            .iter()
            .map(|event| event.event.name.as_str())
            .collect::<Vec<_>>(),
        ["second"]
    );
    Ok(())
}

/// What is enqueued while the account is erased is there whole, or not at all: each job
/// that is listed can be claimed, and nothing else is waiting.
pub async fn an_enqueue_against_an_erasure_leaves_whole_jobs(store: &Store) -> Case {
    for round in 0..10 {
        let outcomes = at_once(store, |store, number| async move {
            if number % 4 == 0 {
                store.erase_account(&account("1")).await?;
                return Ok(());
            }
            // Each serial key is shared by two accounts.
            let key = format!("key-{}", number % 4);
            for user in ["1", "2"] {
                let name = format!("{round}-{number}");
                let new = NewJob {
                    account: account(user),
                    ..on_key(&key, job(&name, 0))
                };
                store.enqueue(new).await?;
            }
            Ok(())
        })
        .await;
        outcomes.into_iter().collect::<Result<(), StoreError>>()?;

        let listed = store.list(&JobQuery::default()).await?;
        let others = listed.iter().filter(|job| job.account == account("2"));
        assert_eq!(others.count(), 6);
        let mut claimed = 0;
        while let Some(due) = store.next_due().await? {
            assert_eq!(due, at(0));
            let leases = claim(store, 0).await?;
            assert!(!leases.is_empty(), "what is due cannot be claimed");
            claimed += leases.len();
            for lease in leases {
                store.release(lease, change("done", None)).await?;
            }
        }
        assert_eq!(claimed, listed.len(), "round {round}");
        for user in ["1", "2"] {
            store.erase_account(&account(user)).await?;
        }
        assert_eq!(store.next_due().await?, None);
    }
    Ok(())
}

/// No error, and nothing is left of it.
pub async fn evidence_against_an_erasure_is_kept_or_dropped(store: &Store) -> Case {
    for round in 0..10 {
        let job = store.enqueue(job(&format!("{round}"), 10)).await?;
        let id = job.id;
        let outcomes = at_once(store, |store, number| async move {
            if number == 4 {
                store.erase_account(&account("1")).await?;
                return Ok(());
            }
            let evidence = Evidence {
                at: at(0),
                worker: worker("w"),
                epoch: 0,
                data: "seen".into(),
            };
            store.append_evidence(&id, evidence).await
        })
        .await;

        outcomes.into_iter().collect::<Result<(), StoreError>>()?;
        assert_eq!(store.get(&id).await?, None);
        assert!(store.evidence(&id).await?.is_empty());
    }
    Ok(())
}
