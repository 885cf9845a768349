//! Whether Meta still takes a post of an account, before it has to refuse one.
//!
//! The count is Meta's own, over its moving window, because other programs publish for the
//! same account. What was sent from here since it was read is added.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{Client, PublishingQuota, QuotaConfig, UserId};

use super::engine::{Engine, read_post};
use super::post::{Blocked, Phase, Post};
use crate::error::StoreError;
use crate::scheduler::Lease;

/// How long a count is believed while it is far from its limit.
const BELIEVED: TimeDelta = TimeDelta::minutes(10);

/// Posts and replies are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Posts,
    Replies,
}

/// What is known of publishing quotas.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<HashMap<(UserId, Kind), Count>>);

#[derive(Debug, Clone, Copy)]
struct Count {
    read_at: DateTime<Utc>,
    used: u64,
    total: u64,
}

impl Count {
    /// So near to its limit that others may have used it up since.
    fn is_near(self) -> bool {
        self.used.saturating_mul(5) >= self.total.saturating_mul(4)
    }

    fn is_full(self) -> bool {
        self.used >= self.total
    }
}

impl Quotas {
    /// Why a post cannot go out now; `None` when it can, or when Meta does not say.
    pub(super) async fn full(
        &self,
        client: &Client,
        account: &UserId,
        kind: Kind,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let known = self.lock().get(&(account.clone(), kind)).copied();
        let known = known.filter(|count| now - count.read_at < BELIEVED && !count.is_near());
        let count = match known {
            Some(count) => count,
            None => self.read(client, account, kind, now).await?,
        };
        let what = match kind {
            Kind::Posts => "posts",
            Kind::Replies => "replies",
        };
        count.is_full().then(|| {
            format!(
                "{} of {} {what} in 24 hours are used up; it goes out when the oldest is a day old",
                count.used, count.total
            )
        })
    }

    /// A call was made that may count.
    pub(super) fn sent(&self, account: &UserId, kind: Kind) {
        if let Some(count) = self.lock().get_mut(&(account.clone(), kind)) {
            count.used = count.used.saturating_add(1);
        }
    }

    async fn read(
        &self,
        client: &Client,
        account: &UserId,
        kind: Kind,
        now: DateTime<Utc>,
    ) -> Option<Count> {
        let quota = match kind {
            Kind::Posts => client.quota().publishing().await,
            Kind::Replies => client.quota().replies().await,
        };
        // Without a count the publish call itself is the question.
        let quota = quota
            .inspect_err(|error| tracing::debug!(%error, "the publishing quota cannot be read"))
            .ok()?;
        let (used, config) = figures(quota, kind);
        let count = Count {
            read_at: now,
            used: used?,
            total: config?.quota_total?,
        };
        let mut counts = self.lock();
        counts.retain(|_, count| now - count.read_at < BELIEVED);
        counts.insert((account.clone(), kind), count);
        Some(count)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(UserId, Kind), Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine<'_> {
    /// Why the quota does not let the post go out, if it is ready to and does not.
    ///
    /// Posts that were due earlier come first, so that a full quota changes no order.
    pub(super) async fn quota_full(
        &self,
        client: &Client,
        lease: &Lease,
    ) -> Result<Option<String>, StoreError> {
        let post = read_post(&lease.job)?;
        if !matches!(post.phase, Phase::Ready { .. }) && !waits_for_quota(&post) {
            return Ok(None);
        }
        if post.due_at > self.now() {
            return Ok(None);
        }
        let kind = kind(&post);
        let others = self.open_others(lease).await?;
        if others.iter().any(|other| {
            waits_for_quota(other) && kind == self::kind(other) && other.due_at < post.due_at
        }) {
            return Ok(Some(
                "posts that were due earlier wait for the quota of 24 hours".to_owned(),
            ));
        }
        let account = &lease.job.account;
        Ok(self.quotas.full(client, account, kind, self.now()).await)
    }
}

/// Which quota a post counts against.
pub(super) fn kind(post: &Post) -> Kind {
    if post.draft.reply_to.is_some() {
        Kind::Replies
    } else {
        Kind::Posts
    }
}

fn waits_for_quota(post: &Post) -> bool {
    matches!(
        &post.phase,
        Phase::Blocked { reason: Blocked::Quota, resume, .. }
            if matches!(**resume, Phase::Ready { .. })
    )
}

fn figures(quota: PublishingQuota, kind: Kind) -> (Option<u64>, Option<QuotaConfig>) {
    match kind {
        Kind::Posts => (quota.quota_usage, quota.config),
        Kind::Replies => (quota.reply_quota_usage, quota.reply_config),
    }
}
