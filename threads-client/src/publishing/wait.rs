//! How long to wait for a container.

use std::time::Duration;

/// How to wait until a container is finished.
///
/// The first question is asked at once, the next after `first_pause`; every pause is twice as long as the one
/// before, up to `longest_pause`. It ends when the pauses add up to `give_up_after`.
///
/// ```
/// use std::time::Duration;
/// use threads_client::WaitPolicy;
///
/// // For long videos.
/// let policy = WaitPolicy::default()
///     .first_pause(Duration::from_secs(10))
///     .longest_pause(Duration::from_secs(60))
///     .give_up_after(Duration::from_secs(30 * 60))
///     .settle(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitPolicy {
    first_pause: Duration,
    longest_pause: Duration,
    give_up_after: Duration,
    settle: Duration,
}

impl Default for WaitPolicy {
    /// Pauses of 1 s, 2 s, 4 s and so on to 15 s, five minutes in all, then 2 s to settle.
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(15),
            give_up_after: Duration::from_mins(5),
            settle: Duration::from_secs(2),
        }
    }
}

impl WaitPolicy {
    /// Pause between the first and the second question.
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Bound of every pause.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// How long to pause in all.
    pub fn give_up_after(mut self, total: Duration) -> Self {
        self.give_up_after = total;
        self
    }

    /// Pause after `FINISHED`.
    ///
    /// Meta has been seen to say `FINISHED` and not to find the container a moment later.
    pub fn settle(mut self, pause: Duration) -> Self {
        self.settle = pause;
        self
    }

    /// The pauses, of which there is a limited number.
    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        // Without a shortest pause, zeroes would never add up.
        let shortest = Duration::from_millis(1);
        let longest = self.longest_pause.max(shortest);
        let mut next = self.first_pause.clamp(shortest, longest);
        let mut left = self.give_up_after;
        std::iter::from_fn(move || {
            let pause = next.min(left);
            left = left.saturating_sub(pause);
            next = next.saturating_mul(2).min(longest);
            (!pause.is_zero()).then_some(pause)
        })
    }

    pub(super) fn settling(&self) -> Duration {
        self.settle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_add_up_to_the_total() {
        let seconds = |policy: &WaitPolicy| {
            policy
                .pauses()
                .map(|pause| pause.as_secs())
                .collect::<Vec<_>>()
        };

        let policy = WaitPolicy::default().give_up_after(Duration::from_secs(40));
        assert_eq!(seconds(&policy), [1, 2, 4, 8, 15, 10]);

        let policy = WaitPolicy::default().give_up_after(Duration::ZERO);
        assert_eq!(policy.pauses().count(), 0);

        let policy = WaitPolicy::default()
            .first_pause(Duration::ZERO)
            .longest_pause(Duration::ZERO);
        assert_eq!(policy.pauses().count(), 300_000);
    }
}
