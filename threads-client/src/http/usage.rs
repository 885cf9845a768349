//! What Meta says about the use of the call limit.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// How much of the call limit is used, in percent: Meta's `X-App-Usage` header.
///
/// The header is not documented for Threads and can be absent; absence says nothing about the use.
///
/// See [Meta's page](https://developers.facebook.com/docs/graph-api/overview/rate-limiting/).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AppUsage {
    /// Share of the calls.
    #[serde(deserialize_with = "percent")]
    pub call_count: u32,
    /// Share of the total time.
    #[serde(deserialize_with = "percent")]
    pub total_time: u32,
    /// Share of the processor time.
    #[serde(deserialize_with = "percent")]
    pub total_cputime: u32,
}

impl AppUsage {
    /// The share that is closest to its limit; at 100 Meta throttles.
    pub fn highest(&self) -> u32 {
        self.call_count.max(self.total_time).max(self.total_cputime)
    }
}

/// A whole number of percent; fractions are rounded up, so that a limit is never understated.
fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = f64::deserialize(deserializer)?.ceil();
    if (0.0..=f64::from(u32::MAX)).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just checked"
        )]
        return Ok(value as u32);
    }
    Err(serde::de::Error::custom("not a percentage"))
}

/// The latest usage seen with one token.
#[derive(Default)]
pub(crate) struct UsageCell(Mutex<Option<AppUsage>>);

impl UsageCell {
    pub(crate) fn latest(&self) -> Option<AppUsage> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the header says; a header that cannot be read changes nothing.
    pub(super) fn keep(&self, header: &[u8]) {
        if let Ok(usage) = serde_json::from_slice(header) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(usage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_header_keeps_the_last_usage() {
        let cell = UsageCell::default();
        assert_eq!(cell.latest(), None);

        cell.keep(br#"{"call_count":28,"total_time":25.2,"total_cputime":0}"#);
        cell.keep(b"{}");
        cell.keep(br#"{"call_count":-1,"total_time":0,"total_cputime":0}"#);

        let usage = cell.latest().unwrap();
        assert_eq!(
            (usage.call_count, usage.total_time, usage.total_cputime),
            (28, 26, 0)
        );
        assert_eq!(usage.highest(), 28);
    }
}
