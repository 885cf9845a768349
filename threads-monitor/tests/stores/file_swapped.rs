//! Names that change between being checked and being used lead nowhere.
#![cfg(all(feature = "file", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use chrono::DateTime;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;
use threads_client::{AccessToken, UserId};
use threads_monitor::Storage;
use threads_monitor::token_store::{Credential, Token};

/// So often the store is opened, at least, while a link comes and goes.
const OPENINGS: usize = 300;

/// So often at most, until both the file and the link have been met.
const MOST_OPENINGS: usize = 20_000;

/// The goal; a system with many processors makes far more of them in that time.
const SWAPS: usize = 10_000;

/// Where it never works, the thread ends all the same.
const MOST: usize = 100_000_000;

/// Exchanges two names again and again, from a thread of its own.
struct Swapper {
    has_ended: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Swapper {
    /// A link to `target` is in the place of `path` every second time.
    fn start(path: PathBuf, target: PathBuf) -> Self {
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        let thread = std::thread::spawn(move || {
            let link = path.with_extension("link");
            let mut swaps = 0;
            for _ in 0..MOST {
                if swaps >= SWAPS && ended.load(Ordering::Relaxed) {
                    break;
                }
                // The store may have put a new file into the place of the link,
                // which leaves two files, and nothing to be led astray by.
                if !path.is_symlink() && !link.is_symlink() {
                    let _ = fs::remove_file(&link);
                    let _ = symlink(&target, &link);
                }
                let swapped = renameat_with(CWD, &path, CWD, &link, RenameFlags::EXCHANGE);
                swaps += usize::from(swapped.is_ok());
            }
            swaps
        });
        Self { has_ended, thread }
    }

    fn end(self) -> usize {
        self.has_ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn token(number: usize) -> Token {
    let instant = DateTime::UNIX_EPOCH;
    Token {
        user: UserId::new(number.to_string()),
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

fn contents(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.insert(path.clone(), Vec::new());
            found.extend(contents(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, content);
        }
    }
    found
}

/// Opens the store again and again, and writes where it can; says how often it could.
///
/// How often one of the two is met is up to the system: it goes on until it has met both.
async fn open_and_write(path: &Path) -> (usize, usize) {
    let (mut opened, mut refused) = (0, 0);
    for number in 0..MOST_OPENINGS {
        if number >= OPENINGS && opened > 0 && refused > 0 {
            break;
        }
        match Storage::open(&format!("file:{}", path.display())).await {
            Ok(storage) => {
                opened += 1;
                let _ = storage.tokens.save(&token(number), None).await;
                let _ = storage.tokens.delete(&UserId::new("0")).await;
            }
            Err(_) => refused += 1,
        }
    }
    (opened, refused)
}

#[tokio::test]
async fn a_directory_that_is_swapped_for_a_link_lets_nothing_out() {
    let place = TempDir::new().unwrap();
    let (path, outside) = (place.path().join("data"), place.path().join("outside"));
    // What the link leads to is a directory of ours that would do.
    for path in [&path, &outside] {
        let storage = Storage::open(&format!("file:{}", path.display())).await;
        storage.unwrap().tokens.save(&token(7), None).await.unwrap();
    }
    let before = contents(&outside);

    let swapper = Swapper::start(path.clone(), outside.clone());
    let (opened, refused) = open_and_write(&path).await;
    let swaps = swapper.end();

    assert!(swaps >= SWAPS);
    assert!(opened > 0 && refused > 0, "{opened} opened, {refused} not");
    assert_eq!(contents(&outside), before, "something was written outside");
}

#[tokio::test]
async fn a_journal_that_is_swapped_for_a_link_lets_nothing_out() {
    let place = TempDir::new().unwrap();
    let (path, outside) = (place.path().join("data"), place.path().join("outside"));
    for path in [&path, &outside] {
        let storage = Storage::open(&format!("file:{}", path.display())).await;
        storage.unwrap().tokens.save(&token(7), None).await.unwrap();
    }
    let before = contents(&outside);

    let journal = "tokens/journal";
    let swapper = Swapper::start(path.join(journal), outside.join(journal));
    let (opened, refused) = open_and_write(&path).await;
    let swaps = swapper.end();

    assert!(swaps >= SWAPS);
    assert!(opened > 0 && refused > 0, "{opened} opened, {refused} not");
    assert_eq!(contents(&outside), before, "something was written outside");
}
