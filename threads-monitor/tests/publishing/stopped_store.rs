//! A monitor whose store cannot be written any more says so and ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;
use threads_monitor::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease,
    MemoryScheduler, NewJob, WorkerId,
};
use threads_monitor::{ManualClock, MonitorError, Scheduler, Storage, StoreError, Version};
use threads_sandbox::Sandbox;

use crate::world;

/// A scheduler that stops for good, as a file store on a failing disk does.
#[derive(Debug, Default)]
struct Stopped(MemoryScheduler);

fn stopped() -> StoreError {
    StoreError::Stopped {
        backend: "test",
        doing: "writing".to_owned(),
        source: "input/output error".into(),
    }
}

#[async_trait]
impl Scheduler for Stopped {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.0.enqueue(job).await
    }
    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.0.get(id).await
    }
    async fn claim(
        &self,
        _: DateTime<Utc>,
        _: &WorkerId,
        _: Duration,
        _: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        Err(stopped())
    }
    async fn claim_kind(
        &self,
        _: JobKind,
        _: DateTime<Utc>,
        _: &WorkerId,
        _: Duration,
        _: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        Err(stopped())
    }
    async fn claim_job(
        &self,
        _: &JobId,
        _: DateTime<Utc>,
        _: &WorkerId,
        _: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        Err(stopped())
    }
    async fn checkpoint(&self, _: &mut Lease, _: Change) -> Result<(), StoreError> {
        Err(stopped())
    }
    async fn release(&self, _: Lease, _: Change) -> Result<(), StoreError> {
        Err(stopped())
    }
    async fn renew(&self, _: &mut Lease, _: DateTime<Utc>, _: Duration) -> Result<(), StoreError> {
        Err(stopped())
    }
    async fn update(&self, _: &JobId, _: Version, _: Change) -> Result<JobRecord, StoreError> {
        Err(stopped())
    }
    async fn append_evidence(&self, _: &JobId, _: Evidence) -> Result<(), StoreError> {
        Err(stopped())
    }
    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        self.0.evidence(id).await
    }
    async fn prune_evidence(&self, _: &UserId, _: DateTime<Utc>) -> Result<u64, StoreError> {
        Err(stopped())
    }
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.0.next_due().await
    }
    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        self.0.list(query).await
    }
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.0.erase_account(account).await
    }
    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.0.take_events(after, limit).await
    }
}

#[tokio::test]
async fn the_background_run_ends_with_the_reason() {
    let sandbox = Sandbox::start().await.unwrap();
    let storage = Storage {
        scheduler: Arc::new(Stopped::default()),
        ..Storage::in_memory()
    };
    let monitor = world::builder(&sandbox, storage).build().unwrap();

    let mut handle = monitor.start();
    let ended = handle.ended().await;

    assert!(
        matches!(&ended, Err(MonitorError::Store(error)) if error.is_final()),
        "{ended:?}"
    );
    assert!(!handle.is_running());
}

#[tokio::test]
async fn the_background_run_goes_on_until_it_is_told_to_stop() {
    let sandbox = Sandbox::start().await.unwrap();
    let clock = ManualClock::new(sandbox.now());
    let monitor = world::builder(&sandbox, Storage::in_memory())
        .clock(Arc::new(clock))
        .build()
        .unwrap();

    let mut handle = monitor.start();
    let early = tokio::time::timeout(Duration::from_millis(50), handle.ended()).await;

    assert!(early.is_err(), "it ended by itself");
    assert!(handle.is_running());
    handle.shutdown().await;
}
