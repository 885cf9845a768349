//! When a call is held back so that the limits of Meta are not reached.
//!
//! Everything here is best effort: the counts are of this process alone, live in memory, and start at zero.

use std::time::Duration;

use super::class::Class;
use super::quota_counter::Quota;

/// How this client keeps to Meta's limits.
///
/// What is left of the call limit is kept for what matters most, by the share that is used:
///
/// | used | background reads | other reads and writes | containers, publications | verification |
/// |---|---|---|---|---|
/// | below 70 % | sent | sent | sent | sent |
/// | from 70 % | one of four turns | sent | sent | sent |
/// | from 85 % | held back | held back | sent | sent |
/// | from 95 %, or while Meta asks to wait | held back | held back | held back | sent |
///
/// The share is the highest of Meta's usage headers and of this client's own count; a figure of Meta fades to
/// nothing within an hour. An answer that says "too many calls" and no time counts as one that asks to wait a
/// minute. Calls for tokens are not held back for a limit.
///
/// While most calls of a kind fail for want of an answer, the rest of that kind is held back, verification and
/// calls for tokens included, except for one every five seconds that finds out.
///
/// A call that is held back fails with [`Error::Throttled`](crate::Error::Throttled): nothing was sent.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{Client, Quota, ThrottlePolicy};
///
/// let policy = ThrottlePolicy::default()
///     .calls_per_day(480_000)
///     .limit_of(Quota::Posts, 500)
///     .longest_wait(Duration::from_secs(10 * 60));
/// let client = Client::builder().throttle(policy).build()?;
///
/// let posts = client.pace().quotas.into_iter().find(|quota| quota.quota == Quota::Posts);
/// assert_eq!(posts.map(|posts| posts.limit), Some(500));
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottlePolicy {
    is_on: bool,
    limits: [u32; Quota::ALL.len()],
    longest_wait: Duration,
}

impl Default for ThrottlePolicy {
    /// 48,000 calls in 24 hours, and waits of at most an hour.
    fn default() -> Self {
        Self {
            is_on: true,
            limits: Quota::ALL.map(Quota::limit),
            longest_wait: Duration::from_hours(1),
        }
    }
}

impl ThrottlePolicy {
    /// Holds nothing back, neither for limits nor while Meta fails; the counts are kept all the same.
    pub fn none() -> Self {
        Self {
            is_on: false,
            ..Self::default()
        }
    }

    /// How many calls the account has in 24 hours, for accounts that are seen more than Meta's least.
    ///
    /// Meta allows 4,800 times the number of times that content of the account was seen, and at least 48,000.
    pub fn calls_per_day(self, calls: u32) -> Self {
        self.limit_of(Quota::Calls, calls.max(1))
    }

    /// How much of a quota the account has, where Meta says something else than the documented number.
    ///
    /// [`Client::quota`](crate::Client::quota) asks Meta.
    pub fn limit_of(mut self, quota: Quota, limit: u32) -> Self {
        if let Some(known) = self.limits.get_mut(quota.index()) {
            *known = limit;
        }
        self
    }

    /// The longest that one answer of Meta can make this client wait; after it a call finds out.
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    pub(super) fn limit(&self, quota: Quota) -> u32 {
        self.limits
            .get(quota.index())
            .copied()
            .unwrap_or_else(|| quota.limit())
    }

    pub(super) fn wait(&self, asked: Duration) -> Duration {
        // More than that would only overflow the clock.
        asked.min(self.longest_wait).min(LONGEST)
    }
}

const LONGEST: Duration = Duration::from_hours(365 * 24);

/// What is still sent.
///
/// ```
/// use threads_client::{Client, PaceStep};
///
/// let client = Client::builder().build()?;
/// match client.pace().step {
///     PaceStep::Full => println!("as usual"),
///     step if step < PaceStep::VerifyOnly => println!("slower: {}", step.as_str()),
///     _ => println!("nothing new"),
/// }
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PaceStep {
    /// Everything.
    Full,
    /// Background reads at a quarter, everything else.
    SlowPolls,
    /// Containers, publications and their verification.
    PublishOnly,
    /// Verification of what was published.
    VerifyOnly,
}

const SLOW_POLLS: u32 = 70;
const PUBLISH_ONLY: u32 = 85;
const VERIFY_ONLY: u32 = 95;

impl PaceStep {
    /// A stable name, such as `slow_polls`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::SlowPolls => "slow_polls",
            Self::PublishOnly => "publish_only",
            Self::VerifyOnly => "verify_only",
        }
    }

    pub(super) const fn of(used: u32) -> Self {
        match used {
            VERIFY_ONLY.. => Self::VerifyOnly,
            PUBLISH_ONLY.. => Self::PublishOnly,
            SLOW_POLLS.. => Self::SlowPolls,
            _ => Self::Full,
        }
    }
}

/// How a class fares at a share that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    Free,
    /// One of four turns.
    InTurns,
    /// Not before less than this share is used.
    Below(u32),
}

pub(super) const fn passage(step: PaceStep, class: Class, is_background: bool) -> Passage {
    match class {
        Class::Token | Class::Verify => Passage::Free,
        Class::Create | Class::Publish => match step {
            PaceStep::VerifyOnly => Passage::Below(VERIFY_ONLY),
            _ => Passage::Free,
        },
        Class::Read if is_background => match step {
            PaceStep::Full => Passage::Free,
            PaceStep::SlowPolls => Passage::InTurns,
            _ => Passage::Below(SLOW_POLLS),
        },
        Class::Read | Class::Write => match step {
            PaceStep::Full | PaceStep::SlowPolls => Passage::Free,
            _ => Passage::Below(PUBLISH_ONLY),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_share_lets_through_what_the_table_says() {
        // Used, background read, read, write, publication; verification and tokens are always free.
        let table = [
            (0, true, true, true, true),
            (69, true, true, true, true),
            (70, false, true, true, true),
            (84, false, true, true, true),
            (85, false, false, false, true),
            (94, false, false, false, true),
            (95, false, false, false, false),
            (250, false, false, false, false),
        ];

        for (used, poll, read, write, publish) in table {
            let step = PaceStep::of(used);
            let is_free =
                |class, is_background| passage(step, class, is_background) == Passage::Free;
            assert_eq!(is_free(Class::Read, true), poll, "{used}");
            assert_eq!(is_free(Class::Read, false), read, "{used}");
            assert_eq!(is_free(Class::Write, false), write, "{used}");
            assert_eq!(is_free(Class::Publish, false), publish, "{used}");
            assert_eq!(is_free(Class::Create, false), publish, "{used}");
            for background in [true, false] {
                assert!(is_free(Class::Verify, background), "{used}");
                assert!(is_free(Class::Token, background), "{used}");
            }
        }
        assert_eq!(
            passage(PaceStep::of(70), Class::Read, true),
            Passage::InTurns
        );
    }
}
