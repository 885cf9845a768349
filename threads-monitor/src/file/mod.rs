//! The file backend's common ground: one directory, and a journal for each store in it.
//!
//! ```text
//! data/            0700
//!   lock           0600  held with `flock` for as long as a store is open
//!   tokens/        0700
//!     journal      0600  see [`journal`]
//!     *.new        0600  a journal being written anew; removed when it is found
//!     *.torn       0600  the end of a journal that a crash cut short; goes with the next
//!                        erasure of any account
//!   jobs/          0700  likewise
//!   snapshots/     0700  likewise
//! ```
//!
//! Access tokens lie in `tokens/journal` in plain text: whoever can read the files of
//! the user that runs the program can read them. The modes keep everybody else out.
//!
//! Decisions, 2026-11:
//!
//! - **Modes that are too loose are refused**, not tightened: others may have read the
//!   tokens already, and a person should know. An *empty* data directory is tightened,
//!   because `mkdir data` makes one that everybody can enter.
//! - **Links are refused**, symbolic and hard, and so are files of another owner. Names
//!   are resolved relative to held directories, and a file is checked after it was
//!   opened, so a name that is swapped in between leads nowhere.
//! - **A write is an append** and one `fdatasync`, which writers that come together share.
//!   A file is written anew, and put in place under a new name, when it has grown to a
//!   multiple of its rows, and when rows are erased: what was removed is in no file then.
//!   (The blocks that the old file had are the file system's; nothing overwrites them.)
//! - **A failed write or sync ends writing** until the program is started again. After
//!   a failed sync the kernel may have thrown the data away and call the next sync a
//!   success, so trying again would acknowledge what is lost. For the same reason, what
//!   is read when a store is opened is written anew before anybody relies on it.
//! - **A full disk does not end writing**: the write fails, its beginning is cut off, and
//!   writing goes on as soon as there is room. No sync has failed then.

mod frame;
mod journal;
mod ledger;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

pub(crate) use self::ledger::{Ledger, Table};
use crate::error::StoreError;
use crate::folder::Folder;

/// The name of this backend in errors.
const BACKEND: &str = "file";

/// A data directory, locked against other processes for as long as it or a store lives.
///
/// Clones share the lock.
#[derive(Debug, Clone)]
pub struct Directory {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    folder: Folder,
    /// Stores that are open: two writers of one journal would overwrite each other.
    open: Mutex<BTreeSet<&'static str>>,
    /// The lock goes when this is closed.
    _lock: File,
}

/// The right to be the only writer of one store; keeps the directory locked.
#[derive(Debug)]
struct Turn {
    held: Arc<Held>,
    name: &'static str,
}

impl Directory {
    /// Opens a data directory, makes it if it is missing, and locks it.
    ///
    /// # Errors
    ///
    /// `Locked` when another process, or this one, has it open. Otherwise `Backend`: the
    /// path is no directory, is a symbolic link, belongs to another user, lets other
    /// users in, or cannot be written.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        blocking("opening the data directory", move || Self::open_now(&path)).await
    }

    fn open_now(path: &Path) -> Result<Self, StoreError> {
        let folder = Folder::open_or_make(BACKEND, path)?;
        let lock = match folder.open_file(LOCK)? {
            Some(lock) => lock,
            None => folder.create_file_unless_there(LOCK)?,
        };
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(StoreError::Locked {
                    path: folder.path().join(LOCK),
                });
            }
            Err(error) => return Err(folder.failed("locking", LOCK, error.into())),
        }
        Ok(Self {
            held: Arc::new(Held {
                folder,
                open: Mutex::default(),
                _lock: lock,
            }),
        })
    }

    /// Refuses a directory in which some of these stores have data and another one has
    /// lost its journal. A new journal in its place would look like a fresh start.
    pub(crate) async fn expect_whole(&self, stores: [&'static str; 3]) -> Result<(), StoreError> {
        let path = self.path().to_owned();
        blocking("looking at the data directory", move || {
            let length = |store: &str| {
                std::fs::metadata(path.join(store).join(journal::JOURNAL))
                    .map(|journal| journal.len())
                    .ok()
            };
            let has_data = stores.iter().any(|store| {
                length(store).is_some_and(|length| length > frame::HEADER_LENGTH as u64)
            });
            let missing = stores.iter().find(|store| length(store).is_none());
            match missing {
                Some(store) if has_data => Err(StoreError::Corrupt {
                    what: format!(
                        "`{}` is missing, while other data is there",
                        path.join(store).join(journal::JOURNAL).display()
                    ),
                    advice: "Nothing was changed. Put the whole data directory back from a copy, \
                             or start with a new one"
                        .to_owned(),
                }),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.held.folder.path()
    }

    fn turn(&self, name: &'static str) -> Result<Turn, StoreError> {
        let is_first = self
            .held
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name);
        if is_first {
            Ok(Turn {
                held: Arc::clone(&self.held),
                name,
            })
        } else {
            Err(StoreError::Locked {
                path: self.path().join(name),
            })
        }
    }
}

const LOCK: &str = "lock";

impl Turn {
    fn folder(&self) -> Result<Folder, StoreError> {
        self.held.folder.subfolder(self.name)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(self.name);
    }
}

/// Runs file work where it may block.
async fn blocking<A: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<A, StoreError> + Send + 'static,
) -> Result<A, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::backend(BACKEND, doing, error)),
    }
}
