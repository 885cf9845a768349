//! The data directory: who may enter it, and what is refused in it.
#![cfg(feature = "file")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;
use threads_client::{AccessToken, UserId};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Storage, StoreError};

async fn open(path: &Path) -> Result<Storage, StoreError> {
    Storage::open(&format!("file:{}", path.display())).await
}

/// A data directory with one token in it.
async fn used_directory() -> (TempDir, PathBuf) {
    let place = TempDir::new().unwrap();
    let path = place.path().join("data");
    let storage = open(&path).await.unwrap();
    storage.tokens.save(&token("1"), None).await.unwrap();
    (place, path)
}

fn token(user: &str) -> Token {
    let instant = "2026-11-23T12:00:00Z".parse().unwrap();
    Token {
        user: UserId::new(user),
        credential: Credential {
            access_token: AccessToken::new("THAA-secret"),
            obtained_at: instant,
            expires_at: instant,
            expiry_assumed: false,
        },
        candidate: None,
        scopes: Vec::new(),
        connected_at: instant,
    }
}

/// The error with all its sources, as a program prints it.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

async fn refusal(path: &Path) -> String {
    match open(path).await {
        Ok(_) => panic!("the directory was opened"),
        Err(error) => chain(&error),
    }
}

fn everything_under(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            found.extend(everything_under(&entry.unwrap().path()));
        }
    }
    found
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
        let path = place.path().join("parent/data");
        // The mask belongs to the whole process, so another one has it.
        let status = Command::new("sh")
            .args(["-c", "umask $0; exec \"$@\"", umask])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "file_directory::child_that_fills_a_directory",
                "--ignored",
            ])
            .env("CHILD_DIRECTORY", &path)
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");

        let found = everything_under(&path);

        assert!(found.len() >= 9, "{found:?}");
        assert!(found.iter().any(|path| path.ends_with("tokens/journal")));
        for path in found {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{} under {umask}", path.display());
        }
        assert_eq!(mode(&place.path().join("parent")) & 0o077, 0, "{umask}");
    }
}

#[tokio::test]
#[ignore = "a part of `everything_is_closed_to_others_whatever_the_umask`"]
async fn child_that_fills_a_directory() {
    let Some(path) = std::env::var_os("CHILD_DIRECTORY") else {
        return;
    };
    let path = PathBuf::from(path);
    let storage = open(&path).await.unwrap();
    storage.tokens.save(&token("1"), None).await.unwrap();
    storage.tokens.save(&token("2"), None).await.unwrap();
    storage.tokens.delete(&UserId::new("1")).await.unwrap();
    drop(storage);
    // A torn end makes one more file.
    let journal = fs::OpenOptions::new()
        .append(true)
        .open(path.join("tokens/journal"))
        .unwrap();
    std::io::Write::write_all(&mut &journal, b"torn").unwrap();
    open(&path).await.unwrap();
}

#[tokio::test]
async fn a_directory_is_open_once_at_a_time() {
    let (_place, path) = used_directory().await;
    let first = open(&path).await.unwrap();

    let second = open(&path).await.unwrap_err();

    assert!(
        matches!(&second, StoreError::Locked { path: lock } if *lock == path.join("lock")),
        "{second:?}"
    );
    // One store alone holds the lock.
    let tokens = first.tokens;
    drop((first.scheduler, first.snapshots));
    open(&path).await.unwrap_err();
    drop(tokens);
    open(&path).await.unwrap();
}

