//! A monitor on a sandbox, in virtual time.
#![allow(
    dead_code,
    reason = "each test file uses its own part of what they share"
)]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail the test"
)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{
    AccessToken, Client, Draft, RetryPolicy, Scope, ThrottlePolicy, TokenGrant, UserId,
};
use threads_monitor::publishing::{Due, NewPost, ScheduledPost};
use threads_monitor::scheduler::JobId;
use threads_monitor::{AccountSummary, Clock, Monitor, MonitorBuilder, Storage};
use threads_sandbox::{LedgerEntry, LedgerKind, PublishedContainer, Sandbox, Switches};

/// The longest pause between two tries of a run.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(10);

/// The sandbox's own virtual time, so that the two never disagree.
#[derive(Debug, Clone)]
pub(crate) struct SandboxClock(pub(crate) Sandbox);

#[async_trait]
impl Clock for SandboxClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        // A pause between two tries is over at once. For what is further away the tests that
        // use this clock do not wait: they move the time.
        if deadline - self.0.now() > LONGEST_PAUSE {
            std::future::pending::<()>().await;
        }
        if deadline > self.0.now() {
            self.0.set_time(deadline).unwrap();
        }
    }
}

/// The time of a sandbox that runs.
#[derive(Debug)]
pub(crate) struct RunningClock(pub(crate) Sandbox);

#[async_trait]
impl Clock for RunningClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    #[expect(clippy::disallowed_methods, reason = "this time is the real one")]
    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        let pause = (deadline - self.now()).to_std().unwrap_or_default();
        tokio::time::sleep(pause).await;
    }
}

pub(crate) const ALL_SCOPES: [Scope; 4] = [
    Scope::Basic,
    Scope::ContentPublish,
    Scope::ManageInsights,
    Scope::ProfileDiscovery,
];

/// What a chain needs, and what finds a reply again whose answer was lost.
pub(crate) const CHAIN_SCOPES: [Scope; 6] = [
    Scope::Basic,
    Scope::ContentPublish,
    Scope::ManageInsights,
    Scope::ProfileDiscovery,
    Scope::ManageReplies,
    Scope::ReadReplies,
];

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) monitor: Monitor,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Sandbox::start().await.unwrap())
    }

    /// A world whose client keeps to limits as it does outside of tests.
    pub(crate) async fn with_limits() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        let client = client_with(&sandbox, ThrottlePolicy::default());
        let monitor = builder(&sandbox, Storage::in_memory())
            .client(client)
            .build()
            .unwrap();
        Self { sandbox, monitor }
    }

    pub(crate) fn of(sandbox: Sandbox) -> Self {
        let monitor = builder(&sandbox, Storage::in_memory()).build().unwrap();
        Self { sandbox, monitor }
    }

    /// The user names of the sandbox's accounts, in its order.
    pub(crate) fn username(&self, index: usize) -> String {
        self.sandbox.users()[index].username.clone()
    }

    pub(crate) fn grant(&self, username: &str, scopes: &[Scope], age: Duration) -> TokenGrant {
        let scopes: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
        let token = self.sandbox.issue_token(username, &scopes, age).unwrap();
        let mut grant = TokenGrant::new(AccessToken::new(token));
        grant.expires_in = Some(Duration::from_hours(60 * 24).checked_sub(age).unwrap());
        grant
    }

    pub(crate) async fn connect(&self, username: &str) -> AccountSummary {
        self.connect_with(username, &ALL_SCOPES).await
    }

    pub(crate) async fn connect_with(&self, username: &str, scopes: &[Scope]) -> AccountSummary {
        let grant = self.grant(username, scopes, Duration::ZERO);
        self.monitor.connect(&grant, scopes).await.unwrap()
    }

    pub(crate) async fn account(&self, user: &UserId) -> AccountSummary {
        self.monitor.account(user).await.unwrap().unwrap()
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        self.sandbox.advance(by.to_std().unwrap());
    }

    /// Lets time pass in steps, running what is due after each.
    pub(crate) async fn live(&self, span: TimeDelta, step: TimeDelta) {
        let end = self.sandbox.now() + span;
        self.monitor.run_due_once().await.unwrap();
        while self.sandbox.now() < end {
            self.advance(step.min(end - self.sandbox.now()));
            self.monitor.run_due_once().await.unwrap();
        }
    }

    pub(crate) async fn schedule_in(
        &self,
        user: &UserId,
        draft: Draft,
        minutes: i64,
    ) -> ScheduledPost {
        let due = Due::At(self.monitor.now() + TimeDelta::minutes(minutes));
        self.monitor
            .schedule(NewPost::new(user.clone(), draft, due))
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, id: &JobId) -> ScheduledPost {
        self.monitor.scheduled(id).await.unwrap().unwrap()
    }

    pub(crate) async fn phase(&self, id: &JobId) -> &'static str {
        self.post(id).await.post.phase.name()
    }

    /// What really became visible, in the sandbox's own books.
    pub(crate) fn published(&self) -> Vec<LedgerEntry> {
        self.sandbox
            .ledger()
            .into_iter()
            .filter(|entry| entry.kind == LedgerKind::PostPublished)
            .collect()
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.sandbox
            .ledger()
            .iter()
            .filter(|entry| entry.kind == LedgerKind::TokenRefreshed)
            .count()
    }

    /// How many calls this endpoint has had.
    pub(crate) fn calls(&self, endpoint: threads_sandbox::Endpoint) -> usize {
        self.sandbox
            .requests()
            .iter()
            .filter(|request| request.endpoint == Some(endpoint))
            .count()
    }
}

