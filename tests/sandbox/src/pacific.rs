//! Days as Meta's insights count them: from one US Pacific midnight to the next.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::America::Los_Angeles;

/// One Pacific calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PacificDay(NaiveDate);

impl PacificDay {
    /// The day that contains `instant`.
    pub(crate) fn containing(instant: DateTime<Utc>) -> Self {
        Self(instant.with_timezone(&Los_Angeles).date_naive())
    }

    /// The midnight at which this day starts.
    pub(crate) fn start(self) -> DateTime<Utc> {
        let midnight = self.0.and_time(NaiveTime::MIN);
        Los_Angeles
            .from_local_datetime(&midnight)
            .earliest()
            // Pacific clocks change at two in the morning, so midnight always exists.
            .map_or_else(
                || midnight.and_utc() + TimeDelta::hours(8),
                |local| local.with_timezone(&Utc),
            )
    }

    /// The midnight at which this day ends.
    pub(crate) fn end(self) -> DateTime<Utc> {
        self.next().start()
    }

    /// The day after.
    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add_days(Days::new(1)).unwrap_or(self.0))
    }

    /// The day before.
    pub(crate) fn previous(self) -> Self {
        Self(self.0.checked_sub_days(Days::new(1)).unwrap_or(self.0))
    }

    /// The number of this day, counted from an arbitrary fixed day.
    pub(crate) fn number(self) -> i64 {
        self.0
            .signed_duration_since(NaiveDate::default())
            .num_days()
    }

    /// How much of this day is over at `now`, from 0.0 to 1.0.
    #[expect(clippy::cast_precision_loss, reason = "a day has few milliseconds")]
    pub(crate) fn elapsed(self, now: DateTime<Utc>) -> f64 {
        let length = (self.end() - self.start()).num_milliseconds().max(1) as f64;
        let passed = (now - self.start()).num_milliseconds() as f64;
        (passed / length).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_end_at_eight_in_winter_and_at_seven_in_summer() {
        let winter = PacificDay::containing(instant("2026-01-15T12:00:00Z"));
        let summer = PacificDay::containing(instant("2026-07-15T12:00:00Z"));

        assert_eq!(winter.end(), instant("2026-01-16T08:00:00Z"));
        assert_eq!(summer.end(), instant("2026-07-16T07:00:00Z"));
    }

    #[test]
    fn the_days_of_the_clock_changes_have_23_and_25_hours() {
        let spring = PacificDay::containing(instant("2026-03-08T12:00:00Z"));
        let autumn = PacificDay::containing(instant("2026-11-01T12:00:00Z"));

        assert_eq!((spring.end() - spring.start()).num_hours(), 23);
        assert_eq!((autumn.end() - autumn.start()).num_hours(), 25);
    }

    #[test]
    fn a_day_starts_where_the_one_before_ended() {
        let day = PacificDay::containing(instant("2026-03-09T03:00:00Z"));

        assert_eq!(day.previous().end(), day.start());
        assert_eq!(day.next().number(), day.number() + 1);
    }
}
