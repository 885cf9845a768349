//! What went wrong, told to a person.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use threads_client::{Advice, ApiErrorKind, Error as ClientError, Language, Scope};
use threads_monitor::{MonitorError, StoreError};

/// A failed request. As a response it is bare; a layer makes a page, or JSON, of it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) offers_connect: bool,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &str, paragraph: impl Into<String>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            paragraphs: vec![paragraph.into()],
            offers_connect: false,
        }
    }

    pub(crate) fn and(mut self, paragraph: impl Into<String>) -> Self {
        self.paragraphs.push(paragraph.into());
        self
    }

    pub(crate) fn with_connect(mut self) -> Self {
        self.offers_connect = true;
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such page",
            "The address is wrong, or what it showed was deleted.",
        )
    }

    pub(crate) fn no_account() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "This account is not connected",
            "It was never connected here, or it was disconnected and its data was deleted.",
        )
        .with_connect()
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            "The request could not be answered. The log of this program says more.",
        )
    }

    /// What is said where no handler said anything.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (title, text) = match status {
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => (
                "This address does not take such a request",
                "Changes are made with the buttons of a page, and pages are read with a plain address.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => (
                "That was too much at once",
                "The form is larger than this page accepts. Nothing was changed.",
            ),
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => (
                "That took too long",
                "The request was given up. Look at the page again before you repeat it.",
            ),
            StatusCode::INTERNAL_SERVER_ERROR => return Self::internal(),
            _ => ("That request cannot be answered", "Nothing was changed."),
        };
        Self::new(status, title, text)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        MonitorError::Store(error).into()
    }
}

impl From<MonitorError> for Problem {
    fn from(error: MonitorError) -> Self {
        match error {
            MonitorError::NotConnected { .. } => Self::no_account(),
            MonitorError::NoSuchPlan { .. } => Self::new(
                StatusCode::NOT_FOUND,
                "It is not planned here",
                "The address is wrong, or its account was disconnected and its data was deleted.",
            ),
            MonitorError::NoSuchPost { .. } => Self::new(
                StatusCode::NOT_FOUND,
                "There is no such scheduled post",
                "The address is wrong, or its account was disconnected and its data was deleted.",
            ),
            MonitorError::TokenExpired { .. } => Self::new(
                StatusCode::CONFLICT,
                "The account has to be connected again",
                sentence(&Advice::of_kind(ApiErrorKind::Unauthenticated)),
            )
            .and("Nothing that was measured is lost.")
            .with_connect(),
            MonitorError::PostState { .. } => Self::new(
                StatusCode::CONFLICT,
                "The post has moved on",
                capitalised(&error.to_string()),
            )
            .and("Look at its page again: it shows where the post stands now."),
            MonitorError::AccountMismatch { .. } => Self::new(
                StatusCode::CONFLICT,
                "That was another account",
                "You were about to connect one account again, but allowed another one. Nothing was changed. Switch accounts on Threads first, then connect again.",
            )
            .with_connect(),
            MonitorError::Draft(error) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Meta would refuse this post",
                capitalised(&error.to_string()),
            ),
            MonitorError::WrongClock { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The clock of this machine is wrong",
                capitalised(&error.to_string()),
            )
            .and("What is due goes out when the clock is right again, unless it is too late by then."),
            MonitorError::MissingScope { scope, .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "The account did not allow this",
                missing_scope(&scope),
            )
            .with_connect(),
            error @ (MonitorError::NotSchedulable { .. } | MonitorError::ChainPart { .. }) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "This post cannot be scheduled",
                capitalised(&error.to_string()),
            ),
            MonitorError::Store(StoreError::Conflict { what }) => Self::new(
                StatusCode::CONFLICT,
                "Somebody else was faster",
                format!("{} was changed in the meantime. Look at the page again.", capitalised(&what)),
            ),
            MonitorError::Store(error) => {
                tracing::error!(error = %chain(&error), "a store failed");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The stored data cannot be used just now",
                    "Nothing was lost. The log of this program says what is wrong; often the disk is full.",
                )
            }
            MonitorError::Client(error) => Self::from(&error),
            MonitorError::Config(_) => {
                tracing::error!("the monitor refused its configuration");
                Self::internal()
            }
            other => {
                // Only the kind is logged: the words of unknown errors may name accounts.
                tracing::error!(kind = ?std::mem::discriminant(&other), "an unexpected error");
                Self::internal()
            }
        }
    }
}

impl From<&ClientError> for Problem {
    fn from(error: &ClientError) -> Self {
        let advice = sentence(&error.advice());
        if let Some(api) = error.api() {
            return Self::new(StatusCode::BAD_GATEWAY, "Meta refused the request", advice)
                .and(format!("Meta said: {}", api.message))
                .and(match (api.code, api.subcode) {
                    (Some(code), Some(subcode)) => format!("Error code {code}, subcode {subcode}."),
                    (Some(code), None) => format!("Error code {code}."),
                    _ => format!("Status {}.", api.status),
                });
        }
        let (status, title) = match error {
            ClientError::Throttled { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "This has to wait a little")
            }
            ClientError::InvalidRequest(invalid) => {
                return Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "This cannot be sent to Meta",
                    capitalised(&invalid.to_string()),
                )
                .and(advice);
            }
            _ => (StatusCode::BAD_GATEWAY, "Meta cannot be reached just now"),
        };
        Self::new(status, title, advice).and("Nothing that was measured is lost.")
    }
}

/// What to do about a permission that was not given.
pub(crate) fn missing_scope(scope: &Scope) -> String {
    format!(
        "The account was connected without the permission `{scope}`, which replies need, and every part of a thread after the first is one. Connect the account again and allow it."
    )
}

/// What to tell a person; these pages are in English.
pub(crate) fn sentence(advice: &Advice) -> &'static str {
    advice.sentence(Language::English)
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

/// A sentence from an error text: capital letter, full stop.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return String::new();
    };
    let rest = characters.as_str();
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{rest}{stop}", first.to_uppercase())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use threads_client::{Draft, HeldBack};

    use super::*;

    #[test]
    fn what_was_held_back_here_is_not_told_as_a_failure_of_meta() {
        let held = ClientError::Throttled {
            endpoint: "GET /me".into(),
            reason: HeldBack::Usage,
            retry_after: Duration::from_secs(7),
        };
        let problem = Problem::from(&held);

        assert_eq!(problem.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(problem.title, "This has to wait a little");
    }

    #[test]
    fn a_request_that_cannot_be_right_is_told_with_what_is_wrong() {
        let refused = Draft::text("x".repeat(600)).validate().unwrap_err();
        let problem = Problem::from(&ClientError::from(refused));

        assert_eq!(problem.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(problem.paragraphs[0].contains("`text`"), "{problem:?}");
    }
}
