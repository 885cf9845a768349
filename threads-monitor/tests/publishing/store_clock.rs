//! A store with a clock of its own, as a database server has, and nodes whose clocks differ
//! from it by minutes: posts go out by the store's clock, which all nodes have in common.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use threads_client::{Draft, UserId};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease,
    MemoryScheduler, NewJob, WorkerId,
};
use threads_monitor::{Clock, Monitor, Scheduler, Storage, StoreError, Version};
use threads_sandbox::{Endpoint, Fault, Republish, Sandbox, Switches};

use crate::world::{self, ALL_SCOPES, World};

/// Measures leases by the sandbox's time, whatever the caller says.
#[derive(Debug)]
struct OwnClock {
    inner: MemoryScheduler,
    sandbox: Sandbox,
}

#[async_trait]
impl Scheduler for OwnClock {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.inner.enqueue(job).await
    }
    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.inner.get(id).await
    }
    async fn claim(
        &self,
        _: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let now = self.sandbox.now();
        self.inner.claim(now, worker, lease_for, limit).await
    }
    async fn claim_kind(
        &self,
        kind: JobKind,
        _: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let now = self.sandbox.now();
        self.inner
            .claim_kind(kind, now, worker, lease_for, limit)
            .await
    }
    async fn claim_job(
        &self,
        id: &JobId,
        _: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let now = self.sandbox.now();
        self.inner.claim_job(id, now, worker, lease_for).await
    }
    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        self.inner.checkpoint(lease, change).await
    }
    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        self.inner.release(lease, change).await
    }
    async fn renew(
        &self,
        lease: &mut Lease,
        _: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        self.inner.renew(lease, self.sandbox.now(), lease_for).await
    }
    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        self.inner.update(id, expected, change).await
    }
    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        self.inner.append_evidence(id, evidence).await
    }
    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        self.inner.evidence(id).await
    }
    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.inner.prune_evidence(account, before).await
    }
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.inner.next_due().await
    }
    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        self.inner.list(query).await
    }
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.inner.erase_account(account).await
    }
    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.take_events(after, limit).await
    }
}

/// The clock of a node that is ahead of the others'.
#[derive(Debug)]
struct Ahead(Sandbox, TimeDelta);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        self.0.now() + self.1
    }
    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        // Only leases are extended here, and no run takes as long as that.
        if deadline > self.now() {
            std::future::pending::<()>().await;
        }
    }
}

async fn store() -> (Sandbox, Storage) {
    // Publishing a container again would make a second post.
    let switches = Switches {
        republish: Republish::SecondPost,
        ..Switches::default()
    };
    let sandbox = Sandbox::builder().switches(switches).start().await.unwrap();
    let scheduler = OwnClock {
        inner: MemoryScheduler::default(),
        sandbox: sandbox.clone(),
    };
    let storage = Storage {
        scheduler: Arc::new(scheduler),
        ..Storage::in_memory()
    };
    (sandbox, storage)
}

fn node(sandbox: &Sandbox, storage: &Storage, minutes_ahead: i64) -> World {
    let clock = Ahead(sandbox.clone(), TimeDelta::minutes(minutes_ahead));
    let monitor: Monitor = world::builder(sandbox, storage.clone())
        .clock(Arc::new(clock))
        .build()
        .unwrap();
    World {
        sandbox: sandbox.clone(),
        monitor,
    }
}

async fn schedule_in_ten_minutes(node: &World) -> (JobId, DateTime<Utc>) {
    let username = node.username(0);
    let account = node.connect_with(&username, &ALL_SCOPES[..2]).await;
    let due = node.sandbox.now() + TimeDelta::minutes(10);
    let post = NewPost::new(account.user.clone(), Draft::text("tea"), Due::At(due));
    (node.monitor.schedule(post).await.unwrap().id, due)
}

#[rstest]
#[tokio::test]
async fn a_node_publishes_when_a_post_is_due_by_the_stores_clock(
    #[values(-5, 0, 1, 5)] minutes_ahead: i64,
) {
    let (sandbox, storage) = store().await;
    let node = node(&sandbox, &storage, minutes_ahead);
    let (id, due) = schedule_in_ten_minutes(&node).await;

    node.live(TimeDelta::minutes(15), TimeDelta::seconds(10))
        .await;

    assert_eq!(node.phase(&id).await, "published");
    let live = node.published();
    assert_eq!(live.len(), 1);
    let late = live[0].at - due;
    assert!(
        late >= TimeDelta::zero() && late <= TimeDelta::minutes(1),
        "{late}"
    );
}

#[tokio::test]
async fn a_call_settles_for_as_long_on_a_node_that_is_ahead_of_the_one_that_sent_it() {
    let (sandbox, storage) = store().await;
    let (behind, ahead) = (node(&sandbox, &storage, -5), node(&sandbox, &storage, 5));
    let (id, _) = schedule_in_ten_minutes(&behind).await;
    // It acts within the time that settling waits for, and nobody is told.
    let late = Fault::DropThenEffect { after_seconds: 300 };
    sandbox.fail_next(Endpoint::PublishContainer, late);
    while behind.calls(Endpoint::PublishContainer) == 0 {
        behind
            .live(TimeDelta::seconds(5), TimeDelta::seconds(5))
            .await;
    }

    ahead
        .live(TimeDelta::minutes(20), TimeDelta::seconds(5))
        .await;

    assert_eq!(ahead.phase(&id).await, "published");
    assert_eq!(ahead.published().len(), 1);
    assert_eq!(ahead.calls(Endpoint::PublishContainer), 1);
}
