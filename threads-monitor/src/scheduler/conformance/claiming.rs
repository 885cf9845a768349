//! Who gets a job, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use super::{
    Case, MINUTE, Store, at, at_once, change, claim, job, leased, names, on_key, stored, worker,
};
use crate::error::StoreError;
use crate::scheduler::{JobId, JobKind, LeaseHolder, NewJob};

/// Not a moment earlier.
pub async fn a_job_is_claimed_when_it_is_due(store: &Store) -> Case {
    store.enqueue(job("a", 10)).await?;

    assert!(claim(store, 9).await?.is_empty());
    assert_eq!(names(&claim(store, 10).await?), ["a"]);
    Ok(())
}

/// By wake-up, whatever the order of enqueueing; equal wake-ups by id.
pub async fn the_earliest_job_is_claimed_first(store: &Store) -> Case {
    let mut twins = [job("b1", 20), job("b2", 20)];
    twins.sort_by_key(|job| job.id);
    let [first_twin, second_twin] = twins;
    let twins = [&first_twin, &second_twin].map(|job| job.idempotency_key.clone());
    for job in [job("c", 30), second_twin, job("a", 10), first_twin] {
        store.enqueue(job).await?;
    }

    let leases = claim(store, 100).await?;

    let [first, second] = &twins;
    assert_eq!(names(&leases), ["a", first, second, "c"]);
    Ok(())
}

/// The rest stays for the next claim.
pub async fn a_claim_respects_its_limit(store: &Store) -> Case {
    for (name, due) in [("a", 1), ("b", 2), ("c", 3)] {
        store.enqueue(job(name, due)).await?;
    }
    let me = worker("w");
    let claim = |limit| store.claim(at(10), &me, MINUTE, limit);

    assert!(claim(0).await?.is_empty());
    assert_eq!(names(&claim(2).await?), ["a", "b"]);
    assert_eq!(names(&claim(2).await?), ["c"]);
    Ok(())
}

/// However early they are due, and they stay claimable.
pub async fn a_claim_of_one_kind_leaves_the_others(store: &Store) -> Case {
    let post = |name, due| NewJob {
        kind: JobKind::PublishPost,
        ..job(name, due)
    };
    for new in [
        job("a", 1),
        post("b", 4),
        job("c", 2),
        post("d", 3),
        post("e", 5),
        post("f", 99),
    ] {
        store.enqueue(new).await?;
    }
    let me = worker("w");
    let posts = |limit| store.claim_kind(JobKind::PublishPost, at(10), &me, MINUTE, limit);

    assert!(posts(0).await?.is_empty());
    let leases = posts(2).await?;
    assert_eq!(names(&leases), ["d", "b"]);
    for lease in leases {
        assert_eq!((lease.epoch, lease.until), (1, at(70)));
        assert_eq!(stored(store, lease.job.id).await?, lease.job);
    }
    assert_eq!(names(&posts(100).await?), ["e"]);
    assert!(posts(100).await?.is_empty());
    assert_eq!(names(&claim(store, 10).await?), ["a", "c"]);
    Ok(())
}

/// A serial key is served in its order.
pub async fn a_claim_of_one_kind_takes_no_job_from_behind_another(store: &Store) -> Case {
    store.enqueue(on_key("one", job("first", 1))).await?;
    let second = NewJob {
        kind: JobKind::PublishPost,
        ..on_key("one", job("second", 2))
    };
    store.enqueue(second).await?;
    let me = worker("w");
    let posts = || store.claim_kind(JobKind::PublishPost, at(10), &me, MINUTE, 10);

    assert!(posts().await?.is_empty());
    for lease in claim(store, 10).await? {
        assert!(posts().await?.is_empty());
        store.release(lease, change("done", None)).await?;
    }
    assert_eq!(names(&posts().await?), ["second"]);
    Ok(())
}

/// The lease says who, until when and under which epoch, and so does the job.
pub async fn a_claim_leases_the_job_to_the_worker(store: &Store) -> Case {
    let enqueued = store.enqueue(job("a", 0)).await?;

    let leases = store.claim(at(5), &worker("w"), MINUTE, 1).await?;

    let [lease] = leases.as_slice() else {
        panic!("claimed {} jobs", leases.len());
    };
    assert_eq!(lease.until, at(65));
    assert_eq!(lease.epoch, 1);
    assert_eq!(lease.job.epoch, 1);
    assert!(lease.job.version > enqueued.version);
    assert_eq!(
        lease.job.lease,
        Some(LeaseHolder {
            worker: worker("w"),
            until: at(65)
        })
    );
    assert_eq!(lease.job.state, enqueued.state);
    assert_eq!(lease.job.wake_at, enqueued.wake_at);
    assert_eq!(stored(store, enqueued.id).await?, lease.job);
    Ok(())
}

/// To every worker, its holder too.
pub async fn a_leased_job_is_invisible_until_its_lease_ends(store: &Store) -> Case {
    store.enqueue(job("a", 0)).await?;
    claim(store, 0).await?;

    for name in ["w", "other"] {
        let leases = store.claim(at(59), &worker(name), MINUTE, 10).await?;
        assert!(leases.is_empty(), "{name} got a leased job");
    }
    Ok(())
}

