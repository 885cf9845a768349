//! The request by which Meta asks whether a callback address is ours.

use std::fmt;
use std::sync::Arc;

use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::signature::same_secret;
use crate::{CallbackError, Result};

/// Meta sends a number; longer ones than this are not Meta's.
const LONGEST_CHALLENGE: usize = 64;

/// The text that was entered in the app's dashboard together with the callback address.
///
/// `Debug` prints a placeholder.
///
/// ```
/// use threads_client::VerifyToken;
///
/// let token = VerifyToken::new("harbour");
/// assert_eq!(format!("{token:?}"), "VerifyToken([redacted])");
/// assert!(token.challenge("hub.mode=subscribe").is_err());
/// ```
#[derive(Clone)]
pub struct VerifyToken(Arc<Zeroizing<String>>);

impl VerifyToken {
    /// Wraps a verify token. An empty one matches nothing.
    pub fn new(token: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(token.into())))
    }

    /// The challenge to answer with, if Meta asks with this token whether the callback address is ours.
    ///
    /// Takes the query of the `GET` request, with or without the leading `?`. Answer with status 200, the
    /// challenge as the whole body, and `Content-Type: text/plain`. It consists of digits, so it means
    /// nothing to a browser.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/graph-api/webhooks/getting-started).
    ///
    /// ```
    /// use threads_client::VerifyToken;
    ///
    /// let token = VerifyToken::new("harbour");
    /// let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=harbour";
    ///
    /// assert_eq!(token.challenge(query)?, "1158201444");
    /// # Ok::<(), threads_client::CallbackError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallbackError::Subscription`] if the mode is not `subscribe`, the token is another one, the
    /// challenge is not a number, or one of them is missing or comes twice. Answer with status 403.
    pub fn challenge(&self, query: &str) -> Result<String, CallbackError> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let mode = parameter(query, "hub.mode")?;
        let token = Zeroizing::new(parameter(query, "hub.verify_token")?);
        let challenge = parameter(query, "hub.challenge")?;
        if mode != "subscribe" {
            return Err(refusal("hub.mode", "is not `subscribe`"));
        }
        if !same_secret(&self.0, &token) {
            return Err(refusal("hub.verify_token", "is not ours"));
        }
        let is_number = (1..=LONGEST_CHALLENGE).contains(&challenge.len())
            && challenge.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            Ok(challenge)
        } else {
            Err(refusal("hub.challenge", "is not a number"))
        }
    }
}

impl fmt::Debug for VerifyToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerifyToken([redacted])")
    }
}

fn refusal(parameter: &'static str, rule: &'static str) -> CallbackError {
    CallbackError::Subscription { parameter, rule }
}

/// The value of a parameter that comes exactly once.
fn parameter(query: &str, name: &'static str) -> Result<String, CallbackError> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next().ok_or(refusal(name, "is missing"))?;
    if values.next().is_some() {
        return Err(refusal(name, "comes more than once"));
    }
    Ok(value.1.into_owned())
}
