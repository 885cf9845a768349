//! PostgreSQL: any number of processes on any number of machines.
//!
//! **What it has to be able to do**, so that a reader knows which compatible distributed
//! database will do (PostgreSQL 12 or newer is what the tests run on):
//!
//! | Feature | Where |
//! |---|---|
//! | `READ COMMITTED`, where each statement sees what was committed before it and a blocked `UPDATE` goes on with the newest row | everywhere |
//! | `SELECT … FOR UPDATE SKIP LOCKED`, `FOR UPDATE OF`, `FOR KEY SHARE` | claiming, changing a job, appending |
//! | `WITH … AS MATERIALIZED` with `UPDATE … FROM … RETURNING` and `INSERT` in it; a row that was changed since the statement began is looked at again in its newest version before it is locked or changed | claiming, releasing many jobs |
//! | `INSERT … ON CONFLICT DO NOTHING` and `DO UPDATE … WHERE` | enqueueing, appending |
//! | sequences that are not rolled back (`nextval`), identity columns | versions, cursors |
//! | stored generated columns, partial indexes, `COLLATE "C"` | tables |
//! | `clock_timestamp()` | leases |
//! | `json_array_elements`, `json_array_elements_text`, `json_to_recordset`, `WITH ORDINALITY` | appending, newest points, releasing many jobs |
//! | `UPDATE … SET (a, b) = (SELECT …)`; `fillfactor`, which may do nothing | lanes |
//! | `pg_advisory_xact_lock`, DDL in transactions | migrations, numbering events |
//! | `VACUUM`, `VACUUM (FULL)`, `pg_stat_activity`, `txid_current_snapshot`, `age(xid)` | erasing |
//!
//! No extension, no trigger, no function of ours, no `LISTEN`, no session state but the
//! settings that a connection begins with.
//!
//! **Time** is the server's: `claim`, `claim_job` and `renew` measure leases by
//! `clock_timestamp()`, so workers whose clocks differ still agree. Checkpoints and
//! releases are fenced by the epoch and look at no clock.
//!
//! **Silence.** A network may swallow what is sent and keep the connection open. A server that
//! does not answer for a minute (`answer_within`), or an hour while it removes rows, is taken for
//! gone: its connection is closed and another one is tried. What had been asked may have
//! happened, as with any lost connection; the fences are for that.
//!
//! **Erasing.** After the rows are removed and every transaction that could still see them
//! has ended, each table is rewritten whole (`VACUUM (FULL)`, which locks it for that time
//! and needs room for a second copy), however large it is. Vacuumed in place, bytes of
//! removed rows stay in the free part of pages until something new is written there
//! (measured on a table of 444 MB: 207 texts of removed rows, and none after it was
//! rewritten, in 6.6 s); that is good enough for numbers that are only thinned out. The
//! planner takes no samples of texts and bytes, which would stay in its statistics. The
//! server's write-ahead log, its archive, replicas and backups follow their own retention;
//! sealing the tokens is what keeps them unreadable there.

mod connection;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;
use url::Url;

pub(crate) use self::connection::Step;
use self::connection::{Connection, Suspects};
use super::failure::{code, failed};
use super::migrations::{POSTGRES, missing};
use super::statement::{Row, Statement, Value};
use crate::error::StoreError;

/// The name of this backend in errors.
const BACKEND: &str = "postgres";

/// Connections of one process.
const CONNECTIONS: u32 = 16;

/// How long a step waits for a connection; less where answers are waited for less, but longer
/// than for one of them: others may have the connections, or be making new ones.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that says nothing for so long is taken for gone, unless the address says another
/// time.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// The same while it removes or rewrites what may be many rows.
const LONG: Duration = Duration::from_hours(1);

/// A connection that was idle for longer is asked whether it is still there.
const SURELY_THERE: Duration = Duration::from_secs(5);

