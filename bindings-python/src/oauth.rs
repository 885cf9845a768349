//! Connecting accounts to an app.

use std::future::Future;

use pyo3::prelude::*;
use threads_client::{AuthorizationResponse, OAuthClient, Result as ClientResult, Scope};

use crate::arguments::{Texts, url};
use crate::call::Call;
use crate::error::ToException;
use crate::models::ToPython;
use crate::runtime::guard;
use crate::secrets::{
    AccessTokenArgument, AppSecretArgument, AuthorizationCodeArgument, PyCsrfState,
};

/// The client beneath `OAuthClient` and `AsyncOAuthClient`.
#[pyclass(frozen, name = "OAuthClient", module = "threads_monitor._native")]
pub(crate) struct PyOAuthClient(OAuthClient);

impl PyOAuthClient {
    fn call<T, W, F>(&self, work: W) -> PyResult<Call>
    where
        T: ToPython + Send + 'static,
        W: FnOnce(OAuthClient) -> F,
        F: Future<Output = ClientResult<T>> + Send + 'static,
    {
        guard(|| Ok(Call::new(work(self.0.clone()))))
    }
}

#[pymethods]
impl PyOAuthClient {
    #[new]
    fn new(
        py: Python<'_>,
        app_id: String,
        app_secret: AppSecretArgument,
        redirect_uri: &str,
        base_url: Option<&str>,
        authorize_base: Option<&str>,
    ) -> PyResult<Self> {
        guard(|| {
            let redirect_uri = url(py, "redirect_uri", redirect_uri)?;
            let mut builder = OAuthClient::builder(app_id, app_secret.0, redirect_uri);
            if let Some(base_url) = base_url {
                builder = builder.base_url(url(py, "base_url", base_url)?);
            }
            if let Some(page) = authorize_base {
                builder = builder.authorize_base(url(py, "authorize_base", page)?);
            }
            builder
                .build()
                .map(Self)
                .map_err(|error| error.to_exception(py))
        })
    }

    /// The page where a user grants scopes, and the state that must come back from it.
    fn authorize_url(&self, py: Python<'_>, scopes: Texts) -> PyResult<(String, PyCsrfState)> {
        guard(|| {
            let scopes: Vec<Scope> = scopes.names();
            let (url, state) = self
                .0
                .authorize_url(&scopes)
                .map_err(|error| error.to_exception(py))?;
            Ok((url.into(), PyCsrfState(state)))
        })
    }

    fn exchange_code(&self, code: AuthorizationCodeArgument) -> PyResult<Call> {
        self.call(|oauth| async move { oauth.exchange_code(&code.0).await })
    }

    fn exchange_long_lived(&self, short_lived: AccessTokenArgument) -> PyResult<Call> {
        self.call(|oauth| async move { oauth.exchange_long_lived(&short_lived.0).await })
    }

    fn refresh(&self, long_lived: AccessTokenArgument) -> PyResult<Call> {
        self.call(|oauth| async move { oauth.refresh(&long_lived.0).await })
    }

    fn app_token(&self) -> PyResult<Call> {
        self.call(|oauth| async move { oauth.app_token().await })
    }

    fn debug_token(
        &self,
        token: AccessTokenArgument,
        caller: AccessTokenArgument,
    ) -> PyResult<Call> {
        self.call(|oauth| async move { oauth.debug_token(&token.0, &caller.0).await })
    }

    fn __repr__(&self) -> PyResult<String> {
        guard(|| Ok(format!("{:?}", self.0)))
    }
}

/// What the browser brings back from the authorization page.
#[pyclass(frozen, name = "AuthorizationResponse", module = "threads_monitor")]
pub(crate) struct PyAuthorizationResponse(AuthorizationResponse);

#[pymethods]
impl PyAuthorizationResponse {
    /// Reads the whole address of the redirect.
    #[staticmethod]
    fn from_url(py: Python<'_>, url: &str) -> PyResult<Self> {
        guard(|| {
            let url = self::url(py, "url", url)?;
            AuthorizationResponse::from_url(&url)
                .map(Self)
                .map_err(|error| error.to_exception(py))
        })
    }

    /// Reads the query of the redirect, with or without the leading `?`.
    #[staticmethod]
    fn from_query(py: Python<'_>, query: &str) -> PyResult<Self> {
        guard(|| {
            AuthorizationResponse::from_query(query)
                .map(Self)
                .map_err(|error| error.to_exception(py))
        })
    }

    /// Such as ``"access_denied"``, if the user, or Meta, refused.
    #[getter]
    fn error(&self) -> PyResult<Option<&str>> {
        guard(|| {
            Ok(match &self.0 {
                AuthorizationResponse::Denied { error, .. } => Some(error.as_str()),
                _ => None,
            })
        })
    }

    /// The code, if the user agreed and the state is the expected one.
    fn code_for<'py>(
        &self,
        py: Python<'py>,
        expected: &PyCsrfState,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let code = self.0.clone().code_for(&expected.0);
            code.map_err(|error| error.to_exception(py))?.to_python(py)
        })
    }

    fn __repr__(&self) -> PyResult<String> {
        guard(|| Ok(format!("{:?}", self.0)))
    }
}
