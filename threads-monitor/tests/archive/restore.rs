//! Backup and restore: everything comes back, and nothing is published twice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use threads_client::{Draft, UserId};
use threads_monitor::archive::{ArchiveError, TokensAs};
use threads_monitor::publishing::{Phase, Post};
use threads_monitor::scheduler::{JobId, JobKind, MemoryScheduler};
use threads_monitor::{Monitor, Storage};
use threads_sandbox::{Endpoint, Fault, LedgerKind, Sandbox};

use crate::archives::copying::Copying;
use crate::archives::{self, Content, backed_up, content, is_empty, restored};
use crate::world::{World, builder, minutes};

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

/// The media ids of all posts that became visible, by their texts.
fn live(world: &World) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    for entry in world.published() {
        *texts.entry(entry.text.unwrap_or_default()).or_insert(0) += 1;
    }
    texts
}

async fn phases(monitor: &Monitor, user: &UserId) -> BTreeMap<JobId, Phase> {
    monitor
        .scheduled_posts(user)
        .await
        .unwrap()
        .into_iter()
        .map(|scheduled| (scheduled.id, scheduled.post.phase))
        .collect()
}

/// The content as a restore leaves it: posts that were not at their end are restored.
fn as_restored(content: Content) -> Content {
    let jobs = content.jobs.into_iter().map(|mut job| {
        let open = job.kind == JobKind::PublishPost && {
            let post: Post = serde_json::from_value(job.state.clone()).unwrap();
            !post.phase.is_final()
        };
        if open {
            job.state["phase"] = "restored".into();
            job.wake_at = None;
        }
        job
    });
    Content {
        jobs: jobs.collect(),
        ..content
    }
}

/// A backup of an instance that goes on publishing; then the backup is put elsewhere, and
/// started.
async fn goes_on_publishing(from: Storage, to: Storage) {
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, from.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    world.connect(&world.username(1)).await;
    let mut texts = Vec::new();
    for (number, due) in [1, 30, 31, 32, 40, 200].into_iter().enumerate() {
        let text = format!("post number {number}");
        world.schedule_in(&user, Draft::text(&text), due).await;
        texts.push(text);
    }
    world.live(minutes(25), minutes(1)).await;
    // The answer of one call is lost, so that there is a post whose outcome is open.
    world.live(minutes(5), seconds(10)).await;
    world
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::HangAfterEffect);
    let (backup, ()) = tokio::join!(
        backed_up(&from, world.monitor.now()),
        world.live(minutes(1), seconds(10))
    );
    // The original goes on.
    world.live(minutes(20), seconds(30)).await;
    assert_eq!(live(&world).len(), 5, "five of six are due");

    let report = restored(&to, &backup.out, world.monitor.now())
        .await
        .unwrap();
    let again = World {
        monitor: builder(&world.sandbox, to.clone()).build().unwrap(),
        sandbox: world.sandbox.clone(),
    };
    again.live(minutes(60), seconds(30)).await;

    assert!(report.open_posts.len() >= 4, "{:?}", report.open_posts);
    assert_eq!(report.accounts, 2);
    let all = live(&again);
    assert!(all.values().all(|times| *times == 1), "{all:?}");
    assert_eq!(all.len(), 5);
    let found = phases(&again.monitor, &user).await;
    let original = phases(&world.monitor, &user).await;
    for (id, phase) in &found {
        match (phase, &original[id]) {
            (
                Phase::Published { media_id, .. },
                Phase::Published {
                    media_id: theirs, ..
                },
            ) => assert_eq!(media_id, theirs),
            (phase, theirs) => assert_eq!(phase.name(), theirs.name(), "{id}"),
        }
    }
    // What was still to come goes out once, from the restored instance.
    again.live(minutes(180), minutes(1)).await;
    let all = live(&again);
    assert_eq!(all.len(), 6, "{all:?}");
    assert!(all.values().all(|times| *times == 1), "{all:?}");
}

/// Rows and counts are those of the original.
async fn comes_back_whole(from: Storage, to: Storage) {
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, from.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    world.connect(&world.username(1)).await;
    world.schedule_in(&user, Draft::text("first"), 10).await;
    world.schedule_in(&user, Draft::text("later"), 900).await;
    world.live(TimeDelta::hours(12), minutes(10)).await;
    let before = content(&from).await;
    assert!(before.events.len() > 3 && before.snapshots.len() > 100);

    let backup = backed_up(&from, world.monitor.now()).await;
    let report = restored(&to, &backup.out, world.monitor.now())
        .await
        .unwrap();

    let rows = before.tokens.len() + before.jobs.len() + before.events.len();
    assert_eq!(report.rows, (rows + before.snapshots.len()) as u64);
    assert_eq!(report.rows, backup.rows);
    assert_eq!(backup.tokens, TokensAs::Plain);
    assert_eq!(as_restored(content(&to).await), as_restored(before));
    // Once is enough.
    let twice = restored(&to, &backup.out, world.monitor.now()).await;
    assert!(
        matches!(twice, Err(ArchiveError::NotEmpty { .. })),
        "{twice:?}"
    );
}

