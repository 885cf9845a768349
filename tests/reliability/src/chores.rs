//! What a child does beside running its monitor.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use threads_client::UserId;
use threads_monitor::scheduler::{JobKind, JobQuery};
use threads_monitor::{Connection, Monitor, MonitorError};

use crate::broken::Mistake;
use crate::child::{say, schedule};
use crate::config::Config;
use crate::pace::pause;

/// How often a child looks at tokens.
const LOOK: Duration = Duration::from_millis(400);

/// A job that is due later than this waits for nothing that this campaign brings.
const SOON: TimeDelta = TimeDelta::hours(2);

/// What a child does beside running its monitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chore {
    /// Schedules its share of the posts, and says how many are not at their end.
    #[default]
    Schedule,
    /// Nothing.
    Nothing,
    /// Says how many tokens are still to be refreshed.
    WatchTokens,
}

/// Does it until there is nothing more to do.
///
/// # Errors
///
/// When the stores fail for good, or the parent is gone.
pub(crate) async fn run(monitor: Monitor, config: Config) -> Result<()> {
    if config.mistake == Some(Mistake::RefreshWithoutLease) {
        tokio::spawn(refresh_without_lease(monitor.clone(), config.clone()));
    }
    match config.chore {
        Chore::Schedule => schedule(monitor, config).await,
        Chore::Nothing => Ok(()),
        Chore::WatchTokens => watch_tokens(&monitor, &config).await,
    }
}

async fn watch_tokens(monitor: &Monitor, config: &Config) -> Result<()> {
    let mut waiting = config.plan.accounts.clone();
    loop {
        let mut still = Vec::new();
        for user in waiting {
            if !is_settled(monitor, &user).await.unwrap_or(false) {
                still.push(user);
            }
        }
        waiting = still;
        say(&format!("left {}", waiting.len()))?;
        pause(LOOK).await;
    }
}

/// Whether an account has a fresh token, or nothing but a person can give it one.
async fn is_settled(monitor: &Monitor, user: &UserId) -> Result<bool, MonitorError> {
    let token = match monitor.tokens().load(user).await {
        Ok(stored) => stored.token,
        // Whoever has none gets none. The parent finds out.
        Err(MonitorError::NotConnected { .. }) => return Ok(true),
        Err(error) => return Err(error),
    };
    let below = monitor.tokens().policy().refresh_below;
    if token.candidate.is_none() && token.credential.expires_at - monitor.now() > below {
        return Ok(true);
    }
    let query = JobQuery::account(user.clone()).kind(JobKind::RefreshToken);
    let jobs = monitor.storage().scheduler.list(&query).await?;
    let soon = monitor.now() + SOON;
    let is_later = jobs
        .iter()
        .all(|job| job.wake_at.is_some_and(|at| at > soon));
    // Whether it is given up is known an hour after it was refused.
    let summary = monitor.account(user).await?;
    let is_dead = summary
        .is_some_and(|account| matches!(account.connection, Connection::NeedsReconnect { .. }));
    Ok(is_dead || (is_later && token.candidate.is_none()))
}

/// The mistake: whoever sees that a token is due refreshes it, whoever else does.
async fn refresh_without_lease(monitor: Monitor, config: Config) {
    loop {
        for (number, user) in config.plan.accounts.iter().enumerate() {
            if config.plan.due(number) <= monitor.now() {
                let _ = monitor.tokens().refresh(user).await;
            }
        }
        pause(config.pace.real(TimeDelta::seconds(1))).await;
    }
}
