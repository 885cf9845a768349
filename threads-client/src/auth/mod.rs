//! Logging in: from a browser redirect to a token.
//!
//! Meta's endpoints differ from RFC 6749 (long-lived tokens are made by an exchange of their own, there are
//! no refresh tokens), so this is written by hand. Meta documents no PKCE; the random `state` carries all of
//! the protection against forged redirects.

mod callback;
pub(crate) mod grant;
mod state;

use std::fmt;
use std::sync::Arc;

use url::Url;

pub use callback::AuthorizationResponse;
pub use state::CsrfState;

use crate::http::retry::RetryPolicy;
use crate::http::{self, Call, Fields, Repeat, Settings, Timeouts, Transport};
use crate::{
    AccessToken, AppSecret, AuthorizationCode, Error, Result, Scope, TokenGrant, TokenInfo,
};

const AUTHORIZE_PAGE: &str = "https://threads.com/oauth/authorize";

/// Gets tokens for the users of an app.
///
/// It is separate from [`Client`](crate::Client) because it holds another secret: that of the app. Clones are
/// cheap.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use threads_client::{AppSecret, AuthorizationResponse, OAuthClient, Scope};
///
/// let redirect = "https://app.example/callback".parse()?;
/// let oauth = OAuthClient::builder("1234567890", AppSecret::new("…"), redirect).build()?;
///
/// let (url, state) = oauth.authorize_url(&[Scope::Basic, Scope::ManageInsights])?;
/// // Send the browser to `url`, keep `state` with the session. Then, in the callback:
/// # let (query, kept) = ("", state.expose().to_owned());
/// let expected = threads_client::CsrfState::from_stored(kept);
/// let code = AuthorizationResponse::from_query(query)?.code_for(&expected)?;
/// let short = oauth.exchange_code(&code).await?;
/// let long = oauth.exchange_long_lived(&short.access_token).await?;
/// # let _ = (url, long);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OAuthClient {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    base: Url,
    authorize: Url,
    app_id: String,
    secret: AppSecret,
    redirect: Url,
}

impl OAuthClient {
    /// Starts building a client from the Threads app's id and secret, and a redirect address it registered.
    ///
    /// An app has two ids and two secrets: these are those of the *Threads* app, not of the Meta app.
    pub fn builder(
        app_id: impl Into<String>,
        secret: AppSecret,
        redirect_uri: Url,
    ) -> OAuthClientBuilder {
        OAuthClientBuilder {
            app_id: app_id.into(),
            secret,
            redirect: redirect_uri,
            base: None,
            authorize: None,
            retry: RetryPolicy::default(),
            timeouts: Timeouts::default(),
        }
    }

    /// Id of the Threads app.
    pub fn app_id(&self) -> &str {
        &self.inner.app_id
    }

    /// Where Meta sends the browser back to.
    pub fn redirect_uri(&self) -> &Url {
        &self.inner.redirect
    }

