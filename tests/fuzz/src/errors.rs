//! Error answers, and the cleaning of foreign text.

use serde_json::Value;
use threads_client::{ApiError, Error, fuzzing};

use crate::promise::{is_clean, text};

const STATUSES: [u16; 7] = [200, 400, 401, 403, 404, 429, 500];

/// Whatever came with whatever status: texts are clean, the same bytes are the same error, no error asks both for
/// a new login and for patience, and a code that is there is read.
pub fn api_error(bytes: &[u8]) {
    for status in STATUSES {
        let error = ApiError::from_response(status, bytes);
        assert_eq!(error, ApiError::from_response(status, bytes));
        assert_eq!(error.status, status);
        is_clean(&error.message);
        for text in [
            &error.error_type,
            &error.user_title,
            &error.user_message,
            &error.trace_id,
        ]
        .into_iter()
        .flatten()
        {
            is_clean(text);
        }
        assert!(!error.to_string().contains(char::is_control));
        let error = Error::from(error);
        assert!(!(error.is_auth() && error.is_retryable()));
    }
    codes_are_read(bytes);
}

fn codes_are_read(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let Some(error) = document.get("error").filter(|error| error.is_object()) else {
        return;
    };
    // Written anew: a member that comes twice makes a document that is in none of Meta's shapes.
    let read = ApiError::from_response(400, document.to_string().as_bytes());
    let code = error.get("code").and_then(Value::as_i64);
    let subcode = error.get("error_subcode").and_then(Value::as_i64);
    assert!(code.is_none() || read.code == code, "the code is lost");
    assert!(
        subcode.is_none() || read.subcode == subcode,
        "the subcode is lost"
    );
}

/// The first 16 bytes make a secret. It is put into the rest, and must not come out, by its value or by its name.
pub fn redaction(bytes: &[u8]) {
    let (secret, rest) = bytes.split_at_checked(16).unwrap_or((bytes, &[]));
    let secret: String = secret
        .iter()
        .map(|byte| char::from(b'A' + byte % 26))
        .collect();
    if secret.len() < 8 {
        return;
    }
    let text: String = text(rest).chars().take(900).collect();
    let middle = text.chars().count() / 2;
    let (before, after): (String, String) = (
        text.chars().take(middle).collect(),
        text.chars().skip(middle).collect(),
    );

    let by_value = fuzzing::redact(&format!("{before}{secret}{after}"), Some(&secret));
    is_clean(&by_value);
    assert!(!by_value.contains(&secret), "the secret came out");

    if !text.contains(&secret) {
        let by_name = fuzzing::redact(&format!("{text}&access_token={secret}"), None);
        is_clean(&by_name);
        assert!(!by_name.contains(&secret), "the named value came out");
    }
}
