//! The handle of a running sandbox.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::builder::{SandboxBuilder, check_redirect_uri};
use crate::credentials::SCOPES;
use crate::endpoint::Endpoint;
use crate::error::SandboxError;
use crate::fault::{Fault, FaultPlan, FaultRule, When};
use crate::judge::{Claim, Verdict, judge};
use crate::ledger::LedgerEntry;
use crate::request_log::RequestLogEntry;
use crate::shared::Shared;
use crate::switches::Switches;
use crate::user::Standing;

/// A running sandbox; clones are cheap and control the same one.
///
/// The server stops when [`shutdown`](Self::shutdown) is called or the last
/// clone is dropped.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sandbox")
            .field("base_url", &self.base_url().as_str())
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

/// An account of the sandbox, as a test needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxUser {
    /// The id, as the API spells it.
    pub id: String,
    /// The user name, without `@`.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The followers at the virtual instant of asking.
    pub followers: u64,
}

/// A live post of the sandbox, as a test needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxPost {
    /// The id, as the API spells it.
    pub id: String,
    /// The author's id.
    pub author: String,
    /// The text as it was sent, if there is one.
    pub text: Option<String>,
    /// The virtual instant of publication.
    pub published_at: DateTime<Utc>,
}

impl Sandbox {
    pub(crate) fn new(shared: Arc<Shared>, stop: CancellationToken, task: JoinHandle<()>) -> Self {
        Self {
            inner: Arc::new(Inner {
                shared,
                stop,
                task: Mutex::new(Some(task)),
            }),
        }
    }