#[tokio::test]
async fn another_process_is_locked_out_until_this_one_ends() {
    let (_place, path) = used_directory().await;
    let storage = open(&path).await.unwrap();
    let child = || {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "file_directory::child_that_fills_a_directory",
                "--ignored",
            ])
            .env("CHILD_DIRECTORY", &path)
            .output()
            .unwrap()
    };

    let locked_out = child();

    assert!(!locked_out.status.success());
    let said = String::from_utf8_lossy(&locked_out.stdout).into_owned()
        + &String::from_utf8_lossy(&locked_out.stderr);
    assert!(said.contains("Locked"), "{said}");
    assert!(
        storage
            .tokens
            .load(&UserId::new("1"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn missing_parents_are_made_for_us_alone() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("a/b/c");

    open(&path).await.unwrap();

    for directory in ["a", "a/b", "a/b/c", "a/b/c/tokens"] {
        assert_eq!(mode(&place.path().join(directory)), 0o700, "{directory}");
    }
}

#[tokio::test]
async fn an_empty_directory_that_others_can_enter_is_closed_to_them() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("data");
    fs::create_dir(&path).unwrap();
    set_mode(&path, 0o777);

    open(&path).await.unwrap();

    assert_eq!(mode(&path), 0o700);
}

#[tokio::test]
async fn looser_modes_of_what_is_in_use_are_refused() {
    for (name, loose) in [
        ("", 0o750),
        ("", 0o701),
        ("tokens", 0o710),
        ("jobs/journal", 0o640),
        ("snapshots/journal", 0o604),
        ("lock", 0o660),
    ] {
        let (_place, path) = used_directory().await;
        let loosened = path.join(name);
        set_mode(&loosened, loose);

        let refused = refusal(&path).await;

        assert!(refused.contains("other users"), "{refused}");
        assert!(refused.contains("chmod go="), "{refused}");
        assert_eq!(mode(&loosened), loose, "the mode of `{name}` was changed");
    }
}

#[tokio::test]
async fn links_are_refused_and_what_they_point_to_is_untouched() {
    let outside = TempDir::new().unwrap();
    for name in ["lock", "tokens/journal", "jobs", "snapshots/journal"] {
        let (_place, path) = used_directory().await;
        let linked = path.join(name);
        let target = outside.path().join(name.replace('/', "-"));
        fs::rename(&linked, &target).unwrap();
        symlink(&target, &linked).unwrap();
        let before: Vec<_> = contents(&target);

        let refused = refusal(&path).await;

        assert!(refused.contains("symbolic link"), "{name}: {refused}");
        assert_eq!(contents(&target), before, "{name}");
    }
}

#[tokio::test]
async fn a_link_that_leads_nowhere_makes_no_file() {
    let place = TempDir::new().unwrap();
    let target = place.path().join("target");
    for name in ["lock", "data"] {
        let path = place.path().join(format!("of-{name}"));
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        symlink(&target, path.join(name)).unwrap();
        let opened = if name == "data" {
            path.join(name)
        } else {
            path
        };

        let refused = refusal(&opened).await;

        assert!(refused.contains("symbolic link"), "{name}: {refused}");
        assert!(!target.exists());
    }
}

#[tokio::test]
async fn a_data_directory_behind_a_link_is_refused_even_with_a_slash() {
    let (place, path) = used_directory().await;
    let link = place.path().join("link");
    symlink(&path, &link).unwrap();

    for address in [link.clone(), link.join("")] {
        let refused = refusal(&address).await;
        assert!(refused.contains("symbolic link"), "{refused}");
    }
}

#[tokio::test]
async fn hard_links_are_refused() {
    for name in ["lock", "tokens/journal"] {
        let (place, path) = used_directory().await;
        fs::hard_link(path.join(name), place.path().join("second-name")).unwrap();

        let refused = refusal(&path).await;

        assert!(refused.contains("hard links"), "{name}: {refused}");
    }
}

#[tokio::test]
async fn what_is_no_regular_file_is_refused_at_once() {
    for name in ["lock", "tokens/journal"] {
        for kind in [FileType::Fifo, FileType::Directory, FileType::Socket] {
            let (_place, path) = used_directory().await;
            let odd = path.join(name);
            fs::remove_file(&odd).unwrap();
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
async fn a_place_that_cannot_be_a_directory_is_refused_by_name() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "something").unwrap();

    let is_a_file = refusal(&file).await;
    let is_under_a_file = refusal(&file.join("data")).await;
    // Nobody, not even the superuser, can make a directory there.
    let is_not_writable = refusal(Path::new("/proc/threads-data")).await;

    assert!(is_a_file.contains("not a directory"), "{is_a_file}");
    for (error, path) in [
        (&is_a_file, file.clone()),
        (&is_under_a_file, file.join("data")),
        (&is_not_writable, PathBuf::from("/proc/threads-data")),
    ] {
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"something");
}

#[tokio::test]
async fn files_of_another_user_are_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only the superuser can give files away");
        return;
    }
    for name in ["", "tokens", "tokens/journal", "lock"] {
        let (_place, path) = used_directory().await;
        std::os::unix::fs::chown(path.join(name), Some(65_534), None).unwrap();

        let refused = refusal(&path).await;

        assert!(refused.contains("belongs to user 65534"), "{refused}");
    }
}

#[tokio::test]
async fn a_damaged_journal_is_refused_by_name_and_shows_no_secret() {
    let (_place, path) = used_directory().await;
    let storage = open(&path).await.unwrap();
    storage.tokens.save(&token("2"), None).await.unwrap();
    drop(storage);
    let journal = path.join("tokens/journal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[60] ^= 1;
    fs::write(&journal, &bytes).unwrap();

    let error = open(&path).await.unwrap_err();

    let shown = format!("{} {error:?}", chain(&error));
    assert!(matches!(error, StoreError::Corrupt { .. }), "{shown}");
    assert!(shown.contains("tokens/journal"), "{shown}");
    assert!(shown.contains("offset 40"), "{shown}");
    assert!(!shown.contains("THAA"), "{shown}");
    assert_eq!(fs::read(&journal).unwrap(), bytes);
}

fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    everything_under(path)
        .into_iter()
        .filter(|path| path.is_file())
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}
