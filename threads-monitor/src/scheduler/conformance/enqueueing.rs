//! Enqueueing, reading and listing.

use serde_json::json;

use super::{
    Case, MINUTE, Store, account, assert_conflict, at, at_once, awkward_json, change, claim, job,
    on_key, stored, worker,
};
use crate::error::StoreError;
use crate::scheduler::{
    Change, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, NewJob,
};

/// Nothing is there yet: empty answers, no errors.
pub async fn an_empty_scheduler_answers_with_nothing(store: &Store) -> Case {
    assert_eq!(store.get(&JobId::random()).await?, None);
    assert!(claim(store, 0).await?.is_empty());
    assert_eq!(store.next_due().await?, None);
    assert!(store.list(&JobQuery::default()).await?.is_empty());
    assert!(store.take_events(EventCursor::START, 10).await?.is_empty());
    assert!(store.evidence(&JobId::random()).await?.is_empty());
    assert_eq!(store.erase_account(&account("1")).await?, 0);
    Ok(())
}

/// Every field, in the answer and when it is read.
pub async fn an_enqueued_job_is_kept_as_it_was_given(store: &Store) -> Case {
    let new = NewJob {
        kind: JobKind::PublishPost,
        serial_key: "publish:1".to_owned(),
        ..job("a", 5)
    };

    let answer = store.enqueue(new.clone()).await?;

    let expected = JobRecord {
        id: new.id,
        account: new.account,
        kind: new.kind,
        serial_key: new.serial_key,
        idempotency_key: new.idempotency_key,
        request: new.request,
        state: new.state,
        wake_at: Some(new.wake_at),
        version: answer.version,
        epoch: 0,
        lease: None,
        created_at: new.created_at,
    };
    assert_eq!(answer, expected);
    assert_eq!(stored(store, new.id).await?, expected);
    Ok(())
}

/// One key is one row, however often and under whatever id it is enqueued.
pub async fn a_repeated_enqueue_gives_the_same_job(store: &Store) -> Case {
    let first = store.enqueue(job("a", 5)).await?;

    let second = store.enqueue(job("a", 5)).await?;

    assert_eq!(second, first);
    assert_eq!(store.list(&JobQuery::default()).await?, [first]);
    Ok(())
}

/// What a repetition brings as state and wake-up does not matter any more.
pub async fn a_repeated_enqueue_after_progress_changes_nothing(store: &Store) -> Case {
    let first = store.enqueue(job("a", 5)).await?;
    let done = store
        .update(&first.id, first.version, change("done", None))
        .await?;
    let repetition = NewJob {
        state: json!("other"),
        created_at: at(77),
        ..job("a", 99)
    };

    assert_eq!(store.enqueue(repetition).await?, done);

    assert_eq!(stored(store, first.id).await?, done);
    assert!(claim(store, 1000).await?.is_empty());
    Ok(())
}

/// Another request, kind or serial key is another job, and not what was asked for.
pub async fn another_content_under_the_same_key_conflicts(store: &Store) -> Case {
    let first = store.enqueue(job("a", 5)).await?;
    let request = NewJob {
        request: json!({ "name": "b" }),
        ..job("a", 5)
    };
    let kind = NewJob {
        kind: JobKind::CollectPosts,
        ..job("a", 5)
    };
    let serial_key = on_key("b", job("a", 5));

    assert_conflict(store.enqueue(request).await);
    assert_conflict(store.enqueue(kind).await);
    assert_conflict(store.enqueue(serial_key).await);

    assert_eq!(store.list(&JobQuery::default()).await?, [first]);
    Ok(())
}

/// Two accounts may use one key.
pub async fn an_idempotency_key_belongs_to_one_account(store: &Store) -> Case {
    let first = store.enqueue(job("a", 5)).await?;
    let other = NewJob {
        account: account("2"),
        request: json!("something else"),
        ..job("a", 5)
    };

    let second = store.enqueue(other).await?;

    assert_ne!(second.id, first.id);
    assert_eq!(store.list(&JobQuery::default()).await?.len(), 2);
    Ok(())
}

/// An id that is taken is not given to a second job.
pub async fn a_job_id_is_used_once(store: &Store) -> Case {
    let first = store.enqueue(job("a", 5)).await?;
    let second = NewJob {
        id: first.id,
        ..job("b", 5)
    };

    assert_conflict(store.enqueue(second).await);

    assert_eq!(store.list(&JobQuery::default()).await?, [first]);
    Ok(())
}

/// Eight at once: all get the same row.
pub async fn one_of_many_concurrent_enqueues_makes_the_job(store: &Store) -> Case {
    for round in 0..10 {
        let name = format!("round-{round}");
        let outcomes = at_once(store, |store, _| {
            let new = job(&name, 5);
            async move { store.enqueue(new).await }
        })
        .await;

        let jobs = outcomes
            .into_iter()
            .collect::<Result<Vec<_>, StoreError>>()?;
        assert!(jobs.windows(2).all(|pair| pair.first() == pair.last()));
        assert_eq!(store.list(&JobQuery::default()).await?.len(), round + 1);
    }
    Ok(())
}