    /// The page where a user grants scopes, and the state that must come back from it.
    ///
    /// Keep the state bound to the user's browser session, and use it once.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if [`Scope::Basic`] is missing, without which Meta grants nothing, or if the
    /// machine has no source of randomness.
    pub fn authorize_url(&self, scopes: &[Scope]) -> Result<(Url, CsrfState)> {
        if !scopes.contains(&Scope::Basic) {
            return Err(Error::invalid("scopes", "must contain threads_basic"));
        }
        let state = CsrfState::random()?;
        let mut url = self.inner.authorize.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.inner.app_id)
            .append_pair("redirect_uri", self.inner.redirect.as_str())
            .append_pair(
                "scope",
                &scopes
                    .iter()
                    .map(Scope::as_str)
                    .collect::<Vec<_>>()
                    .join(","),
            )
            .append_pair("response_type", "code")
            .append_pair("state", state.expose());
        Ok((url, state))
    }

    /// Trades the code of a redirect for a token that lives one hour.
    ///
    /// A code works once, so this is sent once: after an unknown outcome the user has to log in again.
    ///
    /// Scopes: none; the token has those that the user granted. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     oauth: threads_client::OAuthClient,
    /// #     code: threads_client::AuthorizationCode,
    /// # ) -> threads_client::Result<()> {
    /// let grant = oauth.exchange_code(&code).await?;
    /// println!("user {:?}, for {:?}", grant.user_id, grant.expires_in);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    pub async fn exchange_code(&self, code: &AuthorizationCode) -> Result<TokenGrant> {
        let inner = &self.inner;
        let form = Fields::new()
            .with("client_id", &inner.app_id)
            .with("client_secret", inner.secret.expose())
            .with("grant_type", "authorization_code")
            .with("redirect_uri", inner.redirect.as_str())
            .with("code", code.expose());
        let call = Call::post(
            "POST /oauth/access_token",
            self.url(&["oauth", "access_token"])?,
            form,
        )
        .repeat(Repeat::Never)
        .secrets([Some(inner.secret.expose()), Some(code.expose()), None]);
        grant::send(&inner.transport, call).await
    }

    /// Trades a short-lived token for one that lives about 60 days.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/get-started/long-lived-tokens).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     oauth: threads_client::OAuthClient,
    /// #     short: threads_client::TokenGrant,
    /// # ) -> threads_client::Result<()> {
    /// let long = oauth.exchange_long_lived(&short.access_token).await?;
    /// println!("for {:?}", long.expires_in);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    pub async fn exchange_long_lived(&self, short_lived: &AccessToken) -> Result<TokenGrant> {
        let inner = &self.inner;
        let query = Fields::new()
            .with("grant_type", "th_exchange_token")
            .with("client_secret", inner.secret.expose())
            .with("access_token", short_lived.expose());
        let call = Call::get("GET /access_token", self.url(&["access_token"])?, &query).secrets([
            Some(inner.secret.expose()),
            Some(short_lived.expose()),
            None,
        ]);
        grant::send(&inner.transport, call).await
    }

    /// Trades a long-lived token for one that lives another 60 days.
    ///
    /// Works from 24 hours after the token was made until it ends. There is no separate refresh token.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/get-started/long-lived-tokens).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     oauth: threads_client::OAuthClient,
    /// #     token: threads_client::AccessToken,
    /// # ) -> threads_client::Result<()> {
    /// match oauth.refresh(&token).await {
    ///     Ok(grant) => println!("for {:?} more", grant.expires_in),
    ///     Err(error) if error.is_auth() => println!("the user has to log in again"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_auth`] if the token is no longer good; any other [`Error`] of a call.
    pub async fn refresh(&self, long_lived: &AccessToken) -> Result<TokenGrant> {
        grant::refresh(&self.inner.transport, &self.inner.base, long_lived).await
    }

    /// A token of the app itself, which acts for no user.
    ///
    /// Scopes: none. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/get-started/app-access-tokens).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     oauth: threads_client::OAuthClient,
    /// #     token: threads_client::AccessToken,
    /// # ) -> threads_client::Result<()> {
    /// let app = oauth.app_token().await?;
    /// let info = oauth.debug_token(&token, &app).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    pub async fn app_token(&self) -> Result<AccessToken> {
        let inner = &self.inner;
        let query = Fields::new()
            .with("grant_type", "client_credentials")
            .with("client_id", &inner.app_id)
            .with("client_secret", inner.secret.expose());
        let call = Call::get(
            "GET /oauth/access_token",
            self.url(&["oauth", "access_token"])?,
            &query,
        )
        .secrets([Some(inner.secret.expose()), None, None]);
        grant::send(&inner.transport, call)
            .await
            .map(|grant| grant.access_token)
    }

    /// The token of the app itself in the form that needs no call: `TH|{id}|{secret}`.
    ///
    /// It holds the app's secret. Use it on a server alone, and rather
    /// [`app_token`](Self::app_token) where there is a choice.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/get-started/app-access-tokens).
    ///
    /// ```
    /// use threads_client::{AppSecret, OAuthClient};
    ///
    /// let redirect = "https://app.example/callback".parse()?;
    /// let oauth = OAuthClient::builder("1234567890", AppSecret::new("…"), redirect).build()?;
    ///
    /// assert_eq!(oauth.local_app_token().expose(), "TH|1234567890|…");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn local_app_token(&self) -> AccessToken {
        let inner = &self.inner;
        AccessToken::new(format!("TH|{}|{}", inner.app_id, inner.secret.expose()))
    }

    /// What Meta knows about a token, such as its scopes.
    ///
    /// This is the only way to learn what was granted: the user can leave out scopes, and no grant says so.
    /// The caller's token must belong to a tester of the same app; it may be the inspected token itself.
    ///
    /// Scopes: any. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting/debug-access-token).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     oauth: threads_client::OAuthClient,
    /// #     token: threads_client::AccessToken,
    /// # ) -> threads_client::Result<()> {
    /// use threads_client::Scope;
    ///
    /// let info = oauth.debug_token(&token, &token).await?;
    /// if !info.scopes.contains(&Scope::ManageInsights) {
    ///     println!("the user left out the insights");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    pub async fn debug_token(
        &self,
        input: &AccessToken,
        caller: &AccessToken,
    ) -> Result<TokenInfo> {
        let query = Fields::new()
            .with("input_token", input.expose())
            .with("access_token", caller.expose());
        let call = Call::get(
            "GET /debug_token",
            self.url(&["v1.0", "debug_token"])?,
            &query,
        )
        .secrets([Some(input.expose()), Some(caller.expose()), None]);
        grant::inspect(&self.inner.transport, call).await
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        http::join(&self.inner.base, path)
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OAuthClient")
            .field("app_id", &self.inner.app_id)
            .field("host", &self.inner.base.host_str().unwrap_or_default())
            .finish_non_exhaustive()
    }
}

