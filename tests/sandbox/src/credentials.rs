//! The app, authorization codes, tokens and grants.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::graph_error::TokenProblem;
use crate::id::UserId;

/// All scopes that the authorization window knows.
pub(crate) const SCOPES: [&str; 11] = [
    "threads_basic",
    "threads_content_publish",
    "threads_manage_replies",
    "threads_read_replies",
    "threads_manage_insights",
    "threads_manage_mentions",
    "threads_keyword_search",
    "threads_delete",
    "threads_location_tagging",
    "threads_profile_discovery",
    "threads_share_to_instagram",
];

/// The life of an authorization code.
pub(crate) const CODE_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// The life of a short-lived token.
pub(crate) const SHORT_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// The life of a long-lived token: about 60 days, as Meta's sample answer has it.
pub(crate) const LONG_LIFETIME: TimeDelta = TimeDelta::seconds(5_183_944);
/// How old a long-lived token must be to be refreshed.
pub(crate) const REFRESH_AGE: TimeDelta = TimeDelta::hours(24);
/// The life of a user's permission; a refresh extends it.
pub(crate) const GRANT_LIFETIME: TimeDelta = TimeDelta::days(90);

/// The app as registered in the developer dashboard.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<Url>,
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// An authorization code that was not used yet.
pub(crate) struct Code {
    pub(crate) user: UserId,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) redirect_uri: String,
    pub(crate) issued_at: DateTime<Utc>,
}

/// An authorization window that waits for Allow or Deny.
pub(crate) struct PendingAuthorization {
    pub(crate) redirect_uri: Url,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) state: Option<String>,
}

/// How long a token lives and what it can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Short,
    Long,
    App,
}

/// What the sandbox knows about a token it issued.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// The user; none for the app's own token.
    pub(crate) user: Option<UserId>,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) is_revoked: bool,
}

/// Codes, tokens and grants. Its keys are secrets, so it has no derived `Debug`.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) pending: BTreeMap<String, PendingAuthorization>,
    tokens: BTreeMap<String, Token>,
    /// Until when each user's permission lasts.
    grants: BTreeMap<UserId, DateTime<Utc>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("codes", &self.codes.len())
            .field("pending", &self.pending.len())
            .field("tokens", &self.tokens.len())
            .field("grants", &self.grants)
            .finish()
    }
}

impl Credentials {
    /// Keeps a token, and lets its user's permission last.
    pub(crate) fn insert(&mut self, secret: String, token: Token) {
        if let Some(user) = token.user {
            let until = token.issued_at + GRANT_LIFETIME;
            let grant = self.grants.entry(user).or_insert(until);
            *grant = until.max(*grant);
        }
        self.tokens.insert(secret, token);
    }

    /// The token, if it is good at `now`.
    pub(crate) fn validate(
        &self,
        secret: &str,
        now: DateTime<Utc>,
    ) -> Result<&Token, TokenProblem> {
        let token = self.tokens.get(secret).ok_or(TokenProblem::Invalid)?;
        if token.is_revoked {
            return Err(TokenProblem::AppNotInstalled);
        }
        if now >= token.expires_at {
            return Err(TokenProblem::Expired);
        }
        if let Some(user) = token.user
            && self.grants.get(&user).is_none_or(|until| now >= *until)
        {
            return Err(TokenProblem::AppNotInstalled);
        }
        Ok(token)
    }

    /// The token, good or not.
    pub(crate) fn find(&self, secret: &str) -> Option<&Token> {
        self.tokens.get(secret)
    }

    /// Until when the user's permission lasts.
    pub(crate) fn grant(&self, user: UserId) -> Option<DateTime<Utc>> {
        self.grants.get(&user).copied()
    }

    /// Lets a token work until `expires_at`, counted from `issued_at`.
    pub(crate) fn extend(
        &mut self,
        secret: &str,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) {
        if let Some(token) = self.tokens.get_mut(secret) {
            token.issued_at = issued_at;
            token.expires_at = expires_at;
            if let Some(user) = token.user {
                self.grants.insert(user, issued_at + GRANT_LIFETIME);
            }
        }
    }

    /// Stops one token from working.
    pub(crate) fn revoke_token(&mut self, secret: &str) {
        if let Some(token) = self.tokens.get_mut(secret) {
            token.is_revoked = true;
        }
    }

    /// Takes back everything a user granted.
    pub(crate) fn revoke_user(&mut self, user: UserId) {
        self.grants.remove(&user);
        self.codes.retain(|_, code| code.user != user);
        for token in self.tokens.values_mut() {
            if token.user == Some(user) {
                token.is_revoked = true;
            }
        }
    }

    /// Keeps the window's request; the oldest go when there are too many.
    pub(crate) fn wait_for_decision(&mut self, id: String, pending: PendingAuthorization) {
        const MOST: usize = 1_000;
        while self.pending.len() >= MOST {
            self.pending.pop_first();
        }
        self.pending.insert(id, pending);
    }
}
