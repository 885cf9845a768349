//! The common ground of the SQL backends: a database, and what is said to it.
//!
//! The three stores are written once, in SQL that SQLite and PostgreSQL both understand
//! wherever that is possible; a [`Statement`] has two texts where it is not. So a defect
//! is mended in both, and one conformance suite proves both.
//!
//! Decisions, 2026-11:
//!
//! - **One step, one transaction.** SQLite has one writer at a time (`BEGIN IMMEDIATE`);
//!   on PostgreSQL the row of a job's lane is locked before the job is, so that the two
//!   never disagree, and lanes are locked in ascending order where there are several.
//! - **Reads see only what is committed**, from connections of their own.
//! - **JSON is text.** What was written comes back to the last bit; `jsonb` would change
//!   numbers. Nothing looks into it.
//! - **Migrations are numbered files that are only ever added.** A database that a newer
//!   program wrote is refused, and nothing in it is changed.
//! - An error says what the database said, and never the row, the statement's values or
//!   the address: a row may hold a token, the address a password.

mod failure;
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
#[cfg(feature = "sqlite")]
mod wal;

use std::fmt;

pub(crate) use self::failure::is_refused;
#[cfg(feature = "postgres")]
use self::postgres::Postgres;
#[cfg(feature = "sqlite")]
use self::sqlite::Sqlite;
pub(crate) use self::statement::{
    Row, Statement, Value, damaged, instant, json_string, json_text, limit, micros, signed,
    unsigned,
};
use crate::error::StoreError;

