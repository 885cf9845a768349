//! Keeping one account's token alive.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use threads_client::{Error as ClientError, UserId};

use super::{Dead, Finished, SHORTEST_PAUSE, TokenState, later, to_json};
use crate::account::AffectedPosts;
use crate::error::MonitorError;
use crate::monitor::Monitor;
use crate::publishing::engine::is_about_the_token;
use crate::scheduler::{JobKind, JobQuery, Lease, NewEvent};
use crate::tokens::{RefreshDecision, Refreshed, is_transient};

/// A daily look gives about thirty chances before a token ends.
const DAILY: Duration = Duration::from_hours(24);
/// A token that was just given up may work again.
const HOURLY: Duration = Duration::from_hours(1);
/// The longest pause while it is not known whether the token works.
const WHILE_IN_DOUBT: Duration = Duration::from_mins(5);
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
        let was_in_doubt = was_dead || state.suspected;
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
            let posts = self.affected_posts(&user, None).await?;
            events.push(event(
                "account.needs_reconnect",
                json!({ "reason": dead.reason, "posts": posts }),
            ));
        }
        let notice = self.stage(&user, &mut state, now).await;
        if let Some((days, expires_at)) = notice.news {
            let posts = self.affected_posts(&user, Some(expires_at)).await?;
            let data = json!({ "days": days, "expires_at": expires_at, "posts": posts });
            events.push(event("token.expiring", data));
        }
        let works_again = was_in_doubt && !state.suspected && state.dead.is_none();
        let wake_at = later(now, pause);
        self.finish(
            lease,
            Finished {
                state: to_json(&state)?,
                // A stage is told when it is reached, and not with the next try.
                wake_at: notice.next_at.map_or(wake_at, |next| next.min(wake_at)),
                events,
            },
        )
        .await?;
        if works_again {
            // A post whose call was just refused waits, or it would be refused again and again
            // where Meta refuses nothing but publishing.
            let pause = TimeDelta::from_std(self.post_policy().blocked).unwrap_or_default();
            self.wake_blocked_posts(&user, now, Some(now - pause))
                .await?;
        }
        Ok(())
    }

    async fn affected_posts(
        &self,
        user: &UserId,
        from: Option<DateTime<Utc>>,
    ) -> Result<AffectedPosts, MonitorError> {
        let query = JobQuery::account(user.clone())
            .kind(JobKind::PublishPost)
            .open();
        let jobs = self.storage().scheduler.list(&query).await?;
        Ok(AffectedPosts::of(&jobs, from))
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
                in_doubt(state, retry_after.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
            }
            Err(error) if is_transient(&error) => {
                let pause = transient(user, state, &error);
                in_doubt(state, pause)
            }
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
                    // Posts wait for it, and a failure of Meta's own ends within hours.
                    if now - first < TimeDelta::days(1) {
                        HOURLY
                    } else {
                        DAILY
                    }
                } else {
                    pause.max(BETWEEN_PROBES.to_std().unwrap_or(LONGEST_PAUSE))
                }
            }
            (Err(error), _) => {
                let pause = transient(user, state, &error);
                in_doubt(state, pause)
            }
        }
    }

    /// The stage that the token has reached, if it was not told of yet, and the next one.
    async fn stage(&self, user: &UserId, state: &mut TokenState, now: DateTime<Utc>) -> Stage {
        let Ok(stored) = self.tokens().load(user).await else {
            return Stage::default();
        };
        let credential = &stored.token.credential;
        if credential.expiry_assumed {
            state.told_days = None;
            return Stage::default();
        }
        let expires_at = credential.expires_at;
        let left = expires_at - now;
        let reached = STAGES
            .into_iter()
            .find(|days| left <= TimeDelta::days(*days));
        let is_over = left <= TimeDelta::zero();
        let news = reached.filter(|days| state.told_days.is_none_or(|told| *days < told));
        if reached.is_none() || news.is_some() {
            state.told_days = reached;
        }
        let boundaries = STAGES.into_iter().chain([0]);
        Stage {
            // Of a token that is over, its death is told.
            news: news.filter(|_| !is_over).map(|days| (days, expires_at)),
            next_at: boundaries
                .map(|days| expires_at - TimeDelta::days(days))
                .filter(|at| *at > now)
                .min(),
        }
    }
}

/// How near the end of a token is.
#[derive(Default)]
struct Stage {
    /// The days left, if that was not told yet, and the end.
    news: Option<(i64, DateTime<Utc>)>,
    /// When the next stage, or the end, is reached.
    next_at: Option<DateTime<Utc>>,
}

/// While it is not known whether the token works, posts wait for the answer.
fn in_doubt(state: &TokenState, pause: Duration) -> Duration {
    if state.suspected && state.dead.is_none() {
        pause.min(WHILE_IN_DOUBT)
    } else {
        pause
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
