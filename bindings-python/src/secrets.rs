//! Tokens, secrets and codes: shown as a placeholder, never pickled.

use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use threads_client::{AccessToken, AppSecret, AuthorizationCode, CsrfState, TokenGrant};

use crate::models::ToPython;
use crate::runtime::guard;

/// A refusal to become bytes that outlive the process unseen.
fn not_picklable(class: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "cannot pickle {class}: it is secret; keep what `expose()` gives in a safe place"
    ))
}

/// Declares a secret's class and the argument that takes it, or the same as `str`.
macro_rules! secret_class {
    ($(#[$attribute:meta])* $class:ident, $name:literal, $argument:ident, $kind:ident) => {
        $(#[$attribute])*
        #[pyclass(frozen, name = $name, module = "threads_monitor")]
        pub(crate) struct $class($kind);

        #[pymethods]
        impl $class {
            #[new]
            fn new(text: String) -> PyResult<Self> {
                guard(|| Ok(Self($kind::new(text))))
            }

            /// The secret itself; keep it out of logs, errors and addresses.
            fn expose(&self) -> PyResult<&str> {
                guard(|| Ok(self.0.expose()))
            }

            fn __repr__(&self) -> PyResult<String> {
                guard(|| Ok(format!("{:?}", self.0)))
            }

            fn __reduce__(&self) -> PyResult<()> {
                guard(|| Err(not_picklable($name)))
            }
        }

        impl ToPython for $kind {
            fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(Bound::new(py, $class(self.clone()))?.into_any())
            }
        }

        /// The secret as an argument: its class, or a `str`.
        #[derive(Clone)]
        pub(crate) struct $argument(pub(crate) $kind);

        impl<'py> FromPyObject<'_, 'py> for $argument {
            type Error = PyErr;

            fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
                if let Ok(secret) = object.cast::<$class>() {
                    return Ok(Self(secret.get().0.clone()));
                }
                // The message must not show what was passed.
                let text: String = object
                    .extract()
                    .map_err(|_| PyTypeError::new_err(concat!("expected a str or ", $name)))?;
                Ok(Self($kind::new(text)))
            }
        }
    };
}

secret_class! {
    /// An access token, short-lived or long-lived.
    PyAccessToken, "AccessToken", AccessTokenArgument, AccessToken
}

secret_class! {
    /// The secret of the Threads app (not of the Meta app around it).
    PyAppSecret, "AppSecret", AppSecretArgument, AppSecret
}

secret_class! {
    /// The one-time code of an authorization redirect; it lives one hour.
    PyAuthorizationCode, "AuthorizationCode", AuthorizationCodeArgument, AuthorizationCode
}

/// The random value that ties a redirect to the session that started it.
#[pyclass(frozen, name = "CsrfState", module = "threads_monitor")]
pub(crate) struct PyCsrfState(pub(crate) CsrfState);

#[pymethods]
impl PyCsrfState {
    #[new]
    fn new(stored: String) -> PyResult<Self> {
        guard(|| Ok(Self(CsrfState::from_stored(stored))))
    }

    /// The state itself, to keep it with a session.
    fn expose(&self) -> PyResult<&str> {
        guard(|| Ok(self.0.expose()))
    }

    /// Whether another state is the same one; takes equally long for all of one length.
    fn matches(&self, other: &str) -> PyResult<bool> {
        guard(|| Ok(self.0.matches(other)))
    }

    fn __repr__(&self) -> PyResult<String> {
        guard(|| Ok(format!("{:?}", self.0)))
    }

    fn __reduce__(&self) -> PyResult<()> {
        guard(|| Err(not_picklable("CsrfState")))
    }
}

/// A token as Meta hands it out.
#[pyclass(frozen, name = "TokenGrant", module = "threads_monitor")]
pub(crate) struct PyTokenGrant(pub(crate) TokenGrant);

#[pymethods]
impl PyTokenGrant {
    #[new]
    #[pyo3(signature = (access_token, *, expires_in=None, token_type=None, user_id=None))]
    fn new(
        access_token: AccessTokenArgument,
        expires_in: Option<Duration>,
        token_type: Option<String>,
        user_id: Option<String>,
    ) -> PyResult<Self> {
        guard(|| {
            let mut grant = TokenGrant::new(access_token.0);
            grant.expires_in = expires_in;
            grant.token_type = token_type;
            grant.user_id = user_id.map(Into::into);
            Ok(Self(grant))
        })
    }

    /// The token.
    #[getter]
    fn access_token<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| self.0.access_token.to_python(py))
    }

    /// How long it lives from the moment of the answer, where Meta says so.
    #[getter]
    fn expires_in(&self) -> PyResult<Option<Duration>> {
        guard(|| Ok(self.0.expires_in))
    }

    /// Usually ``"bearer"``; older answers lack it.
    #[getter]
    fn token_type(&self) -> PyResult<Option<&str>> {
        guard(|| Ok(self.0.token_type.as_deref()))
    }

    /// Whose token it is; only the exchange of a code tells.
    #[getter]
    fn user_id(&self) -> PyResult<Option<&str>> {
        guard(|| Ok(self.0.user_id.as_ref().map(threads_client::UserId::as_str)))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| {
            let shown = |value: Bound<'_, PyAny>| value.repr().map(|text| text.to_string());
            let expires_in = shown(self.0.expires_in.to_python(py)?)?;
            let token_type = shown(self.0.token_type.to_python(py)?)?;
            let user_id = shown(self.0.user_id.to_python(py)?)?;
            Ok(format!(
                "TokenGrant({:?}, expires_in={expires_in}, token_type={token_type}, \
                 user_id={user_id})",
                self.0.access_token
            ))
        })
    }

    fn __reduce__(&self) -> PyResult<()> {
        guard(|| Err(not_picklable("TokenGrant")))
    }
}

impl ToPython for TokenGrant {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, PyTokenGrant(self.clone()))?.into_any())
    }
}
