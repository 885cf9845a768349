//! What a child does beside running its monitor.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use threads_client::UserId;
use threads_monitor::scheduler::{JobKind, JobQuery, JobRecord};
use threads_monitor::snapshot_store::{Metric, SnapshotQuery};
use threads_monitor::{Clock as _, Connection, Monitor, MonitorError};

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
    /// Says how many collecting jobs are still to run.
    WatchCollecting,
    /// Removes these accounts, each at its instant, and says so before and after; then what
    /// [`Schedule`](Self::Schedule) does.
    Remove(Vec<(UserId, DateTime<Utc>)>),
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
    if config.mistake == Some(Mistake::FillGaps) {
        tokio::spawn(fill_gaps(monitor.clone(), config.clone()));
    }
    match config.chore {
        Chore::Schedule => schedule(monitor, config).await,
        Chore::Nothing => Ok(()),
        Chore::WatchTokens => watch_tokens(&monitor, &config).await,
        Chore::WatchCollecting => watch_collecting(&monitor).await,
        Chore::Remove(ref removals) => {
            for (user, at) in removals {
                remove(&monitor, &config, user, *at).await?;
            }
            schedule(monitor, config).await
        }
    }
}

async fn remove(
    monitor: &Monitor,
    config: &Config,
    user: &UserId,
    at: DateTime<Utc>,
) -> Result<()> {
    config.clock().sleep_until(at).await;
    say(&format!("removing {user}"))?;
    loop {
        match monitor.disconnect(user).await {
            Ok(erased) => {
                let (at, undecided) = (config.pace.now(), erased.undecided_posts);
                return say(&format!(
                    "removed {user} {undecided} {}",
                    at.timestamp_micros()
                ));
            }
            Err(error) => {
                say(&format!("not removed {user}: {error}"))?;
                pause(LOOK).await;
            }
        }
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

async fn watch_collecting(monitor: &Monitor) -> Result<()> {
    loop {
        // A store that is busy is asked again.
        if let Ok(jobs) = monitor.storage().scheduler.list(&JobQuery::default()).await {
            let soon = monitor.now() + SOON;
            let waits = |job: &&JobRecord| {
                let collects = [JobKind::CollectFollowers, JobKind::CollectInsights];
                collects.contains(&job.kind) && job.wake_at.is_none_or(|wake_at| wake_at <= soon)
            };
            say(&format!("left {}", jobs.iter().filter(waits).count()))?;
        }
        pause(Duration::from_millis(50)).await;
    }
}

/// The mistake: what was not measured yesterday must have been what it is today.
async fn fill_gaps(monitor: Monitor, config: Config) {
    let snapshots = &monitor.storage().snapshots;
    loop {
        for user in &config.plan.accounts {
            let query = SnapshotQuery::account(user.clone())
                .metric(Metric::Followers)
                .newest_first()
                .limit(1);
            if let Ok(newest) = snapshots.query(&query).await
                && let Some(mut point) = newest.into_iter().next()
            {
                point.at -= TimeDelta::days(1);
                let _ = snapshots.append(&[point]).await;
            }
        }
        pause(Duration::from_millis(20)).await;
    }
}
