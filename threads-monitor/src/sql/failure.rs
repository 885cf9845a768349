//! Errors of a database as errors of a store.

use std::fmt;

use crate::error::StoreError;

/// What a database said. The particulars are left out: they may quote a row.
#[derive(Debug)]
struct Failure {
    text: String,
    code: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(formatter, "{} (code {code})", self.text),
            None => formatter.write_str(&self.text),
        }
    }
}

impl std::error::Error for Failure {}

/// Wraps an error, with what was being done.
pub(super) fn failed(backend: &'static str, doing: &str, error: &sqlx::Error) -> StoreError {
    StoreError::backend(backend, doing, failure(error))
}

/// As [`failed`], and the store does nothing any more.
#[cfg(feature = "sqlite")]
pub(super) fn stopped(backend: &'static str, doing: &str, error: &sqlx::Error) -> StoreError {
    StoreError::Stopped {
        backend,
        doing: doing.to_owned(),
        source: Box::new(failure(error)),
    }
}

fn failure(error: &sqlx::Error) -> Failure {
    let (text, code) = match error {
        sqlx::Error::Database(database) => (
            database.message().to_owned(),
            database.code().map(std::borrow::Cow::into_owned),
        ),
        sqlx::Error::Io(error) => (format!("the connection failed: {error}"), None),
        sqlx::Error::Tls(error) => (format!("no encrypted connection: {error}"), None),
        sqlx::Error::PoolTimedOut => ("no connection was free in time".to_owned(), None),
        sqlx::Error::PoolClosed => ("the store is closed".to_owned(), None),
        sqlx::Error::WorkerCrashed => ("the thread of a connection has stopped".to_owned(), None),
        sqlx::Error::Configuration(_) => ("the address cannot be used".to_owned(), None),
        _ => ("an answer was not understood".to_owned(), None),
    };
    Failure { text, code }
}

/// Whether the database said that it did not do what it was asked. After a connection was lost,
/// nobody knows.
pub(crate) fn is_refused(error: &StoreError) -> bool {
    let StoreError::Backend { source, .. } = error else {
        return false;
    };
    let failure = source.downcast_ref::<Failure>();
    failure
        .and_then(|failure| failure.code.as_deref())
        .is_some_and(|code| !says_gone(code))
}

/// 57P01 to 57P03: a PostgreSQL that goes down, went down, or is coming up.
pub(super) fn says_gone(code: &str) -> bool {
    code.starts_with("57P")
}

/// The code that the database gave.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(std::borrow::Cow::into_owned)
}
