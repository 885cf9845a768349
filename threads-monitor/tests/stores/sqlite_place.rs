//! The place of the SQLite files: nobody else gets in, whatever lies there or above it.
#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::DateTime;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use threads_client::UserId;
use threads_monitor::snapshot_store::{Metric, Reading, Snapshot, Source, Subject};
use threads_monitor::{SqlDatabase, Storage};

const FILES: [&str; 3] = ["threads.db", "threads.db-wal", "threads.db-shm"];

/// A directory as a program leaves it that was killed: with all three files.
async fn abandoned() -> (TempDir, PathBuf) {
    let place = TempDir::new().unwrap();
    let from = place.path().join("from/threads.db");
    let path = place.path().join("data/threads.db");
    let database = SqlDatabase::open_sqlite(&from).await.unwrap();
    write_something(&Storage::from(&database)).await;
    fs::create_dir(path.parent().unwrap()).unwrap();
    set_mode(path.parent().unwrap(), 0o700);
    for name in FILES {
        let copy = path.with_file_name(name);
        fs::copy(from.with_file_name(name), &copy).unwrap();
        set_mode(&copy, 0o600);
    }
    database.close().await;
    (place, path)
}

async fn write_something(storage: &Storage) {
    let point = Snapshot {
        account: UserId::new("1"),
        subject: Subject::Account,
        metric: Metric::Followers,
        at: DateTime::UNIX_EPOCH,
        captured_at: DateTime::UNIX_EPOCH,
        source: Source::Insights,
        reading: Reading::Count(7),
    };
    storage.snapshots.append(&[point]).await.unwrap();
}

async fn open(path: &Path) -> Result<Storage, String> {
    let opened = Storage::open(&format!("sqlite:{}", path.display())).await;
    opened.map_err(|error| {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(source) = next {
            text = format!("{text}: {source}");
            next = source.source();
        }
        text
    })
}

async fn refusal(path: &Path) -> String {
    match open(path).await {
        Ok(_) => panic!("the database was opened"),
        Err(refusal) => refusal,
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn everything_is_closed_to_others_whatever_the_umask() {
    for umask in ["000", "077", "277"] {
        let place = TempDir::new().unwrap();
        let path = place.path().join("parent/data/threads.db");
        // The mask belongs to the whole process, so another one has it.
        let child = Command::new("sh")
            .args(["-c", "umask $0; exec \"$@\"", umask])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sqlite_place::child_that_tells_modes",
                "--ignored",
            ])
            .arg("--nocapture")
            .env("CHILD_DATABASE", &path)
            .output()
            .unwrap();
        assert!(child.status.success(), "{child:?}");

        let said = String::from_utf8(child.stdout).unwrap();

        for name in FILES {
            assert!(said.contains(&format!("{name} 600\n")), "{umask}: {said}");
        }
        assert_eq!(mode(path.parent().unwrap()), 0o700, "{umask}");
        assert_eq!(mode(&place.path().join("parent")), 0o700, "{umask}");
    }
}

/// Two of the files are there only while the database is open.
#[tokio::test]
#[ignore = "a part of `everything_is_closed_to_others_whatever_the_umask`"]
async fn child_that_tells_modes() {
    let Some(path) = std::env::var_os("CHILD_DATABASE").map(PathBuf::from) else {
        return;
    };
    let storage = open(&path).await.unwrap();
    write_something(&storage).await;
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        writeln!(std::io::stdout(), "{name} {:o}", mode(&entry.path())).unwrap();
    }
}

#[tokio::test]
async fn what_a_killed_program_left_is_opened() {
    let (_place, path) = abandoned().await;

    let storage = open(&path).await.unwrap();

    let count = storage
        .snapshots
        .count(&UserId::new("1"), Metric::Followers)
        .await;
    assert_eq!(count.unwrap(), 1);
}

#[tokio::test]
async fn each_file_that_others_can_read_is_refused_and_left_as_it_is() {
    for name in FILES {
        for loose in [0o640, 0o604, 0o660] {
            let (_place, path) = abandoned().await;
            let file = path.with_file_name(name);
            set_mode(&file, loose);

            let refused = refusal(&path).await;

            assert!(refused.contains("other users"), "{name}: {refused}");
            assert_eq!(mode(&file), loose, "{name}");
        }
    }
}

#[tokio::test]
async fn each_file_with_a_second_name_is_refused() {
    for name in FILES {
        let (place, path) = abandoned().await;
        let file = path.with_file_name(name);
        let second = place.path().join("second-name");
        fs::hard_link(&file, &second).unwrap();
        let before = fs::read(&second).unwrap();

        let refused = refusal(&path).await;

        assert!(refused.contains("hard links"), "{name}: {refused}");
        assert_eq!(fs::read(&second).unwrap(), before, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_regular_file_is_refused_at_once() {
    for name in FILES.iter().chain(&["threads.db-journal"]) {
        for kind in [FileType::Fifo, FileType::Directory, FileType::Socket] {
            let (_place, path) = abandoned().await;
            let odd = path.with_file_name(name);
            let _ = fs::remove_file(&odd);
            if kind == FileType::Directory {
                fs::create_dir(&odd).unwrap();
            } else {
                mknodat(CWD, &odd, kind, Mode::RUSR | Mode::WUSR, 0).unwrap();
            }

            let refused = refusal(&path).await;

            assert!(refused.contains("not a regular file"), "{name}: {refused}");
        }
    }
}

#[tokio::test]
async fn files_of_another_user_are_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only the superuser can give files away");
        return;
    }
    for name in FILES.iter().chain(&["."]) {
        let (_place, path) = abandoned().await;
        let given = path.parent().unwrap().join(name);
        std::os::unix::fs::chown(&given, Some(65_534), None).unwrap();

        let refused = refusal(&path).await;

        assert!(refused.contains("belongs to user 65534"), "{refused}");
    }
}

#[tokio::test]
async fn a_place_that_others_can_rename_is_refused() {
    let (place, path) = abandoned().await;
    let before = fs::read(&path).unwrap();

    set_mode(place.path(), 0o777);
    let refused = refusal(&path).await;
    // Above the parent, too.
    let deep = place.path().join("a/b/threads.db");
    let refused_above = refusal(&deep).await;

    for refused in [refused, refused_above] {
        assert!(refused.contains("chmod o-w"), "{refused}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    // As `/tmp`: everybody may make something there, and rename only what is theirs.
    set_mode(place.path(), 0o1777);
    open(&path).await.unwrap();
}
