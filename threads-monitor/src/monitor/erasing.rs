//! Erasing an account, for good.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::UserId;

use super::Monitor;
use crate::account::Erased;
use crate::error::{MonitorError, StoreError};
use crate::publishing::engine::read_post;
use crate::scheduler::{JobKind, JobQuery};
use crate::snapshot_store::SnapshotQuery;

/// An erasure that failed is tried again after so long.
const TRY_AGAIN: TimeDelta = TimeDelta::minutes(1);

/// How many accounts are looked at together.
#[cfg(feature = "seal")]
const PAGE: usize = 500;

impl Monitor {
    /// Erases an account: token, jobs, scheduled posts, history, events.
    ///
    /// When it returns, nothing of the account is left in any store, and nothing that
    /// was under way can write any more. Erasing an unknown account is `Ok`. Meta keeps
    /// its own grant until the person removes it in the Threads settings.
    /// A publish call that is under way is waited for, up to about a minute.
    ///
    /// The account stays listed until the last step, so that an erasure that failed can be
    /// asked for again.
    ///
    /// # Errors
    ///
    /// What a store said; call it again then, it goes on where it stopped. A monitor that
    /// runs in the background does so by itself, once a minute.
    pub async fn disconnect(&self, user: &UserId) -> Result<Erased, MonitorError> {
        let tried_at = self.now();
        let done = self.disconnect_now(user).await;
        let mut unfinished = self.unfinished();
        match &done {
            Ok(_) => unfinished.remove(user),
            Err(_) => unfinished.insert(user.clone(), tried_at),
        };
        done
    }

    /// Erasures that failed and are to be tried again now, with when they were tried last.
    pub(super) fn due_erasures(&self) -> Vec<(UserId, DateTime<Utc>)> {
        let now = self.now();
        let mut unfinished = self.unfinished();
        let due: Vec<_> = unfinished
            .iter()
            .filter(|(_, tried_at)| **tried_at + TRY_AGAIN <= now)
            .map(|(user, tried_at)| (user.clone(), *tried_at))
            .collect();
        unfinished.retain(|user, _| due.iter().all(|(other, _)| other != user));
        due
    }

    /// Tries an erasure again, unless the account was connected again since.
    pub(super) async fn finish_erasure(
        &self,
        user: &UserId,
        tried_at: DateTime<Utc>,
    ) -> Result<(), MonitorError> {
        let stored = self.inner.storage.tokens.load(user).await?;
        if stored.is_some_and(|stored| stored.token.connected_at > tried_at) {
            return Ok(());
        }
        self.disconnect(user).await.map(|_| ())
    }

    /// Whoever connects an account does not want it erased any more.
    pub(super) fn forget_unfinished(&self, user: &UserId) {
        self.unfinished().remove(user);
    }