#[cfg(feature = "file")]
async fn file(place: &tempfile::TempDir) -> Storage {
    let address = format!("file:{}", place.path().join("files").display());
    Storage::open(&address).await.unwrap()
}

#[cfg(feature = "sqlite")]
async fn sqlite(place: &tempfile::TempDir) -> Storage {
    let address = format!("sqlite:{}", place.path().join("data/a.db").display());
    Storage::open(&address).await.unwrap()
}

#[tokio::test]
async fn an_instance_in_memory_comes_back_whole() {
    comes_back_whole(Storage::in_memory(), Storage::in_memory()).await;
}

#[cfg(all(feature = "file", feature = "sqlite"))]
#[tokio::test]
async fn an_instance_moves_from_files_to_sqlite() {
    let place = tempfile::tempdir().unwrap();
    comes_back_whole(file(&place).await, sqlite(&place).await).await;
}

#[cfg(all(feature = "file", feature = "sqlite"))]
#[tokio::test]
async fn an_instance_moves_from_sqlite_to_files() {
    let place = tempfile::tempdir().unwrap();
    comes_back_whole(sqlite(&place).await, file(&place).await).await;
}

#[cfg(all(feature = "postgres", feature = "file"))]
#[tokio::test]
async fn an_instance_moves_from_files_to_postgres_and_on() {
    let server = crate::place_or_skip!();
    let place = tempfile::tempdir().unwrap();
    let postgres = Storage::open(&server.address()).await.unwrap();
    comes_back_whole(file(&place).await, postgres.clone()).await;

    let now = "2027-01-01T00:00:00Z".parse().unwrap();
    let backup = backed_up(&postgres, now).await;
    let memory = Storage::in_memory();
    restored(&memory, &backup.out, now).await.unwrap();

    assert_eq!(
        as_restored(content(&memory).await),
        as_restored(content(&postgres).await)
    );
}

#[tokio::test]
async fn nothing_is_published_twice_in_memory() {
    goes_on_publishing(Storage::in_memory(), Storage::in_memory()).await;
}

#[cfg(feature = "file")]
#[tokio::test]
async fn nothing_is_published_twice_on_files() {
    let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    goes_on_publishing(file(&place).await, file(&other).await).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn nothing_is_published_twice_on_sqlite() {
    let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    goes_on_publishing(sqlite(&place).await, sqlite(&other).await).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn nothing_is_published_twice_on_postgres() {
    let (place, other) = (crate::place_or_skip!(), crate::place_or_skip!());
    let from = Storage::open(&place.address()).await.unwrap();
    let to = Storage::open(&other.address()).await.unwrap();
    goes_on_publishing(from, to).await;
}

/// Of every moment that is written down, whatever the answers were.
#[tokio::test]
async fn no_backup_of_any_moment_publishes_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    let kept = MemoryScheduler::default();
    let storage = Storage {
        scheduler: Arc::new(kept.clone()),
        ..Storage::in_memory()
    };
    let copying = Arc::new(Copying {
        kept,
        storage: storage.clone(),
        sandbox: sandbox.clone(),
        backups: Mutex::default(),
    });
    let watched = Storage {
        scheduler: copying.clone(),
        ..storage
    };
    let monitor = builder(&sandbox, watched).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    for number in 0..4 {
        let text = format!("post number {number}");
        world
            .schedule_in(&user, Draft::text(text), 5 + 3 * number)
            .await;
    }
    for fault in [
        Fault::DropAfterEffect,
        Fault::DropBeforeEffect,
        Fault::status(503),
    ] {
        world.sandbox.fail_next(Endpoint::PublishContainer, fault);
    }
    world.live(minutes(50), seconds(10)).await;
    let published = world.published().len();
    assert_eq!(published, 4);
    let backups = std::mem::take(&mut *copying.backups.lock().unwrap());
    let seen: String = backups.keys().cloned().collect();
    for phase in ["scheduled", "preparing", "ready", "publishing", "verifying"] {
        assert!(seen.contains(phase), "no backup of a post that is {phase}");
    }
    assert!(backups.len() > 20, "{}", backups.len());

    for (stood, backup) in backups {
        let to = Storage::in_memory();
        restored(&to, &backup, world.sandbox.now()).await.unwrap();
        let again = World {
            monitor: builder(&world.sandbox, to).build().unwrap(),
            sandbox: world.sandbox.clone(),
        };
        again.live(minutes(20), minutes(2)).await;

        assert_eq!(again.published().len(), published, "backup of {stood}");
        for phase in phases(&again.monitor, &user).await.values() {
            assert_eq!(phase.name(), "published", "backup of {stood}");
        }
    }
}

#[tokio::test]
async fn a_post_that_nobody_published_is_left_to_a_person() {
    let from = Storage::in_memory();
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, from.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("lost"), 10).await;
    let backup = backed_up(&from, world.monitor.now()).await;
    // The original has died.
    world.advance(minutes(30));

    let to = Storage::in_memory();
    restored(&to, &backup.out, world.monitor.now())
        .await
        .unwrap();
    let again = World {
        monitor: builder(&world.sandbox, to).build().unwrap(),
        sandbox: world.sandbox,
    };
    again.live(minutes(30), seconds(30)).await;

    assert_eq!(again.phase(&post.id).await, "needs_attention");
    assert_eq!(again.published().len(), 0);
}

