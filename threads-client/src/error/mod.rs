//! What can go wrong, in kinds a caller can act on.

mod advice;
mod api;
mod classify;
mod recorded;
mod refusal;
mod table;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub use advice::{Action, Advice, Language, UnknownLanguage};
pub use api::{ApiError, ApiErrorKind};
pub use refusal::Refusal;

use crate::ContainerId;
use crate::http::quota_counter::Quota;
use crate::publishing::{Container, DraftError};

/// Result of everything in this crate that can fail.
///
/// ```no_run
/// use threads_client::{Client, Result};
///
/// async fn username(client: &Client) -> Result<String> {
///     Ok(client.profile().get().await?.username)
/// }
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// No variant holds a URL, a token, an app secret or the body of an answer: not in `Display`, not in
/// `Debug` and not in the chain of sources.
///
/// Decide by the predicates ([`is_retryable`](Self::is_retryable), [`is_auth`](Self::is_auth),
/// [`retry_after`](Self::retry_after)) rather than by codes.
///
/// ```
/// use threads_client::{ApiError, Error, Language};
///
/// let body = br#"{"error": {"message": "Session has expired", "code": 190}}"#;
/// let error = Error::from(ApiError::from_response(401, body));
///
/// assert!(error.is_auth() && !error.is_retryable() && !error.was_not_sent());
/// assert_eq!(error.api().and_then(|answer| answer.code), Some(190));
/// assert_eq!((error.retry_after(), error.container()), (None, None));
/// println!("{}", error.advice().sentence(Language::English));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Meta answered, and the answer was a refusal or a failure.
    #[error(transparent)]
    Api(Box<ApiError>),

    /// No complete answer within the time limit; the request may have been carried out.
    #[error("`{endpoint}` did not answer in time")]
    Timeout {
        /// Template of the call, such as `GET /{post}/insights`.
        endpoint: Cow<'static, str>,
    },

    /// The connection failed before a complete answer was read.
    #[error(transparent)]
    Transport(TransportError),

    /// Meta answered with success, but the body is not what was expected.
    #[error("could not decode the answer of `{endpoint}` at `{path}`")]
    Decode {
        /// Template of the call, such as `GET /{post}/insights`.
        endpoint: Cow<'static, str>,
        /// Where in the JSON document, such as `data[0].values`.
        path: String,
        /// In what way it is not what was expected.
        source: DecodeFailure,
    },

    /// The request cannot be right, so it was not sent.
    #[error(transparent)]
    InvalidRequest(InvalidRequest),

    /// The call was held back here: nothing was sent.
    #[error("`{endpoint}` was not sent: {reason}")]
    Throttled {
        /// Template of the call, such as `GET /{post}/insights`.
        endpoint: Cow<'static, str>,
        /// Why it was held back.
        reason: HeldBack,
        /// When it is worth trying again.
        retry_after: Duration,
    },

    /// The container cannot be published: it failed, it expired, or it is still not finished.
    #[error("container {} is {}, not FINISHED", .0.id, .0.status)]
    Container(Box<Container>),

    /// The last step of a publication failed, so the post may or may not be live.
    #[error(transparent)]
    Publish(Box<PublishError>),

    /// A stream read as many pages as it was allowed to, and there are more.
    #[error("`{endpoint}` has more than {pages} pages")]
    PageLimit {
        /// Template of the call.
        endpoint: Cow<'static, str>,
        /// How many pages were read.
        pages: usize,
    },
}

