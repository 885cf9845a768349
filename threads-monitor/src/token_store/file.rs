//! Tokens in one directory.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use threads_client::{Scope, UserId};

use super::memory::{TokenRow, TokenTable};
use super::record::CredentialRecord;
use super::{Credential, StoredToken, Token, TokenStore};
use crate::error::StoreError;
use crate::file::{Directory, Ledger, Table};
use crate::version::Version;

/// Tokens in a [`Directory`], for one process at a time.
///
/// Clones share the rows. The tokens lie in the directory in plain text, in files that
/// only their owner can read (mode 0600). Dropping a future of this store loses its
/// answer: a write that was begun may still happen, whole.
#[derive(Debug, Clone)]
pub struct FileTokenStore {
    ledger: Arc<Ledger<TokenTable>>,
}

impl FileTokenStore {
    /// Opens the tokens of a directory; there are none in a new one.
    ///
    /// # Errors
    ///
    /// `Corrupt` or `TooNew` when the journal cannot be read, `Locked` when this store
    /// is open already, and `Backend` when the files cannot be used.
    pub async fn open(directory: &Directory) -> Result<Self, StoreError> {
        Ok(Self {
            ledger: Arc::new(Ledger::open(directory).await?),
        })
    }
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError> {
        let user = user.clone();
        self.ledger.read(move |table| table.load(&user)).await
    }

    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError> {
        let token = token.clone();
        self.ledger
            .write(move |table| table.save(token, replaces))
            .await
    }

    async fn delete(&self, user: &UserId) -> Result<(), StoreError> {
        let user = user.clone();
        self.ledger
            .erase(move |table| Ok((table.delete(&user), ())))
            .await
    }

    async fn list(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let after = after.cloned();
        self.ledger
            .read(move |table| table.list(after.as_ref(), limit))
            .await
    }
}

impl Table for TokenTable {
    const NAME: &'static str = "tokens";
    const MARK: [u8; 4] = *b"tokn";
    type Row = TokenRow;

    fn apply(&mut self, row: TokenRow) -> Option<TokenRow> {
        self.apply(row)
    }

    fn rows(&self) -> impl Iterator<Item = TokenRow> {
        self.rows()
    }

    fn encode(row: &TokenRow) -> serde_json::Result<Vec<u8>> {
        let record = match row {
            TokenRow::Put(row) => Record::Put(TokenRecord::from(row.as_ref())),
            TokenRow::Given(version) => Record::Given(*version),
            TokenRow::Remove(_) => Record::Remove,
        };
        serde_json::to_vec(&record)
    }

    fn decode(json: &[u8]) -> serde_json::Result<TokenRow> {
        Ok(match serde_json::from_slice(json)? {
            Record::Put(record) => TokenRow::Put(Box::new(record.into())),
            Record::Given(version) => TokenRow::Given(version),
            // Never written, so never read: the parser knows no such record.
            Record::Remove => TokenRow::Given(0),
        })
    }
}

/// A row as it is written; the types of the API have no `Serialize`, on purpose.
#[derive(Serialize, Deserialize)]
enum Record {
    Put(TokenRecord),
    Given(u64),
    /// Rows leave the journal by its being written anew without them.
    #[serde(skip)]
    Remove,
}

#[derive(Serialize, Deserialize)]
struct TokenRecord {
    version: Version,
    user: UserId,
    credential: CredentialRecord,
    candidate: Option<CredentialRecord>,
    scopes: Vec<Scope>,
    connected_at: DateTime<Utc>,
}

impl From<&StoredToken> for TokenRecord {
    fn from(row: &StoredToken) -> Self {
        let StoredToken { token, version } = row;
        Self {
            version: *version,
            user: token.user.clone(),
            credential: CredentialRecord::from(&token.credential),
            candidate: token.candidate.as_ref().map(CredentialRecord::from),
            scopes: token.scopes.clone(),
            connected_at: token.connected_at,
        }
    }
}

impl From<TokenRecord> for StoredToken {
    fn from(record: TokenRecord) -> Self {
        Self {
            token: Token {
                user: record.user,
                credential: record.credential.into(),
                candidate: record.candidate.map(Credential::from),
                scopes: record.scopes,
                connected_at: record.connected_at,
            },
            version: record.version,
        }
    }
}