/// How often an erasure looks whether older transactions have ended, 50 ms apart. Another
/// erasure is one of them, and takes as long as its tables are large.
const LOOKS: usize = 1200;

/// The oldest version with everything that is used.
const OLDEST_VERSION: i64 = 120_000;

/// Connections to one schema of one server.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: PgPool,
    schema: Arc<str>,
    clock: Clock,
    answer_within: Duration,
    suspects: Suspects,
}

/// Whose time decides over leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Server,
    Caller,
}

/// Whether a server that may lose acknowledged writes will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    Needed,
    Waived,
}

/// What an address says.
struct Address {
    options: PgConnectOptions,
    schema: String,
    clock: Clock,
    durability: Durability,
    answer_within: Duration,
}

impl Postgres {
    pub(super) async fn connect(address: &str) -> Result<Self, StoreError> {
        let doing = "connecting to the server";
        let Address {
            options,
            schema,
            clock,
            durability,
            answer_within,
        } = Address::parse(address)?;
        let suspects = Suspects::default();
        let asked = suspects.clone();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE.min(answer_within.saturating_mul(5)))
            .test_before_acquire(false)
            .before_acquire(move |connection, about| {
                let is_suspect = asked.take();
                Box::pin(async move {
                    if about.idle_for < SURELY_THERE && !is_suspect {
                        return Ok(true);
                    }
                    // Shorter than the wait for a connection, so that there is time for
                    // another one.
                    let answer = timeout(answer_within.min(SURELY_THERE) / 2, connection.ping());
                    Ok(answer.await.is_ok_and(|answer| answer.is_ok()))
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| explained(doing, &error))?;
        let mut connection = pool
            .acquire()
            .await
            .map_err(|error| explained(doing, &error))?;
        if durability == Durability::Needed {
            expect_durable(&mut connection).await?;
        }
        migrate(&mut connection, &schema).await?;
        drop(connection);
        Ok(Self {
            pool,
            schema: schema.into(),
            clock,
            answer_within,
            suspects,
        })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) fn has_clock(&self) -> bool {
        self.clock == Clock::Server
    }

    pub(super) async fn alone(
        &self,
        doing: &'static str,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.connection(doing).await?.rows(statement, values).await
    }

    pub(super) async fn begin(&self, doing: &'static str) -> Result<Step, StoreError> {
        Step::begin(self.connection(doing).await?).await
    }

    /// As [`begin`](Self::begin), for a step that may have much to do before it answers.
    pub(super) async fn begin_long(&self, doing: &'static str) -> Result<Step, StoreError> {
        let within = self.answer_within.max(LONG);
        Step::begin(Connection::of(self, doing, within).await?).await
    }

    async fn connection(&self, doing: &'static str) -> Result<Connection, StoreError> {
        Connection::of(self, doing, self.answer_within).await
    }

    /// Rewrites tables once nobody can see their removed rows any more.
    pub(super) async fn forget(&self, tables: &[&'static str]) -> Result<(), StoreError> {
        let doing = "removing bytes of erased rows";
        self.outlast_older().await?;
        self.vacuum(doing, "(FULL)", tables).await
    }

    /// Makes room of removed rows usable again.
    pub(super) async fn tidy(&self, tables: &[&'static str]) -> Result<(), StoreError> {
        self.vacuum("tidying up after removed rows", "", tables)
            .await
    }

    async fn vacuum(
        &self,
        doing: &'static str,
        how: &str,
        tables: &[&'static str],
    ) -> Result<(), StoreError> {
        let within = self.answer_within.max(LONG);
        let mut connection = Connection::of(self, doing, within).await?;
        for table in tables {
            let vacuum = format!("VACUUM {how} {}.{table}", self.schema);
            let vacuum = sqlx::raw_sql(sqlx::AssertSqlSafe(vacuum));
            connection
                .ask(async |inner| vacuum.execute(inner).await)
                .await?;
        }
        Ok(())
    }

    /// Waits until nobody can see any more what was removed before now: until every
    /// transaction that was writing then has ended, on the whole server, because those
    /// decide what newer ones may see, and every reader of this database that began then.
    async fn outlast_older(&self) -> Result<(), StoreError> {
        let doing = "waiting for older transactions after an erasure";
        let mut connection = self.connection(doing).await?;
        let now: i64 = connection
            .ask(async |inner| {
                sqlx::query_scalar("SELECT txid_current()")
                    .fetch_one(inner)
                    .await
            })
            .await?;
        for _ in 0..LOOKS {
            let is_over: bool = connection
                .ask(async |inner| {
                    sqlx::query_scalar(
                        "SELECT txid_snapshot_xmin(txid_current_snapshot()) > $1 \
                         AND NOT EXISTS (SELECT 1 FROM pg_stat_activity \
                             WHERE (datid = (SELECT oid FROM pg_database \
                                             WHERE datname = current_database()) \
                                    OR datid IS NULL OR datid = 0) \
                               AND pid <> pg_backend_pid() \
                               AND age(backend_xmin) >= age((($1 & 4294967295)::text)::xid))",
                    )
                    .bind(now)
                    .fetch_one(inner)
                    .await
                })
                .await?;
            if is_over {
                return Ok(());
            }
            connection
                .ask(async |inner| sqlx::query("SELECT pg_sleep(0.05)").execute(inner).await)
                .await?;
        }
        Err(StoreError::backend(
            BACKEND,
            doing,
            "the rows are removed, but a transaction on this server goes on for long and keeps \
             their bytes: end it, then erase again",
        ))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqlDatabase")
            .field("schema", &self.schema)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Parameters that are PostgreSQL's own, as its programs know them.
const KNOWN: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "port",
    "dbname",
    "application_name",
    "statement-cache-capacity",
];

impl Address {
    fn parse(address: &str) -> Result<Self, StoreError> {
        let mut url = Url::parse(address).map_err(|_| {
            unsupported("write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`".to_owned())
        })?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(unsupported("it has to begin with `postgres:`".to_owned()));
        }
        let mut schema = "threads".to_owned();
        let mut clock = Clock::Server;
        let mut durability = Durability::Needed;
        let mut answer_within = ANSWER_WITHIN;
        let mut passed_on = Vec::new();
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("schema", value) => schema = schema_name(value)?,
                ("clock", "server") => clock = Clock::Server,
                ("clock", "caller") => clock = Clock::Caller,
                ("allow_unsafe_durability", "false") => durability = Durability::Needed,
                ("allow_unsafe_durability", "true") => durability = Durability::Waived,
                ("answer_within", value) => answer_within = seconds(value)?,
                ("clock", _) => return Err(wrong_value("clock", "server` or `caller")),
                ("allow_unsafe_durability", _) => {
                    return Err(wrong_value("allow_unsafe_durability", "true` or `false"));
                }
                (name, value) if KNOWN.contains(&name) => {
                    passed_on.push((name.to_owned(), value.to_owned()));
                }
                (name, _) => return Err(unsupported(format!("no parameter is called `{name}`"))),
            }
        }
        url.set_query(None);
        if !passed_on.is_empty() {
            url.query_pairs_mut().extend_pairs(passed_on);
        }
        let options = PgConnectOptions::from_str(url.as_str())
            .map_err(|_| unsupported("a part of it cannot be read".to_owned()))?
            .options([
                ("search_path", schema.as_str()),
                ("default_transaction_isolation", "read committed"),
                // A worker that vanished in the middle of a step holds no lock for long.
                ("idle_in_transaction_session_timeout", "60000"),
                // The planner knows no statistics of texts, and takes a lane of many for
                // thousands of rows: it would compile statements of a millisecond, which
                // takes a hundred.
                ("jit", "off"),
                // Its other statistics are of another moment than a queue, in which what is
                // due or leased comes and goes in seconds. What is asked for has an index, and
                // no plan shall depend on how much was there at the last look, nor be made anew
                // for each list.
                ("enable_seqscan", "off"),
                ("plan_cache_mode", "force_generic_plan"),
            ])
            .disable_statement_logging();
        Ok(Self {
            options,
            schema,
            clock,
            durability,
            answer_within,
        })
    }
}

/// Of a whole number of seconds: a second at least, and a day at most.
fn seconds(value: &str) -> Result<Duration, StoreError> {
    match value.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err(unsupported(
            "`answer_within` has to be a number of seconds, from 1 to 86400".to_owned(),
        )),
    }
}

/// A name that needs no quoting.
fn schema_name(name: &str) -> Result<String, StoreError> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.len() <= 63
        && !name.starts_with("pg_");
    if is_plain {
        Ok(name.to_owned())
    } else {
        Err(unsupported(
            "`schema` has to be of lower-case letters, digits and `_`, and not begin with `pg_`"
                .to_owned(),
        ))
    }
}

fn wrong_value(parameter: &str, values: &str) -> StoreError {
    unsupported(format!("`{parameter}` has to be `{values}`"))
}

/// The address is not shown: it may hold a password.
fn unsupported(reason: String) -> StoreError {
    StoreError::UnsupportedAddress {
        address: "postgres:…".to_owned(),
        reason,
    }
}

fn explained(doing: &str, error: &sqlx::Error) -> StoreError {
    match code(error).as_deref() {
        Some("XX001" | "XX002") => StoreError::Corrupt {
            what: "the database, as its server says".to_owned(),
            advice: "Nothing was changed. Put it back from a backup".to_owned(),
        },
        _ => failed(BACKEND, doing, error),
    }
}

/// Refuses a server that does not write what it acknowledges.
async fn expect_durable(connection: &mut PgConnection) -> Result<(), StoreError> {
    for (setting, question) in [
        ("fsync", "SELECT current_setting('fsync')"),
        (
            "synchronous_commit",
            "SELECT current_setting('synchronous_commit')",
        ),
        (
            "full_page_writes",
            "SELECT current_setting('full_page_writes')",
        ),
    ] {
        let value: String = one(connection, question).await?;
        if value == "off" {
            return Err(StoreError::UnsafeSettings {
                what: format!(
                    "PostgreSQL's `{setting}` is `off`: a crash could lose what it acknowledged, \
                     and a post could be published twice"
                ),
                advice: format!(
                    "Set `{setting} = on`; or add `allow_unsafe_durability=true` to the address"
                ),
            });
        }
    }
    Ok(())
}

async fn migrate(connection: &mut PgConnection, schema: &str) -> Result<(), StoreError> {
    let failed = |error: sqlx::Error| explained("making the tables", &error);
    let version: i64 = one(
        connection,
        "SELECT current_setting('server_version_num')::bigint",
    )
    .await?;
    if version < OLDEST_VERSION {
        return Err(StoreError::backend(
            BACKEND,
            "looking at the server",
            "it is older than PostgreSQL 12",
        ));
    }
    let mut step = connection.begin().await.map_err(failed)?;
    // Processes that start at one time make the tables one after another.
    sqlx::query("SELECT pg_advisory_xact_lock(1416131428, hashtext($1))")
        .bind(schema)
        .execute(&mut *step)
        .await
        .map_err(failed)?;
    let known: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname = $1")
        .bind(schema)
        .fetch_one(&mut *step)
        .await
        .map_err(failed)?;
    // Asked first: who may not make schemas may still use one.
    if known == 0 {
        run(&mut step, format!("CREATE SCHEMA {schema}")).await?;
    }
    let known: bool = sqlx::query_scalar("SELECT to_regclass($1 || '.migrations') IS NOT NULL")
        .bind(schema)
        .fetch_one(&mut *step)
        .await
        .map_err(failed)?;
    if !known {
        let table = "CREATE TABLE migrations (number BIGINT PRIMARY KEY, \
                     done_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())";
        run(&mut step, table).await?;
    }
    let version: i64 = one(
        &mut step,
        "SELECT COALESCE(max(number), 0)::bigint FROM migrations",
    )
    .await?;
    for (number, migration) in missing(POSTGRES, version)? {
        run(&mut step, migration).await?;
        run(
            &mut step,
            format!("INSERT INTO migrations (number) VALUES ({number})"),
        )
        .await?;
    }
    step.commit().await.map_err(failed)
}

/// Runs SQL that is ours from its first to its last letter.
async fn run(
    connection: &mut PgConnection,
    text: impl Into<Cow<'static, str>>,
) -> Result<(), StoreError> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(text.into().into_owned()))
        .execute(connection)
        .await
        .map_err(|error| explained("making the tables", &error))?;
    Ok(())
}

