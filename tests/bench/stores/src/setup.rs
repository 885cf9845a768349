//! Fresh databases and directories.

use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use threads_client::UserId;
use threads_monitor::Storage;
use url::Url;

use crate::Place;

/// A new database of this name on the server.
pub async fn database(place: &Place, name: &str) -> anyhow::Result<Url> {
    let Some(server) = &place.postgres else {
        bail!("no PostgreSQL server: set --postgres");
    };
    let mut url: Url = server.parse().context("--postgres is not a URL")?;
    let mut connection = PgConnection::connect(server).await?;
    for statement in [
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name}"),
    ] {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
    }
    url.set_path(name);
    Ok(url)
}

/// Removes a database.
pub async fn drop_database(place: &Place, name: &str) -> anyhow::Result<()> {
    let server = place.postgres.as_deref().unwrap_or_default();
    let mut connection = PgConnection::connect(server).await?;
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Connections to a database.
pub async fn pool(url: &Url, connections: u32) -> anyhow::Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .connect(url.as_str())
        .await?)
}

/// The path of a new, empty directory.
pub fn directory(place: &Place, name: &str) -> anyhow::Result<PathBuf> {
    let path = place.directory.join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    std::fs::create_dir_all(&place.directory)?;
    Ok(path)
}

/// A backend of the monitor, new and empty.
pub async fn storage(place: &Place, backend: &str, name: &str) -> anyhow::Result<Storage> {
    let address = match backend {
        "memory" => "memory:".to_owned(),
        "file" => format!("file:{}", directory(place, name)?.display()),
        "sqlite" => format!(
            "sqlite:{}",
            directory(place, name)?.join("bench.db").display()
        ),
        "postgres" => database(place, name).await?.to_string(),
        other => bail!("no such backend: {other}"),
    };
    Ok(Storage::open(&address).await?)
}

/// The id of an account by its number, as long as Meta's are.
pub fn account(number: usize) -> UserId {
    UserId::new(format!("1784{number:013}"))
}

/// An instant that is the same in every run.
pub fn epoch() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default()
}
