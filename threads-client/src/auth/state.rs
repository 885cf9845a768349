//! The random value that ties a redirect to the session that started it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// The `state` of a login: 256 random bits that must come back with the redirect.
///
/// ```
/// use threads_client::CsrfState;
///
/// let kept = CsrfState::from_stored("kM4x".to_owned());
///
/// assert!(kept.matches("kM4x") && !kept.matches("another"));
/// assert_eq!(kept.expose(), "kM4x");
/// assert_eq!(format!("{kept:?}"), "CsrfState([redacted])");
/// ```
#[derive(Clone)]
pub struct CsrfState(Zeroizing<String>);

impl CsrfState {
    pub(super) fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|_| Error::invalid("state", "this machine has no source of randomness"))?;
        Ok(Self(Zeroizing::new(
            URL_SAFE_NO_PAD.encode(bytes.as_slice()),
        )))
    }

    /// A state that was kept with a session, or came back with a redirect.
    pub fn from_stored(state: String) -> Self {
        Self(Zeroizing::new(state))
    }

    /// The state itself, to keep it with a session.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether another state is the same one; takes equally long wherever the two differ.
    ///
    /// An empty state matches nothing, not even itself.
    pub fn matches(&self, other: &str) -> bool {
        crate::signature::same_secret(&self.0, other)
    }
}

impl fmt::Debug for CsrfState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CsrfState([redacted])")
    }
}
