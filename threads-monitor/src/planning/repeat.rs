//! The rule of a repeated post: wall-clock times in a zone.

use std::iter;

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike,
    Utc, Weekday,
};
use serde::{Deserialize, Serialize};

use crate::zone::{LocalInstant, Zone};

/// Times of one day at most.
const TIMES_A_DAY: usize = 24;
/// Days, weeks or months between at most.
const LONGEST_INTERVAL: u32 = 1000;
/// Rules are looked at day by day, so that they cannot go on for ever.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// When a post is repeated, on somebody's wall.
///
/// Each occurrence is worked out from the calendar of the zone, so that 09:00 stays 09:00
/// when the clocks change:
///
/// - **Gap.** A time that the clocks skip becomes the first valid minute after it. Two times
///   of which both become that minute are one occurrence.
/// - **Fold.** A time that comes twice means the first.
/// - **Short months.** [`ShortMonth`] says what becomes of day 29, 30 and 31.
///
/// ```
/// use chrono::Weekday;
/// use threads_monitor::planning::{Every, Repeat};
///
/// let rule = Repeat::new(
///     "Europe/Berlin".parse()?,
///     Every::Week { days: vec![Weekday::Mon, Weekday::Thu] },
///     "09:00:00".parse()?,
///     "2027-03-22".parse()?,
/// );
/// let times: Vec<String> = rule
///     .occurrences()
///     .take(3)
///     .map(|occurrence| occurrence.at().to_rfc3339())
///     .collect();
/// // The clocks change on the 28th: it is an hour earlier by UTC, and nine in Berlin.
/// assert_eq!(
///     times,
///     [
///         "2027-03-22T08:00:00+00:00",
///         "2027-03-25T08:00:00+00:00",
///         "2027-03-29T07:00:00+00:00",
///     ]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Repeat {
    /// Whose wall the times are on.
    pub zone: Zone,
    /// On which days.
    pub every: Every,
    /// Every how many days, weeks or months; 1 leaves none out. Weeks begin on Monday, and
    /// the first is the one of `first`.
    pub interval: u32,
    /// At which times of these days.
    pub times: Vec<NaiveTime>,
    /// The first day that it may be on.
    pub first: NaiveDate,
    /// The last day that it may be on.
    pub last: Option<NaiveDate>,
    /// How many occurrences there are at most, counted from the first day on.
    pub count: Option<u32>,
}

/// On which days something is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Every {
    /// Every day.
    Day,
    /// On these days of the week.
    Week {
        /// The days.
        days: Vec<Weekday>,
    },
    /// On this day of the month.
    Month {
        /// From 1 to 31.
        day: u32,
        /// What becomes of it in months that have no such day.
        short: ShortMonth,
    },
}

/// What becomes of day 31 in a month of 30 days, and of 29 February.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortMonth {
    /// It is on the month's last day.
    #[default]
    LastDay,
    /// There is none in that month.
    Skip,
}

/// One time of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occurrence {
    /// The time that the rule names. There is never a second occurrence with the same.
    pub local: NaiveDateTime,
    /// What it is in time, and whether the clocks moved it.
    pub instant: LocalInstant,
}

impl Occurrence {
    /// The instant.
    pub const fn at(self) -> DateTime<Utc> {
        self.instant.instant()
    }
}

/// A rule that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the post cannot be repeated like this: {reason}")]
pub struct InvalidRepeat {
    reason: &'static str,
}

impl Repeat {
    /// A rule with one time a day and no end.
    pub fn new(zone: Zone, every: Every, time: NaiveTime, first: NaiveDate) -> Self {
        Self {
            zone,
            every,
            interval: 1,
            times: vec![time],
            first,
            last: None,
            count: None,
        }
    }

    /// Checks that it has an occurrence at all, and none that is no whole minute.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), InvalidRepeat> {
        let refused = |reason| Err(InvalidRepeat { reason });
        if self.times.is_empty() || self.times.len() > TIMES_A_DAY {
            return refused("it needs between 1 and 24 times of the day");
        }
        if self
            .times
            .iter()
            .any(|time| time.second() != 0 || time.nanosecond() != 0)
        {
            return refused("a time must be a whole minute");
        }
        if self.interval == 0 || self.interval > LONGEST_INTERVAL {
            return refused("the interval must be between 1 and 1000");
        }
        match &self.every {
            Every::Week { days } if days.is_empty() => return refused("it names no day"),
            Every::Month { day, .. } if !(1..=31).contains(day) => {
                return refused("the day of the month must be between 1 and 31");
            }
            _ => {}
        }
        let years = [Some(self.first), self.last];
        if years
            .iter()
            .flatten()
            .any(|day| !YEARS.contains(&day.year()))
        {
            return refused("its days must be between the years 1970 and 2200");
        }
        if self.count == Some(0) || self.last.is_some_and(|last| last < self.first) {
            return refused("it would end before it begins");
        }
        if self.occurrences().next().is_none() {
            return refused("no day fits it");
        }
        Ok(())
    }

    /// All of its occurrences, in order.
    ///
    /// A rule that [`check`](Self::check) refuses may have none.
    pub fn occurrences(&self) -> impl Iterator<Item = Occurrence> + '_ {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.dedup();
        let mut before = None;
        self.days()
            .flat_map(move |day| {
                times
                    .clone()
                    .into_iter()
                    .map(move |time| day.and_time(time))
            })
            .filter_map(|local| {
                let instant = self.zone.instant(local)?;
                Some(Occurrence { local, instant })
            })
            .filter(move |occurrence| {
                // What a gap has moved on to the next one is the next one.
                let at = occurrence.at();
                before.replace(at).is_none_or(|before| before < at)
            })
            .take(self.count.map_or(usize::MAX, |count| {
                usize::try_from(count).unwrap_or(usize::MAX)
            }))
    }

    /// The occurrences later than an instant.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = Occurrence> + '_ {
        self.occurrences()
            .skip_while(move |occurrence| occurrence.at() <= instant)
    }

    /// The days that it names, in order.
    fn days(&self) -> Box<dyn Iterator<Item = NaiveDate> + '_> {
        let interval = self.interval.max(1);
        let last = self.last;
        let is_in_time = move |day: &NaiveDate| {
            YEARS.contains(&day.year()) && last.is_none_or(|last| *day <= last)
        };
        let first = self.first;
        match &self.every {
            Every::Day => Box::new(
                iter::successors(Some(first), move |day| {
                    day.checked_add_days(Days::new(interval.into()))
                })
                .take_while(is_in_time),
            ),
            Every::Week { days } => {
                let monday = first - TimeDelta::days(first.weekday().num_days_from_monday().into());
                let weeks = iter::successors(Some(monday), move |monday| {
                    monday.checked_add_days(Days::new(u64::from(interval) * 7))
                });
                Box::new(
                    weeks
                        .flat_map(|monday| monday.iter_days().take(7))
                        .skip_while(move |day| *day < first)
                        .take_while(is_in_time)
                        .filter(|day| days.contains(&day.weekday())),
                )
            }
            Every::Month { day, short } => {
                let months = (0..).map_while(move |index: u32| {
                    let months = Months::new(index.checked_mul(interval)?);
                    let month = first.with_day(1)?.checked_add_months(months)?;
                    YEARS.contains(&month.year()).then_some(month)
                });
                Box::new(
                    months
                        .filter_map(move |month| match (month.with_day(*day), short) {
                            (None, ShortMonth::LastDay) => {
                                month.with_day(month.num_days_in_month().into())
                            }
                            (day, _) => day,
                        })
                        .skip_while(move |day| *day < first)
                        .take_while(is_in_time),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
