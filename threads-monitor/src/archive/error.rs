//! What can go wrong with an archive.

use std::io;
use std::path::PathBuf;

use threads_client::UserId;

use crate::error::StoreError;

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file is something else, or not whole.
    #[error("this is not {wanted}: {reason}")]
    NotAnArchive {
        /// What was asked for, as "a backup".
        wanted: &'static str,
        /// What it is instead.
        reason: String,
    },
    /// The archive was written by a newer version of this software.
    #[error(
        "this archive has format version {found}, and this program reads up to {supported}: use the newer program"
    )]
    TooNew {
        /// The version found.
        found: u32,
        /// The newest version understood.
        supported: u32,
    },
    /// The archive cannot be read as what it says it is.
    #[error("the archive is damaged, or somebody changed it: {what}")]
    Damaged {
        /// Which part, where, and why.
        what: String,
    },
    /// There is something already where only something new may go.
    #[error("{what}. {advice}")]
    NotEmpty {
        /// What is there.
        what: String,
        /// What a person can do about it.
        advice: &'static str,
    },
    /// There is nothing to export.
    #[error("there is nothing of account {account} here")]
    NothingOf {
        /// The account.
        account: UserId,
    },
    /// There is a file of this name; it is not overwritten.
    #[error("`{}` is there already: choose another name", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// Reading or writing the file failed.
    #[error("the archive could not be {doing}")]
    Io {
        /// What was being done, as "written".
        doing: &'static str,
        /// The system's own error.
        #[source]
        source: io::Error,
    },
    /// A failure after some of it was stored.
    #[error("only {stored} rows were stored. {advice}")]
    Interrupted {
        /// How many rows are stored now.
        stored: u64,
        /// What a person can do about it.
        advice: &'static str,
        /// Why it went no further.
        #[source]
        source: Box<ArchiveError>,
    },
    /// A store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ArchiveError {
    pub(super) fn damaged(part: &str, why: impl std::fmt::Display) -> Self {
        Self::Damaged {
            what: format!("`{part}`: {why}"),
        }
    }

    pub(super) const fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source }
    }
}
