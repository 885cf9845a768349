//! An error answer of Meta, in whichever of its shapes it comes.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::classify::classify;
use crate::http::redact;
use crate::wire;

/// An error answer of Meta.
///
/// Every text was cleaned: the token and secret of the call, and whatever else looks like one, are replaced
/// by a placeholder; control characters are gone; long texts are cut.
///
/// See [Meta's guide](https://developers.facebook.com/docs/graph-api/guides/error-handling).
///
/// ```
/// use threads_client::{Action, ApiError, ApiErrorKind};
///
/// let body = br#"{"error": {"message": "Too many calls", "type": "OAuthException", "code": 4}}"#;
/// let error = ApiError::from_response(400, body);
///
/// assert_eq!((error.kind, error.code), (ApiErrorKind::RateLimited, Some(4)));
/// assert_eq!(error.advice().action(), &Action::RetryAfter(None));
/// assert_eq!(error.to_string(), "Threads answered 400 (code 4): Too many calls");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// What kind of failure it is.
    pub kind: ApiErrorKind,
    /// Graph error code.
    pub code: Option<i64>,
    /// Graph error subcode.
    pub subcode: Option<i64>,
    /// Meta's text for developers.
    pub message: String,
    /// Such as `OAuthException` or `THApiException`.
    pub error_type: Option<String>,
    /// Whether Meta calls it passing. Do not rely on `false`.
    pub is_transient: Option<bool>,
    /// Headline for end users, in the language of the account.
    pub user_title: Option<String>,
    /// Text for end users, in the language of the account.
    pub user_message: Option<String>,
    /// What Meta's support asks for.
    pub trace_id: Option<String>,
    /// How long Meta asks to wait.
    pub retry_after: Option<Duration>,
    /// Template of the call, such as `GET /{post}/insights`; none for a recorded answer.
    pub endpoint: Option<Cow<'static, str>>,
}

/// What kind of failure Meta reported.
///
/// ```
/// use threads_client::{ApiError, ApiErrorKind};
///
/// // A gateway in front of Meta, with a body that is not Meta's.
/// let error = ApiError::from_response(503, b"<html>");
/// assert_eq!(error.kind, ApiErrorKind::Transient);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The token is missing, expired, revoked or otherwise no good.
    Unauthenticated,
    /// The token lacks a permission, or the account may not do this.
    PermissionDenied,
    /// Too many calls or posts.
    RateLimited,
    /// There is no such object, or not for this token, or not yet.
    NotFound,
    /// A parameter is wrong.
    InvalidParameter,
    /// A passing failure on Meta's side.
    Transient,
    /// Anything else.
    Other,
}

impl ApiError {
    /// Reads a recorded answer, as the client does.
    ///
    /// Meant for tests and for tools that classify recorded answers. A body in none of Meta's shapes is
    /// classified by the status alone.
    pub fn from_response(status: u16, body: &[u8]) -> Self {
        Self::parse(status, body, None, None, &[])
    }

    pub(crate) fn parse(
        status: u16,
        body: &[u8],
        endpoint: Option<&Cow<'static, str>>,
        retry_after: Option<Duration>,
        secrets: &[Option<&str>],
    ) -> Self {
        let details = Details::find(body).unwrap_or_default();
        let clean = |text: String| redact::clean(&text, secrets);
        Self {
            status,
            kind: classify(
                status,
                details.code,
                details.subcode,
                details.message.as_deref().unwrap_or_default(),
                details.is_transient,
            ),
            code: details.code,
            subcode: details.subcode,
            message: details
                .message
                .map_or_else(|| format!("HTTP status {status} without a message"), clean),
            error_type: details.error_type.map(clean),
            is_transient: details.is_transient,
            user_title: details.user_title.map(clean),
            user_message: details.user_message.map(clean),
            trace_id: details.trace_id.map(clean),
            retry_after,
            endpoint: endpoint.cloned(),
        }
    }

    /// Whether the body of a *successful* answer is an error all the same.
    pub(crate) fn is_error_body(body: &[u8]) -> bool {
        Details::find(body).is_some()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Threads answered {}", self.status)?;
        let details = [
            self.code.map(|code| format!("code {code}")),
            self.subcode.map(|subcode| format!("subcode {subcode}")),
            (self.is_transient == Some(true)).then(|| "transient".to_owned()),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        if !details.is_empty() {
            write!(formatter, " ({})", details.join(", "))?;
        }
        if let Some(endpoint) = &self.endpoint {
            write!(formatter, " to `{endpoint}`")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

impl std::error::Error for ApiError {}

/// What the shapes have in common.
#[derive(Default)]
struct Details {
    code: Option<i64>,
    subcode: Option<i64>,
    message: Option<String>,
    error_type: Option<String>,
    is_transient: Option<bool>,
    user_title: Option<String>,
    user_message: Option<String>,
    trace_id: Option<String>,
}

/// All shapes in one: the members of the flat ones do not collide with the nested one.
///
/// - `{"error": {"message", "type", "code", …}}` of data calls,
/// - `{"error_type", "code", "error_message"}` of the code exchange,
/// - `{"error", "error_description"}` of RFC 6749,
/// - `{"error_message", "error_code"}` of the authorization window.
///
/// Every member is lenient: an odd `error_subcode` must not hide the `code` beside it.
#[derive(Deserialize)]
struct ErrorBody {
    error: Option<ErrorMember>,
    #[serde(default, deserialize_with = "wire::lenient_text")]
    error_description: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_text")]
    error_type: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_text")]
    error_message: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_i64")]
    error_code: Option<i64>,
    #[serde(default, deserialize_with = "wire::lenient_i64")]
    code: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorMember {
    Graph(GraphError),
    Name(String),
    Odd(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct GraphError {
    #[serde(default, deserialize_with = "wire::lenient_text")]
    message: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "wire::lenient_text")]
    error_type: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_i64")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "wire::lenient_i64")]
    error_subcode: Option<i64>,
    #[serde(default, deserialize_with = "wire::lenient_bool")]
    is_transient: Option<bool>,
    #[serde(default, deserialize_with = "wire::lenient_text")]
    error_user_title: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_text")]
    error_user_msg: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_text")]
    fbtrace_id: Option<String>,
}

impl Details {
    fn find(body: &[u8]) -> Option<Self> {
        // serde would also fill the structure from an array, member by member.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let body: ErrorBody = serde_json::from_slice(is_object.then_some(body)?).ok()?;
        match body.error {
            Some(ErrorMember::Graph(error)) => Some(Self {
                code: error.code,
                subcode: error.error_subcode,
                message: error.message,
                error_type: error.error_type,
                is_transient: error.is_transient,
                user_title: error.error_user_title,
                user_message: error.error_user_msg,
                trace_id: error.fbtrace_id,
            }),
            Some(ErrorMember::Name(name)) => Some(Self {
                code: body.code,
                message: Some(body.error_description.unwrap_or_else(|| name.clone())),
                error_type: Some(name),
                ..Self::default()
            }),
            Some(ErrorMember::Odd(_)) | None if body.error_message.is_some() => Some(Self {
                code: body.code.or(body.error_code),
                message: body.error_message,
                error_type: body.error_type,
                ..Self::default()
            }),
            Some(ErrorMember::Odd(_)) => Some(Self::default()),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_not_an_error_of_meta() {
        assert!(!ApiError::is_error_body(b"[1, 2, 3]"));
        assert!(!ApiError::is_error_body(b" [\"a\", \"b\", \"c\", \"d\"]"));
        assert!(ApiError::is_error_body(
            b" {\"error\": {\"message\": \"x\", \"code\": 1}}"
        ));
    }
}
