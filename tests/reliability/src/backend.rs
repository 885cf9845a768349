//! The durable stores under test, each in a place of its own.

use std::fmt;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::postgres::{self, Database};

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
    directory: Option<TempDir>,
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
                directory: None,
            });
        }
        let directory = TempDir::with_prefix("reliability-")?;
        let place = directory.path().display();
        Ok(Self {
            address: match backend {
                Backend::File => format!("file:{place}/data"),
                _ => format!("sqlite:{place}/data/threads.db"),
            },
            directory: Some(directory),
        })
    }

    /// Every byte that is kept there: name and content of each file; of a database also each
    /// row as a query gives it.
    ///
    /// # Errors
    ///
    /// When something cannot be read.
    pub async fn bytes(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let Some(directory) = &self.directory else {
            return postgres::bytes(&self.address).await;
        };
        let mut all = Vec::new();
        let mut directories = vec![directory.path().to_owned()];
        while let Some(next) = directories.pop() {
            for entry in std::fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let name = path.display().to_string();
                    // Names of files tell something, too.
                    let mut content = std::fs::read(&path)?;
                    content.extend(name.as_bytes());
                    all.push((name, content));
                }
            }
        }
        Ok(all)
    }
}