/// Request, state, event data and evidence come back equal, to the last bit.
pub async fn json_is_kept_exactly(store: &Store) -> Case {
    let new = NewJob {
        request: awkward_json(),
        state: awkward_json(),
        ..job("a", 0)
    };
    let id = store.enqueue(new.clone()).await?.id;
    let first = stored(store, id).await?;
    let mut event = super::event("e");
    event.data = awkward_json();
    let evidence = Evidence {
        at: at(0),
        worker: worker("w"),
        epoch: 0,
        data: awkward_json(),
    };

    let changed = Change {
        state: awkward_json(),
        wake_at: None,
        events: vec![event.clone()],
    };
    store.update(&id, first.version, changed).await?;
    store.append_evidence(&id, evidence.clone()).await?;

    assert_eq!(first.request, new.request);
    assert_eq!(first.state, new.state);
    assert_eq!(stored(store, id).await?.state, awkward_json());
    let events = store.take_events(EventCursor::START, 10).await?;
    assert_eq!(
        events.into_iter().map(|e| e.event).collect::<Vec<_>>(),
        [event]
    );
    assert_eq!(store.evidence(&id).await?, [evidence]);
    Ok(())
}

/// Refused when it is written, or else readable: never a row that cannot be read back.
pub async fn json_of_any_depth_is_refused_or_kept(store: &Store) -> Case {
    let nested = |levels| (0..levels).fold(json!(null), |inner, _| json!([inner]));
    let mut kept = Vec::new();
    for levels in [1, 10, 100, 120, 126, 127, 128, 129, 200, 1_000] {
        let new = NewJob {
            request: nested(levels),
            state: nested(levels),
            ..job(&levels.to_string(), 10)
        };
        if let Ok(job) = store.enqueue(new).await {
            kept.push(job);
        }
    }
    kept.sort_by_key(|job| job.id);

    assert!(kept.len() >= 3, "only {} depths are taken", kept.len());
    assert_eq!(store.list(&JobQuery::default()).await?, kept);
    let first = store.enqueue(job("plain", 10)).await?;
    let deep = Change {
        state: nested(1_000),
        ..change("x", None)
    };
    if store.update(&first.id, first.version, deep).await.is_err() {
        assert_eq!(stored(store, first.id).await?, first);
    }
    Ok(())
}

/// Wake-ups, leases and events are not cut to seconds or milliseconds.
pub async fn times_survive_to_the_microsecond(store: &Store) -> Case {
    let odd = at(0) + chrono::TimeDelta::microseconds(123_457);
    let new = NewJob {
        wake_at: odd,
        created_at: odd,
        ..job("a", 0)
    };
    let id = store.enqueue(new).await?.id;
    let before = odd - chrono::TimeDelta::microseconds(1);

    assert!(
        store
            .claim(before, &worker("w"), MINUTE, 1)
            .await?
            .is_empty()
    );
    let leases = store.claim(odd, &worker("w"), MINUTE, 1).await?;

    assert_eq!(leases.len(), 1);
    let job = stored(store, id).await?;
    assert_eq!((job.wake_at, job.created_at), (Some(odd), odd));
    assert_eq!(job.lease.map(|lease| lease.until), Some(odd + MINUTE));
    Ok(())
}

/// By id, which is the order of creation, whatever the order of wake-ups.
pub async fn jobs_are_listed_in_ascending_order_of_id(store: &Store) -> Case {
    let mut jobs: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .zip([40, 10, 30, 20])
        .map(|(name, due)| job(name, due))
        .collect();
    jobs.sort_by_key(|job| job.id);
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    jobs.reverse();
    for job in jobs {
        store.enqueue(job).await?;
    }

    let listed = store.list(&JobQuery::default()).await?;

    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), ids);
    Ok(())
}

/// By account, kind and whether a job is open; `after` is exclusive.
pub async fn lists_are_filtered_and_paged(store: &Store) -> Case {
    let mut ids = Vec::new();
    for (name, user, kind) in [
        ("a", "1", JobKind::PublishPost),
        ("b", "2", JobKind::PublishPost),
        ("c", "1", JobKind::RefreshToken),
        ("d", "1", JobKind::PublishPost),
    ] {
        let new = NewJob {
            account: account(user),
            kind,
            ..job(name, 0)
        };
        ids.push((name, store.enqueue(new).await?));
    }
    ids.sort_by_key(|(_, job)| job.id);
    if let Some((_, first)) = ids.iter().find(|(name, _)| *name == "a") {
        store
            .update(&first.id, first.version, change("done", None))
            .await?;
    }
    let ordered = |names: &[&str]| -> Vec<JobId> {
        ids.iter()
            .filter(|(name, _)| names.contains(name))
            .map(|(_, job)| job.id)
            .collect()
    };
    let listed = async |query: JobQuery| -> Result<Vec<JobId>, StoreError> {
        let jobs = store.list(&query).await?;
        Ok(jobs.into_iter().map(|job| job.id).collect())
    };
    let of_account = JobQuery::account(account("1"));
    let page = |after: Option<JobId>, limit| JobQuery {
        after,
        limit: Some(limit),
        ..JobQuery::default()
    };

    assert_eq!(listed(of_account.clone()).await?, ordered(&["a", "c", "d"]));
    assert_eq!(
        listed(of_account.clone().kind(JobKind::PublishPost)).await?,
        ordered(&["a", "d"])
    );
    assert_eq!(
        listed(of_account.kind(JobKind::PublishPost).open()).await?,
        ordered(&["d"])
    );
    assert_eq!(
        listed(JobQuery::default().kind(JobKind::PublishPost)).await?,
        ordered(&["a", "b", "d"])
    );
    assert!(listed(JobQuery::account(account("3"))).await?.is_empty());

    let everything = ordered(&["a", "b", "c", "d"]);
    let first_page = listed(page(None, 3)).await?;
    let second_page = listed(page(first_page.last().copied(), 3)).await?;
    assert_eq!([first_page, second_page].concat(), everything);
    assert!(listed(page(None, 0)).await?.is_empty());
    Ok(())
}
