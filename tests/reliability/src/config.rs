//! What a child is told, in an environment variable: an address may hold a password.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use threads_client::{Client, RetryPolicy, ThrottlePolicy, Timeouts};
use threads_monitor::publishing::PostPolicy;
use url::Url;

use crate::broken::Mistake;
use crate::chores::Chore;
use crate::pace::{Pace, PacedClock};
use crate::plan::Plan;
use crate::points::{self, Point};

/// The variable with the configuration.
pub const VARIABLE: &str = "RELIABILITY_CHILD";

/// What a child does at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// It kills itself with SIGKILL: nothing is cleaned up, nothing is flushed.
    Die,
    /// It stops itself with SIGSTOP; the parent lets it go on.
    Stop,
}

/// The configuration of a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Config {
    /// The address of the stores.
    pub storage: String,
    /// The sandbox.
    pub api: Url,
    /// The time that all share.
    pub pace: Pace,
    /// How many seconds this process's clock is ahead.
    pub ahead_seconds: i64,
    /// How many per cent it gains.
    pub gains: i32,
    /// How long a job is leased.
    pub lease: Duration,
    /// How many jobs run at one time.
    pub concurrency: usize,
    /// The posts.
    pub plan: Plan,
    /// Which of them this process schedules, before or while it publishes.
    pub schedule: std::ops::Range<usize>,
    /// Where it dies or stands still, if it does.
    pub point: Option<String>,
    /// What happens there.
    pub deed: Deed,
    /// The mistake that it makes, in controls.
    pub mistake: Option<Mistake>,
    /// The number of a post at whose work it dies.
    #[serde(default)]
    pub poison: Option<usize>,
    /// How long a publish call may take, in real milliseconds.
    pub publish_timeout_ms: u64,
    /// What it does beside running its monitor.
    #[serde(default)]
    pub chore: Chore,
}

impl Config {
    /// Reads what the parent wrote.
    ///
    /// # Errors
    ///
    /// When it is missing or cannot be read.
    pub fn from_environment() -> Result<Self> {
        let text = std::env::var(VARIABLE).context("a child is started by a campaign")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The point at which it dies or stands still.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn point(&self) -> Result<Option<&'static Point>> {
        self.point
            .as_deref()
            .map(|name| points::named(name).with_context(|| format!("there is no point {name}")))
            .transpose()
    }

    /// The clock of this process.
    pub fn clock(&self) -> PacedClock {
        self.pace
            .clock(TimeDelta::seconds(self.ahead_seconds), self.gains)
    }

    /// The waits of the protocol. Those that count real time are lengthened to what they are
    /// at this pace; the sum of what A3 bounds stays below the settle time:
    /// `send_within` + publish time-out + 120 s of the sandbox's delay + 60 s of its lag.
    pub fn policy(&self) -> PostPolicy {
        let mut policy = PostPolicy::default();
        policy.send_within = Duration::from_mins(1);
        // Faults come again and again here, and no post may give up because of them.
        policy.attempts = 40;
        policy.containers = 20;
        if self.mistake == Some(Mistake::NoDeadline) {
            policy.send_within = Duration::from_hours(24);
        }
        policy
    }

    /// The client. It does not hold calls back: its own clock is the real one, on which the
    /// pauses after failures would be hours.
    ///
    /// # Errors
    ///
    /// Never for a base URL of the sandbox.
    pub fn client(&self) -> Result<Client> {
        let quick = RetryPolicy::default()
            .base_delay(Duration::from_millis(2))
            .max_delay(Duration::from_millis(20));
        let timeouts = Timeouts::default()
            .connect(Duration::from_secs(2))
            .total(Duration::from_secs(3))
            .publish(Duration::from_millis(self.publish_timeout_ms));
        Ok(Client::builder()
            .base_url(self.api.clone())
            .retry(quick)
            .throttle(ThrottlePolicy::none())
            .timeouts(timeouts)
            .build()?)
    }
}