/// From the instant that the lease ends.
pub async fn a_job_is_claimed_again_after_its_lease_ran_out(store: &Store) -> Case {
    store.enqueue(job("a", 0)).await?;
    claim(store, 0).await?;

    let again = store.claim(at(60), &worker("other"), MINUTE, 10).await?;

    assert_eq!(names(&again), ["a"]);
    assert_eq!(again.first().map(|lease| lease.epoch), Some(2));
    Ok(())
}

/// After running out, after a release, and by either kind of claim.
pub async fn every_lease_has_a_higher_epoch(store: &Store) -> Case {
    let lease = leased(store, "a").await?;
    let id = lease.job.id;
    store.release(lease, change("x", Some(at(0)))).await?;
    let second = claim(store, 0).await?;
    let third = claim(store, 60).await?;
    let fourth = store.claim_job(&id, at(120), &worker("w"), MINUTE).await?;

    assert_eq!(second.first().map(|lease| lease.epoch), Some(2));
    assert_eq!(third.first().map(|lease| lease.epoch), Some(3));
    assert_eq!(fourth.map(|lease| lease.epoch), Some(4));
    Ok(())
}

/// A job without a wake-up stays, and is not claimed again.
pub async fn an_ended_job_is_not_claimed(store: &Store) -> Case {
    let lease = leased(store, "a").await?;
    let id = lease.job.id;
    store.release(lease, change("done", None)).await?;
    // The end of a lease that was not given back ends nothing else.
    let mut held = leased(store, "b").await?;
    store.checkpoint(&mut held, change("done", None)).await?;

    assert!(claim(store, 1_000_000).await?.is_empty());
    assert_eq!(store.next_due().await?, None);
    assert_eq!(stored(store, id).await?.wake_at, None);
    Ok(())
}

/// Beyond the end of time is the end of time.
pub async fn an_absurdly_long_lease_is_possible(store: &Store) -> Case {
    store.enqueue(job("a", 0)).await?;

    let leases = store.claim(at(0), &worker("w"), Duration::MAX, 1).await?;

    assert_eq!(names(&leases), ["a"]);
    assert!(claim(store, 1_000_000_000).await?.is_empty());
    Ok(())
}

/// It ends when it begins: the next claim may have the job, and only one of them counts.
pub async fn a_lease_of_no_length_has_ended(store: &Store) -> Case {
    store.enqueue(job("a", 0)).await?;

    let first = store.claim(at(0), &worker("w"), Duration::ZERO, 1).await?;
    assert_eq!(store.next_due().await?, Some(at(0)));
    let second = store.claim(at(0), &worker("w"), MINUTE, 1).await?;

    assert_eq!(first.first().map(|lease| lease.until), Some(at(0)));
    assert_eq!(second.first().map(|lease| lease.epoch), Some(2));
    for lease in first {
        let id = lease.job.id;
        super::assert_lost(store.release(lease, change("x", None)).await, id);
    }
    Ok(())
}

/// Of six hundred, in order, each with a version of its own.
pub async fn a_large_claim_takes_the_earliest(store: &Store) -> Case {
    let jobs: Vec<_> = (0..600)
        .map(|number: i64| {
            let due = (number * 7919) % 600;
            job(&format!("{due:03}"), due)
        })
        .collect();
    for part in jobs.chunks(100) {
        let enqueued = part.iter().map(|job| store.enqueue(job.clone()));
        futures::future::try_join_all(enqueued).await?;
    }

    let leases = store.claim(at(1_000), &worker("w"), MINUTE, 250).await?;
    let rest = claim(store, 1_000).await?;

    let expected: Vec<_> = (0..600).map(|due| format!("{due:03}")).collect();
    assert_eq!([names(&leases), names(&rest)].concat(), expected);
    assert_eq!(leases.len(), 250);
    let versions: std::collections::BTreeSet<_> = leases
        .iter()
        .chain(&rest)
        .map(|lease| lease.job.version)
        .collect();
    assert_eq!(versions.len(), 600);
    Ok(())
}

/// Due or not, leased before or not.
pub async fn a_named_job_is_claimed_before_it_is_due(store: &Store) -> Case {
    let job = store.enqueue(job("a", 1000)).await?;

    let lease = store
        .claim_job(&job.id, at(0), &worker("w"), MINUTE)
        .await?;

    let Some(lease) = lease else {
        panic!("a free job could not be claimed");
    };
    assert_eq!((lease.epoch, lease.until), (1, at(60)));
    assert_eq!(lease.job, stored(store, job.id).await?);
    assert_eq!(lease.job.wake_at, Some(at(1000)));
    Ok(())
}

/// Leased, ended, or not there: `None`, and nothing changes.
pub async fn a_named_job_is_not_claimed_when_it_cannot_be(store: &Store) -> Case {
    let held = leased(store, "held").await?;
    let ended = leased(store, "ended").await?;
    let ended_id = ended.job.id;
    store.release(ended, change("done", None)).await?;

    for id in [held.job.id, ended_id, JobId::random()] {
        let lease = store
            .claim_job(&id, at(59), &worker("other"), MINUTE)
            .await?;
        assert_eq!(lease, None);
    }

    assert_eq!(stored(store, held.job.id).await?, held.job);
    Ok(())
}

