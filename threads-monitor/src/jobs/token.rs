//! Keeping one account's token alive.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use threads_client::{Error as ClientError, UserId};

use super::{Dead, Finished, SHORTEST_PAUSE, TokenState, later, to_json};
use crate::error::MonitorError;
use crate::monitor::Monitor;
use crate::publishing::engine::is_about_the_token;
use crate::scheduler::{Lease, NewEvent};
use crate::tokens::{RefreshDecision, Refreshed, is_transient};

/// A daily look gives about thirty chances before a token ends.
const DAILY: Duration = Duration::from_hours(24);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// Two refused probes must be this far apart before an account is given up.
const BETWEEN_PROBES: TimeDelta = TimeDelta::hours(1);
/// Days left at which the end of a token is told, each once.
const STAGES: [i64; 4] = [1, 3, 7, 14];

impl Monitor {
    pub(super) async fn run_refresh(&self, lease: Lease) -> Result<(), MonitorError> {
        let mut state = TokenState::read(&lease.job.state);
        let was_dead = state.dead.is_some();
        let user = lease.job.account.clone();
        let mut events = Vec::new();
        let pause = self.refresh_or_probe(&user, &mut state, &mut events).await;
        let now = self.now();
        let event = |name: &str, data| NewEvent {
            at: now,
            name: name.to_owned(),
            data,
        };
        if let (Some(dead), false) = (&state.dead, was_dead) {
            tracing::warn!(user.id = %user, "account {user} has to be connected again");
            events.push(event(
                "account.needs_reconnect",
                json!({ "reason": dead.reason }),
            ));
        }
        if let Some(days) = self.stage(&user, &mut state, now).await {
            events.push(event("token.expiring", json!({ "days": days })));
        }
        self.finish(
            lease,
            Finished {
                state: to_json(&state)?,
                wake_at: later(now, pause),
                events,
            },
        )
        .await
    }

    /// Refreshes if it is time, finds out about a suspicion, and says when to come again.
    async fn refresh_or_probe(
        &self,
        user: &UserId,
        state: &mut TokenState,
        events: &mut Vec<NewEvent>,
    ) -> Duration {
        let outcome = self.tokens().refresh(user).await;
        let now = self.now();
        match outcome {
            Ok(Refreshed::Yes) => {
                *state = TokenState::default();
                state.runs.succeeded(now);
                events.push(NewEvent {
                    at: now,
                    name: "token.refreshed".to_owned(),
                    data: serde_json::Value::Null,
                });
                tracing::info!(user.id = %user, "refreshed the token of account {user}");
                DAILY
            }
            Ok(Refreshed::NotDue(decision)) => {
                if state.suspected || state.dead.is_some() {
                    return self.probe_token(user, state, None).await;
                }
                state.runs.succeeded(now);
                match decision {
                    RefreshDecision::TooYoung { until } => (until - now).to_std().unwrap_or(DAILY),
                    RefreshDecision::Fresh { due_at } => {
                        (due_at - now).to_std().unwrap_or(DAILY).min(DAILY)
                    }
                    RefreshDecision::Due | RefreshDecision::Expired => DAILY,
                }
            }
            Err(MonitorError::TokenExpired { .. }) => {
                state.dead.get_or_insert(Dead {
                    since: now,
                    reason: "the token ended before it could be refreshed".to_owned(),
                });
                DAILY
            }
            Err(MonitorError::NotConnected { .. }) => DAILY,
            Err(MonitorError::Client(ClientError::Throttled { retry_after, .. })) => {
                retry_after.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
            }
            Err(error) if is_transient(&error) => transient(user, state, &error),
            Err(error) => self.probe_token(user, state, Some(error)).await,
        }
    }

    /// Only a token that is refused twice, an hour apart, is dead.
    async fn probe_token(
        &self,
        user: &UserId,
        state: &mut TokenState,
        refresh_failed: Option<MonitorError>,
    ) -> Duration {
        let probed = self.tokens().probe(user).await;
        let now = self.now();
        match (probed, refresh_failed) {
            (Ok(()), failed) => {
                state.suspected = false;
                state.refused_at = None;
                state.dead = None;
                if let Some(error) = failed {
                    // It works, though Meta does not refresh it: tried again and again.
                    transient(user, state, &error).max(LONGEST_PAUSE)
                } else {
                    state.runs.succeeded(now);
                    DAILY
                }
            }
            (Err(error), _) if is_about_the_token(&error) => {
                state.suspected = true;
                let first = *state.refused_at.get_or_insert(now);
                let pause = state.runs.failed(&error, LONGEST_PAUSE);
                if now - first >= BETWEEN_PROBES {
                    state.dead.get_or_insert(Dead {
                        since: first,
                        reason: error.to_string(),
                    });
                    DAILY
                } else {
                    pause.max(BETWEEN_PROBES.to_std().unwrap_or(LONGEST_PAUSE))
                }
            }
            (Err(error), _) => transient(user, state, &error),
        }
    }

    /// The stage that the token has reached and that was not told of yet.
    async fn stage(
        &self,
        user: &UserId,
        state: &mut TokenState,
        now: DateTime<Utc>,
    ) -> Option<i64> {
        let stored = self.tokens().load(user).await.ok()?;
        let credential = &stored.token.credential;
        let left = credential.expires_at - now;
        let reached = STAGES
            .into_iter()
            .find(|days| left <= TimeDelta::days(*days) && !credential.expiry_assumed);
        let news = reached.filter(|days| state.told_days.is_none_or(|told| *days < told));
        if reached.is_none() || news.is_some() {
            state.told_days = reached;
        }
        news
    }
}

/// Counts a failure that says nothing about the token.
fn transient(user: &UserId, state: &mut TokenState, error: &MonitorError) -> Duration {
    let pause = state.runs.failed(error, LONGEST_PAUSE);
    tracing::warn!(
        user.id = %user,
        failures = state.runs.failures,
        %error,
        "the token of account {user} could not be refreshed yet"
    );
    pause
}
