//! Failures as exceptions of `threads_monitor.errors`: the whole mapping.

use std::error::Error as StdError;

use pyo3::prelude::*;
use threads_client::{
    Action, Advice, ApiError, ApiErrorKind, DraftError, Error as ClientError, HeldBack, Language,
};
use threads_monitor::{MonitorError, StoreError};

use crate::models::ToPython;

/// A failure that becomes an exception.
pub(crate) trait ToException {
    /// The exception.
    fn to_exception(&self, py: Python<'_>) -> PyErr;
}

/// An exception in the making.
struct Exception<'py>(PyResult<Bound<'py, PyAny>>);

impl<'py> Exception<'py> {
    fn new(py: Python<'py>, class: &str, message: &str) -> Self {
        Self(
            py.import("threads_monitor.errors")
                .and_then(|module| module.getattr(class))
                .and_then(|class| class.call1((message,))),
        )
    }

    fn with(self, name: &str, value: &dyn ToPython) -> Self {
        Self(self.0.and_then(|instance| {
            instance.setattr(name, value.to_python(instance.py())?)?;
            Ok(instance)
        }))
    }

    fn with_advice(self, advice: &Advice) -> Self {
        let scope = match advice.action() {
            Action::AskForScope(scope) => scope.as_ref(),
            _ => None,
        };
        self.with("action", &advice.action().name())
            .with("scope", &scope)
            .with("_english", &advice.sentence(Language::English))
            .with("_indonesian", &advice.sentence(Language::Indonesian))
    }

    fn finish(self) -> PyErr {
        match self.0 {
            Ok(instance) => PyErr::from_value(instance),
            Err(error) => error,
        }
    }
}

/// A request that cannot work, as found here.
pub(crate) fn invalid(py: Python<'_>, field: &str, reason: &str) -> PyErr {
    Exception::new(
        py,
        "InvalidRequestError",
        &format!("invalid `{field}`: {reason}"),
    )
    .with("field", &field)
    .finish()
}

/// The same, with a reason that needs no words around it.
pub(crate) fn refused(py: Python<'_>, field: &str, reason: &str) -> PyErr {
    Exception::new(py, "InvalidRequestError", reason)
        .with("field", &field)
        .finish()
}

/// A defect of ours. The text of a panic is not repeated: it was written for developers.
pub(crate) fn internal() -> PyErr {
    simple(
        "ThreadsInternalError",
        "a defect of threads_monitor: the operation panicked; details are on standard error",
    )
}

/// The refusal in a forked child.
pub(crate) fn forked() -> PyErr {
    simple(
        "ForkedProcessError",
        "threads_monitor was in use when this process was forked: start processes with `spawn` \
         or `forkserver`, or call threads_monitor only after the fork",
    )
}

fn simple(class: &'static str, message: &'static str) -> PyErr {
    Python::try_attach(|py| Exception::new(py, class, message).finish())
        .unwrap_or_else(|| pyo3::exceptions::PyRuntimeError::new_err(message))
}

/// An error's text with those of its causes.
fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

impl ToException for ClientError {
    fn to_exception(&self, py: Python<'_>) -> PyErr {
        client(py, self, &with_causes(self)).finish()
    }
}

fn client<'py>(py: Python<'py>, error: &ClientError, message: &str) -> Exception<'py> {
    let exception = match error {
        ClientError::Api(error) => api(py, error, message),
        ClientError::Timeout { .. } => Exception::new(py, "APITimeoutError", message),
        ClientError::Transport(_) => Exception::new(py, "APIConnectionError", message),
        ClientError::Decode { .. } => Exception::new(py, "APIResponseError", message),
        ClientError::InvalidRequest(invalid) => Exception::new(py, "InvalidRequestError", message)
            .with("field", &invalid.field.as_deref()),
        ClientError::Container(container) => Exception::new(py, "ContainerError", message)
            .with("container_status", &container.status),
        ClientError::Publish(error) => client(py, &error.source, message),
        ClientError::PageLimit { .. } => Exception::new(py, "PageLimitError", message),
        ClientError::Throttled {
            reason,
            retry_after,
            ..
        } => Exception::new(py, "ThrottledError", message)
            .with("reason", &held_back(*reason))
            .with("retry_after", retry_after),
        _ => Exception::new(py, "ThreadsError", message),
    };
    exception
        .with("retryable", &error.is_retryable())
        .with("container_id", &error.container())
        .with_advice(&error.advice())
}

