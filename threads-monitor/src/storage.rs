//! The three stores, opened by one address.

use std::sync::Arc;

use crate::error::StoreError;
use crate::scheduler::{MemoryScheduler, Scheduler};
use crate::snapshot_store::{MemorySnapshotStore, SnapshotStore};
use crate::token_store::{MemoryTokenStore, TokenStore};

/// The three stores that a [`Monitor`](crate::Monitor) works on.
///
/// Clones share the stores.
#[derive(Debug, Clone)]
pub struct Storage {
    /// Access tokens.
    pub tokens: Arc<dyn TokenStore>,
    /// Jobs.
    pub scheduler: Arc<dyn Scheduler>,
    /// Observations.
    pub snapshots: Arc<dyn SnapshotStore>,
}

/// Which backend an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Address<'a> {
    Memory,
    File(&'a str),
}

impl Storage {
    /// Stores that forget everything when the process ends.
    pub fn in_memory() -> Self {
        Self {
            tokens: Arc::new(MemoryTokenStore::default()),
            scheduler: Arc::new(MemoryScheduler::default()),
            snapshots: Arc::new(MemorySnapshotStore::default()),
        }
    }

    /// Opens the stores at an address.
    ///
    /// | Address | Backend |
    /// |---|---|
    /// | `memory:` | in memory, gone with the process |
    /// | `file:./data` | one directory, for one process at a time (feature `file`) |
    ///
    /// # Errors
    ///
    /// An address that is none of these, a directory that cannot be written or is in
    /// use by another process, damaged or newer data. Nothing is overwritten then.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        match parse(address)? {
            Address::Memory => Ok(Self::in_memory()),
            Address::File(directory) => open_file(directory).await,
        }
    }
}

fn parse(address: &str) -> Result<Address<'_>, StoreError> {
    let unsupported = |shown: &str, reason: &str| StoreError::UnsupportedAddress {
        address: shown.to_owned(),
        reason: reason.to_owned(),
    };
    match address.split_once(':') {
        Some(("memory", "")) => Ok(Address::Memory),
        Some(("file", "")) => Err(unsupported(
            address,
            "the directory is missing, as in `file:./data`",
        )),
        Some(("file", directory)) => Ok(Address::File(
            directory.strip_prefix("//").unwrap_or(directory),
        )),
        // What follows an unknown scheme may hold a password, so it is not shown.
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => Err(unsupported(
            &format!("{scheme}:…"),
            "this build knows `memory:` and `file:DIRECTORY`",
        )),
        _ => Err(unsupported(
            "(no scheme)",
            "write `memory:` or `file:DIRECTORY`, as in `file:./data`",
        )),
    }
}

#[cfg(feature = "file")]
async fn open_file(directory: &str) -> Result<Storage, StoreError> {
    let directory = crate::file::Directory::open(directory).await?;
    directory
        .expect_whole(["tokens", "jobs", "snapshots"])
        .await?;
    Ok(Storage {
        tokens: Arc::new(crate::token_store::FileTokenStore::open(&directory).await?),
        scheduler: Arc::new(crate::scheduler::FileScheduler::open(&directory).await?),
        snapshots: Arc::new(crate::snapshot_store::FileSnapshotStore::open(&directory).await?),
    })
}

#[cfg(not(feature = "file"))]
#[expect(clippy::unused_async, reason = "called like the one with the feature")]
async fn open_file(directory: &str) -> Result<Storage, StoreError> {
    Err(StoreError::UnsupportedAddress {
        address: format!("file:{directory}"),
        reason: "this build has no file backend: enable the feature `file`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_backend() {
        assert_eq!(parse("memory:").unwrap(), Address::Memory);
        assert_eq!(parse("file:./data").unwrap(), Address::File("./data"));
        assert_eq!(
            parse("file:///var/data").unwrap(),
            Address::File("/var/data")
        );
    }

    #[test]
    fn a_refused_address_never_shows_what_may_be_a_password() {
        let error = parse("mysql://root:hunter2@db/x").unwrap_err().to_string();

        assert!(error.contains("mysql:…"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_address_without_a_directory_is_refused() {
        for address in ["file:", "", "data", "memory:x", "./a:b"] {
            assert!(
                matches!(parse(address), Err(StoreError::UnsupportedAddress { .. })),
                "{address}"
            );
        }
    }
}