/// Builds an [`OAuthClient`].
///
/// ```
/// use std::time::Duration;
/// use threads_client::{AppSecret, OAuthClient, RetryPolicy, Scope, Timeouts};
///
/// let redirect = "https://app.example/callback".parse()?;
/// let oauth = OAuthClient::builder("1234567890", AppSecret::new("…"), redirect)
///     .base_url("https://graph.threads.com".parse()?)
///     .authorize_base("https://www.threads.com/oauth/authorize".parse()?)
///     .retry(RetryPolicy::default().attempts(2))
///     .timeouts(Timeouts::default().total(Duration::from_secs(10)))
///     .build()?;
///
/// let (page, _state) = oauth.authorize_url(&[Scope::Basic])?;
/// assert_eq!(page.host_str(), Some("www.threads.com"));
/// assert_eq!(oauth.app_id(), "1234567890");
/// assert_eq!(oauth.redirect_uri().path(), "/callback");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct OAuthClientBuilder {
    app_id: String,
    secret: AppSecret,
    redirect: Url,
    base: Option<Url>,
    authorize: Option<Url>,
    retry: RetryPolicy,
    timeouts: Timeouts,
}

impl OAuthClientBuilder {
    /// Another host than `https://graph.threads.net`; HTTPS, except on the own machine.
    pub fn base_url(mut self, base: Url) -> Self {
        self.base = Some(base);
        self
    }

    /// Another page to send users to than `https://threads.com/oauth/authorize`.
    pub fn authorize_base(mut self, page: Url) -> Self {
        self.authorize = Some(page);
        self
    }

    /// How calls are repeated. The exchange of a code never is.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long calls may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Makes the client; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the app id is empty or a URL cannot be used; [`Error::Transport`] if TLS
    /// cannot be set up on this machine.
    pub fn build(self) -> Result<OAuthClient> {
        if self.app_id.is_empty() {
            return Err(Error::invalid("app_id", "must not be empty"));
        }
        if self.redirect.fragment().is_some() {
            return Err(Error::invalid("redirect_uri", "must not have a fragment"));
        }
        let authorize = match self.authorize {
            Some(page) => page,
            None => Url::parse(AUTHORIZE_PAGE)
                .map_err(|_| Error::invalid("authorize_base", "is not a URL"))?,
        };
        let settings = Settings::new(self.base, None, self.retry, self.timeouts)?;
        let inner = Inner {
            transport: Transport::new(&settings)?,
            base: settings.base,
            authorize,
            app_id: self.app_id,
            secret: self.secret,
            redirect: self.redirect,
        };
        Ok(OAuthClient {
            inner: Arc::new(inner),
        })
    }
}

impl fmt::Debug for OAuthClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OAuthClientBuilder")
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}