    fn unfinished(&self) -> MutexGuard<'_, BTreeMap<UserId, DateTime<Utc>>> {
        // Every step leaves it whole, so a panic elsewhere does not spoil it.
        let unfinished = self.inner.unfinished.lock();
        unfinished.unwrap_or_else(PoisonError::into_inner)
    }

    async fn disconnect_now(&self, user: &UserId) -> Result<Erased, MonitorError> {
        let _nobody_writes = self.inner.erasing.of(user).write().await;
        let storage = &self.inner.storage;
        let query = JobQuery::account(user.clone())
            .kind(JobKind::PublishPost)
            .open();
        let posts = storage.scheduler.list(&query).await?;
        let undecided = posts
            .iter()
            .filter(|job| {
                read_post(job).map_or(true, |post| post.may_be_live() && !post.phase.is_final())
            })
            .count();
        let token = storage.tokens.load(user).await?;
        // A clock that was set back must not make it look connected later than erased.
        let now = self.now();
        let at = token
            .as_ref()
            .map_or(now, |stored| stored.token.connected_at.max(now));
        self.bury(user, at).await?;
        let (jobs, snapshots) = self.erase_rows(user).await?;
        self.bury_done(user, at).await?;
        self.inner.changed.notify_one();
        tracing::info!("an account was disconnected and erased");
        Ok(Erased {
            jobs,
            undecided_posts: u64::try_from(undecided).unwrap_or(u64::MAX),
            snapshots,
            token: token.is_some(),
        })
    }

    /// Removes everything that the stores have of an account, and says how many jobs and
    /// observations that were.
    async fn erase_rows(&self, user: &UserId) -> Result<(u64, u64), StoreError> {
        let storage = &self.inner.storage;
        // The jobs go first: that fences everything that is under way. The token goes last:
        // by it an erasure that was cut short is found again.
        let mut jobs = storage.scheduler.erase_account(user).await?;
        let mut snapshots = storage.snapshots.erase_account(user).await?;
        storage.tokens.delete(user).await?;
        // Another program may have written in between. Whoever writes later than this finds
        // no token, and takes it back: see `expect_connected`.
        let query = JobQuery {
            limit: Some(1),
            ..JobQuery::account(user.clone())
        };
        if !storage.scheduler.list(&query).await?.is_empty() {
            jobs += storage.scheduler.erase_account(user).await?;
        }
        let query = SnapshotQuery::account(user.clone()).limit(1);
        if !storage.snapshots.query(&query).await?.is_empty() {
            snapshots += storage.snapshots.erase_account(user).await?;
        }
        Ok((jobs, snapshots))
    }

    /// Takes back what was just written, if another program has erased the account in the
    /// meantime.
    ///
    /// # Errors
    ///
    /// `NotConnected` then, or a failing store.
    pub(crate) async fn expect_connected(&self, user: &UserId) -> Result<(), MonitorError> {
        if self.inner.storage.tokens.load(user).await?.is_some() {
            return Ok(());
        }
        self.erase_rows(user).await?;
        Err(MonitorError::NotConnected { user: user.clone() })
    }

    /// Erases again whom a restored copy of the stores has brought back, and ends erasures
    /// that were cut short; says how many accounts were erased.
    ///
    /// An account is erased again unless it was connected after it was erased. Without
    /// tombstones (feature `seal`, [`MonitorBuilder`](super::MonitorBuilder)) it does nothing.
    /// Everything that runs jobs does this first; call it before you show accounts.
    ///
    /// # Errors
    ///
    /// A failing store, or tombstones that cannot be read.
    #[cfg_attr(
        not(feature = "seal"),
        expect(clippy::unused_async, reason = "called like the one with the feature")
    )]
    pub async fn erase_again(&self) -> Result<u64, MonitorError> {
        #[cfg(not(feature = "seal"))]
        return Ok(0);
        #[cfg(feature = "seal")]
        self.erase_the_buried().await
    }

    /// Does [`erase_again`](Self::erase_again) once, before any work begins.
    pub(super) async fn erase_again_once(&self) -> Result<(), MonitorError> {
        self.inner
            .erased_again
            .get_or_try_init(|| async { self.erase_again().await.map(|_| ()) })
            .await
            .copied()
    }

    #[cfg(feature = "seal")]
    async fn erase_the_buried(&self) -> Result<u64, MonitorError> {
        let Some(tombstones) = &self.inner.tombstones else {
            return Ok(0);
        };
        let graves = tombstones.read().await?;
        if graves.unreadable() > 0 {
            tracing::warn!(
                erasures = graves.unreadable(),
                "some erasures are remembered under keys that are gone: a copy of the data from \
                 before them would bring those accounts back"
            );
        }
        let tokens = &self.inner.storage.tokens;
        let mut erased = 0;
        let mut after = None;
        while !graves.is_empty() {
            let page = tokens.list(after.as_ref(), PAGE).await?;
            for user in &page {
                let Some(erased_at) = graves.erased_at(user) else {
                    continue;
                };
                let stored = tokens.load(user).await?;
                if stored.is_some_and(|stored| stored.token.connected_at <= erased_at) {
                    self.disconnect(user).await?;
                    erased += 1;
                }
            }
            match page.last() {
                Some(last) => after = Some(last.clone()),
                None => break,
            }
        }
        if graves.has_unfinished() {
            // Their rows are gone, but perhaps not the bytes. Nobody has this id.
            self.erase_rows(&UserId::new("")).await?;
            tombstones.finish_all().await?;
        }
        if erased > 0 {
            tracing::warn!(
                accounts = erased,
                "{erased} account(s) had been erased before and were here again: erased again"
            );
        }
        Ok(erased)
    }

    #[cfg(feature = "seal")]
    async fn bury(&self, user: &UserId, at: DateTime<Utc>) -> Result<(), StoreError> {
        match &self.inner.tombstones {
            Some(tombstones) => tombstones.bury(user, at).await,
            None => Ok(()),
        }
    }

    #[cfg(feature = "seal")]
    async fn bury_done(&self, user: &UserId, at: DateTime<Utc>) -> Result<(), StoreError> {
        match &self.inner.tombstones {
            Some(tombstones) => tombstones.finish(user, at).await,
            None => Ok(()),
        }
    }

    /// When an account that connects now is connected: after it was erased, even if a clock
    /// was set back.
    #[cfg(feature = "seal")]
    pub(super) async fn after_erasure(
        &self,
        user: &UserId,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let Some(tombstones) = &self.inner.tombstones else {
            return Ok(now);
        };
        let erased_at = tombstones.read().await?.erased_at(user);
        Ok(erased_at
            .and_then(|erased_at| erased_at.checked_add_signed(TimeDelta::microseconds(1)))
            .map_or(now, |earliest| earliest.max(now)))
    }
}

/// Without the feature `seal` there are no keys, and so no tombstones.
#[cfg(not(feature = "seal"))]
#[expect(clippy::unused_async, reason = "called like those with the feature")]
impl Monitor {
    async fn bury(&self, _user: &UserId, _at: DateTime<Utc>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn bury_done(&self, _user: &UserId, _at: DateTime<Utc>) -> Result<(), StoreError> {
        Ok(())
    }

    pub(super) async fn after_erasure(
        &self,
        _user: &UserId,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        Ok(now)
    }
}
