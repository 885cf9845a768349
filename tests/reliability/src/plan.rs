//! Which posts there are: a function of their numbers, so that a child that was killed in the
//! middle of scheduling one asks for the very same one again.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use threads_client::{Draft, UserId};
use threads_monitor::publishing::{Due, NewPost};

/// The posts of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The accounts, which publish in turn.
    pub accounts: Vec<UserId>,
    /// When the first post is due.
    pub first_due: DateTime<Utc>,
    /// The virtual microseconds between two posts.
    pub step_micros: i64,
}

impl Plan {
    /// When a post is due.
    pub fn due(&self, number: usize) -> DateTime<Utc> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.first_due + TimeDelta::microseconds(self.step_micros.saturating_mul(number))
    }

    /// What to ask the monitor for. It is never too late for a post here: lateness is
    /// measured, not punished.
    pub fn post(&self, number: usize) -> Option<NewPost> {
        let account = self
            .accounts
            .get(number.checked_rem(self.accounts.len())?)?;
        let draft = Draft::text(text(number));
        let mut post = NewPost::new(account.clone(), draft, Due::At(self.due(number)));
        post.idempotency_key = Some(number.to_string());
        post.max_lateness = Some(std::time::Duration::from_hours(24 * 30));
        Some(post)
    }
}

/// What a post says: its marker, and letters in which no two posts are alike, as a post that
/// is like another one is rightly taken for a riddle.
pub fn text(number: usize) -> String {
    let mut dice = fastrand::Rng::with_seed(u64::try_from(number).unwrap_or(0));
    let letters: String = (0..48).map(|_| dice.lowercase()).collect();
    format!("{} {letters}", marker(number))
}

/// By what a post is known in the ledger. No marker is part of another.
pub fn marker(number: usize) -> String {
    format!("post {number:07}")
}

/// The number of the post with this text.
pub fn number(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("post ")?;
    rest.get(..7)?.parse().ok()
}

/// The number of the post that a job is about.
pub fn number_in(request: &Value) -> Option<usize> {
    let draft = request["draft"].to_string();
    draft.find("post 0").and_then(|at| number(draft.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_known_by_its_text() {
        assert_eq!(number(&text(42)), Some(42));
        assert_eq!(number("something else"), None);
    }
}
