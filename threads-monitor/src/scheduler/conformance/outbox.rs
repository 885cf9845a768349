//! Events and evidence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    Case, Store, account, assert_conflict, assert_lost, at, at_once, change, claim, event, job,
    leased, worker,
};
use crate::error::StoreError;
use crate::scheduler::{Change, Event, EventCursor, Evidence, JobId};

fn with_events(state: &str, names: &[&str]) -> Change {
    Change {
        events: names.iter().map(|name| event(name)).collect(),
        ..change(state, Some(at(0)))
    }
}

fn names_of(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event.event.name.as_str())
        .collect()
}

fn evidence(epoch: u64, what: &str) -> Evidence {
    Evidence {
        at: at(7),
        worker: worker("w"),
        epoch,
        data: what.into(),
    }
}

/// Of checkpoints, releases and updates, in commit order, with rising cursors.
pub async fn events_are_those_of_committed_changes(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    let id = lease.job.id;
    let mut stale = lease.clone();

    store
        .checkpoint(&mut lease, with_events("1", &["first", "second"]))
        .await?;
    assert_conflict(
        store
            .checkpoint(&mut stale, with_events("x", &["refused"]))
            .await,
    );
    let version = lease.job.version;
    store
        .update(&id, version, with_events("2", &["third"]))
        .await?;
    assert_conflict(
        store
            .update(&id, version, with_events("x", &["refused"]))
            .await,
    );
    lease.job = super::stored(store, id).await?;
    let spent = lease.clone();
    store.release(lease, with_events("3", &["fourth"])).await?;
    assert_lost(
        store.release(spent, with_events("x", &["refused"])).await,
        id,
    );
    claim(store, 0).await?;

    let events = store.take_events(EventCursor::START, 100).await?;
    assert_eq!(names_of(&events), ["first", "second", "third", "fourth"]);
    assert!(events.iter().all(|event| event.job == id));
    assert!(events.iter().all(|event| event.account == account("1")));
    assert!(
        events
            .iter()
            .zip(events.iter().skip(1))
            .all(|(one, next)| EventCursor::START < one.cursor && one.cursor < next.cursor)
    );
    assert_eq!(
        events.first().map(|event| event.event.clone()),
        Some(event("first"))
    );
    Ok(())
}

/// After a cursor, oldest first, again and again until the cursor moves on.
pub async fn events_are_read_a_page_at_a_time(store: &Store) -> Case {
    let job = store.enqueue(job("a", 0)).await?;
    store
        .update(
            &job.id,
            job.version,
            with_events("1", &["a", "b", "c", "d", "e"]),
        )
        .await?;

    let first = store.take_events(EventCursor::START, 2).await?;
    let again = store.take_events(EventCursor::START, 2).await?;
    let cursor = first
        .last()
        .map_or(EventCursor::START, |event| event.cursor);
    let rest = store.take_events(cursor, 100).await?;
    let end = rest.last().map_or(EventCursor::START, |event| event.cursor);

    assert_eq!(names_of(&first), ["a", "b"]);
    assert_eq!(first, again);
    assert_eq!(names_of(&rest), ["c", "d", "e"]);
    assert!(store.take_events(end, 100).await?.is_empty());
    assert!(store.take_events(EventCursor::START, 0).await?.is_empty());
    Ok(())
}

/// Each once, under its own cursor, and those of one job in its order.
pub async fn events_of_concurrent_writers_are_all_kept(store: &Store) -> Case {
    let outcomes = at_once(store, |store, number| async move {
        let mut job = store.enqueue(job(&number.to_string(), 10)).await?;
        for step in 0..20 {
            let name = step.to_string();
            job = store
                .update(&job.id, job.version, with_events("x", &[&name]))
                .await?;
        }
        Ok(job.id)
    })
    .await;

    let events = store.take_events(EventCursor::START, usize::MAX).await?;

    assert_eq!(events.len(), 160);
    assert!(
        events
            .iter()
            .zip(events.iter().skip(1))
            .all(|(one, next)| one.cursor < next.cursor)
    );
    for outcome in outcomes {
        let id = outcome?;
        let of_job: Vec<_> = events
            .iter()
            .filter(|event| event.job == id)
            .cloned()
            .collect();
        let expected: Vec<_> = (0..20).map(|step| step.to_string()).collect();
        assert_eq!(names_of(&of_job), expected);
    }
    Ok::<_, StoreError>(())
}

