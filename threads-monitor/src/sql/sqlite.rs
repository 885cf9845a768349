//! SQLite: one file, any number of processes of one machine.
//!
//! - **Durable**: write-ahead log and `synchronous=FULL`, so what was acknowledged is
//!   synced. One writer at a time takes the database with `BEGIN IMMEDIATE` and waits for
//!   the others up to [`PATIENCE`]; readers never wait.
//! - **Forgetful**: `secure_delete` overwrites what is removed. It misses copies of rows
//!   that were moved when a page was split (measured: 1 account of 20 left one), so after
//!   an erasure the database is written anew (`VACUUM`), however large it is. A database of
//!   more than [`REWRITTEN_IN_MEMORY`] is rewritten by way of a temporary file, which
//!   SQLite takes out of its directory as soon as it has opened it. Then the log is emptied
//!   (`wal_checkpoint(TRUNCATE)`), because it holds older pages. Numbers that are only
//!   thinned out are overwritten, and the database is not written anew for them.
//! - **Suspicious**: links, files of others and loose modes are refused as the file
//!   backend refuses them; so are network file systems, on which SQLite's locks do not
//!   work. `quick_check` reads the whole database at every start, and the log is searched
//!   for damage that SQLite takes for a power loss. The schema is not trusted
//!   (`trusted_schema=OFF`) and cells are checked before they are used.
//! - **A failed write or sync ends writing** until the program is started again: the
//!   kernel may have thrown the data away and call the next sync a success.
//!
//! The file itself is never opened and closed beside SQLite: closing it would drop the
//! locks of this process.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::failure::{code, failed, stopped};
use super::migrations::{SQLITE, missing};
use super::statement::{Row, Statement, Value, bind, json_array};
use super::wal;
use crate::error::StoreError;
use crate::folder::{Folder, shown};

/// The name of this backend in errors.
const BACKEND: &str = "sqlite";

/// How long a writer waits for the writers of other processes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Readers of one process at one time.
const READERS: u32 = 4;

/// How often an erasure tries to empty the log, waiting [`PATIENCE`] for readers each time.
const CHECKPOINTS: usize = 3;

/// Databases up to this many bytes are written anew by way of memory.
const REWRITTEN_IN_MEMORY: i64 = 256 << 20;

/// The mark of our databases in the header of the file: "Thrd".
const APPLICATION: i64 = 0x5468_7264;

/// Connections to one database.
#[derive(Clone)]
pub(super) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    place: Arc<Place>,
}

/// Where the database is, and whether it can still be written.
struct Place {
    path: PathBuf,
    /// How long it waits for other processes.
    patience: Duration,
    has_stopped: AtomicBool,
}

impl Sqlite {
    pub(super) async fn open(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let wanted = path.to_owned();
        // Held until the end: opening is for one process at a time.
        let folder = tokio::task::spawn_blocking(move || prepare(&wanted))
            .await
            .map_err(|error| StoreError::backend(BACKEND, "opening the database", error))??;
        let (folder, path) = folder;
        let place = Arc::new(Place {
            path,
            patience,
            has_stopped: AtomicBool::new(false),
        });
        let opened = Self::connect(Arc::clone(&place)).await?;
        // SQLite syncs the name of its log, but does not look whether that worked.
        tokio::task::spawn_blocking(move || folder.sync())
            .await
            .map_err(|error| StoreError::backend(BACKEND, "opening the database", error))??;
        Ok(opened)
    }

    async fn connect(place: Arc<Place>) -> Result<Self, StoreError> {
        let doing = "opening the database";
        let one = pool(1);
        let writer = one
            .connect_with(options(&place))
            .await
            .map_err(|error| place.failed(doing, &error))?;
        let mut connection = writer
            .acquire()
            .await
            .map_err(|error| place.failed(doing, &error))?;
        expect_safe(&mut connection, &place).await?;
        expect_whole(&mut connection, &place).await?;
        migrate(&mut connection, &place).await?;
        drop(connection);
        let readers = pool(READERS)
            .connect_with(options(&place).pragma("query_only", "ON"))
            .await
            .map_err(|error| place.failed(doing, &error))?;
        Ok(Self {
            writer,
            readers,
            place,
        })
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        // Last, because the last one to close empties the log into the database.
        self.writer.close().await;
    }

