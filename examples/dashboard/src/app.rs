//! The application: its state, its routes, its server.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::routing::{get, post};
use threads_client::{OAuthClient, Scope};
use threads_monitor::{Clock, Monitor};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use crate::assets;
use crate::pages::{
    account, api, archive, chain, connect, disconnect, home, legal, plan, posts, reuse,
};
use crate::problem::Problem;
use crate::security;
use crate::session::{Logins, SessionCookie};
use crate::shell::Shell;

/// The scopes that the dashboard asks for, each with its reason.
pub static SCOPES: [(Scope, &str); 6] = [
    (
        Scope::Basic,
        "Read the profile and the list of posts, to show whose numbers these are and which post they belong to.",
    ),
    (
        Scope::ContentPublish,
        "Publish the posts that you schedule here, at their time. Nothing else is ever published.",
    ),
    (
        Scope::ManageInsights,
        "Read the follower count, the views and the reactions, several times a day, to keep their history.",
    ),
    (
        Scope::ProfileDiscovery,
        "Look up the account's own public follower count, only when insights do not give it.",
    ),
    (
        Scope::ManageReplies,
        "Publish the later parts of a thread that you schedule here, each of which is a reply to the one before.",
    ),
    (
        Scope::ReadReplies,
        "Find such a part again when Meta's answer to it was lost, so that it is not sent twice.",
    ),
];

/// Where the accounts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// At Meta.
    Real,
    /// In a sandbox on this machine; every page says so.
    Demo,
}

/// What the program is doing besides answering requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// Collecting the demonstration's history; changes have to wait.
    Filling {
        /// How far it is, in words.
        progress: String,
    },
    /// The monitor works in the background.
    Running,
    /// Nothing runs in the background.
    Idle,
}

/// What an [`App`] is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Collects and publishes; also the only way to the stores.
    pub monitor: Monitor,
    /// Where the accounts are.
    pub mode: Mode,
    /// Logs accounts in. Its redirect address must be `public_url` + `oauth/callback`.
    pub oauth: OAuthClient,
    /// How browsers reach the pages.
    pub public_url: Url,
    /// The clock by which logins run out: the one of the people at the browsers.
    pub clock: Arc<dyn Clock>,
    /// Where data is kept, in words.
    pub store: String,
    /// Where the keys that seal the access tokens are, in words; `None` where they are
    /// not sealed.
    pub keys: Option<String>,
    /// Whom to write to about privacy, in words.
    pub contact: Option<String>,
    /// What the program is doing.
    pub activity: watch::Receiver<Activity>,
}

/// The dashboard, ready to serve.
#[derive(Debug, Clone)]
pub struct App {
    state: Arc<AppState>,
}

pub(crate) struct AppState {
    pub(crate) settings: Settings,
    pub(crate) logins: Logins,
    pub(crate) cookie: SessionCookie,
    pub(crate) authorize_host: String,
    pub(crate) content_security_policy: HeaderValue,
}

impl fmt::Debug for AppState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AppState")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl AppState {
    pub(crate) fn is_demo(&self) -> bool {
        self.settings.mode == Mode::Demo
    }

    /// The frame of a page, as of now.
    pub(crate) fn shell(&self) -> Shell {
        let mut shell = Shell::new(self.is_demo());
        if let Activity::Filling { progress } = &*self.settings.activity.borrow() {
            shell.filling = Some(progress.clone());
            shell.reload_seconds = Some(2);
        }
        shell.wrong_clock = self
            .settings
            .monitor
            .wrong_clock()
            .map(|error| error.to_string());
        shell
    }

    /// Refuses changes while virtual time is being moved.
    pub(crate) fn accept_changes(&self) -> Result<(), Problem> {
        match &*self.settings.activity.borrow() {
            Activity::Filling { progress } => Err(Problem::new(
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                "The demonstration is not ready yet",
                format!(
                    "Its history is still being collected: {progress}. Nothing was changed; try again in a few seconds."
                ),
            )),
            Activity::Running | Activity::Idle => Ok(()),
        }
    }

    pub(crate) fn scopes() -> Vec<Scope> {
        SCOPES.iter().map(|(scope, _)| scope.clone()).collect()
    }
}

