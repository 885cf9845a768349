//! What Meta says about the use of the call limit.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use serde::{Deserialize, Deserializer};

static APP_USAGE: HeaderName = HeaderName::from_static("x-app-usage");
static BUSINESS_USAGE: HeaderName = HeaderName::from_static("x-business-use-case-usage");

/// How much of the call limit is used, in percent: Meta's `X-App-Usage` header.
///
/// The header is not documented for Threads and can be absent; absence says nothing about the use.
///
/// See [Meta's page](https://developers.facebook.com/docs/graph-api/overview/rate-limiting/).
///
/// ```
/// use threads_client::AppUsage;
///
/// let header = r#"{"call_count": 28, "total_time": 25, "total_cputime": 40}"#;
/// let usage: AppUsage = serde_json::from_str(header)?;
/// assert_eq!(usage.highest(), 40);
/// # Ok::<(), serde_json::Error>(())
/// ```
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

/// What the headers of one answer say. A header that cannot be read says nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) app: Option<AppUsage>,
    /// The highest share of `X-Business-Use-Case-Usage`.
    business: Option<u32>,
    /// When that header says that access is regained.
    pub(super) regain: Option<Duration>,
}

impl Reading {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let app = headers
            .get(&APP_USAGE)
            .and_then(|header| serde_json::from_slice(header.as_bytes()).ok());
        let mut reading = Self {
            app,
            ..Self::default()
        };
        if let Some(header) = headers.get(&BUSINESS_USAGE) {
            reading.add_business(header.as_bytes());
        }
        reading
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn highest(&self) -> Option<u32> {
        self.app.map(|usage| usage.highest()).max(self.business)
    }

    fn add_business(&mut self, header: &[u8]) {
        let Ok(cases) = serde_json::from_slice::<HashMap<String, Vec<BusinessUsage>>>(header)
        else {
            return;
        };
        for usage in cases.into_values().flatten() {
            let shares = [usage.call_count, usage.total_time, usage.total_cputime];
            self.business = self.business.max(shares.into_iter().flatten().max());
            let regain = usage
                .minutes_to_regain
                .filter(|minutes| *minutes > 0)
                .map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
            self.regain = self.regain.max(regain);
        }
    }
}

#[derive(Deserialize)]
struct BusinessUsage {
    #[serde(default, deserialize_with = "lenient")]
    call_count: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    total_time: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    total_cputime: Option<u32>,
    #[serde(
        default,
        rename = "estimated_time_to_regain_access",
        deserialize_with = "lenient"
    )]
    minutes_to_regain: Option<u32>,
}

/// A whole number of percent; fractions are rounded up, so that a limit is never understated.
fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(f64::deserialize(deserializer)?)
        .ok_or_else(|| serde::de::Error::custom("not a percentage"))
}

/// The same, but what is odd is absent.
fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_f64().and_then(whole))
}

fn whole(value: f64) -> Option<u32> {
    let value = value.ceil();
    if (0.0..=f64::from(u32::MAX)).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just checked"
        )]
        return Some(value as u32);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(app: Option<&str>, business: Option<&str>) -> Reading {
        let mut headers = HeaderMap::new();
        for (name, value) in [(&APP_USAGE, app), (&BUSINESS_USAGE, business)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        Reading::of(&headers)
    }

    #[test]
    fn the_share_closest_to_its_limit_counts_and_is_rounded_up() {
        let usage = reading(
            Some(r#"{"call_count":28,"total_time":25.2,"total_cputime":0}"#),
            None,
        );

        let app = usage.app.unwrap();
        assert_eq!(
            (app.call_count, app.total_time, app.total_cputime),
            (28, 26, 0)
        );
        assert_eq!(usage.highest(), Some(28));
    }

    #[test]
    fn a_header_that_cannot_be_read_says_nothing() {
        for app in [
            "{}",
            "",
            "[]",
            r#"{"call_count":-1,"total_time":0,"total_cputime":0}"#,
        ] {
            assert!(reading(Some(app), None).is_empty(), "{app}");
        }
        for business in ["{}", "", "[]", r#"{"1":{}}"#, r#"{"1":[7]}"#] {
            assert!(reading(None, Some(business)).is_empty(), "{business}");
        }
    }

    #[test]
    fn the_time_to_regain_access_is_in_minutes() {
        let usage = reading(
            Some(r#"{"call_count":10,"total_time":1,"total_cputime":1}"#),
            Some(
                r#"{"17841":[{"type":"threads","call_count":100,"total_cputime":25.5,"total_time":3,
                "estimated_time_to_regain_access":19},{"call_count":"odd"}],
                "2":[{"estimated_time_to_regain_access":0}]}"#
                    .replace('\n', "")
                    .as_str(),
            ),
        );

        assert_eq!(usage.highest(), Some(100));
        assert_eq!(usage.regain, Some(Duration::from_mins(19)));
    }
}
