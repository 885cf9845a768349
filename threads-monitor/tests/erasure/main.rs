//! After a person has disconnected an account, nothing of it is left: the requirements P-01
//! to P-08, each on every kind of store. And what is kept for how long: P-15.
#![cfg(all(
    feature = "file",
    feature = "postgres",
    feature = "seal",
    feature = "sqlite"
))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../marked/mod.rs"]
mod marked;
mod place;
#[path = "../server/mod.rs"]
mod server;
#[path = "../world/mod.rs"]
mod world;

mod again;
mod everywhere;
mod meanwhile;
mod retention;