/// A setting that the dashboard cannot work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The authorization page's address cannot be made.
    #[error("the address of the authorization page cannot be made")]
    Authorization(#[source] threads_client::Error),
    /// An address has no host.
    #[error("{0} is not an address that a browser can open")]
    Address(String),
}

impl App {
    /// An app from its settings.
    ///
    /// # Errors
    ///
    /// An address without a host, or no source of randomness.
    pub fn new(settings: Settings) -> Result<Self, AppError> {
        let (authorize, _) = settings
            .oauth
            .authorize_url(&AppState::scopes())
            .map_err(AppError::Authorization)?;
        let authorize_host = authorize
            .host_str()
            .map(|host| match authorize.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            })
            .ok_or_else(|| AppError::Address("the authorization page".to_owned()))?;
        if settings.public_url.host_str().is_none() {
            return Err(AppError::Address(settings.public_url.to_string()));
        }
        let content_security_policy = security::content_policy(&authorize)
            .ok_or_else(|| AppError::Address("the authorization page".to_owned()))?;
        let cookie = if settings.public_url.scheme() == "https" {
            SessionCookie::Secure
        } else {
            SessionCookie::Plain
        };
        Ok(Self {
            state: Arc::new(AppState {
                settings,
                logins: Logins::default(),
                cookie,
                authorize_host,
                content_security_policy,
            }),
        })
    }

    /// All routes with all their protection.
    pub fn router(&self) -> Router {
        let routes = Router::new()
            .route("/", get(home::show))
            .route("/accounts/{id}", get(account::show))
            .route("/accounts/{id}/zone", post(account::set_zone))
            .route("/accounts/{id}/collect", post(account::collect))
            .route("/accounts/{id}/followers.csv", get(account::followers_csv))
            .route("/accounts/{id}/views.csv", get(account::views_csv))
            .route("/accounts/{id}/export.zip", get(archive::export))
            .route("/backup", post(archive::backup))
            .route(
                "/accounts/{id}/posts",
                get(posts::list).post(posts::schedule),
            )
            .route(
                "/accounts/{id}/disconnect",
                get(disconnect::ask).post(disconnect::disconnect),
            )
            .route("/accounts/{id}/plan", get(plan::show))
            .route("/accounts/{id}/plan.csv", get(plan::download))
            .route("/accounts/{id}/repeated", post(plan::repeat))
            .route("/accounts/{id}/queue", post(plan::save_queue))
            .route(
                "/accounts/{id}/table",
                get(plan::ask_table).post(plan::take_table),
            )
            .route("/repeated/{id}/end", post(plan::end_repeated))
            .route("/drafts/{id}", post(plan::tell_draft))
            .route("/posts/{id}", get(posts::show))
            .route("/posts/{id}/cancel", post(posts::cancel))
            .route("/posts/{id}/decide", post(posts::decide))
            .route("/posts/{id}/chain", post(chain::decide))
            .route("/posts/{id}/draft", post(reuse::reuse))
            .route("/connect", get(connect::ask).post(connect::start))
            .route("/oauth/callback", get(connect::callback))
            .route("/privacy", get(legal::privacy))
            .route("/terms", get(legal::terms))
            .route("/healthz", get(api::health))
            .route("/api/accounts", get(api::accounts))
            .route("/api/accounts/{id}/series", get(api::series))
            .route("/api/jobs", get(api::jobs))
            .route("/assets/app.css", get(assets::style))
            .route("/assets/app.js", get(assets::script))
            .route("/favicon.svg", get(assets::icon))
            .route("/favicon.ico", get(assets::icon))
            .fallback(|| async { Problem::not_found() })
            .layer(DefaultBodyLimit::max(128 * 1024))
            .with_state(Arc::clone(&self.state));
        security::protect(routes, &self.state)
    }

    /// Answers requests until `shutdown` is done and those under way are answered.
    ///
    /// # Errors
    ///
    /// The listener's own.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, self.router())
            .with_graceful_shutdown(shutdown)
            .await
    }
}
