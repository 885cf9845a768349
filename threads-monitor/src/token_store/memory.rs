//! Tokens in memory, and the table that every backend without a database is built on.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use threads_client::UserId;

use super::{StoredToken, Token, TokenStore};
use crate::error::StoreError;
use crate::version::Version;

/// Tokens in memory, gone with the process.
///
/// Clones share the rows.
#[derive(Debug, Clone, Default)]
pub struct MemoryTokenStore {
    table: Arc<Mutex<TokenTable>>,
}

impl MemoryTokenStore {
    fn with<A>(&self, act: impl FnOnce(&mut TokenTable) -> A) -> A {
        // Every step leaves the table whole, so a panic elsewhere does not spoil it.
        act(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<A>(
        &self,
        plan: impl FnOnce(&TokenTable) -> Result<(Vec<TokenRow>, A), StoreError>,
    ) -> Result<A, StoreError> {
        self.with(|table| {
            let (rows, answer) = plan(table)?;
            for row in rows {
                table.apply(row);
            }
            Ok(answer)
        })
    }
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.with(|table| table.load(user)))
    }

    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError> {
        self.write(|table| table.save(token.clone(), replaces))
    }

    async fn delete(&self, user: &UserId) -> Result<(), StoreError> {
        self.write(|table| Ok((table.delete(user), ())))
    }

    async fn list(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        Ok(self.with(|table| table.list(after, limit)))
    }
}

/// The whole contract of a [`TokenStore`] in one page: no clock, no I/O.
///
/// Writes come in two halves: a *plan* looks at the table and says which rows change,
/// [`apply`](Self::apply) changes one. So a refused write changes nothing, and a
/// durable backend writes the rows down between the two.
#[derive(Debug, Default)]
pub(super) struct TokenTable {
    rows: BTreeMap<UserId, StoredToken>,
    /// The newest version ever given; outlives its row, so that none is given twice.
    last_version: u64,
}

/// One changed row.
#[derive(Debug)]
pub(super) enum TokenRow {
    Put(Box<StoredToken>),
    Remove(UserId),
    /// Versions up to this one have been given.
    #[cfg(feature = "file")]
    Given(u64),
}

impl TokenTable {
    pub(super) fn load(&self, user: &UserId) -> Option<StoredToken> {
        self.rows.get(user).cloned()
    }

    pub(super) fn list(&self, after: Option<&UserId>, limit: usize) -> Vec<UserId> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows
            .range::<UserId, _>((after, Bound::Unbounded))
            .take(limit)
            .map(|(user, _)| user.clone())
            .collect()
    }

    pub(super) fn save(
        &self,
        token: Token,
        replaces: Option<Version>,
    ) -> Result<(Vec<TokenRow>, Version), StoreError> {
        if self.rows.get(&token.user).map(|row| row.version) != replaces {
            return Err(StoreError::conflict(format!(
                "the token of account {}",
                token.user
            )));
        }
        let version = Version::new(self.last_version + 1);
        let row = TokenRow::Put(Box::new(StoredToken { token, version }));
        Ok((vec![row], version))
    }

    pub(super) fn delete(&self, user: &UserId) -> Vec<TokenRow> {
        self.rows
            .get(user)
            .map(|row| TokenRow::Remove(row.token.user.clone()))
            .into_iter()
            .collect()
    }

    /// Changes one row, and gives the row that undoes it.
    pub(super) fn apply(&mut self, row: TokenRow) -> Option<TokenRow> {
        match row {
            TokenRow::Put(row) => {
                self.last_version = self.last_version.max(row.version.number());
                let user = row.token.user.clone();
                Some(match self.rows.insert(user.clone(), *row) {
                    Some(old) => TokenRow::Put(Box::new(old)),
                    None => TokenRow::Remove(user),
                })
            }
            TokenRow::Remove(user) => self
                .rows
                .remove(&user)
                .map(|old| TokenRow::Put(Box::new(old))),
            #[cfg(feature = "file")]
            TokenRow::Given(version) => {
                self.last_version = self.last_version.max(version);
                None
            }
        }
    }

    /// Every row, as a table that is built from them has them.
    #[cfg(feature = "file")]
    pub(super) fn rows(&self) -> impl Iterator<Item = TokenRow> {
        std::iter::once(TokenRow::Given(self.last_version)).chain(
            self.rows
                .values()
                .map(|row| TokenRow::Put(Box::new(row.clone()))),
        )
    }
}