/// A database that holds the three stores.
///
/// Clones share its connections.
#[derive(Clone)]
pub struct SqlDatabase {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    #[cfg(feature = "sqlite")]
    Sqlite(Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(Postgres),
}

impl SqlDatabase {
    /// Opens a SQLite database in one file, and makes it if it is missing.
    ///
    /// The file lies in a directory that only its owner can enter (mode 0700; it is made
    /// if it is missing, and tightened if it is empty), and is itself of mode 0600. Any
    /// number of processes of one machine may have it open at one time. It must not be
    /// used across a `fork`, nor on a network file system, which is refused.
    ///
    /// # Errors
    ///
    /// `Corrupt` for a damaged file or one of another program, `TooNew` for one of a newer
    /// program, `UnsafeSettings` where SQLite does not take the settings that keep data
    /// safe, and `Backend` when the file or its directory is a link, belongs to another
    /// user, is open to other users, or cannot be used. Nothing is overwritten then.
    #[cfg(feature = "sqlite")]
    pub async fn open_sqlite(path: impl AsRef<std::path::Path>) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::Sqlite(Sqlite::open(path.as_ref(), sqlite::PATIENCE).await?),
        })
    }

    /// As [`open_sqlite`](Self::open_sqlite), but it waits for other programs no longer than
    /// this, each time. For tests.
    ///
    /// # Errors
    ///
    /// Those of `open_sqlite`.
    #[cfg(all(feature = "sqlite", feature = "testing"))]
    pub async fn open_sqlite_impatiently(
        path: impl AsRef<std::path::Path>,
        patience: std::time::Duration,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::Sqlite(Sqlite::open(path.as_ref(), patience).await?),
        })
    }

    /// Connects to a PostgreSQL database, and makes the tables if they are missing.
    ///
    /// The address is `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters
    /// that PostgreSQL's own programs know (such as `sslmode=verify-full`) and these:
    ///
    /// | Parameter | Meaning | If it is left out |
    /// |---|---|---|
    /// | `schema` | the schema with the tables, in lower case | `threads` |
    /// | `allow_unsafe_durability` | `true`: a server that may lose acknowledged writes will do | `false` |
    /// | `answer_within` | the seconds after which a server that does not answer is taken for gone and its connection is given up, from 1 to 86400; an hour, or this if it is longer, while rows are removed | 60 |
    /// | `clock` | `server`: leases run by the server's clock; `caller`: by the clock of whoever claims, for tests | `server` |
    ///
    /// Any number of processes on any number of machines may be connected.
    ///
    /// # Errors
    ///
    /// `UnsupportedAddress`, `UnsafeSettings` when the server does not write what it
    /// acknowledges (`fsync`, `synchronous_commit` or `full_page_writes` is off), `TooNew`
    /// when a newer program made the tables, and `Backend` when the server cannot be
    /// reached or says no.
    #[cfg(feature = "postgres")]
    pub async fn connect_postgres(address: &str) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::Postgres(Postgres::connect(address).await?),
        })
    }

    /// Ends its connections, after what they are doing, and for all clones. What is
    /// asked of it later fails.
    pub async fn close(&self) {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(sqlite) => sqlite.close().await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }

    /// Whether leases run by the clock of the database.
    pub(crate) fn has_clock(&self) -> bool {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.has_clock(),
        }
    }

    /// Whether this is SQLite, where one writer at a time has the whole database.
    pub(crate) fn has_one_writer(&self) -> bool {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => true,
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => false,
        }
    }

    /// The rows that one statement finds, without changing anything.
    pub(crate) async fn read(
        &self,
        doing: &'static str,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(sqlite) => sqlite.read(doing, statement, values).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.alone(doing, statement, values).await,
        }
    }

    /// The rows of one statement that is a transaction of its own.
    pub(crate) async fn write(
        &self,
        doing: &'static str,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => {
                let mut transaction = self.begin(doing).await?;
                let rows = transaction.rows(statement, values).await?;
                transaction.commit().await?;
                Ok(rows)
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.alone(doing, statement, values).await,
        }
    }

    /// Begins a step that happens whole or not at all. Dropping it undoes it.
    pub(crate) async fn begin(&self, doing: &'static str) -> Result<Transaction, StoreError> {
        Ok(match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(sqlite) => Transaction::Sqlite(sqlite.begin(doing).await?),
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => Transaction::Postgres(postgres.begin(doing).await?),
        })
    }

    /// As [`begin`](Self::begin), for a step that may have many rows to remove.
    pub(crate) async fn begin_long(&self, doing: &'static str) -> Result<Transaction, StoreError> {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => self.begin(doing).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => {
                Ok(Transaction::Postgres(postgres.begin_long(doing).await?))
            }
        }
    }

    /// Takes what was removed from these tables out of the files, too.
    pub(crate) async fn forget(&self, tables: &[&'static str]) -> Result<(), StoreError> {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(sqlite) => {
                let _ = tables;
                sqlite.forget().await
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.forget(tables).await,
        }
    }

    /// Takes what was thinned out of these tables out of the files as far as that costs
    /// little. On PostgreSQL its bytes stay until their room is used again.
    pub(crate) async fn tidy(&self, tables: &[&'static str]) -> Result<(), StoreError> {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(sqlite) => {
                let _ = tables;
                sqlite.empty_log().await
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.tidy(tables).await,
        }
    }
}

impl fmt::Debug for SqlDatabase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(sqlite) => sqlite.fmt(formatter),
            #[cfg(feature = "postgres")]
            Engine::Postgres(postgres) => postgres.fmt(formatter),
        }
    }
}

/// A step that happens whole or not at all.
pub(crate) enum Transaction {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Step),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Step),
}

impl Transaction {
    /// The rows that a statement gives; none for one with an empty text.
    pub(crate) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(step) => step.rows(statement, values).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(step) => step.rows(statement, values).await,
        }
    }

    /// The number of rows that a statement changes; 0 for one with an empty text.
    pub(crate) async fn run(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(step) => step.run(statement, values).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(step) => step.run(statement, values).await,
        }
    }

    /// Makes the step durable.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(step) => step.commit().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(step) => step.commit().await,
        }
    }

    /// Undoes the step now. One that is dropped is undone a moment later, and keeps its
    /// rows from others until then.
    pub(crate) async fn undo(self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(step) => step.undo().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(step) => step.undo().await,
        }
    }
}
