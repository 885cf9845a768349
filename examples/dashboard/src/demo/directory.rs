//! The demonstration's data directory, which never holds anybody's data.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use threads_monitor::{Storage, StoreError};

/// Its presence says that a directory may be emptied.
const MARKER: &str = "DEMONSTRATION";
const MARKER_TEXT: &str = "threads-dashboard keeps the data of its demonstration here.\n\
    It deletes the folder `store` beside this file at each start.\n";
const STORE: &str = "store";

/// A directory that belongs to the demonstration and may be emptied.
#[derive(Debug)]
pub struct DemoDirectory {
    path: PathBuf,
}

/// Why a directory cannot be the demonstration's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Somebody keeps something else there.
    #[error(
        "`{}` holds something else than a demonstration, so it is left alone. \
         For real accounts set THREADS_APP_ID and THREADS_APP_SECRET; \
         for the demonstration choose an empty directory with --store file:DIRECTORY",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot use `{}` for the demonstration: make it writable, or choose another directory with --store file:DIRECTORY", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// The store in it cannot be opened; most often another demonstration runs.
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
        if !is_ours {
            fs::write(path.join(MARKER), MARKER_TEXT).map_err(io)?;
        }
        Ok(Self {
            path: path.to_owned(),
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
    /// `Store` when another process has it open; nothing is deleted then.
    pub async fn fresh_store(&self) -> Result<Storage, DirectoryError> {
        let store = self.path.join(STORE);
        let address = format!("file:{}", store.display());
        if store.exists() {
            // Whatever else is wrong with it goes away with it.
            if let Err(error @ StoreError::Locked { .. }) = Storage::open(&address).await {
                return Err(error.into());
            }
            fs::remove_dir_all(&store).map_err(|source| DirectoryError::Io {
                path: store.clone(),
                source,
            })?;
        }
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
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo");
        let first = DemoDirectory::take(&path).unwrap();
        drop(first.fresh_store().await.unwrap());
        fs::write(path.join(STORE).join("left-over"), "x").unwrap();

        let again = DemoDirectory::take(&path).unwrap();
        let storage = again.fresh_store().await.unwrap();

        assert!(DemoDirectory::is_at(&path));
        assert!(!path.join(STORE).join("left-over").exists());
        assert!(storage.tokens.list(None, 10).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_running_demonstration_is_not_emptied() {
        let directory = tempfile::tempdir().unwrap();
        let demo = DemoDirectory::take(directory.path()).unwrap();
        let running = demo.fresh_store().await.unwrap();

        let second = demo.fresh_store().await;

        assert!(
            matches!(
                second,
                Err(DirectoryError::Store(StoreError::Locked { .. }))
            ),
            "{second:?}"
        );
        drop(running);
    }
}
