//! P-08: work that was under way in another program can neither write nor publish after an
//! erasure. P-02: an erasure waits for a reader of the database.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rstest::rstest;
use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;
use threads_client::{Draft, UserId};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::scheduler::{
    Change, Event, EventCursor, Evidence, JobId, JobKind, JobQuery, JobRecord, Lease, NewJob,
    WorkerId,
};
use threads_monitor::snapshot_store::{Metric, Snapshot, SnapshotQuery, Subject};
use threads_monitor::{Monitor, Scheduler, SnapshotStore, Storage, StoreError, Version};
use threads_sandbox::{Endpoint, Sandbox};
use tokio::sync::Semaphore;

use crate::marked::{MARKER, fill};
use crate::place::{Kind, Place};
use crate::world::{World, builder, minutes};

/// Before what a worker falls asleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asleep {
    /// With a container, before it writes down that it will publish it.
    Intent,
    /// After it wrote that down, before it sends.
    Sending,
    /// With numbers that it has read, before it writes them down.
    Appending,
    /// With a post that a person has scheduled.
    Enqueueing,
}

/// The stores of a worker that falls asleep at one place, once.
#[derive(Debug)]
struct Sleeper {
    below: Storage,
    place: Asleep,
    /// One permit: somebody may fall asleep.
    tired: Semaphore,
    sleeps: Semaphore,
    wakes: Semaphore,
}

impl Sleeper {
    fn new(below: Storage, place: Asleep) -> Arc<Self> {
        Arc::new(Self {
            below,
            place,
            tired: Semaphore::new(1),
            sleeps: Semaphore::new(0),
            wakes: Semaphore::new(0),
        })
    }

    async fn sleep(&self, place: Asleep) {
        if place == self.place
            && let Ok(once) = self.tired.try_acquire()
        {
            once.forget();
            self.sleeps.add_permits(1);
            self.wakes.acquire().await.unwrap().forget();
        }
    }

    async fn is_asleep(&self) {
        let asleep = tokio::time::timeout(Duration::from_mins(1), self.sleeps.acquire());
        // Nobody falls asleep: the place is not the right one.
        asleep.await.unwrap().unwrap().forget();
    }

    fn storage(self: &Arc<Self>) -> Storage {
        Storage {
            tokens: Arc::clone(&self.below.tokens),
            scheduler: Arc::new(Jobs(Arc::clone(self))),
            snapshots: Arc::new(Numbers(Arc::clone(self))),
        }
    }
}

#[derive(Debug)]
struct Jobs(Arc<Sleeper>);

impl Jobs {
    fn below(&self) -> &dyn Scheduler {
        &*self.0.below.scheduler
    }
}

#[async_trait]
impl Scheduler for Jobs {
    async fn enqueue(&self, job: NewJob) -> Result<JobRecord, StoreError> {
        self.0.sleep(Asleep::Enqueueing).await;
        self.below().enqueue(job).await
    }
    async fn get(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.below().get(id).await
    }
    async fn claim(
        &self,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.below().claim(now, worker, lease_for, limit).await
    }
    async fn claim_kind(
        &self,
        kind: JobKind,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.below()
            .claim_kind(kind, now, worker, lease_for, limit)
            .await
    }
    async fn claim_job(
        &self,
        id: &JobId,
        now: DateTime<Utc>,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.below().claim_job(id, now, worker, lease_for).await
    }
    async fn checkpoint(&self, lease: &mut Lease, change: Change) -> Result<(), StoreError> {
        let is_intent = change.state.to_string().contains("\"publishing\"");
        if is_intent {
            self.0.sleep(Asleep::Intent).await;
        }
        let done = self.below().checkpoint(lease, change).await;
        if is_intent {
            self.0.sleep(Asleep::Sending).await;
        }
        done
    }
    async fn release(&self, lease: Lease, change: Change) -> Result<(), StoreError> {
        self.below().release(lease, change).await
    }
    async fn renew(
        &self,
        lease: &mut Lease,
        now: DateTime<Utc>,
        lease_for: Duration,
    ) -> Result<(), StoreError> {
        self.below().renew(lease, now, lease_for).await
    }
    async fn update(
        &self,
        id: &JobId,
        expected: Version,
        change: Change,
    ) -> Result<JobRecord, StoreError> {
        self.below().update(id, expected, change).await
    }
    async fn append_evidence(&self, id: &JobId, evidence: Evidence) -> Result<(), StoreError> {
        self.below().append_evidence(id, evidence).await
    }
    async fn evidence(&self, id: &JobId) -> Result<Vec<Evidence>, StoreError> {
        self.below().evidence(id).await
    }
    async fn prune_evidence(
        &self,
        account: &UserId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.below().prune_evidence(account, before).await
    }
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.below().next_due().await
    }
    async fn list(&self, query: &JobQuery) -> Result<Vec<JobRecord>, StoreError> {
        self.below().list(query).await
    }
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.below().erase_account(account).await
    }
    async fn take_events(
        &self,
        after: EventCursor,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.below().take_events(after, limit).await
    }
}

#[derive(Debug)]
struct Numbers(Arc<Sleeper>);

impl Numbers {
    fn below(&self) -> &dyn SnapshotStore {
        &*self.0.below.snapshots
    }
}

