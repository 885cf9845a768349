//! Where access tokens are kept.

mod memory;

#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "file", feature = "archive"))]
pub(crate) mod record;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::{AccessToken, Scope, UserId};

#[cfg(feature = "file")]
pub use self::file::FileTokenStore;
pub use self::memory::MemoryTokenStore;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::sql::SqlTokenStore;
use crate::error::StoreError;
use crate::version::Version;

/// What a stored token begins with that only its keys make a token of.
pub(crate) const SEALED: &str = "sealed:";

/// The long-lived token of one account, with the dates that decide its life.
///
/// `Debug` shows everything but the secrets.
#[derive(Debug, Clone)]
pub struct Token {
    /// The account that granted it.
    pub user: UserId,
    /// The token in use.
    pub credential: Credential,
    /// A refreshed token that has not answered a call yet; see
    /// [`TokenManager`](crate::TokenManager).
    pub candidate: Option<Credential>,
    /// The scopes that the account was asked for and, as far as known, granted.
    pub scopes: Vec<Scope>,
    /// When the account was connected, last time.
    pub connected_at: DateTime<Utc>,
}

/// One access token and its dates.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The secret.
    pub access_token: AccessToken,
    /// When Meta gave it to us.
    pub obtained_at: DateTime<Utc>,
    /// When it dies unless it is refreshed.
    pub expires_at: DateTime<Utc>,
    /// Meta did not say when it expires; `expires_at` assumes 60 days.
    pub expiry_assumed: bool,
}

/// A token as it was read, with the version to name when it is replaced.
#[derive(Debug, Clone)]
pub struct StoredToken {
    /// The token.
    pub token: Token,
    /// What [`TokenStore::save`] needs to replace exactly this one.
    pub version: Version,
}

/// A durable table of access tokens, one row an account.
///
/// # Contract
///
/// - A reader sees the old or the new token, never a mix of both.
/// - What [`save`](TokenStore::save) and [`delete`](TokenStore::delete) did is
///   durable when they return, as far as the backend is durable at all.
/// - A version is never used again for the same account, not even after a
///   `delete` and a new `save`: a writer that slept through both gets `Conflict`.
/// - Times survive to the microsecond.
/// - Clones of a backend share its rows.
/// - A store keeps: it reads no clock and decides no policy.
///
/// # Implementing
///
/// Read the memory backend first: it is the whole contract in one page. Then run
/// `token_store::conformance` (feature `testing`) on yours.
///
/// # Errors
///
/// An error means that the store itself failed, or (`Conflict`) that a
/// compare-and-set lost. A token that is not there is `Ok(None)`.
#[async_trait]
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// The account's token, or `None` when nothing is stored.
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError>;

    /// Inserts (`replaces: None`), or replaces exactly the version given.
    ///
    /// `Conflict` when a row is there on insert, or is not the version named.
    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError>;

    /// Removes the account's token; removing what is not there is `Ok`.
    ///
    /// After it returns, no byte of the token is left in any file of the store, nor of any
    /// token that was replaced before, or whose removal was cut short.
    async fn delete(&self, user: &UserId) -> Result<(), StoreError>;

    /// Accounts that have a token, in ascending order of id, after `after`.
    async fn list(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError>;

    /// The store that keeps what this one hands on in another form, such as sealed; `None`
    /// for a store that keeps its tokens itself.
    ///
    /// A backup copies what is kept there, so that sealed tokens stay sealed.
    fn beneath(&self) -> Option<&dyn TokenStore> {
        None
    }
}
