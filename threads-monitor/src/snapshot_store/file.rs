//! Observations in one directory.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_client::UserId;

use super::memory::{SnapshotRow, SnapshotTable};
use super::{Metric, Snapshot, SnapshotQuery, SnapshotStore, Subject};
use crate::error::StoreError;
use crate::file::{Directory, Ledger, Table};

/// Observations in a [`Directory`], for one process at a time.
///
/// Clones share the history. Dropping a future of this store loses its answer: a write
/// that was begun may still happen, whole.
#[derive(Debug, Clone)]
pub struct FileSnapshotStore {
    ledger: Arc<Ledger<SnapshotTable>>,
}

impl FileSnapshotStore {
    /// Opens the observations of a directory; there are none in a new one.
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
impl SnapshotStore for FileSnapshotStore {
    async fn append(&self, snapshots: &[Snapshot]) -> Result<(), StoreError> {
        let snapshots = snapshots.to_vec();
        self.ledger
            .write(move |table| Ok((table.append(&snapshots), ())))
            .await
    }

    async fn query(&self, query: &SnapshotQuery) -> Result<Vec<Snapshot>, StoreError> {
        let query = query.clone();
        self.ledger.read(move |table| table.query(&query)).await
    }

    async fn latest(
        &self,
        account: &UserId,
        subjects: &[Subject],
    ) -> Result<Vec<Snapshot>, StoreError> {
        let (account, subjects) = (account.clone(), subjects.to_vec());
        self.ledger
            .read(move |table| table.latest(&account, &subjects))
            .await
    }

    async fn accounts(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let after = after.cloned();
        self.ledger
            .read(move |table| table.accounts(after.as_ref(), limit))
            .await
    }

    async fn count(&self, account: &UserId, metric: Metric) -> Result<u64, StoreError> {
        let account = account.clone();
        self.ledger
            .read(move |table| table.count(&account, metric))
            .await
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.ledger
            .erase(move |table| Ok(table.prune(before)))
            .await
    }

    async fn thin(
        &self,
        account: &UserId,
        oldest: DateTime<Utc>,
        bounds: &[DateTime<Utc>],
    ) -> Result<u64, StoreError> {
        let (account, bounds) = (account.clone(), bounds.to_vec());
        self.ledger
            .remove(move |table| Ok(table.thin(&account, oldest, &bounds)))
            .await
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        let account = account.clone();
        self.ledger
            .erase(move |table| Ok(table.erase_account(&account)))
            .await
    }
}

impl Table for SnapshotTable {
    const NAME: &'static str = "snapshots";
    const MARK: [u8; 4] = *b"snap";
    type Row = SnapshotRow;

    fn apply(&mut self, row: SnapshotRow) -> Option<SnapshotRow> {
        self.apply(row)
    }

    fn rows(&self) -> impl Iterator<Item = SnapshotRow> {
        self.rows()
    }

    fn encode(row: &SnapshotRow) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(row)
    }

    fn decode(json: &[u8]) -> serde_json::Result<SnapshotRow> {
        serde_json::from_slice(json)
    }
}