pub(crate) fn builder(sandbox: &Sandbox, storage: Storage) -> MonitorBuilder {
    Monitor::builder(storage)
        .client(client(sandbox))
        .clock(Arc::new(SandboxClock(sandbox.clone())))
}

/// A client that does not wait between its tries.
///
/// It holds nothing back: its clock is the real one, on which the days of a test take no time.
pub(crate) fn client(sandbox: &Sandbox) -> Client {
    client_with(sandbox, ThrottlePolicy::none())
}

pub(crate) fn client_with(sandbox: &Sandbox, throttle: ThrottlePolicy) -> Client {
    let quick = RetryPolicy::default()
        .base_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(2));
    Client::builder()
        .base_url(sandbox.base_url())
        .retry(quick)
        .throttle(throttle)
        .timeouts(
            threads_client::Timeouts::default()
                .total(Duration::from_secs(5))
                .publish(Duration::from_secs(2)),
        )
        .build()
        .unwrap()
}

/// A client that waits for as long as the test takes.
pub(crate) fn patient(sandbox: &Sandbox) -> Client {
    Client::builder()
        .base_url(sandbox.base_url())
        .retry(RetryPolicy::none())
        .throttle(ThrottlePolicy::none())
        .timeouts(
            threads_client::Timeouts::default()
                .total(Duration::from_mins(5))
                .publish(Duration::from_mins(5)),
        )
        .build()
        .unwrap()
}

pub(crate) fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// Long enough for everything that the publish protocol waits for.
pub(crate) async fn settle(world: &World) {
    world.live(minutes(20), TimeDelta::seconds(30)).await;
}

/// A world in which nothing tells whether a post is live.
pub(crate) async fn unknowable_world() -> World {
    let switches = Switches {
        published_container: PublishedContainer::NotFound,
        // The list never shows it.
        listing_lag_seconds: 100 * 86_400,
        ..Switches::default()
    };
    World::of(Sandbox::builder().switches(switches).start().await.unwrap())
}

/// Waits, in real time, until something holds.
pub(crate) async fn until(what: impl AsyncFn() -> bool) {
    for _ in 0..3_000 {
        if what().await {
            return;
        }
        pause().await;
    }
    panic!("it never held");
}

#[expect(clippy::disallowed_methods, reason = "another task works in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}
