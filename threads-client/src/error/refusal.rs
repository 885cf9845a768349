//! Which answers prove that a publication had no effect.

use super::ApiError;

/// Why Meta refused a publication before it had any effect.
///
/// See [`ApiError::refusal`].
///
/// ```
/// use threads_client::{ApiError, Refusal};
///
/// let body = br#"{"error": {"message": "", "code": 24, "error_subcode": 4279009}}"#;
/// match ApiError::from_response(400, body).refusal() {
///     Some(Refusal::ContainerNotThere) => println!("make a new container"),
///     Some(refusal) => println!("nothing was published: {refusal:?}"),
///     None => println!("look for the post before publishing again"),
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such container, or not yet: `24/4279009`.
    ContainerNotThere,
    /// The publishing quota is used up: `9/2207042`.
    QuotaUsedUp,
    /// The token is no good: `190`, whatever the subcode.
    Unauthenticated,
    /// A permission is missing: `10` and `200` to `299`.
    PermissionDenied,
    /// Meta restricts the account: `100/4279013`.
    AccountRestricted,
    /// Something about the post is wrong: `100`, as far as it does not say that something is missing.
    InvalidParameter,
}

impl ApiError {
    /// What this answer proves if it came to a publication, a repost, or a container that publishes itself.
    ///
    /// `Some` means that nothing was published and nothing of the call will be. `None` means that the answer
    /// proves nothing: look for the post before anything is sent again. A throttle (`4/2207051`) has been
    /// reported for posts that were live, and nothing says that Meta's failures, blocks (`368`) and "duplicate
    /// post" (`506`) come before the effect.
    ///
    /// Only what is listed here is a proof. The list rests on few observations, and one post that is found
    /// live after such an answer takes its line away.
    ///
    /// ```
    /// use threads_client::{ApiError, Refusal};
    ///
    /// let body = br#"{"error": {"message": "Invalid OAuth access token", "code": 190}}"#;
    /// let expired = ApiError::from_response(401, body);
    /// assert_eq!(expired.refusal(), Some(Refusal::Unauthenticated));
    ///
    /// let throttled = ApiError::from_response(400, br#"{"error": {"message": "", "code": 4}}"#);
    /// assert_eq!(throttled.refusal(), None);
    /// ```
    pub fn refusal(&self) -> Option<Refusal> {
        if self.is_transient == Some(true) {
            return None;
        }
        of(self.status, self.code?, self.subcode, &self.message)
    }
}

/// The same for an answer of which only this much was kept.
pub(super) fn of(status: u16, code: i64, subcode: Option<i64>, message: &str) -> Option<Refusal> {
    // A gateway's timeout, a conflict or a throttle may come after the effect.
    if !(400..500).contains(&status) || matches!(status, 408 | 409 | 425 | 429) {
        return None;
    }
    // Reported, beside code 4, for posts that went live; another code beside it is no better.
    let may_be_live = subcode == Some(2_207_051);
    // A container that was just published may be missing too.
    let is_missing = code == 100 && (subcode == Some(33) || message.contains("does not exist"));
    if may_be_live || is_missing {
        return None;
    }
    match (code, subcode) {
        (24, Some(4_279_009)) => Some(Refusal::ContainerNotThere),
        (9, Some(2_207_042)) => Some(Refusal::QuotaUsedUp),
        (190, _) => Some(Refusal::Unauthenticated),
        (10 | 200..=299, _) => Some(Refusal::PermissionDenied),
        (100, Some(4_279_013)) => Some(Refusal::AccountRestricted),
        (100, _) => Some(Refusal::InvalidParameter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_proves_that_nothing_was_published() {
        let proven = [
            (24, Some(4_279_009), Refusal::ContainerNotThere),
            (9, Some(2_207_042), Refusal::QuotaUsedUp),
            (190, None, Refusal::Unauthenticated),
            (190, Some(463), Refusal::Unauthenticated),
            (10, None, Refusal::PermissionDenied),
            (200, None, Refusal::PermissionDenied),
            (299, Some(1), Refusal::PermissionDenied),
            (100, Some(4_279_013), Refusal::AccountRestricted),
            (100, None, Refusal::InvalidParameter),
            (100, Some(2_207_052), Refusal::InvalidParameter),
        ];
        for (code, subcode, refusal) in proven {
            assert_eq!(of(400, code, subcode, ""), Some(refusal), "{code}");
        }

        let unproven = [
            (1, None),
            (1, Some(2_207_052)),
            (2, None),
            (3, None),
            (4, None),
            (4, Some(2_207_051)),
            (4, Some(4_279_013)),
            (9, None),
            (10, Some(2_207_051)),
            (17, None),
            (24, None),
            (24, Some(33)),
            (32, None),
            (100, Some(33)),
            (100, Some(2_207_051)),
            (101, None),
            (102, None),
            (341, None),
            (368, None),
            (506, None),
            (613, None),
            (987_654, None),
        ];
        for (code, subcode) in unproven {
            assert_eq!(of(400, code, subcode, ""), None, "{code}/{subcode:?}");
        }
        let missing = "The requested resource does not exist";
        assert_eq!(of(400, 100, None, missing), None);
    }

    #[test]
    fn what_a_gateway_may_say_after_the_effect_proves_nothing() {
        for status in [200, 302, 408, 409, 425, 429, 500, 502, 503, 504] {
            assert_eq!(of(status, 190, None, ""), None, "{status}");
        }
        let passing = br#"{"error": {"message": "", "code": 100, "is_transient": true}}"#;
        assert_eq!(ApiError::from_response(400, passing).refusal(), None);
        assert_eq!(ApiError::from_response(400, b"").refusal(), None);
    }
}
