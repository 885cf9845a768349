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
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(zone: &str, every: Every, time: &str, first: &str) -> Repeat {
        Repeat::new(
            zone.parse().unwrap(),
            every,
            format!("{time}:00").parse().unwrap(),
            date(first),
        )
    }

    fn locals(rule: &Repeat, count: usize) -> Vec<String> {
        rule.occurrences()
            .take(count)
            .map(|occurrence| occurrence.local.format("%F %R").to_string())
            .collect()
    }

    fn instants(rule: &Repeat, count: usize) -> Vec<String> {
        rule.occurrences()
            .take(count)
            .map(|occurrence| occurrence.at().format("%FT%RZ").to_string())
            .collect()
    }

    fn month(day: u32, short: ShortMonth) -> Every {
        Every::Month { day, short }
    }

    #[test]
    fn nine_o_clock_stays_nine_o_clock_when_the_clocks_change() {
        let rule = rule("America/New_York", Every::Day, "09:00", "2027-03-13");

        assert_eq!(
            instants(&rule, 3),
            [
                "2027-03-13T14:00Z",
                "2027-03-14T13:00Z",
                "2027-03-15T13:00Z"
            ]
        );
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_the_first_minute_after() {
        let rule = rule("America/New_York", Every::Day, "02:30", "2027-03-13");

        assert_eq!(
            instants(&rule, 3),
            [
                "2027-03-13T07:30Z",
                "2027-03-14T07:00Z",
                "2027-03-15T06:30Z"
            ]
        );
        let moved = rule.occurrences().nth(1).unwrap();
        assert!(matches!(moved.instant, LocalInstant::MovedForward(_)));
        assert_eq!(moved.local.to_string(), "2027-03-14 02:30:00");
    }

    #[test]
    fn two_times_that_a_gap_makes_one_are_one_occurrence() {
        let mut rule = rule("America/New_York", Every::Day, "02:15", "2027-03-14");
        rule.times.push(NaiveTime::from_hms_opt(2, 45, 0).unwrap());
        rule.times.push(NaiveTime::from_hms_opt(3, 0, 0).unwrap());

        assert_eq!(
            locals(&rule, 4),
            [
                "2027-03-14 02:15",
                "2027-03-15 02:15",
                "2027-03-15 02:45",
                "2027-03-15 03:00"
            ]
        );
    }

    #[test]
    fn a_time_that_comes_twice_is_one_occurrence_the_first() {
        let rule = rule("America/New_York", Every::Day, "01:30", "2026-10-31");

        assert_eq!(
            instants(&rule, 3),
            [
                "2026-10-31T05:30Z",
                "2026-11-01T05:30Z",
                "2026-11-02T06:30Z"
            ]
        );
    }

    #[test]
    fn clocks_may_change_by_half_an_hour() {
        // Lord Howe: forward at 02:00 on 4 October 2026, back at 02:00 on 4 April 2027.
        let forward = rule("Australia/Lord_Howe", Every::Day, "02:15", "2026-10-03");
        assert_eq!(
            instants(&forward, 3),
            [
                "2026-10-02T15:45Z",
                "2026-10-03T15:30Z",
                "2026-10-04T15:15Z"
            ]
        );

        let back = rule("Australia/Lord_Howe", Every::Day, "01:45", "2027-04-03");
        assert_eq!(
            instants(&back, 3),
            [
                "2027-04-02T14:45Z",
                "2027-04-03T14:45Z",
                "2027-04-04T15:15Z"
            ]
        );
    }

    #[test]
    fn a_day_that_a_zone_left_out_moves_to_the_next_one() {
        // Samoa had no 30 December 2011.
        let rule = rule("Pacific/Apia", Every::Day, "09:00", "2011-12-29");

        assert_eq!(
            instants(&rule, 3),
            [
                "2011-12-29T19:00Z",
                "2011-12-30T10:00Z",
                "2011-12-30T19:00Z"
            ]
        );
    }

    #[test]
    fn a_month_without_the_day_uses_its_last_or_none() {
        let last = rule("UTC", month(31, ShortMonth::LastDay), "08:00", "2027-01-15");
        assert_eq!(
            locals(&last, 4),
            [
                "2027-01-31 08:00",
                "2027-02-28 08:00",
                "2027-03-31 08:00",
                "2027-04-30 08:00"
            ]
        );

        let skip = rule("UTC", month(31, ShortMonth::Skip), "08:00", "2027-01-15");
        assert_eq!(
            locals(&skip, 3),
            ["2027-01-31 08:00", "2027-03-31 08:00", "2027-05-31 08:00"]
        );
    }

    #[test]
    fn the_leap_day_comes_every_fourth_year_or_moves() {
        let mut rule = rule("UTC", month(29, ShortMonth::Skip), "08:00", "2028-02-01");
        rule.interval = 12;
        assert_eq!(locals(&rule, 2), ["2028-02-29 08:00", "2032-02-29 08:00"]);

        rule.every = month(29, ShortMonth::LastDay);
        assert_eq!(
            locals(&rule, 3),
            ["2028-02-29 08:00", "2029-02-28 08:00", "2030-02-28 08:00"]
        );
    }

    #[test]
    fn every_second_week_counts_from_the_week_of_the_first_day() {
        let days = vec![Weekday::Mon, Weekday::Fri];
        // A Wednesday.
        let mut rule = rule("UTC", Every::Week { days }, "08:00", "2026-11-25");
        rule.interval = 2;

        assert_eq!(
            locals(&rule, 3),
            ["2026-11-27 08:00", "2026-12-07 08:00", "2026-12-11 08:00"]
        );
    }

    #[test]
    fn it_ends_after_its_last_day_and_after_its_count() {
        let mut rule = rule("UTC", Every::Day, "08:00", "2026-11-25");
        rule.times
            .insert(0, NaiveTime::from_hms_opt(20, 0, 0).unwrap());
        rule.last = Some(date("2026-11-26"));
        assert_eq!(
            locals(&rule, 9),
            [
                "2026-11-25 08:00",
                "2026-11-25 20:00",
                "2026-11-26 08:00",
                "2026-11-26 20:00"
            ]
        );

        rule.count = Some(3);
        assert_eq!(rule.occurrences().count(), 3);
    }

    #[test]
    fn a_rule_without_an_end_ends_with_the_calendar() {
        for every in [
            Every::Day,
            Every::Week {
                days: vec![Weekday::Sun],
            },
            month(31, ShortMonth::Skip),
        ] {
            let mut rule = rule("UTC", every, "08:00", "2190-01-01");
            rule.interval = 1000;
            assert!(rule.occurrences().count() < 20);
        }
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let good = rule("UTC", month(31, ShortMonth::Skip), "08:00", "2026-11-25");
        assert_eq!(good.check(), Ok(()));
        let changed = |change: &dyn Fn(&mut Repeat)| {
            let mut rule = good.clone();
            change(&mut rule);
            rule
        };

        for refused in [
            changed(&|rule| rule.times.clear()),
            changed(&|rule| rule.times = vec!["08:00:01".parse().unwrap()]),
            changed(&|rule| rule.interval = 0),
            changed(&|rule| rule.interval = 1001),
            changed(&|rule| rule.every = Every::Week { days: Vec::new() }),
            changed(&|rule| rule.every = month(0, ShortMonth::LastDay)),
            changed(&|rule| rule.every = month(32, ShortMonth::LastDay)),
            changed(&|rule| rule.first = date("1969-12-31")),
            changed(&|rule| rule.last = Some(date("2026-11-24"))),
            changed(&|rule| rule.count = Some(0)),
            // No 31st until then.
            changed(&|rule| rule.last = Some(date("2026-11-30"))),
        ] {
            assert!(refused.check().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_rule_is_stored_in_plain_words() {
        let mut rule = rule(
            "Asia/Jakarta",
            Every::Week {
                days: vec![Weekday::Mon],
            },
            "19:00",
            "2026-11-25",
        );
        rule.count = Some(4);

        let stored = serde_json::to_value(&rule).unwrap();

        assert_eq!(
            stored,
            serde_json::json!({
                "zone": "Asia/Jakarta",
                "every": { "is": "week", "days": ["Mon"] },
                "interval": 1,
                "times": ["19:00:00"],
                "first": "2026-11-25",
                "last": null,
                "count": 4
            })
        );
        assert_eq!(serde_json::from_value::<Repeat>(stored).unwrap(), rule);
    }
}
