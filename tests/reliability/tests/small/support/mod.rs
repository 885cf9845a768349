//! What the small versions of the campaigns have in common.
#![allow(dead_code, reason = "each test program uses another part of it")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::io::Write as _;

use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::pace::Pace;
use threads_reliability::postgres::{Database, VARIABLE};
use threads_reliability::world::{PACE, Setup};
use threads_sandbox::FaultPlan;
use url::Url;

/// The time of a test, and the database with the same, if there is a server.
pub(crate) struct Bench {
    pub(crate) pace: Pace,
    pub(crate) database: Option<Database>,
}

impl Bench {
    /// Without a server.
    pub(crate) fn new() -> Self {
        Self::at_pace(PACE)
    }

    /// Without a server, in another time than the usual one.
    pub(crate) fn at_pace(factor: i32) -> Self {
        Self {
            pace: Pace::starting_now(factor),
            database: None,
        }
    }

    /// On the server of the tests; `None`, after saying so, where there is none.
    pub(crate) async fn on_postgres() -> Option<Self> {
        Self::on_postgres_at_pace(PACE).await
    }

    pub(crate) async fn on_postgres_at_pace(factor: i32) -> Option<Self> {
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
        let pace = Pace::starting_now(factor);
        let server = Url::parse(&server).unwrap();
        let database = Database::new(&server, pace).await.unwrap();
        Some(Self {
            pace,
            database: Some(database),
        })
    }

    pub(crate) fn setup(&self, backend: Backend, accounts: usize) -> Setup<'_> {
        Setup {
            program: env!("CARGO_BIN_EXE_threads-reliability").into(),
            backend,
            database: self.database.as_ref(),
            pace: self.pace,
            accounts,
            lead: TimeDelta::seconds(60),
            step: TimeDelta::seconds(30),
            faults: FaultPlan::default(),
        }
    }
}
