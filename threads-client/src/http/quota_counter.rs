//! Own counts of what Meta limits, over a moving window.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// Something that Meta limits by number, and that this client counts by itself.
///
/// Most of these limits have no field that could be asked for; see
/// [Meta's page](https://developers.facebook.com/docs/threads/overview#rate-limiting).
///
/// ```
/// use std::time::Duration;
/// use threads_client::Quota;
///
/// for quota in Quota::ALL {
///     println!("{}: {} in {:?}", quota.as_str(), quota.limit(), quota.window());
/// }
/// assert_eq!(Quota::Posts.limit(), 250);
/// assert_eq!(Quota::Embeds.window(), Duration::from_secs(60 * 60));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quota {
    /// All calls: at least 48,000 in 24 hours, more for accounts that are seen a lot.
    Calls,
    /// Keyword searches: 2,200 in 24 hours.
    KeywordSearches,
    /// Public profiles and their posts: 1,000 in 24 hours.
    ProfileDiscovery,
    /// Searches for places: 500 in 24 hours.
    LocationSearches,
    /// Embeds: 1,000 in an hour.
    Embeds,
    /// Deletions: 100 in 24 hours.
    Deletes,
    /// Posts: 250 in 24 hours.
    Posts,
    /// Replies: 1,000 in 24 hours.
    Replies,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Calls,
        Self::KeywordSearches,
        Self::ProfileDiscovery,
        Self::LocationSearches,
        Self::Embeds,
        Self::Deletes,
        Self::Posts,
        Self::Replies,
    ];

    /// How many Meta documents for one window.
    pub const fn limit(self) -> u32 {
        match self {
            Self::Calls => 48_000,
            Self::KeywordSearches => 2_200,
            Self::ProfileDiscovery | Self::Embeds | Self::Replies => 1_000,
            Self::LocationSearches => 500,
            Self::Deletes => 100,
            Self::Posts => 250,
        }
    }

    /// Length of the moving window.
    pub const fn window(self) -> Duration {
        match self {
            Self::Embeds => Duration::from_hours(1),
            _ => Duration::from_hours(24),
        }
    }

    /// A stable name, such as `keyword_searches`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::KeywordSearches => "keyword_searches",
            Self::ProfileDiscovery => "profile_discovery",
            Self::LocationSearches => "location_searches",
            Self::Embeds => "embeds",
            Self::Deletes => "deletes",
            Self::Posts => "posts",
            Self::Replies => "replies",
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The window is counted in so many parts, plus the one that is being filled.
const PARTS: u32 = 48;
const SLOTS: usize = PARTS as usize + 1;

/// A count over a moving window, never less than what really happened in it.
///
/// What happened is forgotten in steps of a 48th of the window, so it may count up to that much too long.
pub(super) struct QuotaCounter {
    part: Duration,
    start: Instant,
    /// Number of the part being filled, counted from `start`.
    newest: u32,
    slots: [u32; SLOTS],
    total: u32,
}

impl QuotaCounter {
    pub(super) fn new(window: Duration, start: Instant) -> Self {
        Self {
            part: window / PARTS,
            start,
            newest: 0,
            slots: [0; SLOTS],
            total: 0,
        }
    }

    pub(super) fn add(&mut self, now: Instant) {
        self.turn(now);
        if let Some(slot) = self.slots.get_mut(slot_of(self.newest)) {
            *slot = slot.saturating_add(1);
            self.total = self.total.saturating_add(1);
        }
    }

    /// Takes one back that turned out not to count.
    pub(super) fn take_back(&mut self, now: Instant) {
        self.turn(now);
        let mut part = self.newest;
        for _ in 0..SLOTS {
            if let Some(slot) = self.slots.get_mut(slot_of(part))
                && *slot > 0
            {
                *slot -= 1;
                self.total = self.total.saturating_sub(1);
                return;
            }
            part = part.wrapping_sub(1);
        }
    }

    pub(super) fn total(&mut self, now: Instant) -> u32 {
        self.turn(now);
        self.total
    }

    /// When the oldest of what counts stops counting.
    pub(super) fn next_relief(&mut self, now: Instant) -> Duration {
        self.turn(now);
        let oldest = (0..=PARTS)
            .rev()
            .filter_map(|age| self.newest.checked_sub(age))
            .find(|part| self.slots.get(slot_of(*part)).is_some_and(|n| *n > 0));
        oldest.map_or(Duration::ZERO, |part| {
            let end = self.start + self.part * (part + PARTS + 1);
            end.saturating_duration_since(now)
        })
    }

    /// Forgets the parts that the window has moved past.
    fn turn(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start).as_secs();
        let part = self.part.as_secs().max(1);
        let current = u32::try_from(elapsed / part).unwrap_or(u32::MAX);
        if current <= self.newest {
            return;
        }
        if current - self.newest > PARTS {
            self.slots = [0; SLOTS];
            self.total = 0;
        } else {
            for part in self.newest + 1..=current {
                if let Some(slot) = self.slots.get_mut(slot_of(part)) {
                    self.total = self.total.saturating_sub(*slot);
                    *slot = 0;
                }
            }
        }
        self.newest = current;
    }
}

const fn slot_of(part: u32) -> usize {
    part as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::time::now;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn the_window_moves_and_never_counts_too_little() {
        let start = now();
        let mut counter = QuotaCounter::new(DAY, start);

        for hour in 0..30 {
            counter.add(start + Duration::from_hours(hour));
            let expected = u32::try_from(hour.min(24) + 1).unwrap();
            assert_eq!(
                counter.total(start + Duration::from_hours(hour)),
                expected,
                "hour {hour}"
            );
        }
        let last = start + Duration::from_hours(29);
        assert_eq!(counter.total(last + DAY), 1);
        assert_eq!(counter.total(last + DAY + Duration::from_mins(30)), 0);
    }

    #[test]
    fn relief_comes_when_the_oldest_stops_counting() {
        let start = now();
        let mut counter = QuotaCounter::new(DAY, start);
        assert_eq!(counter.next_relief(start), Duration::ZERO);
        for minute in [40, 45, 300] {
            counter.add(start + Duration::from_mins(minute));
        }
        let at = start + Duration::from_mins(310);

        let relief = counter.next_relief(at);

        assert_eq!(
            counter.total(at + relief.checked_sub(Duration::from_secs(1)).unwrap()),
            3
        );
        assert_eq!(counter.total(at + relief), 1);
    }

    #[test]
    fn what_is_taken_back_does_not_count_even_in_the_next_part() {
        let start = now();
        let mut counter = QuotaCounter::new(DAY, start);
        counter.add(start);
        counter.add(start);
        let later = start + Duration::from_mins(31);

        counter.take_back(later);
        assert_eq!(counter.total(later), 1);
        counter.take_back(later);
        counter.take_back(later);
        assert_eq!(counter.total(later), 0);
    }

    #[test]
    fn a_pause_of_any_length_forgets_everything() {
        let start = now();
        let mut counter = QuotaCounter::new(Duration::from_hours(1), start);
        counter.add(start);

        assert_eq!(counter.total(start + Duration::from_hours(24 * 3_650)), 0);
        // An instant of the past, as a second thread may bring it, changes nothing.
        counter.add(start);
        assert_eq!(counter.total(start), 1);
    }
}
