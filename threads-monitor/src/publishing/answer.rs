//! What the answer of a publish call proves.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use threads_client::{ApiError, Error, PostId};

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

/// The refusals that prove "no effect". Everything that is not listed proves nothing.
///
/// This is data on purpose: it rests on few observations, and a contradiction (a
/// refused post found live) means that its line has to go.
const REFUSALS: &[Refusal] = &[
    refusal(24, Some(4_279_009), Remedy::NewContainer),
    refusal(9, Some(2_207_042), Remedy::Quota),
    refusal(102, None, Remedy::Reconnect),
    refusal(190, None, Remedy::Reconnect),
    refusal(10, None, Remedy::Permission),
    refusal(100, Some(4_279_013), Remedy::Restricted),
    refusal(100, None, Remedy::Nothing),
];

/// Permission errors fill a whole range of codes.
const PERMISSION_CODES: std::ops::RangeInclusive<i64> = 200..=299;

/// Code 100 with this subcode says "does not exist or not supported", which a
/// container that was just published may answer too.
const DOES_NOT_EXIST: (i64, i64) = (100, 33);

struct Refusal {
    code: i64,
    /// `None` matches every subcode.
    subcode: Option<i64>,
    remedy: Remedy,
}

const fn refusal(code: i64, subcode: Option<i64>, remedy: Remedy) -> Refusal {
    Refusal {
        code,
        subcode,
        remedy,
    }
}

/// Reads the result of one publish call.
pub fn classify(result: Result<PostId, Error>) -> Answer {
    let error = match result {
        Ok(id) => return Answer::Published(id),
        Err(error) => error,
    };
    let why = error.to_string();
    match &error {
        Error::Api(api) => match refused(api) {
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

fn refused(api: &ApiError) -> Option<Remedy> {
    // A gateway's timeout, a conflict or a throttle may come after the effect.
    let before_effect = (400..500).contains(&api.status)
        && !matches!(api.status, 408 | 409 | 425 | 429)
        && api.is_transient != Some(true);
    let code = api.code?;
    if !before_effect || api.subcode.map(|subcode| (code, subcode)) == Some(DOES_NOT_EXIST) {
        return None;
    }
    if PERMISSION_CODES.contains(&code) {
        return Some(Remedy::Permission);
    }
    REFUSALS
        .iter()
        .find(|refusal| {
            refusal.code == code && (refusal.subcode.is_none() || refusal.subcode == api.subcode)
        })
        .map(|refusal| refusal.remedy)
}
