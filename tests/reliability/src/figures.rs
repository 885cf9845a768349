//! Figures on standard output, one a line; what goes on in between on standard error.

use std::fmt::Display;
use std::io::Write as _;

use chrono::TimeDelta;

/// Prints a figure with its seed and the goal.
pub fn figure(campaign: &str, seed: u64, what: impl Display, value: impl Display, goal: &str) {
    let _ = writeln!(
        std::io::stdout(),
        "{campaign:<16} seed {seed:<9} {what}: {value} (goal: {goal})"
    );
}

/// Says how far a campaign has come.
pub fn progress(words: impl Display) {
    let _ = writeln!(std::io::stderr(), "  {words}");
}

/// The span below which so many per mille of the sorted spans are.
pub fn quantile(sorted: &[TimeDelta], per_mille: usize) -> TimeDelta {
    let last = sorted.len().saturating_sub(1);
    let place = (sorted.len() * per_mille / 1000).min(last);
    sorted.get(place).copied().unwrap_or_default()
}

/// Milliseconds, for people.
pub fn ms(span: TimeDelta) -> String {
    format!("{} ms", span.num_milliseconds())
}
