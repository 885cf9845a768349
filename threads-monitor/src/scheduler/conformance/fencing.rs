//! Writes under a lease.

use super::{
    Case, MINUTE, Store, assert_lost, at, change, claim, event, leased, names, stored, worker,
};
use crate::scheduler::{Change, EventCursor, Lease};

/// The change is in the store and in the lease; the job stays leased.
pub async fn a_checkpoint_changes_the_job_and_keeps_the_lease(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    let before = lease.clone();

    store
        .checkpoint(&mut lease, change("half", Some(at(7))))
        .await?;

    assert_eq!(lease.job.state, "half");
    assert_eq!(lease.job.wake_at, Some(at(7)));
    assert!(lease.job.version > before.job.version);
    assert_eq!((lease.epoch, lease.until), (before.epoch, before.until));
    assert_eq!(lease.job.lease, before.job.lease);
    assert_eq!(stored(store, lease.job.id).await?, lease.job);
    assert!(claim(store, 59).await?.is_empty());
    store.checkpoint(&mut lease, change("more", None)).await
}

/// The job waits for its next wake-up, and nobody has it.
pub async fn a_release_changes_the_job_and_frees_it(store: &Store) -> Case {
    let lease = leased(store, "a").await?;
    let before = lease.job.clone();

    store.release(lease, change("again", Some(at(5)))).await?;

    let after = stored(store, before.id).await?;
    assert_eq!(after.state, "again");
    assert_eq!(after.wake_at, Some(at(5)));
    assert_eq!(after.lease, None);
    assert_eq!(after.epoch, before.epoch);
    assert!(after.version > before.version);
    assert!(claim(store, 4).await?.is_empty());
    assert_eq!(names(&claim(store, 5).await?), ["a"]);
    Ok(())
}

/// Of many releases at one time each is a step of its own: a lease that was given back
/// twice is lost once, one that was lost before holds up nobody, and events are in order.
pub async fn releases_at_one_time_are_told_apart(store: &Store) -> Case {
    let mut leases = Vec::new();
    for name in ["a", "b", "c", "d"] {
        leases.push(leased(store, name).await?);
    }
    let twice = leases[0].clone();
    let mut gone = leases[1].clone();
    gone.epoch += 1;
    let all = [&leases[0], &twice, &gone, &leases[2], &leases[3]];

    let outcomes = futures::future::join_all(all.map(|lease| {
        let mut done = change(&lease.job.serial_key, Some(at(90)));
        done.events = vec![event("first"), event("second")];
        store.release(lease.clone(), done)
    }))
    .await;

    let lost: Vec<_> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(lost[2..], [true, false, false]);
    assert_ne!(lost[0], lost[1]);
    assert_eq!(stored(store, gone.job.id).await?.lease, gone.job.lease);
    let events = store.take_events(EventCursor::START, 99).await?;
    let names: Vec<_> = events
        .iter()
        .map(|event| event.event.name.as_str())
        .collect();
    assert_eq!(events.len(), 6);
    for pair in events.chunks(2) {
        assert_eq!(pair[0].job, pair[1].job);
    }
    assert_eq!(names, ["first", "second"].repeat(3));
    assert_eq!(super::names(&claim(store, 90).await?).len(), 4);
    Ok(())
}

/// Once another worker has, or had, the job, the first one can write nothing.
pub async fn a_stale_lease_is_lost(store: &Store) -> Case {
    let mut stale = leased(store, "a").await?;
    let id = stale.job.id;
    let newer = claim(store, 60).await?;
    assert_eq!(names(&newer), ["a"]);

    assert_all_lost(store, &mut stale).await?;
    for lease in newer {
        store.release(lease, change("x", Some(at(0)))).await?;
    }
    // Its epoch is not the newest one, though nobody has the job now.
    assert_all_lost(store, &mut stale).await?;

    assert_eq!(stored(store, id).await?.state, "x");
    Ok(())
}

async fn assert_all_lost(store: &Store, lease: &mut Lease) -> Case {
    let id = lease.job.id;
    let before = lease.clone();

    assert_lost(store.checkpoint(lease, change("stale", None)).await, id);
    assert_lost(store.renew(lease, at(60), MINUTE).await, id);
    assert_lost(
        store.release(lease.clone(), change("stale", None)).await,
        id,
    );

    assert_eq!(*lease, before, "a refused write changed the lease");
    Ok(())
}

/// Not the job, not its version, and no event.
pub async fn a_refused_write_changes_nothing(store: &Store) -> Case {
    let mut stale = leased(store, "a").await?;
    claim(store, 60).await?;
    let before = stored(store, stale.job.id).await?;
    let loud = Change {
        events: vec![event("stale")],
        ..change("stale", None)
    };

    assert_lost(store.checkpoint(&mut stale, loud.clone()).await, before.id);
    super::assert_conflict(
        store
            .update(&before.id, stale.job.version, loud.clone())
            .await,
    );
    assert_lost(store.release(stale, loud).await, before.id);

    assert_eq!(stored(store, before.id).await?, before);
    assert!(store.take_events(EventCursor::START, 10).await?.is_empty());
    Ok(())
}

/// A slow worker may finish if nobody else has begun.
pub async fn a_lease_that_ran_out_still_counts_until_the_next_one(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    let id = lease.job.id;

    store
        .checkpoint(&mut lease, change("late", Some(at(0))))
        .await?;
    store.renew(&mut lease, at(1000), MINUTE).await?;
    assert!(claim(store, 1059).await?.is_empty());
    store.release(lease, change("done", None)).await?;

    assert_eq!(stored(store, id).await?.state, "done");
    Ok(())
}

/// What was given back is gone, even if nobody else took it.
pub async fn a_released_lease_is_lost(store: &Store) -> Case {
    let lease = leased(store, "a").await?;
    let mut kept = lease.clone();
    store.release(lease, change("x", Some(at(0)))).await?;

    assert_all_lost(store, &mut kept).await?;

    assert_eq!(stored(store, kept.job.id).await?.state, "x");
    Ok(())
}

/// Until the new end, in the store and in the lease; the epoch stays.
pub async fn a_renewed_lease_lasts_longer(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;

    store.renew(&mut lease, at(50), MINUTE).await?;

    assert_eq!((lease.until, lease.epoch), (at(110), 1));
    let job = stored(store, lease.job.id).await?;
    assert_eq!(job, lease.job);
    assert_eq!(job.lease.as_ref().map(|lease| lease.until), Some(at(110)));
    assert_eq!(job.lease.map(|lease| lease.worker), Some(worker("w")));
    assert_eq!(store.next_due().await?, Some(at(110)));
    assert!(claim(store, 109).await?.is_empty());
    assert_eq!(names(&claim(store, 110).await?), ["a"]);
    Ok(())
}

/// So an edit that was begun before a renewal still goes through.
pub async fn renewing_leaves_the_version_alone(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    let version = lease.job.version;

    store.renew(&mut lease, at(50), MINUTE).await?;

    assert_eq!(stored(store, lease.job.id).await?.version, version);
    store
        .update(&lease.job.id, version, change("edited", None))
        .await?;
    Ok(())
}
