//! The tables of a database, in numbered steps that are only ever added.

use crate::error::StoreError;

/// The steps of one database, in order; the first one has number 1.
pub(super) type Migrations = &'static [&'static str];

#[cfg(feature = "sqlite")]
pub(super) const SQLITE: Migrations = &[
    include_str!("migrations/sqlite/0001_tokens.sql"),
    include_str!("migrations/sqlite/0002_jobs.sql"),
    include_str!("migrations/sqlite/0003_snapshots.sql"),
    include_str!("migrations/sqlite/0004_leases.sql"),
    include_str!("migrations/sqlite/0005_waiting.sql"),
];

#[cfg(feature = "postgres")]
pub(super) const POSTGRES: Migrations = &[
    include_str!("migrations/postgres/0001_tokens.sql"),
    include_str!("migrations/postgres/0002_jobs.sql"),
    include_str!("migrations/postgres/0003_snapshots.sql"),
    include_str!("migrations/postgres/0004_leases.sql"),
    include_str!("migrations/postgres/0005_waiting.sql"),
];

/// The steps that a database of this version lacks, each with its number.
pub(super) fn missing(
    migrations: Migrations,
    version: i64,
) -> Result<impl Iterator<Item = (i64, &'static str)>, StoreError> {
    let numbered = (1_i64..).zip(migrations.iter().copied());
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version > newest {
        let shown = |version| u32::try_from(version).unwrap_or(u32::MAX);
        return Err(StoreError::TooNew {
            what: "the database".to_owned(),
            found: shown(version),
            supported: shown(newest),
        });
    }
    Ok(numbered.filter(move |(number, _)| *number > version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_done() {
        let all: Migrations = &["one", "two", "three"];
        let numbers = |version| -> Vec<i64> {
            missing(all, version)
                .unwrap()
                .map(|(number, _)| number)
                .collect()
        };

        assert_eq!(numbers(0), [1, 2, 3]);
        assert_eq!(numbers(2), [3]);
        assert!(numbers(3).is_empty());
    }

    #[test]
    fn a_newer_database_is_refused() {
        let error = missing(&["one"], 2).err().unwrap().to_string();

        assert_eq!(
            error,
            "the database has format version 2, this program reads up to 1: use the newer program"
        );
    }
}