    pub(super) async fn read(
        &self,
        doing: &'static str,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = bind!(statement.sqlite, values, json_array)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.place.failed(doing, &error))?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }

    pub(super) async fn begin(&self, doing: &'static str) -> Result<Step, StoreError> {
        self.place.expect_running(doing)?;
        let transaction = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(|error| self.place.failed(doing, &error))?;
        Ok(Step {
            transaction,
            place: Arc::clone(&self.place),
            doing,
        })
    }

    /// Takes removed rows out of the file: writes it anew, and empties the log, which holds
    /// pages as they were before.
    pub(super) async fn forget(&self) -> Result<(), StoreError> {
        self.place.expect_running(FORGETTING)?;
        let failed = |error: sqlx::Error| self.place.failed_write(FORGETTING, &error);
        let mut connection = self.writer.acquire().await.map_err(failed)?;
        let pages: i64 = one(&mut connection, &self.place, "PRAGMA page_count").await?;
        let page: i64 = one(&mut connection, &self.place, "PRAGMA page_size").await?;
        let in_memory = pages.saturating_mul(page) < REWRITTEN_IN_MEMORY;
        let how = if in_memory { "MEMORY" } else { "FILE" };
        let done = rewrite(&mut connection, how).await;
        drop(connection);
        done.map_err(failed)?;
        self.empty_log().await
    }

    /// Puts what is in the log into the file, and leaves no byte in the log.
    pub(super) async fn empty_log(&self) -> Result<(), StoreError> {
        self.place.expect_running(FORGETTING)?;
        let failed = |error: sqlx::Error| self.place.failed_write(FORGETTING, &error);
        for _ in 0..CHECKPOINTS {
            // Given back each time, so that others may write in between.
            let mut connection = self.writer.acquire().await.map_err(failed)?;
            let row: (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&mut *connection)
                .await
                .map_err(failed)?;
            if row.0 == 0 {
                return Ok(());
            }
        }
        Err(StoreError::backend(
            BACKEND,
            FORGETTING,
            "the rows are removed, but another program goes on reading the database and so keeps \
             their bytes in the log: end it, then erase again",
        ))
    }
}

/// Writes the database anew, by way of memory or a temporary file.
async fn rewrite(connection: &mut SqliteConnection, how: &'static str) -> sqlx::Result<()> {
    let by_way_of = |how: &str| {
        let text = format!("PRAGMA temp_store = {how}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(text))
    };
    by_way_of(how).execute(&mut *connection).await?;
    let done = sqlx::raw_sql("VACUUM").execute(&mut *connection).await;
    by_way_of("MEMORY").execute(&mut *connection).await?;
    done.map(|_| ())
}

/// What an erasure does after its rows are removed, as errors say it.
const FORGETTING: &str = "removing bytes of erased rows";

impl fmt::Debug for Sqlite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqlDatabase")
            .field("path", &self.place.path)
            .finish_non_exhaustive()
    }
}

/// A transaction of the one writer.
pub(crate) struct Step {
    transaction: sqlx::Transaction<'static, sqlx::Sqlite>,
    place: Arc<Place>,
    doing: &'static str,
}

impl Step {
    pub(super) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        if statement.sqlite.is_empty() {
            return Ok(Vec::new());
        }
        let rows = bind!(statement.sqlite, values, json_array)
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(|error| self.place.failed_write(self.doing, &error))?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }

    pub(super) async fn run(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        if statement.sqlite.is_empty() {
            return Ok(0);
        }
        let done = bind!(statement.sqlite, values, json_array)
            .execute(&mut *self.transaction)
            .await
            .map_err(|error| self.place.failed_write(self.doing, &error))?;
        Ok(done.rows_affected())
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let (place, doing) = (self.place, self.doing);
        self.transaction
            .commit()
            .await
            .map_err(|error| place.failed_write(doing, &error))
    }

    pub(super) async fn undo(self) -> Result<(), StoreError> {
        let (place, doing) = (self.place, self.doing);
        self.transaction
            .rollback()
            .await
            .map_err(|error| place.failed_write(doing, &error))
    }
}

