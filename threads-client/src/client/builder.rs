//! How a client is set up.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::{Auth, Client, Connection, Inner, TokenPlacement, VERSION, presence};
use crate::http::meter::{Meter, Meters, Purpose};
use crate::http::retry::RetryPolicy;
use crate::http::throttle::ThrottlePolicy;
use crate::http::{self, Settings, Timeouts, Transport};
use crate::{AccessToken, Result};

/// Builds a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use threads_client::{AccessToken, Client, RetryPolicy, ThrottlePolicy, Timeouts, TokenPlacement};
///
/// let client = Client::builder()
///     .access_token(AccessToken::new("THQ-example"))
///     .base_url("http://localhost:8080".parse()?)
///     .token_placement(TokenPlacement::Header)
///     .retry(RetryPolicy::none())
///     .throttle(ThrottlePolicy::none())
///     .timeouts(Timeouts::default().total(Duration::from_secs(5)))
///     .user_agent("acme-lab/1.0")
///     .build()?;
///
/// assert_eq!(format!("{client:?}"), r#"Client { host: "localhost", token: present }"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    token: Option<AccessToken>,
    base: Option<Url>,
    placement: TokenPlacement,
    retry: RetryPolicy,
    throttle: ThrottlePolicy,
    timeouts: Timeouts,
    user_agent: Option<String>,
}

impl ClientBuilder {
    /// The token of the account to act for. A client without one can only [embed](Client::embed) posts and
    /// hand out other clients.
    pub fn access_token(mut self, token: AccessToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Another host than `https://graph.threads.net`, without the API version.
    ///
    /// It must be HTTPS, except on the own machine.
    pub fn base_url(mut self, base: Url) -> Self {
        self.base = Some(base);
        self
    }

    /// Where the token travels in data calls.
    pub fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// How reads are repeated. Publications never are.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How calls are held back to keep to Meta's limits, and while Meta fails.
    pub fn throttle(mut self, policy: ThrottlePolicy) -> Self {
        self.throttle = policy;
        self
    }

    /// How long calls may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// What to call ourselves in the `User-Agent` header.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Makes the client; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the token, the base URL or the user agent cannot
    /// be used; [`Error::Transport`](crate::Error::Transport) if TLS cannot be set up on this machine.
    pub fn build(self) -> Result<Client> {
        if let Some(token) = &self.token {
            http::bearer(token)?;
        }
        let mut settings = Settings::new(self.base, self.user_agent, self.retry, self.timeouts)?;
        settings.throttle = self.throttle;
        let meters = Meters::default();
        let meter = match &self.token {
            Some(token) => meters.of(token),
            None => Arc::new(Meter::new()),
        };
        let connection = Connection {
            transport: Transport::new(&settings)?,
            data: http::join(&settings.base, &[VERSION])?,
            base: settings.base,
            placement: self.placement,
            meters,
            open: Meter::new(),
        };
        let inner = Inner {
            connection: Arc::new(connection),
            auth: self.token.map(Auth::new),
            meter,
            purpose: Purpose::Interactive,
        };
        Ok(Client {
            inner: Arc::new(inner),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field(
                "host",
                &self
                    .base
                    .as_ref()
                    .and_then(Url::host_str)
                    .unwrap_or("default"),
            )
            .field("token", &format_args!("{}", presence(self.token.is_some())))
            .finish_non_exhaustive()
    }
}