/// The earliest wake-up of free jobs.
pub async fn next_due_is_the_earliest_possible_claim(store: &Store) -> Case {
    store.enqueue(job("later", 20)).await?;
    assert_eq!(store.next_due().await?, Some(at(20)));

    let soon = store.enqueue(job("sooner", 10)).await?;
    assert_eq!(store.next_due().await?, Some(at(10)));

    store
        .update(&soon.id, soon.version, change("x", Some(at(30))))
        .await?;
    assert_eq!(store.next_due().await?, Some(at(20)));
    Ok(())
}

/// A leased job can be claimed when its lease ends, or at its wake-up if that is later.
pub async fn next_due_waits_for_leases(store: &Store) -> Case {
    let mut lease = leased(store, "a").await?;
    assert_eq!(store.next_due().await?, Some(at(60)));

    store
        .checkpoint(&mut lease, change("x", Some(at(500))))
        .await?;
    assert_eq!(store.next_due().await?, Some(at(500)));

    store.enqueue(job("b", 100)).await?;
    assert_eq!(store.next_due().await?, Some(at(100)));

    store.release(lease, change("x", Some(at(50)))).await?;
    assert_eq!(store.next_due().await?, Some(at(50)));
    Ok(())
}

/// A claim at the instant that it names gets something, so a loop on it makes progress.
pub async fn next_due_is_never_stuck_in_the_past(store: &Store) -> Case {
    let mut on_one_key = Vec::new();
    for (name, due) in [("a", 0), ("b", 5), ("c", 70), ("d", 30)] {
        on_one_key.push(super::on_key("one", job(name, due)));
    }
    for job in on_one_key.into_iter().chain([job("e", 65), job("f", 1)]) {
        store.enqueue(job).await?;
    }

    let mut claims = 0;
    for _ in 0..20 {
        let Some(due) = store.next_due().await? else {
            break;
        };
        let just_before = due - TimeDelta::microseconds(1);
        let early = store
            .claim(just_before, &worker("w"), MINUTE, usize::MAX)
            .await?;
        assert!(early.is_empty(), "claimed before {due}");
        let leases = store.claim(due, &worker("w"), MINUTE, usize::MAX).await?;
        assert!(!leases.is_empty(), "nothing to claim at {due}");
        claims += leases.len();
        // Every second run never comes back: its lease runs out.
        for lease in leases.into_iter().filter(|lease| lease.epoch == 2) {
            store.release(lease, change("done", None)).await?;
        }
    }

    assert_eq!(store.next_due().await?, None);
    assert_eq!(claims, 12, "six jobs, each run twice");
    Ok(())
}

/// Every job of 200 a worker is run once, and none is left.
pub async fn eight_workers_run_two_hundred_jobs_once_each(store: &Store) -> Case {
    const JOBS: usize = 8 * 200;
    let enqueued = at_once(store, |store, worker| async move {
        for number in 0..JOBS / 8 {
            store.enqueue(job(&format!("{worker}-{number}"), 0)).await?;
        }
        Ok(())
    })
    .await;
    enqueued.into_iter().collect::<Result<(), StoreError>>()?;

    let runs = at_once(store, |store, number| async move {
        let me = worker(&format!("worker-{number}"));
        let mut runs = Vec::new();
        // Bounded, so that a store that never runs dry fails instead of hanging.
        for _ in 0..=JOBS {
            let leases = store.claim(at(0), &me, MINUTE, 10).await?;
            if leases.is_empty() {
                return Ok(runs);
            }
            for lease in leases {
                runs.push(lease.job.id);
                store.release(lease, change("done", None)).await?;
            }
        }
        panic!("there was always one more job");
    })
    .await;

    let mut times: BTreeMap<JobId, usize> = BTreeMap::new();
    for runs in runs {
        for id in runs? {
            *times.entry(id).or_default() += 1;
        }
    }
    assert_eq!(times.len(), JOBS);
    assert!(times.values().all(|times| *times == 1), "a job ran twice");
    assert_eq!(store.next_due().await?, None);
    Ok(())
}

/// Of eight that claim one job at once, by either kind of claim, one gets it.
pub async fn one_of_many_concurrent_claims_gets_the_job(store: &Store) -> Case {
    for round in 0..25 {
        let id = store.enqueue(job(&format!("round-{round}"), 0)).await?.id;
        let outcomes = at_once(store, |store, number| async move {
            let me = worker(&number.to_string());
            if number % 2 == 0 {
                return Ok(store.claim(at(0), &me, MINUTE, 10).await?.len());
            }
            let lease = store.claim_job(&id, at(0), &me, MINUTE).await?;
            Ok(lease.into_iter().count())
        })
        .await;

        let leases: usize = outcomes.into_iter().sum::<Result<_, _>>()?;
        assert_eq!(leases, 1, "round {round}");
    }
    Ok(())
}
