//! The stage of the end-to-end tests: a sandbox, a monitor, the dashboard, a browser.
//!
//! Everything talks real HTTP over loopback. The only thing that is not real is time:
//! the sandbox's virtual clock is everybody's clock.

mod browser;
pub mod facts;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{AppSecret, Client, OAuthClient, RetryPolicy, Timeouts};
use threads_dashboard::{Activity, App, Mode, Settings};
use threads_monitor::{Clock, Monitor, Storage};
use threads_sandbox::{LedgerEntry, LedgerKind, Sandbox, SandboxBuilder};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use url::Url;

pub use self::browser::{Browser, Page};

/// The sandbox's virtual time as the clock of everything else.
#[derive(Debug, Clone)]
pub struct SandboxClock(pub Sandbox);

#[async_trait]
impl Clock for SandboxClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        // Nobody on this stage waits for more than the next line of the test.
        if deadline > self.0.now() {
            std::future::pending::<()>().await;
        }
    }
}

/// All parts of the product, running.
#[derive(Debug)]
pub struct Stage {
    /// The stand-in for Meta; its ledger is the judge.
    pub sandbox: Sandbox,
    /// What collects and publishes.
    pub monitor: Monitor,
    /// Where the dashboard is.
    pub dashboard: Url,
    stop: Option<oneshot::Sender<()>>,
}

impl Stage {
    /// Starts everything on these stores.
    ///
    /// # Errors
    ///
    /// Whatever does not start.
    pub async fn start(sandbox: SandboxBuilder, storage: Storage) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let dashboard: Url = format!("http://{}/", listener.local_addr()?).parse()?;
        let redirect_uri = dashboard.join("oauth/callback")?;
        let sandbox = sandbox.redirect_uri(redirect_uri.clone()).start().await?;
        let oauth = OAuthClient::builder(
            sandbox.app_id(),
            AppSecret::new(sandbox.app_secret()),
            redirect_uri,
        )
        .base_url(sandbox.base_url())
        .authorize_base(sandbox.authorize_url())
        .retry(without_waiting())
        .timeouts(impatient())
        .build()?;
        let clock: Arc<dyn Clock> = Arc::new(SandboxClock(sandbox.clone()));
        let monitor = Monitor::builder(storage)
            .client(
                Client::builder()
                    .base_url(sandbox.base_url())
                    .retry(without_waiting())
                    .timeouts(impatient())
                    .build()?,
            )
            .clock(Arc::clone(&clock))
            .build()?;
        let (_idle, activity) = watch::channel(Activity::Idle);
        let app = App::new(Settings {
            monitor: monitor.clone(),
            mode: Mode::Real,
            oauth,
            public_url: dashboard.clone(),
            clock,
            store: "a test".to_owned(),
            keys: None,
            contact: None,
            activity,
        })?;
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move {
            // The other end is dropped with the stage: that is the end of it.
            let _ = app.serve(listener, async { drop(stopped.await) }).await;
        });
        Ok(Self {
            sandbox,
            monitor,
            dashboard,
            stop: Some(stop),
        })
    }

    /// Lets time pass in steps, running what is due after each.
    ///
    /// # Errors
    ///
    /// A failing store.
    pub async fn live(&self, span: TimeDelta, step: TimeDelta) -> anyhow::Result<()> {
        let end = self.sandbox.now() + span;
        self.monitor.run_due_once().await?;
        while self.sandbox.now() < end {
            self.sandbox
                .advance(step.min(end - self.sandbox.now()).to_std()?);
            self.monitor.run_due_once().await?;
        }
        Ok(())
    }

    /// What became visible, in the sandbox's own books.
    pub fn published(&self) -> Vec<LedgerEntry> {
        self.sandbox
            .ledger()
            .into_iter()
            .filter(|entry| entry.kind == LedgerKind::PostPublished)
            .collect()
    }
}

/// The usual number of tries, without real pauses between them.
fn without_waiting() -> RetryPolicy {
    RetryPolicy::default()
        .base_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(2))
}

/// On loopback an answer that takes longer does not come any more.
fn impatient() -> Timeouts {
    Timeouts::default()
        .total(Duration::from_secs(2))
        .publish(Duration::from_secs(2))
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended by itself.
            let _ = stop.send(());
        }
    }
}
