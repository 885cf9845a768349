//! What can go wrong when the sandbox is set up or controlled.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

/// An error of the sandbox itself (never one of the API it stands in for).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The address to listen on is not a loopback address.
    #[error(
        "the sandbox listens on loopback addresses only (127.0.0.1 or ::1), not on {address}: \
         it hands tokens to anybody who asks"
    )]
    NotLoopback {
        /// The refused address.
        address: IpAddr,
    },
    /// The address could not be listened on.
    #[error("could not listen on {address} port {port}")]
    Listen {
        /// The address asked for.
        address: IpAddr,
        /// The port asked for; 0 means any free one.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The ledger file could not be opened.
    #[error("could not open the ledger file {}", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A redirect URI, account or switch is not acceptable.
    #[error("invalid sandbox setting: {0}")]
    Setting(String),
    /// No account has this id or user name.
    #[error("the sandbox has no account {0:?}")]
    UnknownUser(String),
    /// No live post has this id.
    #[error("the sandbox has no live post {0:?}")]
    UnknownPost(String),
    /// The clock was told to go back.
    #[error("the virtual clock cannot go back")]
    TimeGoesBack,
}
