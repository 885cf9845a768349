//! What the answer of a publish call proves.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use threads_client::{ApiError, Error, PostId, Refusal};

/// What an answer to a publish call means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Published, under this media id.
    Published(PostId),
    /// Not one byte of the request left this machine.
    NotSent {
        /// Why not.
        why: String,
        /// When it is worth trying again, if that is known.
        retry_after: Option<Duration>,
    },
    /// Refused before any effect.
    Rejected {
        /// In Meta's words.
        why: String,
        /// What to do about it.
        remedy: Remedy,
    },
    /// It proves nothing: the post may be live, may become live, or not.
    Unknown {
        /// What the answer was.
        why: String,
    },
}

/// What helps after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remedy {
    /// The container is not there, or not there yet.
    NewContainer,
    /// Nothing: the post itself is refused.
    Nothing,
    /// The account has to be connected again.
    Reconnect,
    /// A scope or a permission is missing.
    Permission,
    /// Wait for the publishing quota.
    Quota,
    /// Meta restricts the account.
    Restricted,
}

/// Reads the result of one publish call.
pub fn classify(result: Result<PostId, Error>) -> Answer {
    let error = match result {
        Ok(id) => return Answer::Published(id),
        Err(error) => error,
    };
    let why = error.to_string();
    match &error {
        Error::Api(api) => match remedy(api) {
            Some(remedy) => Answer::Rejected { why, remedy },
            None => Answer::Unknown { why },
        },
        // Refused by our own client before sending.
        Error::InvalidRequest(_) => Answer::Rejected {
            why,
            remedy: Remedy::Nothing,
        },
        Error::Transport(transport) if transport.is_connect() => Answer::NotSent {
            why,
            retry_after: None,
        },
        // Held back by our own client, to keep to a limit or because Meta fails.
        Error::Throttled { retry_after, .. } => Answer::NotSent {
            why,
            retry_after: Some(*retry_after),
        },
        _ => Answer::Unknown { why },
    }
}

/// What helps after a refusal; none if the answer does not prove one.
fn remedy(api: &ApiError) -> Option<Remedy> {
    match api.refusal()? {
        Refusal::ContainerNotThere => Some(Remedy::NewContainer),
        Refusal::QuotaUsedUp => Some(Remedy::Quota),
        Refusal::Unauthenticated => Some(Remedy::Reconnect),
        Refusal::PermissionDenied => Some(Remedy::Permission),
        Refusal::AccountRestricted => Some(Remedy::Restricted),
        Refusal::InvalidParameter => Some(Remedy::Nothing),
        // A proof that this version has no remedy for is handled as if it proved nothing.
        _ => None,
    }
}