impl Place {
    fn expect_running(&self, doing: &str) -> Result<(), StoreError> {
        if self.has_stopped.load(Ordering::Acquire) {
            return Err(StoreError::Stopped {
                backend: BACKEND,
                doing: doing.to_owned(),
                source: "an earlier write could not be made durable".into(),
            });
        }
        Ok(())
    }

    fn failed(&self, doing: &str, error: &sqlx::Error) -> StoreError {
        match code(error).and_then(|code| code.parse::<i32>().ok()) {
            Some(code) if matches!(code & 0xff, DAMAGED | NOT_A_DATABASE) => {
                self.corrupt("its structure is broken, or it is no database")
            }
            _ => failed(BACKEND, doing, error),
        }
    }

    fn failed_write(&self, doing: &str, error: &sqlx::Error) -> StoreError {
        match code(error).and_then(|code| code.parse::<i32>().ok()) {
            Some(FAILED_WRITE | FAILED_SYNC | FAILED_DIRECTORY_SYNC) => {
                self.has_stopped.store(true, Ordering::Release);
                stopped(BACKEND, doing, error)
            }
            _ => self.failed(doing, error),
        }
    }

    fn corrupt(&self, what: &str) -> StoreError {
        StoreError::Corrupt {
            what: format!("{}: {what}", shown(&self.path)),
            // SQLite writes its log into the database when the connection that looked is closed.
            advice: "This program changed nothing in it (SQLite may have written its own log \
                     back). Put the database back from a copy, or start with a new one"
                .to_owned(),
        }
    }
}

/// SQLITE_CORRUPT.
const DAMAGED: i32 = 11;
/// SQLITE_NOTADB.
const NOT_A_DATABASE: i32 = 26;
/// SQLITE_IOERR_WRITE.
const FAILED_WRITE: i32 = 778;
/// SQLITE_IOERR_FSYNC.
const FAILED_SYNC: i32 = 1034;
/// SQLITE_IOERR_DIR_FSYNC.
const FAILED_DIRECTORY_SYNC: i32 = 1290;

/// Makes the file and its directory where they are missing, and refuses what others may
/// have their hands in. The directory stays locked while the answer lives.
fn prepare(path: &Path) -> Result<(Folder, PathBuf), StoreError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        return Err(StoreError::UnsupportedAddress {
            address: format!("sqlite:{}", path.display()),
            reason: "name a file, as in `sqlite:./data/threads.db`".to_owned(),
        });
    };
    // With a leading dot, a path that begins with `file:` is no URI to SQLite.
    let directory = match path.parent() {
        Some(parent) if parent.is_absolute() => parent.to_owned(),
        Some(parent) => Path::new(".").join(parent),
        None => PathBuf::from("."),
    };
    let folder = Folder::open_or_make(BACKEND, &directory)?;
    folder.expect_local()?;
    folder.expect_fixed()?;
    folder.lock()?;
    for companion in ["-wal", "-shm", "-journal"] {
        folder.has_file(&format!("{name}{companion}"))?;
    }
    let is_there = folder.has_file(name)?;
    wal::expect_whole(&folder, name)?;
    if !is_there {
        // Nobody has it open yet, so closing it drops no lock.
        drop(folder.create_file(name)?);
        folder.sync()?;
    }
    let path = folder.path().join(name);
    Ok((folder, path))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE * 2)
        .idle_timeout(None)
        .max_lifetime(None)
        // A connection to a file does not go away by itself.
        .test_before_acquire(false)
}

fn options(place: &Place) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&place.path)
        .create_if_missing(false)
        .busy_timeout(place.patience)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        // What a sort writes aside stays in memory, where no file keeps it.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