#[async_trait]
impl SnapshotStore for Numbers {
    async fn append(&self, snapshots: &[Snapshot]) -> Result<(), StoreError> {
        self.0.sleep(Asleep::Appending).await;
        self.below().append(snapshots).await
    }
    async fn query(&self, query: &SnapshotQuery) -> Result<Vec<Snapshot>, StoreError> {
        self.below().query(query).await
    }
    async fn latest(
        &self,
        account: &UserId,
        subjects: &[Subject],
    ) -> Result<Vec<Snapshot>, StoreError> {
        self.below().latest(account, subjects).await
    }
    async fn accounts(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.below().accounts(after, limit).await
    }
    async fn count(&self, account: &UserId, metric: Metric) -> Result<u64, StoreError> {
        self.below().count(account, metric).await
    }
    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.below().prune(before).await
    }
    async fn thin(
        &self,
        account: &UserId,
        oldest: DateTime<Utc>,
        bounds: &[DateTime<Utc>],
    ) -> Result<u64, StoreError> {
        self.below().thin(account, oldest, bounds).await
    }
    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        self.below().erase_account(account).await
    }
}

/// Two programs on one database: this one, and one that falls asleep in the middle of its
/// work, while this one erases the account.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sleeps_through_an_erasure_writes_and_publishes_nothing(
    #[case] kind: Kind,
    #[values(Asleep::Intent, Asleep::Sending, Asleep::Appending, Asleep::Enqueueing)]
    asleep: Asleep,
) {
    let Some(place) = Place::new(kind).await else {
        return;
    };
    let (here, there) = (place.open().await, place.open().await);
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, here.storage.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world.live(minutes(1), minutes(1)).await;
    let text = "qzx asleep";
    let draft = Draft::text(text);
    let sleeper = Sleeper::new(there.storage.clone(), asleep);
    let other = builder(&world.sandbox, sleeper.storage()).build().unwrap();
    if matches!(asleep, Asleep::Intent | Asleep::Sending) {
        world.schedule_in(&user, draft.clone(), 1).await;
        world.advance(minutes(2));
    } else {
        world.advance(minutes(60 * 12));
    }
    let published = world.calls(Endpoint::PublishContainer);

    let work = tokio::spawn({
        let (other, user, sandbox) = (other.clone(), user.clone(), world.sandbox.clone());
        async move { work(&other, asleep, user, draft, &sandbox).await }
    });
    sleeper.is_asleep().await;
    world.monitor.disconnect(&user).await.unwrap();
    assert_eq!(place.found(&here, &[user.as_str(), text, &name]).await, []);
    sleeper.wakes.add_permits(1);
    work.await.unwrap();

    assert_eq!(world.calls(Endpoint::PublishContainer), published);
    assert!(world.published().is_empty());
    assert_eq!(place.found(&here, &[user.as_str(), text, &name]).await, []);
    for minute in [20, 60 * 24] {
        world.advance(minutes(minute));
        other.run_due_once().await.unwrap();
        world.monitor.run_due_once().await.unwrap();
    }
    assert_eq!(world.calls(Endpoint::PublishContainer), published);
    assert_eq!(place.found(&here, &[user.as_str(), text, &name]).await, []);
    there.close().await;
    here.close().await;
}

async fn work(other: &Monitor, asleep: Asleep, user: UserId, draft: Draft, sandbox: &Sandbox) {
    if asleep == Asleep::Enqueueing {
        let due = Due::At(sandbox.now() + minutes(10));
        let scheduled = other.schedule(NewPost::new(user, draft, due)).await;
        assert!(scheduled.is_err(), "{scheduled:?}");
        return;
    }
    // A container is not published at once.
    for _ in 0..20 {
        other.run_due_once().await.unwrap();
        sandbox.advance(Duration::from_secs(30));
    }
}

/// P-02. While another program reads, the log keeps older pages, and the erasure says so
/// instead of calling itself finished.
#[tokio::test]
async fn an_erasure_is_not_finished_while_somebody_reads_the_database() {
    let place = Place::new(Kind::Sqlite).await.unwrap();
    let opened = place.open_impatient(Duration::from_millis(50)).await;
    fill(&opened.storage, MARKER).await;
    let user = UserId::new(MARKER);
    let monitor = Monitor::builder(opened.storage.clone()).build().unwrap();
    let mut reader = SqliteConnectOptions::new()
        .filename(place.database_file())
        .connect()
        .await
        .unwrap();
    let mut reading = reader.begin().await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM tokens")
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    assert_eq!(seen, 1);

    let error = monitor.disconnect(&user).await.unwrap_err();
    assert!(
        std::error::Error::source(&error)
            .is_some_and(|source| source.to_string().contains("goes on reading")),
        "{error:?}"
    );
    assert!(!place.found(&opened, &[MARKER]).await.is_empty());
    assert!(monitor.account(&user).await.unwrap().is_some());
    // The other accounts are written meanwhile.
    fill(&opened.storage, "somebody-else").await;

    reading.rollback().await.unwrap();
    monitor.disconnect(&user).await.unwrap();

    assert_eq!(place.found(&opened, &[MARKER]).await, []);
    assert!(monitor.account(&user).await.unwrap().is_none());
}
