//! P-07: a restored copy brings back nobody who was erased. P-02 and P-04: an erasure that
//! was cut short is brought to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use rstest::rstest;
use threads_client::UserId;
use threads_monitor::token_store::{StoredToken, Token};
use threads_monitor::{ManualClock, Monitor, Storage, StoreError, TokenStore, Tombstones, Version};
use threads_sandbox::Sandbox;

use crate::marked::{MARKER, OTHER, at, fill};
use crate::place::{Kind, Place, keys};
use crate::world::{World, builder};

async fn tombstones(place: &Place) -> Tombstones {
    Tombstones::open(place.beside("erased"), keys())
        .await
        .unwrap()
}

/// A monitor that asks nobody anything.
async fn monitor(place: &Place, storage: Storage, seconds: i64) -> Monitor {
    Monitor::builder(storage)
        .clock(Arc::new(ManualClock::new(at(seconds))))
        .tombstones(tombstones(place).await)
        .build()
        .unwrap()
}

#[rstest]
#[case::file(Kind::File)]
#[case::sealed_file(Kind::SealedFile)]
#[case::sqlite(Kind::Sqlite)]
#[case::sealed_sqlite(Kind::SealedSqlite)]
#[case::postgres(Kind::Postgres)]
#[case::sealed_postgres(Kind::SealedPostgres)]
#[tokio::test]
async fn a_restored_copy_brings_back_nobody_who_was_erased(#[case] kind: Kind) {
    let Some(place) = Place::new(kind).await else {
        return;
    };
    let opened = place.open().await;
    fill(&opened.storage, MARKER).await;
    fill(&opened.storage, OTHER).await;
    opened.close().await;
    place.copy().await;
    let opened = place.open().await;
    let before = monitor(&place, opened.storage.clone(), 100).await;
    before.disconnect(&UserId::new(MARKER)).await.unwrap();
    assert_eq!(place.found(&opened, &[MARKER]).await, []);
    drop(before);
    opened.close().await;

    place.restore().await;
    let opened = place.open().await;
    assert!(!place.found(&opened, &[MARKER]).await.is_empty());
    let after = monitor(&place, opened.storage.clone(), 200).await;
    let again = after.erase_again().await.unwrap();

    assert_eq!(again, 1);
    assert_eq!(place.found(&opened, &[MARKER]).await, []);
    let left = opened.storage.tokens.list(None, 9).await.unwrap();
    assert_eq!(left, [UserId::new(OTHER)]);
    // Once is enough.
    assert_eq!(after.erase_again().await.unwrap(), 0);
    drop(after);
    opened.close().await;
}

