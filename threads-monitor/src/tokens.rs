//! Keeping access tokens alive.
//!
//! A long-lived token lives 60 days and can be refreshed once it is 24 hours old. The
//! monitor begins half way, which leaves about thirty daily chances instead of one.
//! No failed refresh disconnects an account by itself: only an account whose token is
//! refused twice, at least an hour apart, has to be connected again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{ApiErrorKind, Client, Error as ClientError, TokenGrant, UserId};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::error::{MonitorError, StoreError};
use crate::striped::Striped;
use crate::token_store::{Credential, SEALED, StoredToken, Token, TokenStore};

/// When a token is refreshed. A pure decision from dates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshPolicy {
    /// Meta refuses to refresh younger tokens.
    pub least_age: TimeDelta,
    /// Refresh once no more than this is left.
    pub refresh_below: TimeDelta,
    /// The life of a token of which Meta does not say how long it lives.
    pub assumed_life: TimeDelta,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self {
            least_age: TimeDelta::hours(24),
            refresh_below: TimeDelta::days(30),
            assumed_life: TimeDelta::days(60),
        }
    }
}

/// What is to be done with a token now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshDecision {
    /// Nothing before this instant.
    Fresh {
        /// When it is due.
        due_at: DateTime<Utc>,
    },
    /// Refresh it.
    Due,
    /// It is due, but Meta would refuse before this instant.
    TooYoung {
        /// When it is old enough.
        until: DateTime<Utc>,
    },
    /// It is dead; only a person can help.
    Expired,
}

impl RefreshPolicy {
    /// Decides about a credential.
    pub fn decide(&self, credential: &Credential, now: DateTime<Utc>) -> RefreshDecision {
        let old_enough_at = credential.obtained_at + self.least_age;
        if credential.expiry_assumed {
            // The date is a guess, so it is never taken as death and always as due.
            return if now < old_enough_at {
                RefreshDecision::TooYoung {
                    until: old_enough_at,
                }
            } else {
                RefreshDecision::Due
            };
        }
        let due_at = credential.expires_at - self.refresh_below;
        if now >= credential.expires_at {
            RefreshDecision::Expired
        } else if now < due_at {
            RefreshDecision::Fresh { due_at }
        } else if now < old_enough_at {
            RefreshDecision::TooYoung {
                until: old_enough_at,
            }
        } else {
            RefreshDecision::Due
        }
    }

    /// The credential that a grant gives, as of `now`.
    pub fn credential(&self, grant: &TokenGrant, now: DateTime<Utc>) -> Credential {
        let life = grant
            .expires_in
            .and_then(|life| TimeDelta::from_std(life).ok());
        Credential {
            access_token: grant.access_token.clone(),
            obtained_at: now,
            expires_at: now
                .checked_add_signed(life.unwrap_or(self.assumed_life))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            expiry_assumed: life.is_none(),
        }
    }
}

/// What came of [`TokenManager::refresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refreshed {
    /// A new token is in use.
    Yes,
    /// It was not due (any more).
    NotDue(RefreshDecision),
}

/// Loads, refreshes and saves tokens; the only writer of refreshed ones.
///
/// A refreshed token is stored *beside* the old one until it has answered a call, so
/// that neither a crash nor a bad answer can leave an account without a usable token.
#[derive(Debug)]
pub struct TokenManager {
    store: Arc<dyn TokenStore>,
    client: Client,
    clock: Arc<dyn Clock>,
    policy: RefreshPolicy,
    refreshing: Striped<Mutex<()>>,
}