    /// What this handle shares with the server.
    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    /// Starts the demonstration sandbox: a free port, and a clock that stands still.
    ///
    /// # Errors
    ///
    /// Fails if no loopback port can be listened on.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::builder().start().await
    }

    /// The settings of a sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// The address of the API, such as `http://127.0.0.1:4010/`.
    pub fn base_url(&self) -> Url {
        self.inner.shared.base_url().clone()
    }

    /// The address of the authorization window, without parameters.
    pub fn authorize_url(&self) -> Url {
        let mut url = self.base_url();
        url.set_path("/oauth/authorize");
        url
    }

    /// The id of the app.
    pub fn app_id(&self) -> String {
        self.inner.shared.state().app.id.clone()
    }

    /// The secret of the app.
    pub fn app_secret(&self) -> String {
        self.inner.shared.state().app.secret.clone()
    }

    /// The redirect URIs registered for the app.
    pub fn redirect_uris(&self) -> Vec<Url> {
        self.inner.shared.state().app.redirect_uris.clone()
    }

    /// Registers one more redirect URI.
    ///
    /// # Errors
    ///
    /// Fails if the URI uses plain HTTP and does not point to this machine.
    pub fn register_redirect_uri(&self, redirect_uri: Url) -> Result<(), SandboxError> {
        check_redirect_uri(&redirect_uri)?;
        self.inner
            .shared
            .state()
            .app
            .redirect_uris
            .push(redirect_uri);
        Ok(())
    }

    /// All scopes that can be granted.
    pub fn all_scopes() -> &'static [&'static str] {
        &SCOPES
    }

    /// The accounts, in the order in which they were seeded.
    pub fn users(&self) -> Vec<SandboxUser> {
        let state = self.inner.shared.state();
        let now = state.now();
        state
            .accounts()
            .map(|user| SandboxUser {
                id: user.id.to_string(),
                username: user.username.clone(),
                name: user.name.clone(),
                followers: state.followers(user, now),
            })
            .collect()
    }

    /// The account with this id or user name.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub fn user(&self, id_or_username: &str) -> Result<SandboxUser, SandboxError> {
        let state = self.inner.shared.state();
        let user = state.find_user(id_or_username)?;
        Ok(SandboxUser {
            id: user.id.to_string(),
            username: user.username.clone(),
            name: user.name.clone(),
            followers: state.followers(user, state.now()),
        })
    }

    /// The live posts and replies of an account or another person, oldest first, whatever the lists show.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub fn posts(&self, id_or_username: &str) -> Result<Vec<SandboxPost>, SandboxError> {
        let state = self.inner.shared.state();
        let author = state.find_person(id_or_username)?.id;
        Ok(state
            .posts_of(author)
            .filter(|post| post.is_live())
            .map(|post| SandboxPost {
                id: post.id.to_string(),
                author: post.author.to_string(),
                text: post.content.text.clone(),
                published_at: post.published_at,
            })
            .collect())
    }

    /// The virtual instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.shared.state().now()
    }

    /// Moves the virtual clock forward.
    pub fn advance(&self, by: Duration) {
        self.inner.shared.state().advance(by);
    }

    /// Moves the virtual clock to an instant that is not in its past.
    ///
    /// # Errors
    ///
    /// Fails if the instant lies in the past.
    pub fn set_time(&self, instant: DateTime<Utc>) -> Result<(), SandboxError> {
        if self.inner.shared.state().set_time(instant) {
            Ok(())
        } else {
            Err(SandboxError::TimeGoesBack)
        }
    }

    /// Lets real time pass on the virtual clock from now on.
    pub fn run(&self) {
        self.inner.shared.state().clock.run();
    }

    /// Stops the virtual clock where it is.
    pub fn freeze(&self) {
        self.inner.shared.state().clock.freeze();
    }

    /// The requests so far (the last 20,000), oldest first, without secrets.
    pub fn requests(&self) -> Vec<RequestLogEntry> {
        self.inner.shared.state().requests.entries()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.inner.shared.state().requests.clear();
    }

    /// The effects so far, oldest first.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.inner.shared.state().ledger.entries().to_vec()
    }

    /// Judges the client by this sandbox's ledger and log, and by what it claims.
    pub fn judge(&self, claims: &[Claim]) -> Verdict {
        let state = self.inner.shared.state();
        judge(state.ledger.entries(), &state.requests.entries(), claims)
    }

    /// Lets the next call of an endpoint go wrong; several queue up.
    pub fn fail_next(&self, endpoint: Endpoint, fault: Fault) {
        self.add_fault(FaultRule::new(endpoint, When::Next(1), fault));
    }

    /// Adds a rule behind the faults in force.
    pub fn add_fault(&self, rule: FaultRule) {
        self.inner.shared.state().faults.add(rule, 0);
    }

    /// Puts a plan in the place of the faults in force.
    pub fn faults(&self, plan: FaultPlan) {
        self.inner.shared.state().faults.replace(plan);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.inner.shared.state().faults.clear();
    }

    /// The switches in force.
    pub fn switches(&self) -> Switches {
        self.inner.shared.state().switches.clone()
    }

    /// Changes the switches; containers keep the readiness they were made with.
    pub fn set_switches(&self, switches: Switches) {
        self.inner.shared.state().switches = switches;
    }

    /// Issues a long-lived token that is `age` old, without the authorization window.
    ///
    /// # Errors
    ///
    /// Fails for an unknown account or scope.
    pub fn issue_token(
        &self,
        id_or_username: &str,
        scopes: &[&str],
        age: Duration,
    ) -> Result<String, SandboxError> {
        let scopes = known_scopes(scopes.iter().copied())?;
        let age = TimeDelta::from_std(age)
            .ok()
            .filter(|age| *age <= OLDEST_TOKEN)
            .ok_or_else(|| SandboxError::Setting("no token is older than ten years".to_owned()))?;
        let mut state = self.inner.shared.state();
        let user = state.find_user(id_or_username)?.id;
        Ok(state.issue_long_lived(user, scopes, age))
    }

    /// Deletes a post the way its author does in the app.
    ///
    /// # Errors
    ///
    /// Fails if there is no live post with this id.
    pub fn delete_post(&self, post_id: &str) -> Result<(), SandboxError> {
        let id = post_id
            .parse()
            .map_err(|_| SandboxError::UnknownPost(post_id.to_owned()))?;
        self.inner.shared.state().delete_post(id)
    }

    /// Lets somebody write a post that mentions no one, and says its id.
    ///
    /// Somebody is an account of the sandbox or, by any other user name, a person
    /// who does not use the app. `closed.door` is a person with a private profile.
    ///
    /// # Errors
    ///
    /// Fails for what cannot be a user name.
    pub fn post_as(&self, username: &str, text: &str) -> Result<String, SandboxError> {
        let mut state = self.inner.shared.state();
        state.post_as(username, text).map(|id| id.to_string())
    }

    /// Lets [somebody](Self::post_as) reply to a post, and says the reply's id.
    ///
    /// # Errors
    ///
    /// Fails if there is no live post with this id, or for what cannot be a user name.
    pub fn reply_as(
        &self,
        username: &str,
        post_id: &str,
        text: &str,
    ) -> Result<String, SandboxError> {
        let mut state = self.inner.shared.state();
        let id = state.reply_as(username, post_id, text)?;
        Ok(id.to_string())
    }

    /// Lets [somebody](Self::post_as) mention an account in a post, and says its id.
    ///
    /// `@` and the account's name are put in front of a text that lacks them.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account, or for what cannot be a user name.
    pub fn mention_as(
        &self,
        username: &str,
        account: &str,
        text: &str,
    ) -> Result<String, SandboxError> {
        let mut state = self.inner.shared.state();
        let id = state.mention_as(username, account, text)?;
        Ok(id.to_string())
    }

    /// Lets [somebody](Self::post_as) quote a post, and says the quote's id.
    ///
    /// # Errors
    ///
    /// Fails if there is no live post with this id, or for what cannot be a user name.
    pub fn quote_as(
        &self,
        username: &str,
        post_id: &str,
        text: &str,
    ) -> Result<String, SandboxError> {
        let mut state = self.inner.shared.state();
        let id = state.quote_as(username, post_id, text)?;
        Ok(id.to_string())
    }

    /// Takes back what a user granted, the way the user does in the app's settings.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub fn revoke(&self, id_or_username: &str) -> Result<(), SandboxError> {
        let mut state = self.inner.shared.state();
        let user = state.find_user(id_or_username)?.id;
        state.revoke(user);
        Ok(())
    }

    /// Lets the platform restrict or deactivate an account, or take that back.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub fn set_standing(
        &self,
        id_or_username: &str,
        standing: Standing,
    ) -> Result<(), SandboxError> {
        self.inner
            .shared
            .state()
            .set_standing(id_or_username, standing)
    }

    /// Stops the server and waits until all connections are closed.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        let task = self
            .inner
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the sandbox's server did not end cleanly");
        }
    }
}

/// How old an issued token may claim to be.
pub(crate) const OLDEST_TOKEN: TimeDelta = TimeDelta::days(3_650);

/// The scopes as a set, if all of them exist.
pub(crate) fn known_scopes<'a>(
    scopes: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeSet<String>, SandboxError> {
    scopes
        .into_iter()
        .map(|scope| {
            if SCOPES.contains(&scope) {
                Ok(scope.to_owned())
            } else {
                Err(SandboxError::Setting(format!(
                    "there is no scope {scope:?}"
                )))
            }
        })
        .collect()
}