/// Refuses a SQLite that did not take the settings.
async fn expect_safe(connection: &mut SqliteConnection, place: &Place) -> Result<(), StoreError> {
    let mode: String = one(connection, place, "PRAGMA journal_mode").await?;
    if mode != "wal" {
        return Err(unsafe_setting("journal_mode", &mode, "wal"));
    }
    let numbers = [
        ("synchronous", "PRAGMA synchronous", 2),
        ("secure_delete", "PRAGMA secure_delete", 1),
        ("trusted_schema", "PRAGMA trusted_schema", 0),
        ("cell_size_check", "PRAGMA cell_size_check", 1),
        ("foreign_keys", "PRAGMA foreign_keys", 1),
    ];
    for (name, question, wanted) in numbers {
        let found: i64 = one(connection, place, question).await?;
        if found != wanted {
            return Err(unsafe_setting(
                name,
                &found.to_string(),
                &wanted.to_string(),
            ));
        }
    }
    Ok(())
}

fn unsafe_setting(name: &str, found: &str, wanted: &str) -> StoreError {
    StoreError::UnsafeSettings {
        what: format!("SQLite's `{name}` is `{found}` and has to be `{wanted}`"),
        advice: "Put the database onto a file system of this machine, and use the SQLite that \
                 this program brings"
            .to_owned(),
    }
}

/// Reads every page, and refuses a database that is damaged or somebody else's.
async fn expect_whole(connection: &mut SqliteConnection, place: &Place) -> Result<(), StoreError> {
    let verdict: String = one(connection, place, "PRAGMA quick_check(1)").await?;
    if verdict != "ok" {
        // The verdict names pages and indexes, and quotes no row.
        return Err(place.corrupt(&verdict));
    }
    let application: i64 = one(connection, place, "PRAGMA application_id").await?;
    let tables: i64 = one(connection, place, "SELECT count(*) FROM sqlite_schema").await?;
    if application != APPLICATION && (application != 0 || tables != 0) {
        return Err(place.corrupt("it is the database of another program"));
    }
    Ok(())
}

async fn migrate(connection: &mut SqliteConnection, place: &Place) -> Result<(), StoreError> {
    use sqlx::Connection as _;

    let failed = |error: sqlx::Error| place.failed_write("making the tables", &error);
    let mut step = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(failed)?;
    let version: i64 = one(&mut step, place, "PRAGMA user_version").await?;
    for (number, migration) in missing(SQLITE, version)? {
        sqlx::raw_sql(migration)
            .execute(&mut *step)
            .await
            .map_err(failed)?;
        let mark =
            format!("PRAGMA user_version = {number}; PRAGMA application_id = {APPLICATION};");
        sqlx::raw_sql(sqlx::AssertSqlSafe(mark))
            .execute(&mut *step)
            .await
            .map_err(failed)?;
    }
    step.commit().await.map_err(failed)
}

/// The one value that a statement gives.
async fn one<A>(
    connection: &mut SqliteConnection,
    place: &Place,
    question: &'static str,
) -> Result<A, StoreError>
where
    A: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
{
    sqlx::query_scalar(question)
        .fetch_one(connection)
        .await
        .map_err(|error| place.failed("opening the database", &error))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error as StdError;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// What SQLite says when it fails with a code.
    #[derive(Debug, thiserror::Error)]
    #[error("disk I/O error")]
    struct Failing(i32);

    impl DatabaseError for Failing {
        fn message(&self) -> &'static str {
            "disk I/O error"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }

        fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn place() -> Place {
        Place {
            path: PathBuf::from("x.db"),
            patience: PATIENCE,
            has_stopped: AtomicBool::new(false),
        }
    }

    fn failing(code: i32) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Failing(code)))
    }

    #[test]
    fn a_sync_that_failed_ends_writing() {
        for code in [FAILED_WRITE, FAILED_SYNC, FAILED_DIRECTORY_SYNC] {
            let place = place();

            let error = place.failed_write("writing", &failing(code));

            assert!(error.is_final(), "{error}");
            assert!(place.expect_running("writing").unwrap_err().is_final());
        }
    }

    #[test]
    fn a_full_disk_ends_nothing() {
        let place = place();

        let error = place.failed_write("writing", &failing(13));

        assert!(matches!(error, StoreError::Backend { .. }), "{error}");
        assert!(place.expect_running("writing").is_ok());
    }

    #[test]
    fn damage_is_told_apart_from_failure() {
        for code in [DAMAGED, DAMAGED | (1 << 8), NOT_A_DATABASE] {
            let error = place().failed("reading", &failing(code));
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        }
    }
}
