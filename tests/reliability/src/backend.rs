//! The durable stores under test, each in a place of its own.

use std::fmt;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::postgres::Database;

/// A durable store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Backend {
    /// One directory, one process.
    File,
    /// One file, many processes.
    Sqlite,
    /// A server.
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::File => "file",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// An empty store.
#[derive(Debug)]
pub struct Place {
    /// Its address.
    pub address: String,
    /// What it is kept in, as long as it is needed.
    _directory: Option<TempDir>,
}

impl Place {
    /// A new one. PostgreSQL needs a database.
    ///
    /// # Errors
    ///
    /// When there is no room for it, or no database.
    pub fn new(backend: Backend, database: Option<&Database>) -> Result<Self> {
        if backend == Backend::Postgres {
            let database = database.context("there is no PostgreSQL server")?;
            return Ok(Self {
                address: database.address(),
                _directory: None,
            });
        }
        let directory = TempDir::with_prefix("reliability-")?;
        let place = directory.path().display();
        Ok(Self {
            address: match backend {
                Backend::File => format!("file:{place}/data"),
                _ => format!("sqlite:{place}/data/threads.db"),
            },
            _directory: Some(directory),
        })
    }
}
