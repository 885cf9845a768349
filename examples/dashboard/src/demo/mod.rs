//! The demonstration: a sandbox, three made-up accounts, months of history.
//!
//! Nothing is painted. The sandbox's clock starts months back; the accounts are
//! connected over HTTP as a person would do it, and while virtual time runs forward
//! the product's own [`Monitor`](threads_monitor::Monitor) collects, refreshes tokens
//! and publishes scheduled posts against the sandbox, over HTTP.
//! Then both live in real time.

mod clock;
mod directory;
mod history;
mod login;
mod plan;

pub use self::clock::SandboxClock;
pub use self::directory::{DemoDirectory, DirectoryError, Form};
pub use self::history::{Demo, DemoError};
pub use self::login::{LoginError, allow};
