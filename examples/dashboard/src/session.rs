//! Who started a login, so that only they can finish it.
//!
//! The `state` of an OAuth login and the session cookie are both random; only their
//! hashes are kept, in memory. A restart therefore voids logins that are under way:
//! their callback is told to start again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use threads_client::{CsrfState, UserId};

/// How long a login may take.
pub(crate) const LOGIN_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// More logins than this under way at one time are somebody playing.
const MOST_LOGINS: usize = 1_000;

type Hash = [u8; 32];

/// The secret of a browser session, as it stands in the cookie.
#[derive(Clone)]
pub(crate) struct SessionId(String);

impl std::fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionId([redacted])")
    }
}

impl SessionId {
    /// A new session of 256 random bits.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The session that a request names, if it looks like one of ours.
    pub(crate) fn of(headers: &HeaderMap, cookie: SessionCookie) -> Option<Self> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == cookie.name())
            .map(|(_, value)| value)
            .filter(|value| value.len() == 43)
            .map(|value| Self(value.to_owned()))
    }
}

/// The session cookie's shape: it depends on how the page is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionCookie {
    /// Over TLS: only this host, only over TLS.
    Secure,
    /// Plain HTTP, on this machine.
    Plain,
}

impl SessionCookie {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-session",
            Self::Plain => "session",
        }
    }

    /// The `Set-Cookie` value that starts a session.
    ///
    /// `Lax`, because the callback is a navigation from another site.
    pub(crate) fn starting(self, session: &SessionId) -> String {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::Plain => "",
        };
        format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600{secure}",
            self.name(),
            session.0
        )
    }
}

#[derive(Debug)]
struct Login {
    session: Hash,
    expires_at: DateTime<Utc>,
    expected: Option<UserId>,
    is_used: bool,
}

/// Why a callback does not finish a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody started such a login here, or it was long ago.
    Unknown,
    /// It was finished before.
    Used,
    /// It took longer than ten minutes.
    Expired,
    /// Another browser started it.
    OtherBrowser,
}

/// The logins that are under way.
#[derive(Debug, Default)]
pub(crate) struct Logins(Mutex<HashMap<Hash, Login>>);

impl Logins {
    /// Remembers a login; `expected` is the account that is being reconnected.
    pub(crate) fn begin(
        &self,
        now: DateTime<Utc>,
        session: &SessionId,
        state: &CsrfState,
        expected: Option<UserId>,
    ) {
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Used and expired ones stay for another lifetime, to be told apart from unknown ones.
        logins.retain(|_, login| now < login.expires_at + LOGIN_LIFETIME);
        if logins.len() >= MOST_LOGINS {
            logins.clear();
        }
        logins.insert(
            hash(state.expose()),
            Login {
                session: hash(&session.0),
                expires_at: now + LOGIN_LIFETIME,
                expected,
                is_used: false,
            },
        );
    }

    /// Uses a login up; at most one caller ever gets `Ok` for one state.
    pub(crate) fn redeem(
        &self,
        now: DateTime<Utc>,
        session: Option<&SessionId>,
        state: &str,
    ) -> Result<Option<UserId>, Refusal> {
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let login = logins.get_mut(&hash(state)).ok_or(Refusal::Unknown)?;
        if session.is_none_or(|session| hash(&session.0) != login.session) {
            return Err(Refusal::OtherBrowser);
        }
        if login.is_used {
            return Err(Refusal::Used);
        }
        login.is_used = true;
        if now >= login.expires_at {
            return Err(Refusal::Expired);
        }
        Ok(login.expected.clone())
    }
}

/// Comparing and looking up hashes of random secrets tells an attacker nothing by its
/// timing that helps to guess the secret.
fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn begun() -> (Logins, SessionId) {
        let logins = Logins::default();
        let session = SessionId::random().unwrap();
        let state = CsrfState::from_stored("the-state".to_owned());
        logins.begin(at(0), &session, &state, Some(UserId::new("1")));
        (logins, session)
    }

    #[test]
    fn a_login_is_finished_once_by_the_session_that_began_it() {
        let (logins, session) = begun();

        let first = logins.redeem(at(1), Some(&session), "the-state");
        let second = logins.redeem(at(1), Some(&session), "the-state");

        assert_eq!(first, Ok(Some(UserId::new("1"))));
        assert_eq!(second, Err(Refusal::Used));
    }

    #[test]
    fn another_session_neither_finishes_nor_spoils_a_login() {
        let (logins, session) = begun();
        let other = SessionId::random().unwrap();

        assert_eq!(
            logins.redeem(at(1), Some(&other), "the-state"),
            Err(Refusal::OtherBrowser)
        );
        assert_eq!(
            logins.redeem(at(1), None, "the-state"),
            Err(Refusal::OtherBrowser)
        );
        assert!(logins.redeem(at(1), Some(&session), "the-state").is_ok());
    }

    #[test]
    fn a_login_ends_after_ten_minutes() {
        let (logins, session) = begun();

        assert_eq!(
            logins.redeem(at(10), Some(&session), "the-state"),
            Err(Refusal::Expired)
        );
    }

    #[test]
    fn a_state_that_nobody_began_is_unknown() {
        let (logins, session) = begun();

        assert_eq!(
            logins.redeem(at(1), Some(&session), "the-statf"),
            Err(Refusal::Unknown)
        );
    }

    #[test]
    fn logins_that_are_long_over_are_forgotten() {
        let (logins, session) = begun();

        logins.begin(
            at(21),
            &session,
            &CsrfState::from_stored("another".to_owned()),
            None,
        );

        assert_eq!(logins.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_cookie_over_tls_belongs_to_the_host_alone() {
        let session = SessionId::random().unwrap();

        let cookie = SessionCookie::Secure.starting(&session);

        assert!(cookie.starts_with("__Host-session="));
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute}");
        }
    }

    #[test]
    fn a_session_never_shows_its_secret_in_debug() {
        let session = SessionId("s3cret".to_owned());

        assert!(!format!("{session:?}").contains("s3cret"));
    }
}