#[tokio::test]
async fn the_original_may_go_on_between_the_restore_and_the_start() {
    let from = Storage::in_memory();
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, from.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("due later"), 60).await;
    let backup = backed_up(&from, world.monitor.now()).await;

    let to = Storage::in_memory();
    restored(&to, &backup.out, world.monitor.now())
        .await
        .unwrap();
    world.live(minutes(90), minutes(1)).await;
    let again = World {
        monitor: builder(&world.sandbox, to).build().unwrap(),
        sandbox: world.sandbox.clone(),
    };
    again.live(minutes(30), seconds(30)).await;

    assert_eq!(again.phase(&post.id).await, "published");
    assert_eq!(again.published().len(), 1);
}

#[cfg(feature = "seal")]
#[tokio::test]
async fn sealed_tokens_stay_sealed_in_a_backup() {
    use threads_monitor::seal::KeyFile;

    let place = tempfile::tempdir().unwrap();
    let keys = KeyFile::new(place.path().join("keys"));
    let bare = Storage::in_memory();
    let sealed = bare
        .clone()
        .sealed(keys.read_or_make().unwrap())
        .await
        .unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, sealed.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let user = world.connect(&world.username(0)).await.user;
    let token = sealed.tokens.load(&user).await.unwrap().unwrap().token;

    let backup = backed_up(&sealed, world.monitor.now()).await;
    let to = Storage::in_memory();
    let target = to
        .clone()
        .sealed(keys.read_or_make().unwrap())
        .await
        .unwrap();
    restored(&target, &backup.out, world.monitor.now())
        .await
        .unwrap();

    assert_eq!(backup.tokens, TokensAs::Sealed);
    let secret = token.credential.access_token.expose();
    let parts = archives::unpacked(&backup.out);
    for (name, part) in parts {
        let text = String::from_utf8(part).unwrap();
        assert!(!text.contains(secret), "{name}");
    }
    let kept = to.tokens.load(&user).await.unwrap().unwrap().token;
    let kept = kept.credential.access_token.expose().to_owned();
    assert!(kept.starts_with("sealed:"));
    let opened = target.tokens.load(&user).await.unwrap().unwrap().token;
    assert_eq!(opened.credential.access_token.expose(), secret);
}

#[tokio::test]
async fn other_files_are_no_backups_and_change_nothing() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    world.schedule_in(&user, Draft::text("waits"), 60).await;
    let now = world.monitor.now();
    let backup = backed_up(world.monitor.storage(), now).await.out;
    let export = archives::exported(world.monitor.storage(), &user, now).await;
    let newer = archives::with_manifest(&backup, |manifest| manifest["version"] = 2.into());
    let missing = {
        let mut parts = archives::unpacked(&backup);
        parts.remove("jobs.jsonl");
        archives::packed(&parts)
    };
    let unreadable = archives::changed(&backup, "jobs.jsonl", |jobs| {
        jobs.replace("\"scheduled\"", "\"a_phase_of_the_future\"")
    });
    let edited = {
        let mut parts = archives::unpacked(&backup);
        let jobs = String::from_utf8(parts["jobs.jsonl"].clone()).unwrap();
        let jobs = jobs.replace("waits", "wants").into_bytes();
        parts.insert("jobs.jsonl".to_owned(), jobs);
        archives::packed(&parts)
    };
    let mut files = vec![
        (b"not a ZIP file".to_vec(), "no ZIP file"),
        (Vec::new(), "no ZIP file"),
        (export, "threads-account-export"),
        (newer, "format version 2"),
        (missing, "jobs.jsonl"),
        (unreadable, "a_phase_of_the_future"),
        (edited, "its checksum is another one"),
    ];
    for cut in [1, backup.len() / 2, backup.len() - 30] {
        files.push((backup[..cut].to_vec(), ""));
    }
    let to = Storage::in_memory();

    for (file, words) in files {
        let error = restored(&to, &file, now).await.unwrap_err().to_string();

        assert!(error.contains(words), "{error}");
        assert!(is_empty(&to).await, "{error}");
    }
    // The ledger knows of nothing that was not asked for.
    let entries = world.sandbox.ledger();
    assert!(entries.iter().all(|e| e.kind != LedgerKind::PostPublished));
}
