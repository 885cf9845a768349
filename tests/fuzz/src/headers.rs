//! Headers of answers.

use std::time::Duration;

use threads_client::{AppUsage, fuzzing};

/// The highest share is one of the three, and none is above it.
pub fn app_usage(bytes: &[u8]) {
    let Ok(usage) = serde_json::from_slice::<AppUsage>(bytes) else {
        return;
    };
    let shares = [usage.call_count, usage.total_time, usage.total_cputime];
    assert!(shares.contains(&usage.highest()));
    assert!(shares.iter().all(|share| *share <= usage.highest()));
}

/// `X-Business-Use-Case-Usage`: a pause is whole minutes, and what cannot be read says nothing.
pub fn business_usage(bytes: &[u8]) {
    let Some((share, regain)) = fuzzing::business_usage(bytes) else {
        return;
    };
    let is_json = serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    assert!(is_json || (share.is_none() && regain.is_none()));
    if let Some(regain) = regain {
        assert!(!regain.is_zero());
        assert_eq!(regain.as_secs() % 60, 0);
    }
}

/// The first line is `Retry-After`, the second the `Date` of the answer. Digits are seconds, with or without a date.
pub fn retry_after(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let value = lines.next().unwrap_or_default();
    let read = fuzzing::retry_after(value, lines.next());
    let digits = str::from_utf8(value)
        .ok()
        .map(|text| text.trim_matches([' ', '\t']))
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(seconds) = digits.and_then(|digits| digits.parse::<u64>().ok()) {
        assert_eq!(read, Some(Duration::from_secs(seconds)));
        assert_eq!(fuzzing::retry_after(value, None), read);
    }
}
