//! The monitor: one handle for everything that happens to connected accounts.

mod accounts;
#[cfg(feature = "archive")]
mod bulk;
mod chains;
mod clock_watch;
mod drafts;
mod erasing;
mod posts;
mod queue;
mod repeated;
mod run;
mod suspects;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use threads_client::{Client, UserId};
use tokio::sync::{Notify, OnceCell, RwLock};
use uuid::Uuid;

use self::clock_watch::ClockWatch;
pub(crate) use self::drafts::kept;
pub use self::run::MonitorHandle;
use crate::clock::{Clock, SystemClock};
use crate::error::MonitorError;
use crate::publishing::{PostPolicy, Quotas};
use crate::retention::Retention;
use crate::scheduler::WorkerId;
use crate::storage::Storage;
use crate::striped::Striped;
use crate::tokens::TokenManager;
#[cfg(feature = "seal")]
use crate::tombstones::Tombstones;

/// How often each thing is collected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cadence {
    /// Followers; what is missed can never be measured later.
    pub followers: Duration,
    /// The profile.
    pub profile: Duration,
    /// The account's insights by day.
    pub insights: Duration,
    /// The list of posts. Young posts are measured more often, old ones less.
    pub posts: Duration,
    /// How many days of insights are fetched when an account is new here.
    pub backfill_days: u32,
}

impl Default for Cadence {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            followers: Duration::from_secs(6 * HOUR),
            profile: Duration::from_secs(24 * HOUR),
            insights: Duration::from_secs(6 * HOUR),
            posts: Duration::from_secs(HOUR),
            backfill_days: 30,
        }
    }
}

/// A lease that is shorter than this ends whenever a store or a machine is slow.
const SHORTEST_LEASE: Duration = Duration::from_secs(10);

/// Watches accounts and publishes to them.
///
/// A `Monitor` does nothing by itself: [`start`](Monitor::start) runs it in the
/// background, [`run_due_once`](Monitor::run_due_once) and
/// [`run_job`](Monitor::run_job) run it step by step. Clones share everything.
#[derive(Debug, Clone)]
pub struct Monitor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    storage: Storage,
    tokens: TokenManager,
    client: Client,
    clock: Arc<dyn Clock>,
    clock_watch: ClockWatch,
    cadence: Cadence,
    policy: PostPolicy,
    quotas: Quotas,
    retention: Retention,
    worker: WorkerId,
    lease_for: Duration,
    concurrency: usize,
    /// Something may be due earlier than the background loop thinks.
    changed: Notify,
    /// Collected data is written under the read half, an account is erased under the
    /// write half: nothing that was under way can bring an erased account back.
    erasing: Striped<RwLock<()>>,
    /// Erasures that a store did not let come to their end, and when they were tried last.
    unfinished: Mutex<BTreeMap<UserId, DateTime<Utc>>>,
    /// Remembers who was erased.
    #[cfg(feature = "seal")]
    tombstones: Option<Tombstones>,
    /// Set once those whom a restored copy brought back are gone again.
    erased_again: OnceCell<()>,
}

/// Builds a [`Monitor`].
#[derive(Debug)]
#[must_use]
pub struct MonitorBuilder {
    storage: Storage,
    client: Option<Client>,
    clock: Arc<dyn Clock>,
    cadence: Cadence,
    policy: PostPolicy,
    retention: Retention,
    worker: WorkerId,
    lease_for: Duration,
    concurrency: usize,
    #[cfg(feature = "seal")]
    tombstones: Option<Tombstones>,
}

impl MonitorBuilder {
    /// The client whose settings (host, retries, timeouts) all calls use. It needs no
    /// token. Default: Meta's host.
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// The clock. Default: the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How often things are collected.
    pub fn cadence(mut self, cadence: Cadence) -> Self {
        self.cadence = cadence;
        self
    }

    /// The waits of the publish protocol.
    pub fn post_policy(mut self, policy: PostPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How long what was collected is kept. Default: as long as the account is connected.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// This worker's name in leases. Default: a random one.
    pub fn worker(mut self, worker: WorkerId) -> Self {
        self.worker = worker;
        self
    }

    /// How long a job is leased to the worker that runs it; it extends the lease for as long
    /// as that takes. What a worker had in hand when it died is taken over after this, by it
    /// or another one; what it cannot extend it publishes only in the first half of the lease.
    /// The same for all workers of a store; at least 10 s. Default: a minute.
    pub fn lease(mut self, lease_for: Duration) -> Self {
        self.lease_for = lease_for;
        self
    }

    /// How many jobs run at one time. Default: 8.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Where erasures are remembered, so that a restored copy of the stores brings nobody
    /// back; see [`Monitor::erase_again`]. Default: nowhere.
    #[cfg(feature = "seal")]
    pub fn tombstones(mut self, tombstones: Tombstones) -> Self {
        self.tombstones = Some(tombstones);
        self
    }

    /// Builds it. Nothing runs yet.
    ///
    /// # Errors
    ///
    /// `Config` when nothing could run at all, or a setting contradicts another.
    pub fn build(self) -> Result<Monitor, MonitorError> {
        if self.concurrency == 0 {
            return Err(MonitorError::Config(
                "the concurrency must be at least 1".to_owned(),
            ));
        }
        if self.lease_for < SHORTEST_LEASE {
            return Err(MonitorError::Config(format!(
                "the lease must be at least {} seconds",
                SHORTEST_LEASE.as_secs()
            )));
        }
        let cadences = [
            ("followers", self.cadence.followers),
            ("profile", self.cadence.profile),
            ("insights", self.cadence.insights),
            ("posts", self.cadence.posts),
        ];
        for (name, cadence) in cadences {
            if cadence < Duration::from_mins(1) {
                return Err(MonitorError::Config(format!(
                    "the cadence of {name} must be at least a minute"
                )));
            }
        }
        self.retention.check()?;
        let client = match self.client {
            Some(client) => client,
            None => Client::builder().build()?,
        };
        Ok(Monitor {
            inner: Arc::new(Inner {
                tokens: TokenManager::new(
                    Arc::clone(&self.storage.tokens),
                    client.clone(),
                    Arc::clone(&self.clock),
                ),
                storage: self.storage,
                client,
                clock: self.clock,
                clock_watch: ClockWatch::default(),
                cadence: self.cadence,
                policy: self.policy,
                quotas: Quotas::default(),
                retention: self.retention,
                worker: self.worker,
                lease_for: self.lease_for,
                concurrency: self.concurrency,
                changed: Notify::new(),
                erasing: Striped::default(),
                unfinished: Mutex::default(),
                #[cfg(feature = "seal")]
                tombstones: self.tombstones,
                erased_again: OnceCell::new(),
            }),
        })
    }
}

impl Monitor {
    /// A monitor on these stores.
    pub fn builder(storage: Storage) -> MonitorBuilder {
        MonitorBuilder {
            storage,
            client: None,
            clock: Arc::new(SystemClock),
            cadence: Cadence::default(),
            policy: PostPolicy::default(),
            retention: Retention::default(),
            worker: WorkerId::new(format!("monitor-{}", Uuid::now_v7())),
            lease_for: Duration::from_mins(1),
            concurrency: 8,
            #[cfg(feature = "seal")]
            tombstones: None,
        }
    }

    /// The stores that it works on.
    pub fn storage(&self) -> &Storage {
        &self.inner.storage
    }

    /// The tokens that it keeps alive.
    pub fn tokens(&self) -> &TokenManager {
        &self.inner.tokens
    }

    /// How long it keeps what was collected.
    pub fn retention(&self) -> &Retention {
        &self.inner.retention
    }

    /// The time by its clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }
}
