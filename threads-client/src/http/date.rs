//! The time of day at Meta, as its answers tell it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap};
use tokio::time::Instant;

/// The time of day at Meta: the `Date` of its latest answer, and how long ago that came.
///
/// The date has whole seconds. The age is measured by a clock that does not jump, and that
/// stands still while the machine sleeps.
///
/// ```
/// use threads_client::{Client, ServerTime};
///
/// let client = Client::builder().build()?;
/// let read = |time: ServerTime| time.date + time.age;
/// assert_eq!(client.server_time().map(read), None, "nothing was answered yet");
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerTime {
    /// What the answer said.
    pub date: DateTime<Utc>,
    /// How long ago it came.
    pub age: Duration,
}

/// The date of the latest answer of all calls to one host.
#[derive(Default)]
pub(super) struct LatestDate(Mutex<Option<(DateTime<Utc>, Instant)>>);

impl LatestDate {
    /// Takes note of an answer that came just now, if it has a date.
    pub(super) fn keep(&self, headers: &HeaderMap, now: Instant) {
        if let Some(date) = date(headers) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((date, now));
        }
    }

    pub(super) fn read(&self, now: Instant) -> Option<ServerTime> {
        let latest = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.map(|(date, came_at)| ServerTime {
            date,
            age: now.saturating_duration_since(came_at),
        })
    }
}

/// The `Date` of an answer.
pub(super) fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(date: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, reqwest::header::HeaderValue::from_static(date))])
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_date_ages_and_an_answer_without_one_changes_nothing() {
        let latest = LatestDate::default();
        assert_eq!(latest.read(super::super::now()), None);

        latest.keep(&dated("Sun, 29 Nov 2026 00:12:00 GMT"), super::super::now());
        tokio::time::advance(Duration::from_secs(90)).await;
        latest.keep(&dated("soon"), super::super::now());
        latest.keep(&HeaderMap::new(), super::super::now());

        let read = latest.read(super::super::now()).unwrap();
        assert_eq!(read.date.to_rfc3339(), "2026-11-29T00:12:00+00:00");
        assert_eq!(read.age, Duration::from_secs(90));
    }
}