impl Error {
    /// Whether the same failure may be gone a little later.
    ///
    /// This says nothing about whether the call may be *sent* again: a publication may have happened all
    /// the same. Ask for the container first.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Api(error) => matches!(
                error.kind,
                ApiErrorKind::Transient | ApiErrorKind::RateLimited
            ),
            Self::Timeout { .. } | Self::Transport(_) | Self::Throttled { .. } => true,
            Self::Publish(error) => error.source.is_retryable(),
            Self::Decode { .. }
            | Self::InvalidRequest(_)
            | Self::Container(_)
            | Self::PageLimit { .. } => false,
        }
    }

    /// Whether it is certain that nothing reached Meta.
    ///
    /// After any other error of a publication, the post may be live.
    pub fn was_not_sent(&self) -> bool {
        match self {
            Self::InvalidRequest(_) | Self::Throttled { .. } => true,
            Self::Transport(error) => error.is_connect(),
            Self::Publish(error) => error.source.was_not_sent(),
            Self::Api(_)
            | Self::Timeout { .. }
            | Self::Decode { .. }
            | Self::Container(_)
            | Self::PageLimit { .. } => false,
        }
    }

    /// Whether Meta said that the token is no longer good.
    ///
    /// A dead token can come in disguise: Meta has been seen to answer a call on `/me` with code 100 or 24,
    /// "the requested resource does not exist", instead of code 190. This predicate does not guess. After
    /// such an answer to a call on the own account, check the token (read the profile, or
    /// [`OAuthClient::debug_token`](crate::OAuthClient::debug_token)) before believing it.
    pub fn is_auth(&self) -> bool {
        self.api()
            .is_some_and(|error| error.kind == ApiErrorKind::Unauthenticated)
    }

    /// How long Meta asks to wait, if it says so, or how long a call that was held back here should wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Throttled { retry_after, .. } => Some(*retry_after),
            Self::Publish(error) => error.source.retry_after(),
            _ => None,
        }
    }

    /// Meta's answer, if this error is one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::Publish(error) => error.source.api(),
            _ => None,
        }
    }

    /// The container to ask about, where the error concerns one.
    pub fn container(&self) -> Option<&ContainerId> {
        match self {
            Self::Container(container) => Some(&container.id),
            Self::Publish(error) => Some(&error.container),
            _ => None,
        }
    }

    pub(crate) fn invalid(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidRequest(InvalidRequest {
            field: Some(Cow::Borrowed(field)),
            reason: reason.into(),
        })
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<DraftError> for Error {
    fn from(error: DraftError) -> Self {
        let reason = error.rule.to_string();
        Self::InvalidRequest(InvalidRequest {
            field: Some(Cow::Owned(error.field)),
            reason: reason.into(),
        })
    }
}

/// Why a call was held back here, before anything was sent.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::{Error, HeldBack};
///
/// match client.search().keyword("tea").send().await {
///     Ok(page) => println!("{} posts", page.items.len()),
///     Err(Error::Throttled { reason: HeldBack::Quota(quota), retry_after, .. }) => {
///         println!("no more {quota} for {retry_after:?}");
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeldBack {
    /// The call limit is nearly used up, and what is left is kept for more important calls.
    #[error("the call limit is nearly used up")]
    Usage,
    /// Meta asked to be left alone for a while.
    #[error("Meta asked to wait")]
    Asked,
    /// By this client's own count a quota is used up.
    #[error("the quota of {0} is used up")]
    Quota(Quota),
    /// Calls of this kind have failed too often just now; one is let through from time to time.
    #[error("Meta has failed to answer too often")]
    Outage,
}

/// A request that was refused here, before anything was sent.
///
/// ```
/// use threads_client::{Error, FollowIntent, InvalidRequest};
///
/// let error = FollowIntent::new("acme lab").url();
/// assert!(matches!(
///     error,
///     Err(Error::InvalidRequest(InvalidRequest { field: Some(field), .. })) if field == "username"
/// ));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidRequest {
    /// Which part of the request is wrong.
    pub field: Option<Cow<'static, str>>,
    /// What is wrong with it.
    pub reason: Cow<'static, str>,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(formatter, "invalid `{field}`: {}", self.reason),
            None => write!(formatter, "invalid request: {}", self.reason),
        }
    }
}

impl StdError for InvalidRequest {}

/// A connection that failed, with every URL taken out.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::{Error, TransportError};
///
/// fn tell(error: &TransportError) {
///     println!("{}: sent: {}", error.endpoint(), !error.is_connect());
/// }
///
/// if let Err(Error::Transport(error)) = client.profile().get().await {
///     tell(&error);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TransportError {
    endpoint: Cow<'static, str>,
    step: TransportStep,
    source: Box<dyn StdError + Send + Sync>,
}

