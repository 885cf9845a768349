//! Logging an account in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use threads_client::{
    Action, Advice, AuthorizationCode, AuthorizationResponse, TokenGrant, UserId,
};
use threads_monitor::scheduler::{JobKind, JobQuery};
use threads_monitor::{Monitor, MonitorError};

use crate::app::{AppState, SCOPES};
use crate::fields::pairs;
use crate::problem::{Problem, capitalised, sentence};
use crate::session::{Refusal, SessionId};
use crate::shell::{Shell, page};

#[derive(Template)]
#[template(path = "connect.html")]
struct ConnectPage {
    shell: Shell,
    authorize_page: String,
    scopes: Vec<ScopeWords>,
}

struct ScopeWords {
    name: String,
    reason: &'static str,
}

pub(crate) async fn ask(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    page(
        StatusCode::OK,
        &ConnectPage {
            shell: state.shell(),
            authorize_page: if state.is_demo() {
                "the sandbox".to_owned()
            } else {
                state.authorize_host.clone()
            },
            scopes: SCOPES
                .iter()
                .map(|(scope, reason)| ScopeWords {
                    name: scope.to_string(),
                    reason,
                })
                .collect(),
        },
    )
}

/// Sends the browser to the authorization page, with a state that only it can redeem.
pub(crate) async fn start(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let expected = pairs(&body)
        .into_iter()
        .find_map(|(name, value)| (name == "account" && !value.is_empty()).then_some(value))
        .map(UserId::new);
    let session = match SessionId::of(&headers, state.cookie) {
        Some(session) => session,
        None => SessionId::random().map_err(|_| Problem::internal())?,
    };
    let (authorize, login) = state
        .settings
        .oauth
        .authorize_url(&AppState::scopes())
        .map_err(|error| Problem::from(&error))?;
    state
        .logins
        .begin(state.settings.clock.now(), &session, &login, expected);
    Ok((
        [(header::SET_COOKIE, state.cookie.starting(&session))],
        Redirect::to(authorize.as_str()),
    )
        .into_response())
}

/// Where the authorization page sends the browser back to.
pub(crate) async fn callback(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    state.accept_changes()?;
    let query = query.unwrap_or_default();
    let session = SessionId::of(&headers, state.cookie);
    let now = state.settings.clock.now();
    let redeem = |login: &str| state.logins.redeem(now, session.as_ref(), login);
    match AuthorizationResponse::from_query(&query) {
        Ok(AuthorizationResponse::Granted { code, state: login }) => {
            let expected = redeem(login.expose()).map_err(refused)?;
            let state = Arc::clone(&state);
            super::to_the_end(async move { finish(&state, &code, expected.as_ref()).await }).await
        }
        Ok(AuthorizationResponse::Denied {
            error,
            description,
            state: login,
            ..
        }) => {
            // A refusal is believed from the browser that asked, and from no other.
            redeem(login.as_ref().map_or("", |login| login.expose())).map_err(refused)?;
            Err(denied(&error, description.as_deref()))
        }
        _ => Err(match meta_error(&query) {
            Some(explanation) => explanation,
            None => Problem::new(
                StatusCode::BAD_REQUEST,
                "This is not the end of a login",
                "The address lacks what Threads sends back after Allow or Deny. Nothing was changed; start again.",
            )
            .with_connect(),
        }),
    }
}

async fn finish(
    state: &AppState,
    code: &AuthorizationCode,
    expected: Option<&UserId>,
) -> Result<Response, Problem> {
    let grant = long_lived(state, code).await.map_err(|error| {
        Problem::from(&error).and(
            "The account was not connected. Usual causes: the app id and secret belong to the Meta app instead of the Threads app inside of it, or the redirect address is not registered exactly as this dashboard uses it.",
        ).and(format!("This dashboard uses {}", state.settings.oauth.redirect_uri())).with_connect()
    })?;
    let scopes = AppState::scopes();
    let monitor = &state.settings.monitor;
    let account = match expected {
        Some(expected) => monitor.connect_as(expected, &grant, &scopes).await?,
        None => monitor.connect(&grant, &scopes).await?,
    };
    measure_followers(monitor, &account.user).await;
    Ok(Redirect::to(&format!("/accounts/{}?notice=connected", account.user)).into_response())
}

/// Shows a number on the first page already; everything else comes from the
/// background run, which may take minutes for an account with many posts.
async fn measure_followers(monitor: &Monitor, user: &UserId) {
    let query = JobQuery::account(user.clone()).kind(JobKind::CollectFollowers);
    let run = async {
        for job in monitor.storage().scheduler.list(&query).await? {
            monitor.run_job(&job.id).await?;
        }
        Ok::<(), MonitorError>(())
    };
    if run.await.is_err() {
        tracing::warn!("the followers of a new account were not measured at once");
    }
}

async fn long_lived(
    state: &AppState,
    code: &AuthorizationCode,
) -> threads_client::Result<TokenGrant> {
    let oauth = &state.settings.oauth;
    let short = oauth.exchange_code(code).await?;
    oauth.exchange_long_lived(&short.access_token).await
}

fn refused(refusal: Refusal) -> Problem {
    let (title, text) = match refusal {
        Refusal::Unknown => (
            "This login is not known here",
            "Nobody started it, or this program was restarted in the meantime. No account was connected.",
        ),
        Refusal::Used => (
            "This login was already used",
            "Each one works once. If the account is in the list, everything is fine; reloading this page changes nothing.",
        ),
        Refusal::Expired => (
            "This login took too long",
            "More than ten minutes went by. No account was connected.",
        ),
        Refusal::OtherBrowser => (
            "This login was started in another browser",
            "Somebody may have sent you a link to connect an account that is not yours, or your browser does not keep cookies. No account was connected.",
        ),
    };
    Problem::new(StatusCode::BAD_REQUEST, title, text).with_connect()
}

fn denied(error: &str, description: Option<&str>) -> Problem {
    if error == "access_denied" {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "You chose not to allow it",
            "No account was connected, and nothing was stored. You can start again at any time.",
        )
        .with_connect();
    }
    let problem = Problem::new(
        StatusCode::BAD_REQUEST,
        "Threads refused the login",
        "No account was connected.",
    );
    match description {
        Some(said) => problem.and(capitalised(&format!("Threads said: {said}"))),
        None => problem,
    }
    .with_connect()
}

fn meta_error(query: &str) -> Option<Problem> {
    let code = pairs(query.as_bytes())
        .into_iter()
        .find_map(|(name, value)| (name == "error_code").then_some(value))?;
    let advice = Advice::of_code(code.parse().ok(), None, "");
    let problem = if matches!(advice.action(), Action::SetUpApp) {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "The app is not set up for this login",
            sentence(&advice),
        )
        .and(format!("Error code {code}."))
    } else {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Threads reported an error",
            "No account was connected. Error 1 often means that the account is not a tester of the app yet: invite it in the app's roles, and accept the invitation in Threads under Settings, Account, Website permissions, Invites.",
        )
        .and("See the error code in the address bar.")
    };
    Some(problem.with_connect())
}
