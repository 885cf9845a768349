//! The demonstration's data directory, which never holds anybody's data.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use threads_monitor::{Storage, StoreError};

/// Its presence says that a directory may be emptied.
const MARKER: &str = "DEMONSTRATION";
const MARKER_TEXT: &str = "threads-dashboard keeps the data of its demonstration here.\n\
    It deletes the folder `store` beside this file at each start.\n";
const STORE: &str = "store";

/// A directory that belongs to the demonstration and may be emptied.
///
/// While it lives, no other demonstration takes it.
#[derive(Debug)]
pub struct DemoDirectory {
    path: PathBuf,
    /// The lock goes when this is closed.
    _marker: File,
}

/// How the demonstration keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// In a SQLite database.
    Sqlite,
    /// In plain files.
    Files,
}

/// Why a directory cannot be the demonstration's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Somebody keeps something else there.
    #[error(
        "`{}` holds something else than a demonstration, so it is left alone. \
         For real accounts set THREADS_APP_ID and THREADS_APP_SECRET; \
         for the demonstration choose an empty directory with --store sqlite:DIRECTORY/demo.db",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot use `{}` for the demonstration: make it writable, or choose another directory with --store sqlite:DIRECTORY/demo.db", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// Another demonstration runs there.
    #[error("`{}` is in use by another demonstration", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The store in it cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DemoDirectory {
    /// Takes a directory that is new, empty, or was a demonstration's before.
    ///
    /// # Errors
    ///
    /// See [`DirectoryError`]. Nothing is deleted then.
    pub fn take(path: &Path) -> Result<Self, DirectoryError> {
        let io = |source| DirectoryError::Io {
            path: path.to_owned(),
            source,
        };
        let is_ours = path.join(MARKER).is_file();
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if !is_ours && entries.next().is_some() {
                    return Err(DirectoryError::NotOurs {
                        path: path.to_owned(),
                    });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(io)?;
            }
            Err(error) => return Err(io(error)),
        }
        let mut marker = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path.join(MARKER))
            .map_err(io)?;
        match marker.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DirectoryError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        if !is_ours {
            marker.write_all(MARKER_TEXT.as_bytes()).map_err(io)?;
        }
        Ok(Self {
            path: path.to_owned(),
            _marker: marker,
        })
    }

    /// Whether a directory is a demonstration's, so that real data must not go there.
    pub fn is_at(path: &Path) -> bool {
        path.join(MARKER).exists()
    }

    /// An empty store in it.
    ///
    /// # Errors
    ///
    /// `Io` when the former one cannot be removed, `Store` when a new one cannot be made.
    pub async fn fresh_store(&self, form: Form) -> Result<Storage, DirectoryError> {
        let store = self.path.join(STORE);
        match fs::remove_dir_all(&store) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(DirectoryError::Io {
                    path: store,
                    source,
                });
            }
        }
        let address = match form {
            Form::Sqlite => format!("sqlite:{}", store.join("threads.db").display()),
            Form::Files => format!("file:{}", store.display()),
        };
        Ok(Storage::open(&address).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_something_else_in_it_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("precious"), "x").unwrap();

        let taken = DemoDirectory::take(directory.path());

        assert!(matches!(taken, Err(DirectoryError::NotOurs { .. })));
        assert!(directory.path().join("precious").exists());
        assert!(!DemoDirectory::is_at(directory.path()));
    }

    #[tokio::test]
    async fn a_demonstration_begins_empty_each_time() {
        for form in [Form::Sqlite, Form::Files] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("demo");
            let first = DemoDirectory::take(&path).unwrap();
            drop(first.fresh_store(form).await.unwrap());
            fs::write(path.join(STORE).join("left-over"), "x").unwrap();
            drop(first);

            let again = DemoDirectory::take(&path).unwrap();
            let storage = again.fresh_store(form).await.unwrap();

            assert!(DemoDirectory::is_at(&path));
            assert!(!path.join(STORE).join("left-over").exists());
            assert!(storage.tokens.list(None, 10).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_running_demonstration_is_not_emptied() {
        let directory = tempfile::tempdir().unwrap();
        let demo = DemoDirectory::take(directory.path()).unwrap();
        let running = demo.fresh_store(Form::Sqlite).await.unwrap();

        let second = DemoDirectory::take(directory.path());

        assert!(
            matches!(second, Err(DirectoryError::InUse { .. })),
            "{second:?}"
        );
        drop((demo, running));
        assert!(DemoDirectory::take(directory.path()).is_ok());
    }
}
