//! A monitor on a SQLite file, from connecting to disconnecting.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::TimeDelta;
use tempfile::TempDir;
use threads_client::Draft;
use threads_monitor::Storage;
use threads_sandbox::Sandbox;

use crate::marked::files_under;
use crate::world::{World, builder, minutes};

/// Files that hold the text. Another process reads them: closing a file of SQLite in this
/// one would drop the locks on it.
fn files_with(place: &Path, text: &str) -> Vec<PathBuf> {
    files_under(place)
        .into_iter()
        .filter(|file| {
            let content = Command::new("cat").arg(file).output().unwrap().stdout;
            content
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
        .collect()
}

#[tokio::test]
async fn a_disconnected_account_is_in_no_byte_of_the_database() {
    let place = TempDir::new().unwrap();
    let address = format!("sqlite:{}/data/threads.db", place.path().display());
    let storage = Storage::open(&address).await.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let monitor = builder(&sandbox, storage.clone()).build().unwrap();
    let world = World { sandbox, monitor };
    let (name, other) = (world.username(0), world.username(1));
    let user = world.connect(&name).await.user;
    let stays = world.connect(&other).await.user;
    let published = world
        .schedule_in(&user, Draft::text("qzx published"), 10)
        .await;
    world
        .schedule_in(&user, Draft::text("qzx waiting"), 100_000)
        .await;
    world.live(minutes(90), minutes(5)).await;
    assert_eq!(world.phase(&published.id).await, "published");
    let token = storage.tokens.load(&user).await.unwrap().unwrap().token;
    let token = token.credential.access_token.expose().to_owned();
    let marks = [
        user.as_str(),
        name.as_str(),
        &token,
        "qzx published",
        "qzx waiting",
    ];
    for mark in marks {
        assert!(!files_with(place.path(), mark).is_empty());
    }

    let erased = world.monitor.disconnect(&user).await.unwrap();

    assert!(
        erased.token && erased.jobs > 2 && erased.snapshots > 10,
        "{erased:?}"
    );
    for mark in marks {
        assert_eq!(
            files_with(place.path(), mark),
            Vec::<PathBuf>::new(),
            "{mark}"
        );
    }
    world.live(TimeDelta::days(1), TimeDelta::hours(1)).await;
    assert!(world.account(&stays).await.followers.value().is_some());
    for mark in marks {
        assert_eq!(
            files_with(place.path(), mark),
            Vec::<PathBuf>::new(),
            "{mark}"
        );
    }
}
