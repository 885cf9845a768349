//! What is said to a database, and what it answers.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
#[cfg(feature = "postgres")]
use sqlx::postgres::PgRow;
#[cfg(feature = "sqlite")]
use sqlx::sqlite::SqliteRow;
use threads_client::UserId;
use uuid::Uuid;

use crate::error::StoreError;

/// One SQL statement, in the words of each database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(dead_code, reason = "the other database")
    )]
    pub(super) sqlite: &'static str,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "the other database")
    )]
    pub(super) postgres: &'static str,
}

impl Statement {
    /// A statement that both databases understand.
    pub(crate) const fn both(text: &'static str) -> Self {
        Self::each(text, text)
    }

    /// A statement in two dialects, with the same parameters and columns.
    pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }
}

/// A parameter.
#[derive(Clone)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Id(Uuid),
    /// An array of PostgreSQL; a JSON array on SQLite.
    Integers(Vec<Option<i64>>),
    /// As [`Integers`](Self::Integers).
    Texts(Vec<String>),
    /// As [`Integers`](Self::Integers); with hyphens on SQLite.
    Ids(Vec<Uuid>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Integer(number)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(instant: DateTime<Utc>) -> Self {
        Self::from(micros(instant))
    }
}

impl From<Option<DateTime<Utc>>> for Value {
    fn from(instant: Option<DateTime<Utc>>) -> Self {
        Self::from(instant.map(micros))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::from(i64::from(flag))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&UserId> for Value {
    fn from(user: &UserId) -> Self {
        Self::from(user.as_str())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Some(bytes.to_owned()))
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(bytes: Option<&[u8]>) -> Self {
        Self::Bytes(bytes.map(<[u8]>::to_owned))
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<Vec<Option<i64>>> for Value {
    fn from(numbers: Vec<Option<i64>>) -> Self {
        Self::Integers(numbers)
    }
}

impl From<Vec<Uuid>> for Value {
    fn from(ids: Vec<Uuid>) -> Self {
        Self::Ids(ids)
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

/// A list as PostgreSQL takes it.
#[cfg(feature = "postgres")]
pub(super) const fn array<T>(list: Vec<T>) -> Vec<T> {
    list
}

/// A list as SQLite takes it.
#[cfg(feature = "sqlite")]
#[expect(clippy::needless_pass_by_value, reason = "as `array` has it")]
pub(super) fn json_array<T: serde::Serialize>(list: Vec<T>) -> String {
    // SQLite would refuse the empty text that no list of numbers, texts or ids ends in.
    serde_json::to_string(&list).unwrap_or_default()
}

/// Binds every value to a query of either database, which takes lists as `$list` makes them.
macro_rules! bind {
    ($statement:expr, $values:expr, $list:ident) => {{
        let mut query = sqlx::query($statement);
        for value in $values {
            query = match value {
                Value::Integer(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
                Value::Id(id) => query.bind(id),
                Value::Integers(numbers) => query.bind($list(numbers)),
                Value::Texts(texts) => query.bind($list(texts)),
                Value::Ids(ids) => query.bind($list(ids)),
            };
        }
        query
    }};
}
pub(super) use bind;

/// One row of an answer; columns are counted from 0.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $column:expr) => {{
        use sqlx::Row as _;
        match $row {
            #[cfg(feature = "sqlite")]
            Row::Sqlite(row) => row.try_get($column),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get($column),
        }
        // Why is not said: the driver's message may quote what it read.
        .map_err(|_| damaged("a column has another type than this program gave it"))
    }};
}

impl Row {
    pub(crate) fn integer(&self, column: usize) -> Result<i64, StoreError> {
        column!(self, column)
    }

    pub(crate) fn maybe_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        column!(self, column)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, StoreError> {
        column!(self, column)
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        column!(self, column)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        column!(self, column)
    }

    pub(crate) fn maybe_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        column!(self, column)
    }

    pub(crate) fn id(&self, column: usize) -> Result<Uuid, StoreError> {
        column!(self, column)
    }

    pub(crate) fn instant(&self, column: usize) -> Result<DateTime<Utc>, StoreError> {
        instant(self.integer(column)?)
    }

    pub(crate) fn maybe_instant(&self, column: usize) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.maybe_integer(column)?.map(instant).transpose()
    }

    pub(crate) fn json<A: serde::de::DeserializeOwned>(
        &self,
        column: usize,
    ) -> Result<A, StoreError> {
        serde_json::from_str(&self.text(column)?)
            .map_err(|_| damaged("a column is no JSON of ours"))
    }
}

/// An instant as it is stored.
pub(crate) const fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

/// A stored instant.
pub(crate) fn instant(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| damaged("a time is beyond what can be represented"))
}

/// A number without a sign as it is stored: with the same bits.
pub(crate) const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The number that [`signed`] stored.
pub(crate) const fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// A limit as a database takes it.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// How deeply JSON may be nested so that every parser reads it back.
const DEEPEST_JSON: usize = 120;

/// JSON as a parameter, proven to read back.
pub(crate) fn json_text(json: &Json) -> Result<Value, StoreError> {
    json_string(json).map(Value::from)
}

/// JSON as it is stored, proven to read back.
pub(crate) fn json_string(json: &Json) -> Result<String, StoreError> {
    let too_deep = || {
        StoreError::backend(
            "sql",
            "writing a row",
            "it could not be read back: it is nested too deeply",
        )
    };
    if is_deeper_than(json, DEEPEST_JSON) {
        return Err(too_deep());
    }
    serde_json::to_string(json).map_err(|_| too_deep())
}

/// Looks at levels one after another, so that depth costs no stack.
fn is_deeper_than(json: &Json, deepest: usize) -> bool {
    let mut level = vec![json];
    for _ in 0..deepest {
        level = level
            .into_iter()
            .flat_map(|value| -> Box<dyn Iterator<Item = &Json>> {
                match value {
                    Json::Array(values) => Box::new(values.iter()),
                    Json::Object(values) => Box::new(values.values()),
                    _ => Box::new(std::iter::empty()),
                }
            })
            .collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

/// A row that this program did not write like that. Says nothing of what is in it.
pub(crate) fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt {
        what: format!("the database: {what}"),
        advice: "Nothing was changed. Put the database back from a copy".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_stored_to_the_microsecond() {
        for stored in [0, -1, 1_790_000_000_000_001, i64::from(i32::MIN)] {
            assert_eq!(micros(instant(stored).unwrap()), stored);
        }
        assert!(instant(i64::MAX).is_err());
        assert_eq!(
            instant(micros(DateTime::<Utc>::MAX_UTC)).unwrap(),
            DateTime::<Utc>::MAX_UTC - chrono::TimeDelta::nanoseconds(999),
        );
    }

    #[test]
    fn json_that_no_parser_would_read_back_is_refused() {
        let nested = |levels| (0..levels).fold(Json::Null, |inner, _| Json::Array(vec![inner]));

        assert!(json_text(&nested(DEEPEST_JSON - 1)).is_ok());
        let Err(error) = json_text(&nested(DEEPEST_JSON)) else {
            panic!("it was taken");
        };
        assert!(!format!("{error:?}").contains("[["), "{error:?}");
    }
}
