//! Changes by people and by other jobs.

use super::{
    Case, MINUTE, Store, assert_conflict, at, at_once, change, claim, job, leased, names, stored,
};
use crate::error::StoreError;
use crate::scheduler::JobId;

/// The newest version; a job that is not there has none.
pub async fn an_update_needs_the_current_version(store: &Store) -> Case {
    let first = store.enqueue(job("a", 10)).await?;

    let second = store
        .update(&first.id, first.version, change("edited", Some(at(20))))
        .await?;

    assert!(second.version > first.version);
    assert_eq!(second.state, "edited");
    assert_eq!(second.wake_at, Some(at(20)));
    assert_eq!(second.epoch, first.epoch);
    assert_eq!(stored(store, first.id).await?, second);
    assert_conflict(
        store
            .update(&first.id, first.version, change("late", None))
            .await,
    );
    assert_conflict(
        store
            .update(&JobId::random(), second.version, change("lost", None))
            .await,
    );
    assert_eq!(stored(store, first.id).await?, second);
    Ok(())
}

/// A person who read the job before it was claimed is told.
pub async fn an_edit_against_a_claim_loses(store: &Store) -> Case {
    let read = store.enqueue(job("a", 0)).await?;
    claim(store, 0).await?;

    assert_conflict(
        store
            .update(&read.id, read.version, change("edited", None))
            .await,
    );

    assert_eq!(stored(store, read.id).await?.state, "new");
    Ok(())
}

/// The holder meets `Conflict`, reads the job again, and goes on under the same lease.
pub async fn an_update_of_a_leased_job_meets_its_holder(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;

    let edited = store
        .update(
            &lease.job.id,
            lease.job.version,
            change("edited", Some(at(0))),
        )
        .await?;

    assert_eq!(edited.lease, lease.job.lease);
    assert_eq!(edited.epoch, lease.epoch);
    assert_conflict(store.checkpoint(&mut lease, change("blind", None)).await);
    assert_conflict(store.release(lease.clone(), change("blind", None)).await);
    assert_eq!(stored(store, edited.id).await?, edited);
    assert!(claim(store, 59).await?.is_empty());
    lease.job = edited;
    store
        .checkpoint(&mut lease, change("seen", Some(at(0))))
        .await?;
    store.release(lease, change("done", None)).await
}

/// The lease goes on; the edit still meets its holder at the next checkpoint.
pub async fn an_update_does_not_break_a_renewal(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    let id = lease.job.id;
    store
        .update(&id, lease.job.version, change("edited", Some(at(0))))
        .await?;

    store.renew(&mut lease, at(30), MINUTE).await?;

    assert_eq!(lease.until, at(90));
    let edited = stored(store, id).await?;
    assert_eq!(edited.state, "edited");
    assert_eq!(edited.lease.map(|lease| lease.until), Some(at(90)));
    assert_conflict(store.checkpoint(&mut lease, change("blind", None)).await);
    Ok(())
}

/// Of eight that edit one version at once, one succeeds.
pub async fn one_of_many_concurrent_updates_wins(store: &Store) -> Case {
    let mut current = store.enqueue(job("a", 10)).await?;
    for round in 0..20 {
        let (id, version) = (current.id, current.version);
        let outcomes = at_once(store, |store, number| async move {
            let edit = change(&format!("{round}-{number}"), Some(at(10)));
            store.update(&id, version, edit).await
        })
        .await;

        let mut winners = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(job) => winners.push(job),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        current = stored(store, id).await?;
        assert_eq!(winners, [current.clone()]);
    }
    Ok(())
}

/// Cancelling takes the wake-up away, and a new one brings the job back.
pub async fn an_update_can_end_and_revive_a_job(store: &Store) -> Case {
    let first = store.enqueue(job("a", 10)).await?;

    let ended = store
        .update(&first.id, first.version, change("cancelled", None))
        .await?;
    assert_eq!(store.next_due().await?, None);
    assert!(claim(store, 100).await?.is_empty());

    store
        .update(&first.id, ended.version, change("again", Some(at(30))))
        .await?;
    assert_eq!(store.next_due().await?, Some(at(30)));
    assert_eq!(names(&claim(store, 30).await?), ["a"]);
    Ok(())
}
