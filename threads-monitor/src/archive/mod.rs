//! An account, or a whole instance, as one file.
//!
//! - [`export_account`] writes everything that is kept about an account as a ZIP file for
//!   its owner: JSON and CSV, no secret, a README that says what each field means.
//!   [`import_account`] puts its history into an instance that has nothing of it.
//! - [`back_up`] copies all three stores while others work on them; [`restore`](restore()) puts the
//!   copy into empty stores, of the same backend or of another one.
//!
//! All four stream: memory does not grow with the history. Reading and writing the file, and
//! compressing, is done by a blocking thread of the runtime.
//!
//! **Scheduled posts are the delicate part.** Two instances must not publish one post:
//!
//! - An import brings the posts that are at their end, as history. Those that still wait are
//!   *not* scheduled, because the instance that they come from will publish them. They are
//!   listed in [`Imported::waiting`].
//! - A restore brings all of them, each as [`Restored`](crate::publishing::Event::Restored):
//!   what the original has published since the backup is found out first, and what cannot be
//!   found out is left to a person. Posts whose time is still to come when the restored
//!   instance first runs them are published by it: **stop the original for good before you
//!   start the restored instance.** What a person called off in the original after the
//!   backup waits again; [`Restored::open_posts`] lists what waits.
//! - Repeated posts go on in a restored instance with the first time after it starts; those
//!   before may have been made by the original. A draft that was scheduled, and of which the
//!   backup does not know the post, is a draft again. An import brings neither: the instance
//!   that they come from has them.
//!
//! Decision, 2026-11: both files are ZIP archives with a `manifest.json` that holds format,
//! version, and the number of rows, the size and the SHA-256 of each part. It is written
//! last, so that what was cut short has none and is refused. A file is read to its end and
//! checked before anything of it is stored. A dump of each backend's own files would be
//! faster, but it could not move an instance from one backend to another, and would carry
//! everything that the backend has not cleaned up.

mod backup;
mod csv;
mod error;
mod export;
mod file;
mod import;
mod manifest;
mod pages;
mod read;
mod restore;
mod write;

pub use self::backup::{BackedUp, TokensAs, back_up};
pub use self::csv::Csv;
pub(crate) use self::csv::unguarded;
pub use self::error::ArchiveError;
pub use self::export::{ExportOptions, Exported, export_account};
pub use self::file::NewFile;
pub use self::import::{Existing, Imported, import_account};
pub(crate) use self::manifest::hexadecimal;
pub use self::restore::{Restored, restore};

use crate::storage::Storage;
use crate::token_store::TokenStore;

/// How far a long piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The part of the archive that is written, or checked or read, as `followers.csv`.
    pub part: &'static str,
    /// Rows that are done, over all parts.
    pub done: u64,
    /// Rows that there are, as far as they can be counted before; `done` may pass it.
    pub total: u64,
}

/// Counts rows and tells of them.
struct Counter<'a> {
    tell: &'a mut (dyn FnMut(Progress) + Send),
    done: u64,
    total: u64,
}

impl Counter<'_> {
    fn add(&mut self, part: &'static str, rows: usize) {
        self.done = self.done.saturating_add(rows as u64);
        (self.tell)(Progress {
            part,
            done: self.done,
            total: self.total,
        });
    }
}

/// The store that keeps the tokens, as it keeps them.
fn kept_tokens(storage: &Storage) -> &dyn TokenStore {
    let mut store: &dyn TokenStore = &*storage.tokens;
    while let Some(beneath) = store.beneath() {
        store = beneath;
    }
    store
}
