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
    Sqlite(&'a str),
    Postgres(&'a str),
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

    /// These stores, with the tokens encrypted.
    ///
    /// # Errors
    ///
    /// `Sealed` when the keys do not open what is there, or a failure of the store.
    #[cfg(feature = "seal")]
    pub async fn sealed(
        self,
        keys: impl crate::seal::KeySource + 'static,
    ) -> Result<Self, StoreError> {
        let tokens = crate::seal::SealedTokenStore::new(self.tokens, keys).await?;
        Ok(Self {
            tokens: Arc::new(tokens),
            ..self
        })
    }

    /// Opens the stores at an address.
    ///
    /// | Address | Backend |
    /// |---|---|
    /// | `memory:` | in memory, gone with the process |
    /// | `file:./data` | one directory, for one process at a time (feature `file`) |
    /// | `sqlite:./data/threads.db` | one SQLite file in a directory of its own, for many processes of one machine (feature `sqlite`) |
    /// | `postgres://USER:PASSWORD@HOST/DATABASE` | a PostgreSQL server, for many processes on many machines (feature `postgres`); `SqlDatabase::connect_postgres` lists the parameters |
    ///
    /// # Errors
    ///
    /// An address that is none of these, a directory that cannot be written or is in
    /// use by another process, a server that cannot be reached or may lose what it
    /// acknowledges, damaged or newer data. Nothing is overwritten then.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        match parse(address)? {
            Address::Memory => Ok(Self::in_memory()),
            Address::File(directory) => open_file(directory).await,
            Address::Sqlite(path) => open_sqlite(path).await,
            Address::Postgres(address) => open_postgres(address).await,
        }
    }
}

const KNOWN: &str = "write `memory:`, `file:DIRECTORY`, `sqlite:FILE` or `postgres://…`, as in \
                     `file:./data`";

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
        Some(("sqlite", "")) => Err(unsupported(
            address,
            "the file is missing, as in `sqlite:./data/threads.db`",
        )),
        Some(("sqlite", path)) => Ok(Address::Sqlite(path.strip_prefix("//").unwrap_or(path))),
        Some(("postgres" | "postgresql", _)) => Ok(Address::Postgres(address)),
        // What follows an unknown scheme may hold a password, so it is not shown.
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Err(unsupported(&format!("{scheme}:…"), KNOWN))
        }
        _ => Err(unsupported("(no scheme)", KNOWN)),
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

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl From<&crate::sql::SqlDatabase> for Storage {
    /// All three stores in one database.
    fn from(database: &crate::sql::SqlDatabase) -> Self {
        Self {
            tokens: Arc::new(crate::token_store::SqlTokenStore::new(database)),
            scheduler: Arc::new(crate::scheduler::SqlScheduler::new(database)),
            snapshots: Arc::new(crate::snapshot_store::SqlSnapshotStore::new(database)),
        }
    }
}

#[cfg(feature = "sqlite")]
async fn open_sqlite(path: &str) -> Result<Storage, StoreError> {
    let database = crate::sql::SqlDatabase::open_sqlite(path).await?;
    Ok(Storage::from(&database))
}

#[cfg(not(feature = "sqlite"))]
#[expect(clippy::unused_async, reason = "called like the one with the feature")]
async fn open_sqlite(path: &str) -> Result<Storage, StoreError> {
    Err(StoreError::UnsupportedAddress {
        address: format!("sqlite:{path}"),
        reason: "this build has no SQLite backend: enable the feature `sqlite`".to_owned(),
    })
}

#[cfg(feature = "postgres")]
async fn open_postgres(address: &str) -> Result<Storage, StoreError> {
    let database = crate::sql::SqlDatabase::connect_postgres(address).await?;
    Ok(Storage::from(&database))
}

#[cfg(not(feature = "postgres"))]
#[expect(clippy::unused_async, reason = "called like the one with the feature")]
async fn open_postgres(_address: &str) -> Result<Storage, StoreError> {
    Err(StoreError::UnsupportedAddress {
        address: "postgres:…".to_owned(),
        reason: "this build has no PostgreSQL backend: enable the feature `postgres`".to_owned(),
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
        assert_eq!(parse("sqlite:./a.db").unwrap(), Address::Sqlite("./a.db"));
        assert_eq!(
            parse("sqlite:///var/a.db").unwrap(),
            Address::Sqlite("/var/a.db")
        );
        for address in ["postgres://db/x", "postgresql://db/x"] {
            assert_eq!(parse(address).unwrap(), Address::Postgres(address));
        }
    }

    #[test]
    fn a_refused_address_never_shows_what_may_be_a_password() {
        let error = parse("mysql://root:hunter2@db/x").unwrap_err().to_string();

        assert!(error.contains("mysql:…"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn an_address_without_a_directory_is_refused() {
        for address in ["file:", "sqlite:", "", "data", "memory:x", "./a:b"] {
            assert!(
                matches!(parse(address), Err(StoreError::UnsupportedAddress { .. })),
                "{address}"
            );
        }
    }
}