/// How far a failed exchange had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransportStep {
    Connect,
    Exchange,
    Body,
}

impl TransportError {
    pub(crate) fn new(
        endpoint: Cow<'static, str>,
        step: TransportStep,
        source: Box<dyn StdError + Send + Sync>,
    ) -> Self {
        Self {
            endpoint,
            step,
            source,
        }
    }

    /// Whether the connection could not be made, so that no byte of the request left.
    ///
    /// Only then is it certain that Meta did not see the request.
    pub fn is_connect(&self) -> bool {
        self.step == TransportStep::Connect
    }

    /// Template of the call, such as `GET /me`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = &self.endpoint;
        match self.step {
            TransportStep::Connect => write!(formatter, "could not connect for `{endpoint}`"),
            TransportStep::Exchange => {
                write!(formatter, "the connection failed during `{endpoint}`")
            }
            TransportStep::Body => write!(formatter, "the answer of `{endpoint}` broke off"),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

/// In what way the body of an answer was not what was expected.
///
/// Deliberately without any text of the body, which can hold tokens.
///
/// ```
/// use std::collections::BTreeMap;
/// use threads_client::{DecodeFailure, Error, RawJson};
///
/// let value: RawJson = serde_json::from_str(r#"{"likes": "many"}"#)?;
/// let Err(Error::Decode { path, source, .. }) = value.decode::<BTreeMap<String, u64>>() else {
///     return Err("that is not a number".into());
/// };
/// assert_eq!(path, "likes");
/// assert!(matches!(source, DecodeFailure::Shape { line: 1, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFailure {
    /// The body is not JSON.
    #[error("the body is not JSON (line {line}, column {column})")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The JSON document ends too early, or the body is empty.
    #[error("the body ends too early")]
    UnexpectedEnd,
    /// A value is missing, or of another type than documented.
    #[error("a value is missing or of another type than documented (line {line}, column {column})")]
    Shape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The body is larger than this crate accepts.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// The last step of [`publish`](crate::PublishingApi::publish) failed.
///
/// The post may be live. Ask with [`container`](crate::PublishingApi::container) whether the container is
/// `PUBLISHED` before publishing anything again.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::{ContainerStatus, Draft, Error, PublishError};
///
/// let publishing = client.publishing();
/// if let Err(Error::Publish(error)) = publishing.publish(Draft::text("Hello")).await {
///     let PublishError { container, source, .. } = *error;
///     let state = publishing.container(&container).await?;
///     println!("{source}; live: {}", state.status == ContainerStatus::Published);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct PublishError {
    /// The container that was to be published.
    pub container: ContainerId,
    /// What happened.
    pub source: Error,
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "publishing container {} failed", self.container)
    }
}

impl StdError for PublishError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::advice::tests::ours;
    use super::*;

    #[test]
    fn only_what_never_left_was_not_sent() {
        let mut told = Vec::new();
        for (error, _) in ours() {
            let was_not_sent = error.was_not_sent();
            told.push(was_not_sent);
            let expected = match &error {
                Error::InvalidRequest(_) | Error::Throttled { .. } => true,
                Error::Transport(_) => error.to_string().starts_with("could not connect"),
                Error::Publish(publish) => {
                    matches!(&publish.source, Error::Throttled { .. })
                        || publish.source.to_string().starts_with("could not connect")
                }
                _ => false,
            };
            assert_eq!(was_not_sent, expected, "{error}");
        }
        assert!(told.contains(&true) && told.contains(&false));
    }

    #[test]
    fn a_publication_tells_what_its_last_call_tells() {
        let of = |source| {
            Error::Publish(Box::new(PublishError {
                container: ContainerId::new("18000000000000001"),
                source,
            }))
        };
        let held = Error::Throttled {
            endpoint: "POST /me/threads_publish".into(),
            reason: HeldBack::Usage,
            retry_after: Duration::from_secs(7),
        };
        let timeout = Error::Timeout {
            endpoint: "POST /me/threads_publish".into(),
        };

        assert!(of(held).was_not_sent());
        assert!(!of(timeout).was_not_sent());
        assert!(!of(ApiError::from_response(503, b"").into()).was_not_sent());
    }
}
