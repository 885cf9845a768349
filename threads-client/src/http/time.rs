//! The only place of this crate that looks at a clock: tokio's, which is monotonic and which tests can pause.

use tokio::time::Instant;

/// This moment. It serves for spans only; the crate knows no time of day.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place of this crate that reads a clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
