//! What a history says: pure functions over measured points.
//!
//! A day without a measurement stays a day without a measurement. Nothing here
//! invents, interpolates or fills with zero.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use crate::snapshot_store::{Snapshot, Source};
use crate::zone::Zone;

/// One measured number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The instant that the number is about.
    pub at: DateTime<Utc>,
    /// When it was measured.
    pub captured_at: DateTime<Utc>,
    /// The number.
    pub value: u64,
    /// Where it comes from.
    pub source: Source,
}

impl Point {
    /// The point of a snapshot, if it holds a number.
    pub fn from_snapshot(snapshot: &Snapshot) -> Option<Self> {
        Some(Self {
            at: snapshot.at,
            captured_at: snapshot.captured_at,
            value: snapshot.reading.count()?,
            source: snapshot.source,
        })
    }
}

/// One calendar day of a series; `None` when nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// The day's number.
    pub point: Option<Point>,
}

/// A difference between two measurements, with both of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// How much it went up, or down.
    pub by: i64,
    /// The earlier measurement.
    pub from: Point,
    /// The later measurement.
    pub to: Point,
}

/// The last measurement of each local day from `first` to `last`, both included.
///
/// For numbers that are about an instant, such as followers.
pub fn daily(points: &[Point], zone: Zone, first: NaiveDate, last: NaiveDate) -> Vec<Day> {
    by_date(points, first, last, |point| zone.date(point.at))
}

/// The number of each Meta day from `first` to `last`, both included.
///
/// For numbers that are about a whole day, whose `at` is the end of it: the first
/// instant of the next Pacific day.
pub fn meta_days(points: &[Point], first: NaiveDate, last: NaiveDate) -> Vec<Day> {
    by_date(points, first, last, |point| {
        Zone::META.date(point.at - TimeDelta::milliseconds(1))
    })
}

fn by_date(
    points: &[Point],
    first: NaiveDate,
    last: NaiveDate,
    date_of: impl Fn(&Point) -> NaiveDate,
) -> Vec<Day> {
    let mut days: Vec<Day> =
        std::iter::successors(Some(first), |date| date.checked_add_days(Days::new(1)))
            .take_while(|date| *date <= last)
            .map(|date| Day { date, point: None })
            .collect();
    for point in points {
        let index = usize::try_from((date_of(point) - first).num_days());
        let Some(day) = index.ok().and_then(|index| days.get_mut(index)) else {
            continue;
        };
        let newer = |known: Point| (known.at, known.captured_at) <= (point.at, point.captured_at);
        if day.point.is_none_or(newer) {
            day.point = Some(*point);
        }
    }
    days
}

/// The change up to the newest measurement since the newest one that is at least
/// `span` older. `None` while there is no such measurement.
pub fn change(points: &[Point], span: TimeDelta) -> Option<Change> {
    let to = *points.iter().max_by_key(|point| point.at)?;
    let from = *points
        .iter()
        .filter(|point| to.at - point.at >= span)
        .max_by_key(|point| point.at)?;
    let by = i128::from(to.value) - i128::from(from.value);
    Some(Change {
        by: i64::try_from(by).ok()?,
        from,
        to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: &str, value: u64) -> Point {
        let at = at.parse().unwrap();
        Point {
            at,
            captured_at: at,
            value,
            source: Source::Insights,
        }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_without_a_measurement_stays_empty() {
        let points = [
            point("2026-11-01T03:00:00Z", 10),
            point("2026-11-03T03:00:00Z", 12),
        ];

        let days = daily(&points, Zone::UTC, date("2026-11-01"), date("2026-11-03"));

        let values: Vec<_> = days.iter().map(|day| day.point.map(|p| p.value)).collect();
        assert_eq!(values, [Some(10), None, Some(12)]);
    }

    #[test]
    fn a_measured_zero_is_not_an_empty_day() {
        let points = [point("2026-11-01T03:00:00Z", 0)];

        let days = daily(&points, Zone::UTC, date("2026-11-01"), date("2026-11-01"));

        assert_eq!(days[0].point.map(|p| p.value), Some(0));
    }

    #[test]
    fn the_last_measurement_of_a_local_day_counts() {
        let jakarta: Zone = "Asia/Jakarta".parse().unwrap();
        // 17:00 UTC is midnight in Jakarta: the second point opens the 2nd there.
        let points = [
            point("2026-11-01T16:59:00Z", 10),
            point("2026-11-01T17:00:00Z", 11),
            point("2026-11-02T16:00:00Z", 13),
        ];

        let days = daily(&points, jakarta, date("2026-11-01"), date("2026-11-02"));

        let values: Vec<_> = days.iter().map(|day| day.point.map(|p| p.value)).collect();
        assert_eq!(values, [Some(10), Some(13)]);
    }

    #[test]
    fn a_meta_day_is_named_by_the_day_that_ends_at_its_instant() {
        let points = [
            point("2026-07-10T07:00:00Z", 130),
            point("2026-12-10T08:00:00Z", 227),
        ];

        let summer = meta_days(&points, date("2026-07-09"), date("2026-07-09"));
        let winter = meta_days(&points, date("2026-12-09"), date("2026-12-09"));

        assert_eq!(summer[0].point.map(|p| p.value), Some(130));
        assert_eq!(winter[0].point.map(|p| p.value), Some(227));
    }

    #[test]
    fn a_change_over_a_gap_names_the_days_it_really_spans() {
        let points = [
            point("2026-11-01T00:00:00Z", 100),
            point("2026-11-09T00:00:00Z", 90),
        ];

        let change = change(&points, TimeDelta::days(7)).unwrap();

        assert_eq!(change.by, -10);
        assert_eq!(change.from, points[0]);
        assert_eq!(change.to, points[1]);
    }

    #[test]
    fn there_is_no_change_without_an_older_measurement() {
        let points = [
            point("2026-11-03T00:00:00Z", 100),
            point("2026-11-09T00:00:00Z", 90),
        ];

        assert_eq!(change(&points, TimeDelta::days(7)), None);
        assert_eq!(super::change(&[], TimeDelta::days(7)), None);
    }
}
