#![doc = include_str!("../README.md")]

mod account;
#[cfg(feature = "archive")]
pub mod archive;
pub mod chart;
mod clock;
mod error;
#[cfg(feature = "file")]
mod file;
#[cfg(any(
    feature = "archive",
    feature = "file",
    feature = "sqlite",
    feature = "seal"
))]
#[cfg_attr(
    not(feature = "file"),
    expect(dead_code, reason = "only the file backend uses all of it")
)]
mod folder;
#[doc = include_str!("../docs/guarantees.md")]
pub mod guarantees {}
mod jobs;
mod monitor;
pub mod planning;
pub mod publishing;
mod retention;
pub mod scheduler;
#[cfg(feature = "seal")]
pub mod seal;
pub mod snapshot_store;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
mod storage;
mod striped;
pub mod token_store;
mod tokens;
#[cfg(feature = "seal")]
mod tombstones;
pub mod trends;
mod version;
mod zone;

pub use self::account::{
    AccountSummary, AffectedPost, AffectedPosts, CollectionHealth, Connection, Erased, Measurement,
    PostSummary, Thinned, TokenDates, TokenNotice,
};
#[cfg(any(test, feature = "testing"))]
pub use self::clock::ManualClock;
pub use self::clock::{Clock, SystemClock};
pub use self::error::{MonitorError, StoreError};
#[cfg(feature = "file")]
pub use self::file::Directory;
pub use self::monitor::{Cadence, Monitor, MonitorBuilder, MonitorHandle};
pub use self::retention::Retention;
pub use self::scheduler::Scheduler;
pub use self::snapshot_store::SnapshotStore;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::sql::SqlDatabase;
pub use self::storage::Storage;
pub use self::token_store::TokenStore;
pub use self::tokens::{RefreshDecision, RefreshPolicy, TokenManager};
#[cfg(feature = "seal")]
pub use self::tombstones::Tombstones;
pub use self::version::Version;
pub use self::zone::{LocalInstant, UnknownZone, Zone};
