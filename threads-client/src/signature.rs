//! What webhooks and signed requests have in common: HMAC-SHA256 under one of the secrets of an app.
//!
//! An app has two secrets, that of the Threads app and that of the Meta app around it, and Meta does not say
//! which of them signs what it sends on behalf of Threads. So either is accepted, where both are given.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::error::DecodeFailure;
use crate::{AppSecret, Error, Result};

/// Why something that was sent to a callback address is not believed.
///
/// No variant holds a secret, a signature or the content that was sent.
///
/// ```
/// use threads_client::{AppSecret, CallbackError, WebhookVerifier};
///
/// let verifier = WebhookVerifier::new(AppSecret::new("secret of the Threads app"))?;
/// let refused = verifier.verify(b"{}", None);
///
/// assert_eq!(refused, Err(CallbackError::SignatureMissing));
/// assert_eq!(refused.map_err(|error| error.status()), Err(403));
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// It is larger than anything Meta sends, and was not looked at.
    #[error("more than {limit} bytes were sent")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// It carries no signature.
    #[error("the signature is missing")]
    SignatureMissing,
    /// The signature is not written the way Meta writes it.
    #[error("the signature is not written the way Meta writes it")]
    SignatureMalformed,
    /// The signature was made with another secret, or for other content.
    #[error("the signature fits none of the secrets")]
    SignatureMismatch,
    /// It is signed, but says that another algorithm than HMAC-SHA256 was used, or none.
    #[error("the algorithm is not HMAC-SHA256")]
    Algorithm,
    /// A request to verify a callback address is not from somebody who knows the verify token.
    #[error("invalid `{parameter}`: {rule}")]
    Subscription {
        /// Which parameter of the query is wrong.
        parameter: &'static str,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// A field of the form is missing, or comes more than once.
    #[error("invalid `{field}`: {rule}")]
    Form {
        /// Which field of the form is wrong.
        field: &'static str,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The signature is right, but the content is not what Meta documents.
    #[error("could not decode what was sent at `{path}`")]
    Payload {
        /// Where in the JSON document, such as `values.field`.
        path: String,
        /// In what way it is not what was expected.
        source: DecodeFailure,
    },
}

impl CallbackError {
    /// The HTTP status to answer with: 400, 403 or 413.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } => 413,
            Self::Form { .. } | Self::Payload { .. } => 400,
            Self::SignatureMissing
            | Self::SignatureMalformed
            | Self::SignatureMismatch
            | Self::Algorithm
            | Self::Subscription { .. } => 403,
        }
    }
}

/// One or two secrets, each of which can sign.
#[derive(Debug, Clone)]
pub(crate) struct SigningSecrets {
    first: AppSecret,
    second: Option<AppSecret>,
}

impl SigningSecrets {
    pub(crate) fn new(secret: AppSecret) -> Result<Self> {
        Ok(Self {
            first: usable(secret)?,
            second: None,
        })
    }

    pub(crate) fn or(mut self, secret: AppSecret) -> Result<Self> {
        if self.second.is_some() {
            return Err(Error::invalid("app_secret", "an app has two secrets"));
        }
        self.second = Some(usable(secret)?);
        Ok(self)
    }

    /// Whether the signature was made for this message with one of the secrets.
    ///
    /// Both are tried in any case, and each comparison takes equally long wherever the signatures differ.
    pub(crate) fn have_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let by_first = has_signed(&self.first, message, signature);
        let by_second = self
            .second
            .as_ref()
            .is_some_and(|secret| has_signed(secret, message, signature));
        by_first | by_second
    }
}

/// Anybody can sign with an empty secret, which is what an unset variable reads as.
fn usable(secret: AppSecret) -> Result<AppSecret> {
    if secret.expose().is_empty() {
        return Err(Error::invalid("app_secret", "must not be empty"));
    }
    Ok(secret)
}

fn has_signed(secret: &AppSecret, message: &[u8], signature: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok())
}

/// Whether two texts are the same; the time it takes says nothing about where they differ or how long they are.
///
/// An empty text matches nothing, not even itself.
pub(crate) fn same_secret(ours: &str, theirs: &str) -> bool {
    let (our_hash, their_hash) = (Sha256::digest(ours), Sha256::digest(theirs));
    let difference = our_hash
        .iter()
        .zip(their_hash.iter())
        .fold(0, |difference, (our, their)| difference | (our ^ their));
    std::hint::black_box(difference) == 0 && !ours.is_empty()
}

/// A hash over parts that can hold anything: each is preceded by its length.
pub(crate) fn hash_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Lower-case hexadecimal digits.
pub(crate) fn write_hex(bytes: &[u8], formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    bytes
        .iter()
        .try_for_each(|byte| write!(formatter, "{byte:02x}"))
}
