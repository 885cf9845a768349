//! Logging in at the sandbox as a person would: open the page, choose, press Allow.

use threads_client::{AuthorizationResponse, CsrfState, OAuthClient, Scope, TokenGrant};
use url::Url;

/// Why a login at the sandbox did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The client of the product failed.
    #[error(transparent)]
    Client(#[from] threads_client::Error),
    /// The page could not be fetched or sent.
    #[error("the sandbox's authorization page cannot be used")]
    Page(#[source] reqwest::Error),
    /// The page is not what was expected.
    #[error("the sandbox's authorization page {0}")]
    Unexpected(&'static str),
}

/// Presses Allow for an account on the sandbox's authorization page, and trades the
/// code for a long-lived token.
///
/// # Errors
///
/// See [`LoginError`].
pub async fn allow(
    oauth: &OAuthClient,
    account: &str,
    scopes: &[Scope],
) -> Result<TokenGrant, LoginError> {
    let (page, state) = oauth.authorize_url(scopes)?;
    let answer = press_allow(&page, account).await?;
    let code = AuthorizationResponse::from_url(&answer)?
        .code_for(&CsrfState::from_stored(state.expose().to_owned()))?;
    let short = oauth.exchange_code(&code).await?;
    Ok(oauth.exchange_long_lived(&short.access_token).await?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this plays the browser of a person, not a client of the API"
)]
async fn press_allow(page: &Url, account: &str) -> Result<Url, LoginError> {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(LoginError::Page)?;
    // The addresses carry the state: it must not get into an error.
    let html = browser
        .get(page.clone())
        .send()
        .await
        .map_err(|error| LoginError::Page(error.without_url()))?
        .text()
        .await
        .map_err(|error| LoginError::Page(error.without_url()))?;
    let request =
        hidden_field(&html, "request").ok_or(LoginError::Unexpected("has no request to allow"))?;
    let mut target = page.clone();
    target.set_query(None);
    let answer = browser
        .post(target)
        .form(&[
            ("request", request),
            ("account", account),
            ("decision", "allow"),
        ])
        .send()
        .await
        .map_err(|error| LoginError::Page(error.without_url()))?;
    answer
        .headers()
        .get(reqwest::header::LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| Url::parse(location).ok())
        .ok_or(LoginError::Unexpected("did not send the browser back"))
}

/// The value of a hidden field; the sandbox writes its attributes in this order.
fn hidden_field<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = html.split_once(&start)?;
    rest.split('"').next()
}
