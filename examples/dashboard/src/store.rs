//! Where data is kept: from an address to stores, and to words for people.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use threads_monitor::{Storage, StoreError};

use crate::demo::{DemoDirectory, Form};
use crate::options::DEFAULT_STORE;

/// Where an earlier version kept the data of real accounts, in files.
const OLD_DIRECTORY: &str = "./threads-data";

/// The kind of place that an address names, as far as the dashboard has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Memory,
    /// The directory of the file store.
    Files(PathBuf),
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, or an address that is none.
    Server,
}

impl Place {
    pub(crate) fn of(address: &str) -> Self {
        let path = |rest: &str| {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            (!path.is_empty()).then(|| PathBuf::from(path))
        };
        match address.split_once(':') {
            Some(("memory", "")) => Self::Memory,
            Some(("file", rest)) => path(rest).map_or(Self::Server, Self::Files),
            Some(("sqlite", rest)) => path(rest).map_or(Self::Server, Self::Sqlite),
            _ => Self::Server,
        }
    }

    /// The directory with the data, where it is on this machine.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        match self {
            Self::Files(directory) => Some(absolute(directory)),
            Self::Sqlite(file) => absolute(file).parent().map(Path::to_owned),
            Self::Memory | Self::Server => None,
        }
    }

    /// What it is, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Memory => "the memory of this program, which forgets when it ends".to_owned(),
            Self::Files(directory) => {
                format!(
                    "the directory {} on this machine",
                    absolute(directory).display()
                )
            }
            Self::Sqlite(file) => {
                format!(
                    "the SQLite database {} on this machine",
                    absolute(file).display()
                )
            }
            // Its name and host are nothing for a public page.
            Self::Server => "a PostgreSQL database".to_owned(),
        }
    }
}

/// The address where nobody gave one, and whether an earlier version kept its data there.
///
/// # Errors
///
/// There is data of both versions, so a person has to choose.
pub(crate) fn usual() -> anyhow::Result<(String, Age)> {
    let directory = Path::new(OLD_DIRECTORY);
    let has_files = ["tokens", "jobs", "snapshots"]
        .iter()
        .any(|store| directory.join(store).exists());
    let old = format!("file:{OLD_DIRECTORY}");
    match (Place::of(DEFAULT_STORE), has_files) {
        (Place::Sqlite(file), true) if file.exists() => bail!(
            "`{OLD_DIRECTORY}` holds a SQLite database and, from an earlier version, data in files: say with --store {DEFAULT_STORE} or --store {old} which one to use"
        ),
        (_, true) => Ok((old, Age::Old)),
        (_, false) => Ok((DEFAULT_STORE.to_owned(), Age::Current)),
    }
}

/// Whose data is at the usual place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// This version's.
    Current,
    /// An earlier version's, in files.
    Old,
}

/// Refuses to keep real accounts where the demonstration empties.
pub(crate) fn expect_no_demonstration(place: &Place) -> anyhow::Result<()> {
    let Some(directory) = place.directory() else {
        return Ok(());
    };
    // The demonstration empties a folder within its directory.
    if directory.ancestors().take(2).any(DemoDirectory::is_at) {
        bail!(
            "`{}` belongs to the demonstration and is emptied by it: choose another place with --store sqlite:DIRECTORY/threads.db",
            directory.display()
        );
    }
    Ok(())
}

/// Opens the stores at an address.
pub(crate) async fn open(address: &str) -> anyhow::Result<Storage> {
    Storage::open(address).await.map_err(|error| {
        let advice = match (&error, Place::of(address)) {
            (StoreError::Backend { .. }, Place::Server) => {
                "See whether the server runs and lets this program in"
            }
            (StoreError::Backend { .. }, _) => {
                "Make the directory writable for this user alone, or choose another one with --store sqlite:DIRECTORY/threads.db"
            }
            (StoreError::Locked { .. }, _) => {
                "Stop the other program that uses it, or choose another directory with --store"
            }
            (StoreError::UnsupportedAddress { .. }, _) => {
                "Write --store sqlite:DIRECTORY/threads.db"
            }
            // The others say themselves what helps.
            _ => "Nothing was changed in what cannot be read",
        };
        anyhow::Error::from(error).context(format!("the data cannot be opened. {advice}"))
    })
}

/// An empty store for the demonstration, and its directory, to be held while it is used.
pub(crate) async fn open_demo(address: &str) -> anyhow::Result<(Storage, Option<DemoDirectory>)> {
    let place = Place::of(address);
    let (directory, form) = match (place.directory(), &place) {
        (Some(directory), Place::Files(_)) => (directory, Form::Files),
        (Some(directory), _) => (directory, Form::Sqlite),
        (None, _) => return Ok((open(address).await?, None)),
    };
    let directory = DemoDirectory::take(&directory)?;
    let storage = directory
        .fresh_store(form)
        .await
        .context("the demonstration's data directory cannot be used")?;
    Ok((storage, Some(directory)))
}

pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_to_people_without_its_password() {
        let here = absolute(Path::new("data"));
        let here = here.display();
        for (address, words) in [
            (
                "memory:",
                "the memory of this program, which forgets when it ends".to_owned(),
            ),
            ("file:data", format!("the directory {here} on this machine")),
            (
                "sqlite:data/x.db",
                format!("the SQLite database {here}/x.db on this machine"),
            ),
            (
                "sqlite:///data/x.db",
                "the SQLite database /data/x.db on this machine".to_owned(),
            ),
            (
                "postgres://someone:hunter2@db/x",
                "a PostgreSQL database".to_owned(),
            ),
        ] {
            assert_eq!(Place::of(address).words(), words);
        }
    }

    #[test]
    fn data_on_this_machine_has_a_directory() {
        let here = absolute(Path::new("data"));
        for address in ["file:data", "sqlite:data/x.db", "sqlite:./data/x.db"] {
            assert_eq!(
                Place::of(address).directory().as_ref(),
                Some(&here),
                "{address}"
            );
        }
        for address in ["memory:", "postgres://db/x", "sqlite:", "file:"] {
            assert_eq!(Place::of(address).directory(), None, "{address}");
        }
    }
}