impl TokenManager {
    /// A manager on a store; `client` gives the settings of all calls.
    pub fn new(store: Arc<dyn TokenStore>, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            client,
            clock,
            policy: RefreshPolicy::default(),
            refreshing: Striped::default(),
        }
    }

    /// The policy in use.
    pub fn policy(&self) -> &RefreshPolicy {
        &self.policy
    }

    /// A client that speaks for the account.
    ///
    /// # Errors
    ///
    /// `NotConnected` without a token, `TokenExpired` when it is past its end.
    pub async fn client(&self, user: &UserId) -> Result<Client, MonitorError> {
        let stored = self.load(user).await?;
        let credential = &stored.token.credential;
        if self.policy.decide(credential, self.clock.now()) == RefreshDecision::Expired
            && stored.token.candidate.is_none()
        {
            return Err(MonitorError::TokenExpired { user: user.clone() });
        }
        Ok(self
            .client
            .with_access_token(credential.access_token.clone()))
    }

    /// The stored token.
    ///
    /// # Errors
    ///
    /// `NotConnected` without one, and `Sealed` when this program was given no keys.
    pub async fn load(&self, user: &UserId) -> Result<StoredToken, MonitorError> {
        let stored = self
            .store
            .load(user)
            .await?
            .ok_or_else(|| MonitorError::NotConnected { user: user.clone() })?;
        let token = &stored.token.credential.access_token;
        if token.expose().starts_with(SEALED) {
            // To Meta it would be a dead token.
            return Err(StoreError::Sealed {
                what: format!(
                    "the token of account {user} is sealed, and this program was given no keys"
                ),
                advice: "Nothing was changed. Give it the keys that the token was sealed with"
                    .to_owned(),
            }
            .into());
        }
        Ok(stored)
    }

    /// Refreshes the account's token if it is due.
    ///
    /// Whoever comes while a refresh is under way waits for it and shares its outcome.
    /// Safe to drop: a token that Meta has already replaced is found as candidate, or
    /// the old one still works and is refreshed again.
    ///
    /// # Errors
    ///
    /// `TokenExpired` when it is past refreshing; otherwise what the API or the store
    /// said. None of them changes the token in use.
    pub async fn refresh(&self, user: &UserId) -> Result<Refreshed, MonitorError> {
        // Held across calls on purpose: it is what makes late-comers wait.
        let _one_at_a_time = self.refreshing.of(user).lock().await;
        let stored = self.load(user).await?;
        if let Some(candidate) = stored.token.candidate.clone() {
            return self.settle(stored, candidate).await;
        }
        let now = self.clock.now();
        match self.policy.decide(&stored.token.credential, now) {
            RefreshDecision::Due => {}
            RefreshDecision::Expired => {
                return Err(MonitorError::TokenExpired { user: user.clone() });
            }
            decision => return Ok(Refreshed::NotDue(decision)),
        }
        let grant = self
            .client
            .with_access_token(stored.token.credential.access_token.clone())
            .refresh_access_token()
            .await?;
        let candidate = self.policy.credential(&grant, self.clock.now());
        let token = Token {
            candidate: Some(candidate.clone()),
            ..stored.token
        };
        let version = self.store.save(&token, Some(stored.version)).await?;
        self.settle(StoredToken { token, version }, candidate).await
    }

    /// Puts a candidate to use once it has answered, or drops it if it is refused.
    async fn settle(
        &self,
        stored: StoredToken,
        candidate: Credential,
    ) -> Result<Refreshed, MonitorError> {
        let answer = self
            .client
            .with_access_token(candidate.access_token.clone())
            .verifying()
            .profile()
            .get()
            .await;
        let user = stored.token.user.clone();
        let (credential, outcome) = match answer {
            Ok(profile) if profile.id == user => (candidate, Ok(Refreshed::Yes)),
            Ok(profile) => (
                stored.token.credential,
                Err(MonitorError::AccountMismatch {
                    expected: user,
                    found: profile.id,
                }),
            ),
            Err(error) if error.is_auth() => (stored.token.credential, Err(error.into())),
            // Not settled: the candidate waits for the next try.
            Err(error) => return Err(error.into()),
        };
        let token = Token {
            credential,
            candidate: None,
            ..stored.token
        };
        self.store.save(&token, Some(stored.version)).await?;
        outcome
    }

    /// Asks Meta who the token belongs to: the cheapest sign of life.
    ///
    /// # Errors
    ///
    /// What the API said.
    pub async fn probe(&self, user: &UserId) -> Result<(), MonitorError> {
        let client = self.client(user).await?;
        client.verifying().profile().get().await?;
        Ok(())
    }
}

/// Whether an error says nothing about the token, so that waiting helps.
pub(crate) fn is_transient(error: &MonitorError) -> bool {
    match error {
        MonitorError::Client(ClientError::Api(api)) => {
            api.status >= 500
                || matches!(
                    api.kind,
                    ApiErrorKind::Transient | ApiErrorKind::RateLimited
                )
        }
        MonitorError::Client(_) | MonitorError::Store(_) => true,
        _ => false,
    }
}
