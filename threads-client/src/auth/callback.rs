//! What the browser brings back.

use url::{Url, form_urlencoded};

use super::CsrfState;
use crate::http::redact;
use crate::{AuthorizationCode, Error, Result};

/// What the browser brings back from the authorization page.
///
/// ```
/// use threads_client::{AuthorizationResponse, CsrfState};
///
/// let kept = CsrfState::from_stored("kM4x".to_owned());
/// let granted = AuthorizationResponse::from_query("?code=AQB1&state=kM4x")?;
/// assert_eq!(granted.code_for(&kept)?.expose(), "AQB1");
///
/// let pasted = "https://app.example/callback?error=access_denied&error_reason=user_denied".parse()?;
/// match AuthorizationResponse::from_url(&pasted)? {
///     AuthorizationResponse::Denied { error, .. } => assert_eq!(error, "access_denied"),
///     other => println!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AuthorizationResponse {
    /// The user agreed.
    Granted {
        /// To be exchanged for a token.
        code: AuthorizationCode,
        /// To be compared with the one that was sent.
        state: CsrfState,
    },
    /// The user, or Meta, refused. The texts come from the address bar: show them as text only.
    Denied {
        /// Such as `access_denied`.
        error: String,
        /// Such as `user_denied`.
        reason: Option<String>,
        /// Text for people.
        description: Option<String>,
        /// To be compared with the one that was sent.
        state: Option<CsrfState>,
    },
}

impl AuthorizationResponse {
    /// Reads the query of the redirect, with or without the leading `?`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if there is neither an error nor both a code and a state, or if one of them
    /// comes twice.
    pub fn from_query(query: &str) -> Result<Self> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let query = query.split('#').next().unwrap_or_default();
        let state = parameter(query, "state")?.map(CsrfState::from_stored);
        let text =
            |name| Ok::<_, Error>(parameter(query, name)?.map(|text| redact::clean(&text, &[])));
        if let Some(error) = text("error")? {
            let (reason, description) = (text("error_reason")?, text("error_description")?);
            return Ok(Self::Denied {
                error,
                reason,
                description,
                state,
            });
        }
        let code = parameter(query, "code")?
            .map(AuthorizationCode::new)
            .filter(|code| !code.expose().is_empty())
            .ok_or_else(|| Error::invalid("code", "is missing"))?;
        let state = state.ok_or_else(|| Error::invalid("state", "is missing"))?;
        Ok(Self::Granted { code, state })
    }

    /// Reads the whole address of the redirect, such as a user pastes it.
    ///
    /// # Errors
    ///
    /// Those of [`from_query`](Self::from_query).
    pub fn from_url(url: &Url) -> Result<Self> {
        Self::from_query(url.query().unwrap_or_default())
    }

    /// The code, if the user agreed and the state is the expected one.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the state differs, which means that somebody else started this login, or
    /// if the user refused.
    pub fn code_for(self, expected: &CsrfState) -> Result<AuthorizationCode> {
        match self {
            Self::Granted { code, state } if expected.matches(state.expose()) => Ok(code),
            Self::Granted { .. } => Err(Error::invalid(
                "state",
                "is not the one this login was started with",
            )),
            Self::Denied { .. } => Err(Error::invalid("code", "the authorization was refused")),
        }
    }
}

/// The value of a parameter that comes at most once; an empty one counts as missing.
fn parameter(query: &str, name: &'static str) -> Result<Option<String>> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next();
    if values.next().is_some() {
        return Err(Error::invalid(name, "comes more than once"));
    }
    Ok(value
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty()))
}