#[tokio::test]
async fn work_begins_after_the_restored_are_erased() {
    let storage = Storage::in_memory();
    fill(&storage, MARKER).await;
    let place = Place::new(Kind::Memory).await.unwrap();
    let graves = tombstones(&place).await;
    let elsewhere = Monitor::builder(Storage::in_memory())
        .clock(Arc::new(ManualClock::new(at(50))))
        .tombstones(graves)
        .build()
        .unwrap();
    elsewhere.disconnect(&UserId::new(MARKER)).await.unwrap();

    let ran = monitor(&place, storage.clone(), 100)
        .await
        .run_due_once()
        .await
        .unwrap();

    assert_eq!(ran, 0, "a job of the erased account ran");
    assert!(storage.tokens.list(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_connects_again_later_stays() {
    let place = Place::new(Kind::File).await.unwrap();
    let opened = place.open().await;
    let sandbox = Sandbox::start().await.unwrap();
    let with_tombstones = async |storage: Storage| World {
        sandbox: sandbox.clone(),
        monitor: builder(&sandbox, storage)
            .tombstones(tombstones(&place).await)
            .build()
            .unwrap(),
    };
    let world = with_tombstones(opened.storage.clone()).await;
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world.monitor.disconnect(&user).await.unwrap();

    // At the same instant: a clock may stand, or have been set back.
    world.connect(&name).await;

    let restarted = with_tombstones(opened.storage.clone()).await;
    assert_eq!(restarted.monitor.erase_again().await.unwrap(), 0);
    assert!(restarted.monitor.account(&user).await.unwrap().is_some());
    restarted
        .live(TimeDelta::hours(1), TimeDelta::minutes(30))
        .await;
    assert!(restarted.account(&user).await.followers.value().is_some());
}

/// P-02: nobody has to ask a second time.
#[expect(
    clippy::disallowed_methods,
    reason = "gives the background run time; nothing is measured by it"
)]
#[tokio::test]
async fn an_erasure_that_failed_is_tried_again_in_the_background() {
    let place = Place::new(Kind::Memory).await.unwrap();
    let storage = Storage::in_memory();
    fill(&storage, MARKER).await;
    let busy = Arc::new(Busy {
        below: Arc::clone(&storage.tokens),
        is_busy: AtomicBool::new(true),
    });
    let stores = Storage {
        tokens: Arc::clone(&busy) as Arc<dyn TokenStore>,
        ..storage.clone()
    };
    let clock = ManualClock::new(at(100));
    let monitor = Monitor::builder(stores)
        .clock(Arc::new(clock.clone()))
        .tombstones(tombstones(&place).await)
        .build()
        .unwrap();
    monitor.disconnect(&UserId::new(MARKER)).await.unwrap_err();
    busy.is_busy.store(false, Ordering::Release);

    let running = monitor.start();
    let mut looks = 0;
    while !storage.tokens.list(None, 9).await.unwrap().is_empty() {
        assert!(looks < 10_000, "it was not tried again");
        looks += 1;
        clock.advance(std::time::Duration::from_secs(10));
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    running.shutdown().await;

    let graves = std::fs::read_to_string(place.beside("erased")).unwrap();
    assert!(
        graves.lines().last().unwrap().starts_with("done"),
        "{graves}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "gives the background run time; nothing is measured by it"
)]
#[tokio::test]
async fn who_connects_again_is_not_erased_by_an_erasure_that_failed_before() {
    let sandbox = Sandbox::start().await.unwrap();
    let storage = Storage::in_memory();
    let busy = Arc::new(Busy {
        below: Arc::clone(&storage.tokens),
        is_busy: AtomicBool::new(true),
    });
    let stores = Storage {
        tokens: Arc::clone(&busy) as Arc<dyn TokenStore>,
        ..storage.clone()
    };
    let clock = ManualClock::new(sandbox.now());
    let monitor = builder(&sandbox, stores)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let world = World { sandbox, monitor };
    let name = world.username(0);
    let user = world.connect(&name).await.user;
    world.monitor.disconnect(&user).await.unwrap_err();
    busy.is_busy.store(false, Ordering::Release);
    world.connect(&name).await;

    let running = world.monitor.start();
    for _ in 0..30 {
        clock.advance(std::time::Duration::from_secs(10));
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    running.shutdown().await;

    assert!(world.monitor.account(&user).await.unwrap().is_some());
}

/// A token store whose removals fail, as those of a database do that somebody reads.
#[derive(Debug)]
struct Busy {
    below: Arc<dyn TokenStore>,
    is_busy: AtomicBool,
}

#[async_trait]
impl TokenStore for Busy {
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError> {
        self.below.load(user).await
    }
    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError> {
        self.below.save(token, replaces).await
    }
    async fn delete(&self, user: &UserId) -> Result<(), StoreError> {
        if self.is_busy.load(Ordering::Acquire) {
            return Err(StoreError::backend("test", "deleting", "it is busy"));
        }
        self.below.delete(user).await
    }
    async fn list(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.below.list(after, limit).await
    }
}

#[rstest]
#[case::file(Kind::File)]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test]
async fn an_erasure_that_was_cut_short_is_brought_to_its_end_by_the_next_start(#[case] kind: Kind) {
    let Some(place) = Place::new(kind).await else {
        return;
    };
    let opened = place.open().await;
    fill(&opened.storage, MARKER).await;
    let busy = Storage {
        tokens: Arc::new(Busy {
            below: Arc::clone(&opened.storage.tokens),
            is_busy: AtomicBool::new(true),
        }),
        ..opened.storage.clone()
    };
    let user = UserId::new(MARKER);
    let first = monitor(&place, busy, 100).await;
    let error = first.disconnect(&user).await.unwrap_err();
    assert!(error.to_string().contains("deleting"), "{error}");
    // Not called finished, and still there to be asked for again.
    assert!(first.account(&user).await.unwrap().is_some());
    assert!(!place.found(&opened, &[MARKER]).await.is_empty());
    drop(first);

    let next = monitor(&place, opened.storage.clone(), 200).await;
    assert_eq!(next.erase_again().await.unwrap(), 1);

    assert_eq!(place.found(&opened, &[MARKER]).await, []);
}
