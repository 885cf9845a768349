//! A place for the stores, of each kind, and a look at every byte that is kept there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use threads_monitor::seal::KeyRing;
use threads_monitor::{SqlDatabase, Storage};

use crate::marked::files_under;
use crate::server;

/// One ring for all openings of one place.
const KEYS: &str = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(crate) fn keys() -> KeyRing {
    KeyRing::parse(KEYS).unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    File,
    SealedFile,
    Sqlite,
    SealedSqlite,
    Postgres,
    SealedPostgres,
}

impl Kind {
    pub(crate) fn is_sealed(self) -> bool {
        matches!(
            self,
            Self::SealedFile | Self::SealedSqlite | Self::SealedPostgres
        )
    }
}

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    directory: TempDir,
    server: Option<server::Place>,
}

/// Stores that are open, and what to close them with.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) storage: Storage,
    database: Option<SqlDatabase>,
}

impl Opened {
    pub(crate) async fn close(self) {
        if let Some(database) = self.database {
            database.close().await;
        }
    }
}

impl Place {
    /// `None`, after saying so, where there is no server.
    pub(crate) async fn new(kind: Kind) -> Option<Self> {
        let server = match kind {
            // Alone in its database: nobody else's transaction keeps removed rows.
            Kind::Postgres | Kind::SealedPostgres => Some(server::Place::in_new_database().await?),
            _ => None,
        };
        Some(Self {
            kind,
            directory: TempDir::new().unwrap(),
            server,
        })
    }

    /// What is kept beside the data.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.beside("data")
    }

    pub(crate) fn database_file(&self) -> PathBuf {
        self.data().join("threads.db")
    }

    pub(crate) async fn open(&self) -> Opened {
        let database = match self.kind {
            Kind::Memory | Kind::File | Kind::SealedFile => None,
            Kind::Sqlite | Kind::SealedSqlite => {
                Some(SqlDatabase::open_sqlite(self.database_file()).await)
            }
            Kind::Postgres | Kind::SealedPostgres => {
                let address = self.server.as_ref().unwrap().address();
                Some(SqlDatabase::connect_postgres(&address).await)
            }
        };
        let database = database.map(Result::unwrap);
        let storage = match (&database, self.kind) {
            (Some(database), _) => Storage::from(database),
            (None, Kind::Memory) => Storage::in_memory(),
            (None, _) => Storage::open(&format!("file:{}", self.data().display()))
                .await
                .unwrap(),
        };
        let storage = if self.kind.is_sealed() {
            storage.sealed(keys()).await.unwrap()
        } else {
            storage
        };
        Opened { storage, database }
    }

    /// A SQLite database that waits for other programs no longer than this.
    pub(crate) async fn open_impatient(&self, patience: Duration) -> Opened {
        let file = self.database_file();
        let database = SqlDatabase::open_sqlite_impatiently(file, patience)
            .await
            .unwrap();
        Opened {
            storage: Storage::from(&database),
            database: Some(database),
        }
    }

    /// The marks that are found in any byte that is kept, each with where it is.
    pub(crate) async fn found(&self, opened: &Opened, marks: &[&str]) -> Vec<(String, String)> {
        let texts = match &self.server {
            Some(server) => of_server(server).await,
            None if self.kind == Kind::Memory => {
                vec![(
                    "memory".to_owned(),
                    format!("{:?}", opened.storage).into_bytes(),
                )]
            }
            None => files_under(&self.data())
                .into_iter()
                .map(|file| {
                    let name = file.display().to_string();
                    let mut content = content(&file);
                    content.extend(name.as_bytes());
                    (name, content)
                })
                .collect(),
        };
        assert!(!texts.is_empty());
        let mut found = Vec::new();
        for (name, content) in &texts {
            // One letter a byte: texts are searched faster than slices.
            let content: String = content.iter().map(|byte| char::from(*byte)).collect();
            for mark in marks {
                assert!(mark.is_ascii());
                if content.contains(mark) {
                    found.push(((*mark).to_owned(), name.clone()));
                }
            }
        }
        found
    }

    /// Makes a copy of the data of stores that are closed.
    pub(crate) async fn copy(&self) {
        match &self.server {
            Some(server) => {
                let (name, copy) = (server.database(), self.copy_name());
                server
                    .say_elsewhere(&format!("CREATE DATABASE {copy} TEMPLATE {name}"))
                    .await;
            }
            None => copy_files(&self.data(), &self.beside("copy")),
        }
    }

    /// Puts the copy into the place of the data of stores that are closed.
    pub(crate) async fn restore(&self) {
        if let Some(server) = &self.server {
            let (name, copy) = (server.database(), self.copy_name());
            server.say_elsewhere(&format!("DROP DATABASE {name}")).await;
            server
                .say_elsewhere(&format!("ALTER DATABASE {copy} RENAME TO {name}"))
                .await;
        } else {
            std::fs::remove_dir_all(self.data()).unwrap();
            std::fs::rename(self.beside("copy"), self.data()).unwrap();
        }
    }

    fn copy_name(&self) -> String {
        format!("{}_copy", self.server.as_ref().unwrap().database())
    }
}

/// Another process reads it: closing a file of SQLite in this one would drop the locks.
fn content(file: &Path) -> Vec<u8> {
    Command::new("cat").arg(file).output().unwrap().stdout
}

fn copy_files(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .args(["-a", "--"])
        .args([from, to])
        .status()
        .unwrap();
    assert!(copied.success());
}

/// Every file of tables, indexes and statistics, and every row as a query gives it.
async fn of_server(server: &server::Place) -> Vec<(String, Vec<u8>)> {
    let mut texts = Vec::new();
    for file in server.files().await {
        texts.push((file.display().to_string(), content(&file)));
    }
    for (table, rows) in server.rows().await {
        texts.push((format!("rows of {table}"), rows.into_bytes()));
    }
    texts
}