/// While eight writers write, a reader that goes on from its last cursor sees every event
/// once, and those of one job in order.
pub async fn a_reader_that_follows_misses_no_event(store: &Store) -> Case {
    let is_written = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, is_written) = (Arc::clone(store), Arc::clone(&is_written));
        async move {
            let mut seen = Vec::new();
            let mut cursor = EventCursor::START;
            loop {
                // Looked at first: what is written is there for the reading that follows.
                let is_last = is_written.load(Ordering::Acquire);
                let events = store.take_events(cursor, 7).await?;
                if events.is_empty() && is_last {
                    return Ok::<_, StoreError>(seen);
                }
                cursor = events.last().map_or(cursor, |event| event.cursor);
                seen.extend(events);
                tokio::task::yield_now().await;
            }
        }
    });
    let outcomes = at_once(store, |store, number| async move {
        let mut job = store.enqueue(job(&number.to_string(), 10)).await?;
        for step in 0..10 {
            let names = [(2 * step).to_string(), (2 * step + 1).to_string()];
            let change = with_events("x", &[&names[0], &names[1]]);
            job = store.update(&job.id, job.version, change).await?;
        }
        Ok(job.id)
    })
    .await;
    is_written.store(true, Ordering::Release);

    let seen = match reader.await {
        Ok(seen) => seen?,
        Err(error) => panic!("the reader panicked: {error}"),
    };
    assert_eq!(seen.len(), 8 * 20);
    let expected: Vec<_> = (0..20).map(|step| step.to_string()).collect();
    for outcome in outcomes {
        let id = outcome?;
        let of_job: Vec<_> = seen
            .iter()
            .filter(|event| event.job == id)
            .cloned()
            .collect();
        assert_eq!(names_of(&of_job), expected);
    }
    assert_eq!(
        store.take_events(EventCursor::START, usize::MAX).await?,
        seen
    );
    Ok(())
}

/// From a worker that lost its lease; in the order it came, and without a new version.
pub async fn evidence_is_taken_without_a_lease(store: &Store) -> Case {
    let stale = leased(store, "a").await?;
    let id = stale.job.id;
    claim(store, 60).await?;
    let other = store.enqueue(job("b", 0)).await?.id;
    let before = super::stored(store, id).await?;

    store
        .append_evidence(&id, evidence(1, "it was sent"))
        .await?;
    store.append_evidence(&other, evidence(0, "of b")).await?;
    store
        .append_evidence(&id, evidence(1, "it was sent"))
        .await?;
    store
        .append_evidence(&id, evidence(2, "it is live"))
        .await?;

    assert_eq!(
        store.evidence(&id).await?,
        [
            evidence(1, "it was sent"),
            evidence(1, "it was sent"),
            evidence(2, "it is live"),
        ]
    );
    assert_eq!(store.evidence(&other).await?, [evidence(0, "of b")]);
    assert_eq!(super::stored(store, id).await?, before);
    Ok(())
}

/// Erased means erased; a late report is no error.
pub async fn evidence_about_a_job_that_is_gone_is_dropped(store: &Store) -> Case {
    let lease = leased(store, "a").await?;
    let id = lease.job.id;
    store.append_evidence(&id, evidence(1, "before")).await?;
    store.erase_account(&account("1")).await?;

    store.append_evidence(&id, evidence(1, "after")).await?;
    store
        .append_evidence(&JobId::random(), evidence(0, "never"))
        .await?;

    assert!(store.evidence(&id).await?.is_empty());
    Ok(())
}
