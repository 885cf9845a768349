//! A schema of its own on the PostgreSQL server of the tests, for each test.
//!
//! The server is one that tests may fill and leave behind; `tests/run` makes one.

use std::io::Write;

use url::Url;
use uuid::Uuid;

/// Names the server of the tests.
pub const VARIABLE: &str = "THREADS_TEST_POSTGRES_URL";

/// A schema that nobody else uses.
#[derive(Debug)]
pub struct Place {
    server: Url,
    schema: String,
}

impl Place {
    /// `None`, after saying so, where there is no server.
    pub fn new() -> Option<Self> {
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
        Some(Self {
            server: Url::parse(&server).unwrap(),
            schema: format!("t_{}", Uuid::now_v7().simple()),
        })
    }

    /// Where leases run by the caller's clock, which tests move.
    pub fn address(&self) -> String {
        self.address_with(&[("clock", "caller")])
    }

    pub fn address_with(&self, parameters: &[(&str, &str)]) -> String {
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
