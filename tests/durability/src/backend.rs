//! The backends under test.

use std::path::Path;

use anyhow::{Context, Result};
use threads_monitor::seal::KeyRing;
use threads_monitor::{SqlDatabase, Storage, StoreError};

/// A durable backend in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// One directory.
    File,
    /// One SQLite file.
    Sqlite,
    /// One SQLite file, with sealed tokens.
    SqliteSealed,
}

/// Stores that are open.
#[derive(Debug)]
pub struct Opened {
    /// The stores.
    pub storage: Storage,
    database: Option<SqlDatabase>,
}

/// One ring for all, as all openings of one store need. It seals nothing but tests.
const KEYS: &str = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Backend {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::File, Self::Sqlite, Self::SqliteSealed];

    /// Its name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Sqlite => "sqlite",
            Self::SqliteSealed => "sqlite-sealed",
        }
    }

    /// Opens the stores in a directory.
    ///
    /// # Errors
    ///
    /// As the store says.
    pub async fn open(self, place: &Path) -> Result<Opened, StoreError> {
        let directory = place.join("data");
        let database = match self {
            Self::File => None,
            Self::Sqlite | Self::SqliteSealed => {
                Some(SqlDatabase::open_sqlite(directory.join("threads.db")).await?)
            }
        };
        let storage = match &database {
            None => Storage::open(&format!("file:{}", directory.display())).await?,
            Some(database) => Storage::from(database),
        };
        let storage = if self == Self::SqliteSealed {
            storage.sealed(KeyRing::parse(KEYS)?).await?
        } else {
            storage
        };
        Ok(Opened { storage, database })
    }
}

impl Opened {
    /// Closes what was opened, and waits until it is.
    pub async fn close(self) {
        let Self { storage, database } = self;
        drop(storage);
        if let Some(database) = database {
            database.close().await;
        }
    }
}

/// A runtime for one thread.
///
/// # Errors
///
/// When the system gives none.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")
}

/// The error with all its sources, as a program prints it.
pub fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
