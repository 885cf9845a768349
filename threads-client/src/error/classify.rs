//! From an answer to its row in the table, and to a kind where no row matches.
//!
//! Meta sends throttles and permission errors with status 400, 403 and sometimes 5xx: the code decides, then
//! `is_transient`, then the status.

use super::ApiErrorKind;
use super::table::{ROWS, Row};

/// The row of an answer, if the table has one.
pub(super) fn row(code: Option<i64>, subcode: Option<i64>, message: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        code.map_or(row.is_named, |code| row.codes.contains(&code))
            && (row.subcode.is_none() || row.subcode == subcode)
            && row.text.is_none_or(|part| message.contains(part))
    })
}

pub(super) fn classify(
    status: u16,
    code: Option<i64>,
    subcode: Option<i64>,
    message: &str,
    is_transient: Option<bool>,
) -> ApiErrorKind {
    if let Some(row) = row(code, subcode, message) {
        return row.kind;
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
                classify(status, code, subcode, "", is_transient),
                expected,
                "status {status}, code {code:?}, subcode {subcode:?}, is_transient {is_transient:?}"
            );
        }
    }
}
