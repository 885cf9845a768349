//! A schema of its own on the PostgreSQL server of the tests, for each test.
//!
//! The server is one that tests may fill and leave behind; `tests/run` makes one.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]
#![allow(dead_code, reason = "each test program uses another part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;
use uuid::Uuid;

/// Names the server of the tests.
pub(crate) const VARIABLE: &str = "THREADS_TEST_POSTGRES_URL";

/// The server of the tests; `None`, after saying so, where there is none.
pub(crate) fn url() -> Option<Url> {
    let Ok(server) = std::env::var(VARIABLE) else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "{VARIABLE} is not set, and with CI=true no test may be left out"
        );
        // Not `eprintln!`, which is kept back when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped: {VARIABLE} is not set");
        return None;
    };
    Some(Url::parse(&server).unwrap())
}

/// A schema that nobody else uses.
#[derive(Debug)]
pub(crate) struct Place {
    server: Url,
    schema: String,
}

impl Place {
    /// `None`, after saying so, where there is no server.
    pub(crate) fn new() -> Option<Self> {
        let server = url()?;
        Some(Self {
            server,
            schema: format!("t_{}", Uuid::now_v7().simple()),
        })
    }

    /// In a database of its own, which nobody else looks into.
    pub(crate) async fn in_new_database() -> Option<Self> {
        let mut place = Self::new()?;
        let name = format!("d{}", place.schema);
        place.say(&format!("CREATE DATABASE {name}")).await;
        place.server.set_path(&name);
        Some(place)
    }

    /// The name of its database.
    pub(crate) fn database(&self) -> &str {
        self.server.path().trim_start_matches('/')
    }

    /// Says something from the server's common database, about this one.
    pub(crate) async fn say_elsewhere(&self, sql: &str) {
        let mut elsewhere = self.server.clone();
        elsewhere.set_path("postgres");
        let place = Self {
            server: elsewhere,
            schema: self.schema.clone(),
        };
        place.say(sql).await;
    }

    /// The files of all tables, indexes and statistics of its database.
    pub(crate) async fn files(&self) -> Vec<PathBuf> {
        let mut connection = self.connect().await;
        // What is in the server's memory is written to the files.
        sqlx::query("CHECKPOINT")
            .execute(&mut connection)
            .await
            .unwrap();
        let directory: String = sqlx::query_scalar("SELECT current_setting('data_directory')")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let files: Vec<String> = sqlx::query_scalar(
            "SELECT pg_relation_filepath(oid) FROM pg_class \
             WHERE pg_relation_filepath(oid) IS NOT NULL \
               AND (relnamespace IN ($1::regnamespace, 'pg_toast'::regnamespace) \
                    OR relname LIKE 'pg_statistic%')",
        )
        .bind(&self.schema)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        assert!(files.len() > 20, "{files:?}");
        files
            .into_iter()
            .map(|file| Path::new(&directory).join(file))
            .collect()
    }

    /// The rows of each table of its schema, as text.
    pub(crate) async fn rows(&self) -> Vec<(String, String)> {
        let mut connection = self.connect().await;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace")
                .bind(&self.schema)
                .fetch_all(&mut connection)
                .await
                .unwrap();
        assert!(tables.len() > 6, "{tables:?}");
        let mut all = Vec::new();
        for table in tables {
            // Bytes are shown escaped, so that texts among them can be read.
            let question = format!(
                "SELECT replace(t::text, '\\\\', '') FROM {}.{table} AS t",
                self.schema
            );
            sqlx::query("SET bytea_output = 'escape'")
                .execute(&mut connection)
                .await
                .unwrap();
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(question))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            all.push((table, rows.join("\n")));
        }
        all
    }

    /// Says something to the server as another program would.
    pub(crate) async fn say(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(self.server.as_str()).await.unwrap()
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// Where leases run by the caller's clock, which tests move.
    pub(crate) fn address(&self) -> String {
        self.address_with(&[("clock", "caller")])
    }

    pub(crate) fn address_with(&self, parameters: &[(&str, &str)]) -> String {
        let mut address = self.server.clone();
        address
            .query_pairs_mut()
            .append_pair("schema", &self.schema)
            .extend_pairs(parameters);
        address.into()
    }
}

/// A new [`Place`]; ends the test where there is no server.
#[macro_export]
macro_rules! place_or_skip {
    () => {
        match $crate::server::Place::new() {
            Some(place) => place,
            None => return,
        }
    };
}