fn held_back(reason: HeldBack) -> &'static str {
    match reason {
        HeldBack::Usage => "usage",
        HeldBack::Asked => "asked",
        HeldBack::Quota(_) => "quota",
        HeldBack::Outage => "outage",
        _ => "other",
    }
}

fn api<'py>(py: Python<'py>, error: &ApiError, message: &str) -> Exception<'py> {
    let class = match error.kind {
        ApiErrorKind::Unauthenticated => "AuthenticationError",
        ApiErrorKind::PermissionDenied => "PermissionDeniedError",
        ApiErrorKind::RateLimited => "RateLimitError",
        ApiErrorKind::NotFound => "NotFoundError",
        ApiErrorKind::InvalidParameter => "InvalidParameterError",
        ApiErrorKind::Transient => "ServerError",
        _ => "APIStatusError",
    };
    let exception = Exception::new(py, class, message)
        .with("status", &error.status)
        .with("code", &error.code)
        .with("subcode", &error.subcode)
        .with("trace_id", &error.trace_id);
    if error.kind == ApiErrorKind::RateLimited {
        exception.with("retry_after", &error.retry_after)
    } else {
        exception
    }
}

impl ToException for DraftError {
    fn to_exception(&self, py: Python<'_>) -> PyErr {
        ClientError::from(self.clone()).to_exception(py)
    }
}

impl ToException for StoreError {
    fn to_exception(&self, py: Python<'_>) -> PyErr {
        Exception::new(py, "StoreError", &with_causes(self)).finish()
    }
}

impl ToException for MonitorError {
    fn to_exception(&self, py: Python<'_>) -> PyErr {
        let class = match self {
            Self::Client(error) => return error.to_exception(py),
            Self::Store(error) => return error.to_exception(py),
            Self::Draft(error) => return error.to_exception(py),
            Self::ChainPart { part, source } => {
                return client(py, &ClientError::from(source.clone()), &with_causes(self))
                    .with("part", part)
                    .finish();
            }
            Self::MissingScope { scope, .. } => {
                let advice = Advice::of_kind(ApiErrorKind::PermissionDenied);
                return Exception::new(py, "MissingScopeError", &with_causes(self))
                    .with_advice(&advice)
                    .with("action", &"ask_for_scope")
                    .with("scope", scope)
                    .finish();
            }
            Self::Repeat(reason) => return refused(py, "repeat", &reason.to_string()),
            Self::Plan(reason) => return refused(py, "plan", &reason.to_string()),
            Self::Table(reason) => return refused(py, "table", &reason.to_string()),
            Self::Warned { warnings } => {
                return Exception::new(py, "WarnedError", &with_causes(self))
                    .with("warnings", warnings)
                    .finish();
            }
            Self::QueueFull { .. } => "QueueFullError",
            Self::NotConnected { .. } => "NotConnectedError",
            Self::TokenExpired { .. } => {
                let advice = Advice::of_kind(ApiErrorKind::Unauthenticated);
                return Exception::new(py, "TokenExpiredError", &with_causes(self))
                    .with_advice(&advice)
                    .finish();
            }
            Self::AccountMismatch { .. } => "AccountMismatchError",
            Self::NoSuchPost { .. }
            | Self::NoSuchPlan { .. }
            | Self::PostState { .. }
            | Self::NotSchedulable { .. } => "PostStateError",
            _ => "MonitorError",
        };
        Exception::new(py, class, &with_causes(self)).finish()
    }
}
