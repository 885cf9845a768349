//! A database whose own clock runs at the pace of the campaign, and the server that it is on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use chrono::SecondsFormat;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use url::Url;

use crate::pace::Pace;

/// The variable with the server of the tests.
pub const VARIABLE: &str = "THREADS_TEST_POSTGRES_URL";

/// A database of its own, with one schema for each store.
///
/// PostgreSQL measures leases by `clock_timestamp()`. In this database that function is one
/// that runs at the pace: the stores ask the server for its time, as they always do.
#[derive(Debug)]
pub struct Database {
    url: Url,
    places: AtomicU32,
}

impl Database {
    /// Makes one on a server that tests may fill and leave behind.
    ///
    /// # Errors
    ///
    /// When the server does not let us, for which its superuser is needed.
    pub async fn new(server: &Url, pace: Pace) -> Result<Self> {
        let name = format!("paced_{}_{:x}", std::process::id(), fastrand::u64(..));
        say(server, &format!("CREATE DATABASE {name}")).await?;
        let mut url = server.clone();
        url.set_path(&name);
        let clock = format!(
            "SET allow_system_table_mods = on;
             ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO real_clock_timestamp;
             {}",
            clock(pace)
        );
        say(&url, &clock).await?;
        Ok(Self {
            url,
            places: AtomicU32::new(0),
        })
    }

    /// Gives it another time.
    ///
    /// # Errors
    ///
    /// When the server does not let us.
    pub async fn set_pace(&self, pace: Pace) -> Result<()> {
        let clock = format!("SET allow_system_table_mods = on; {}", clock(pace));
        say(&self.url, &clock).await
    }

    /// The address of a store that nobody else uses.
    pub fn address(&self) -> String {
        let number = self.places.fetch_add(1, Ordering::Relaxed);
        let mut address = self.url.clone();
        address
            .query_pairs_mut()
            .append_pair("schema", &format!("place_{number}"));
        address.into()
    }
}

/// Makes, or changes, the clock that runs at a pace.
fn clock(pace: Pace) -> String {
    let instant = |at: chrono::DateTime<chrono::Utc>| {
        let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        format!("timestamptz '{at}'")
    };
    let (start, real, factor) = (instant(pace.start), instant(pace.real), pace.factor);
    format!(
        "CREATE OR REPLACE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz
             LANGUAGE sql VOLATILE AS $$ SELECT {start}
                 + (pg_catalog.real_clock_timestamp() - {real}) * {factor} $$;"
    )
}

/// Every file of the tables, indexes and statistics behind an address of a [`Database`], and
/// every row as a query gives it: name and content each. The server has to be on this machine,
/// and its files have to be readable.
///
/// # Errors
///
/// When the server, or a file, cannot be read.
pub async fn bytes(address: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut url = Url::parse(address)?;
    let schema = url
        .query_pairs()
        .find(|(name, _)| name == "schema")
        .map(|(_, value)| value.into_owned())
        .context("an address without a schema")?;
    url.set_query(None);
    let mut connection = PgConnection::connect(url.as_str()).await?;
    // What is in the server's memory is written to the files.
    sqlx::raw_sql("CHECKPOINT; SET bytea_output = 'escape'")
        .execute(&mut connection)
        .await?;
    let files: Vec<String> = sqlx::query_scalar(
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid) \
         FROM pg_class \
         WHERE pg_relation_filepath(oid) IS NOT NULL \
           AND (relnamespace IN ($1::regnamespace, 'pg_toast'::regnamespace) \
                OR relname LIKE 'pg_statistic%')",
    )
    .bind(&schema)
    .fetch_all(&mut connection)
    .await?;
    ensure!(files.len() > 20, "too few files: {files:?}");
    let mut all = Vec::new();
    for file in files {
        all.push((file.clone(), std::fs::read(&file).context(file)?));
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class \
         WHERE relkind = 'r' AND relnamespace = $1::regnamespace",
    )
    .bind(&schema)
    .fetch_all(&mut connection)
    .await?;
    ensure!(tables.len() > 6, "too few tables: {tables:?}");
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT replace(t::text, '\\\\', '') FROM {schema}.{table} AS t"
        )))
        .fetch_all(&mut connection)
        .await?;
        all.push((format!("rows of {table}"), rows.join("\n").into_bytes()));
    }
    connection.close().await?;
    Ok(all)
}

async fn say(url: &Url, sql: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url.as_str()).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .context("speaking to PostgreSQL")?;
    Ok(connection.close().await?)
}

/// A private server, durable as a real one, which ends with this.
#[derive(Debug)]
pub struct Server {
    /// Its address.
    pub url: Url,
    script: PathBuf,
    directory: PathBuf,
    _scratch: TempDir,
}

impl Server {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../postgres");
        let scratch = TempDir::with_prefix("reliability-server-")?;
        // PostgreSQL runs as another user than root, and has to get through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(scratch.path(), open)?;
        let directory = scratch.path().join("postgres");
        let url = Url::parse(&run(&script, "start", &directory)?)?;
        Ok(Self {
            url,
            script,
            directory,
            _scratch: scratch,
        })
    }

    /// Kills all of it with SIGKILL.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn kill(&self) -> Result<()> {
        run(&self.script, "kill", &self.directory)?;
        Ok(())
    }

    /// Starts it again after it was killed; it recovers, and is back when this returns.
    ///
    /// # Errors
    ///
    /// When it does not come back at the same address.
    pub fn start_again(&self) -> Result<()> {
        let url = Url::parse(&run(&self.script, "start", &self.directory)?)?;
        ensure!(url == self.url, "the server came back at another port");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = run(&self.script, "stop", &self.directory);
    }
}

fn run(script: &Path, command: &str, directory: &Path) -> Result<String> {
    let done = Command::new("bash")
        .arg(script)
        .arg(command)
        .arg(directory)
        .output()?;
    ensure!(
        done.status.success(),
        "tests/postgres {command}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}