/// The one value that a statement gives.
async fn one<A>(connection: &mut PgConnection, question: &'static str) -> Result<A, StoreError>
where
    A: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(question)
        .fetch_one(connection)
        .await
        .map_err(|error| explained("looking at the server", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str) -> String {
        let Err(error) = Address::parse(address) else {
            panic!("{address} was taken");
        };
        assert!(
            matches!(error, StoreError::UnsupportedAddress { .. }),
            "{error:?}"
        );
        format!("{error} {error:?}")
    }

    #[test]
    fn an_address_says_where_and_how() {
        let plain = Address::parse("postgres://someone@db/x?sslmode=disable").unwrap();
        assert_eq!(plain.schema, "threads");
        assert_eq!(plain.clock, Clock::Server);
        assert_eq!(plain.durability, Durability::Needed);
        assert_eq!(plain.options.get_host(), "db");
        assert_eq!(plain.options.get_database(), Some("x"));

        let chosen = "postgresql://db/x?schema=a_1&clock=caller&allow_unsafe_durability=true";
        let chosen = Address::parse(chosen).unwrap();
        assert_eq!(chosen.schema, "a_1");
        assert_eq!(chosen.clock, Clock::Caller);
        assert_eq!(chosen.durability, Durability::Waived);
    }

    #[test]
    fn a_misspelt_parameter_is_refused_by_its_name() {
        assert!(refused("postgres://db/x?allow_unsafe=true").contains("`allow_unsafe`"));
        assert!(refused("postgres://db/x?clock=mine").contains("`clock`"));
        assert!(refused("postgres://db/x?allow_unsafe_durability=1").contains("`true` or `false`"));
    }

    #[test]
    fn how_long_a_server_may_be_silent_is_a_number_of_seconds() {
        let within = |address| Address::parse(address).map(|address| address.answer_within);

        assert_eq!(within("postgres://db/x").unwrap(), Duration::from_mins(1));
        assert_eq!(
            within("postgres://db/x?answer_within=7").unwrap(),
            Duration::from_secs(7)
        );
        for wrong in ["", "0", "-1", "1.5", "1 s", "86401"] {
            let text = refused(&format!("postgres://db/x?answer_within={wrong}"));
            assert!(text.contains("`answer_within`"), "{text}");
        }
    }

    #[test]
    fn a_schema_that_would_need_quoting_is_refused() {
        for name in ["", "A", "a-b", "a;drop", "1a", "pg_x", &"a".repeat(64)] {
            refused(&format!("postgres://db/x?schema={name}"));
        }
    }

    #[test]
    fn a_refusal_never_shows_the_password() {
        for address in [
            "postgres://root:hunter2@db:port/x",
            "postgres://root:hunter2@db/x?clock=hunter2",
            "postgres://root:hunter2@db/x?sslmode=hunter2",
        ] {
            assert!(!refused(address).contains("hunter2"), "{address}");
        }
    }
}
