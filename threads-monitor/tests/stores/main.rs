//! The stores, each on what it is kept in.

#[cfg(any(feature = "file", feature = "sqlite", feature = "postgres"))]
#[path = "../marked/mod.rs"]
mod marked;
#[cfg(any(feature = "file", feature = "sqlite", feature = "postgres"))]
#[path = "../places/mod.rs"]
mod places;
#[cfg(feature = "postgres")]
#[path = "../server/mod.rs"]
mod server;
#[cfg(feature = "sqlite")]
#[path = "../world/mod.rs"]
mod world;

mod file;
mod file_crash;
mod file_directory;
mod file_erasure;
mod file_missing;
mod file_swapped;
mod format;
mod memory;
mod model;
mod newer;
mod postgres;
mod postgres_plans;
mod postgres_server;
mod postgres_silence;
mod sqlite;
mod sqlite_database;
mod sqlite_erasure;
mod sqlite_monitor;
mod sqlite_place;
