//! The only place where a Graph code becomes a kind.
//!
//! Codes come from [Meta's guide](https://developers.facebook.com/docs/graph-api/guides/error-handling); Meta
//! publishes no full table for Threads, so subcodes also come from what client developers report. Meta sends
//! throttles and permission errors with status 400, 403 and sometimes 5xx: the code decides, then
//! `is_transient`, then the status.

use std::ops::RangeInclusive;

use super::ApiErrorKind;

/// One row: the first row that matches decides.
struct Rule {
    codes: RangeInclusive<i64>,
    subcode: Option<i64>,
    kind: ApiErrorKind,
}

const ANY_CODE: RangeInclusive<i64> = i64::MIN..=i64::MAX;

const fn code(code: i64, kind: ApiErrorKind) -> Rule {
    Rule {
        codes: code..=code,
        subcode: None,
        kind,
    }
}

const fn range(codes: RangeInclusive<i64>, kind: ApiErrorKind) -> Rule {
    Rule {
        codes,
        subcode: None,
        kind,
    }
}

const fn subcode(codes: RangeInclusive<i64>, subcode: i64, kind: ApiErrorKind) -> Rule {
    Rule {
        codes,
        subcode: Some(subcode),
        kind,
    }
}

const RULES: &[Rule] = &[
    // Meta could not fetch the media: code 1 otherwise means "try again".
    subcode(1..=1, 2_207_052, ApiErrorKind::InvalidParameter),
    // The account is restricted.
    subcode(ANY_CODE, 2_207_051, ApiErrorKind::PermissionDenied),
    subcode(ANY_CODE, 4_279_013, ApiErrorKind::PermissionDenied),
    // Too many posts in 24 hours.
    subcode(9..=9, 2_207_042, ApiErrorKind::RateLimited),
    // Object does not exist, or not for this token.
    subcode(100..=100, 33, ApiErrorKind::NotFound),
    code(24, ApiErrorKind::NotFound),
    code(102, ApiErrorKind::Unauthenticated),
    code(190, ApiErrorKind::Unauthenticated),
    code(3, ApiErrorKind::PermissionDenied),
    code(10, ApiErrorKind::PermissionDenied),
    range(200..=299, ApiErrorKind::PermissionDenied),
    code(4, ApiErrorKind::RateLimited),
    code(17, ApiErrorKind::RateLimited),
    code(32, ApiErrorKind::RateLimited),
    code(341, ApiErrorKind::RateLimited),
    code(613, ApiErrorKind::RateLimited),
    range(80_000..=80_014, ApiErrorKind::RateLimited),
    code(100, ApiErrorKind::InvalidParameter),
    // App id or secret is wrong: no user can mend that by logging in again.
    code(101, ApiErrorKind::InvalidParameter),
    // The code exchange repeats the HTTP status as its code.
    code(400, ApiErrorKind::InvalidParameter),
    code(1, ApiErrorKind::Transient),
    code(2, ApiErrorKind::Transient),
    // Blocked for a policy violation, and duplicate post: neither passes by itself.
    code(368, ApiErrorKind::Other),
    code(506, ApiErrorKind::Other),
];

pub(super) fn classify(
    status: u16,
    code: Option<i64>,
    subcode: Option<i64>,
    is_transient: Option<bool>,
) -> ApiErrorKind {
    let by_code = code.and_then(|code| {
        RULES.iter().find(|rule| {
            rule.codes.contains(&code) && (rule.subcode.is_none() || rule.subcode == subcode)
        })
    });
    if let Some(rule) = by_code {
        return rule.kind;
    }
    if is_transient == Some(true) {
        return ApiErrorKind::Transient;
    }
    match status {
        401 => ApiErrorKind::Unauthenticated,
        403 => ApiErrorKind::PermissionDenied,
        404 => ApiErrorKind::NotFound,
        408 | 500..=599 => ApiErrorKind::Transient,
        429 => ApiErrorKind::RateLimited,
        // A code that is not in the table means something; which is not known.
        400 | 422 if code.is_none() => ApiErrorKind::InvalidParameter,
        _ => ApiErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::ApiErrorKind::{
        InvalidParameter, NotFound, Other, PermissionDenied, RateLimited, Transient,
        Unauthenticated,
    };
    use super::*;

    #[test]
    fn every_known_answer_has_the_kind_meta_documents() {
        // Status, code, subcode, `is_transient`, and the kind they make.
        type Row = (u16, Option<i64>, Option<i64>, Option<bool>, ApiErrorKind);
        let table: &[Row] = &[
            (401, Some(190), Some(463), None, Unauthenticated),
            (400, Some(190), None, None, Unauthenticated),
            (500, Some(190), Some(467), Some(true), Unauthenticated),
            (400, Some(102), None, None, Unauthenticated),
            (400, Some(10), None, None, PermissionDenied),
            (500, Some(10), None, None, PermissionDenied),
            (403, Some(200), None, None, PermissionDenied),
            (403, Some(299), None, None, PermissionDenied),
            (400, Some(3), None, None, PermissionDenied),
            (400, Some(100), Some(2_207_051), None, PermissionDenied),
            (400, Some(4), Some(2_207_051), None, PermissionDenied),
            (403, Some(-1), Some(4_279_013), None, PermissionDenied),
            (403, Some(4), None, None, RateLimited),
            (400, Some(17), None, None, RateLimited),
            (400, Some(32), None, None, RateLimited),
            (400, Some(341), None, None, RateLimited),
            (400, Some(613), Some(1), None, RateLimited),
            (400, Some(80_001), None, None, RateLimited),
            (400, Some(9), Some(2_207_042), None, RateLimited),
            (429, None, None, None, RateLimited),
            (429, Some(999), None, None, RateLimited),
            (400, Some(24), Some(4_279_009), Some(false), NotFound),
            (400, Some(24), None, None, NotFound),
            (400, Some(100), Some(33), None, NotFound),
            (404, None, None, None, NotFound),
            (400, Some(100), None, None, InvalidParameter),
            (400, Some(100), Some(7_000_000_000), None, InvalidParameter),
            (400, Some(1), Some(2_207_052), None, InvalidParameter),
            (400, Some(101), None, None, InvalidParameter),
            (400, Some(400), None, None, InvalidParameter),
            (400, None, None, None, InvalidParameter),
            (500, Some(1), None, None, Transient),
            (400, Some(1), Some(99), None, Transient),
            (503, Some(2), None, Some(true), Transient),
            (400, Some(999), None, Some(true), Transient),
            (502, None, None, None, Transient),
            (500, Some(999), None, None, Transient),
            (408, None, None, None, Transient),
            (400, Some(368), None, None, Other),
            (400, Some(506), None, None, Other),
            (400, Some(9), None, None, Other),
            (400, Some(999), None, Some(false), Other),
            (307, None, None, None, Other),
            (401, None, None, None, Unauthenticated),
            (403, None, None, None, PermissionDenied),
            (200, Some(999), None, None, Other),
        ];

        for &(status, code, subcode, is_transient, expected) in table {
            assert_eq!(
                classify(status, code, subcode, is_transient),
                expected,
                "status {status}, code {code:?}, subcode {subcode:?}, is_transient {is_transient:?}"
            );
        }
    }
}
