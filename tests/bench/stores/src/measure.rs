//! Spans of time, and what is said of many of them.

use std::time::Duration;

/// Durations of the same thing, done many times.
#[derive(Debug, Default)]
pub struct Spans(Vec<Duration>);

impl Spans {
    /// One more.
    pub fn add(&mut self, span: Duration) {
        self.0.push(span);
    }

    /// The one that `share` of them are not longer than.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a rank among a few thousand"
        )]
        let rank = (last as f64 * share).round() as usize;
        sorted.get(rank).copied().unwrap_or_default()
    }

    /// The one in the middle.
    pub fn median(&self) -> Duration {
        self.quantile(0.5)
    }
}

/// `one / other`.
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// How many in a second.
#[expect(clippy::cast_precision_loss, reason = "counts of thousands")]
pub fn rate(count: usize, span: Duration) -> f64 {
    count as f64 / span.as_secs_f64()
}

/// Milliseconds with three digits.
pub fn milliseconds(span: Duration) -> String {
    format!("{:.3}", span.as_secs_f64() * 1_000.0)
}
