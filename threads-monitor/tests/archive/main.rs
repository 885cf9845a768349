//! Export, import, backup and restore.

#![cfg(feature = "archive")]

mod archives;
#[cfg(feature = "postgres")]
#[path = "../server/mod.rs"]
mod server;
#[path = "../world/mod.rs"]
mod world;

mod chains;
mod damage;
mod export;
mod plans;
mod restore;
