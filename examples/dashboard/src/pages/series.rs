//! Series for charts, tables and downloads.

use chrono::{Days, NaiveDate, TimeDelta};
use threads_client::UserId;
use threads_monitor::snapshot_store::{Metric, Subject};
use threads_monitor::trends::{self, Day, Point};
use threads_monitor::{Monitor, Zone};

use crate::format;
use crate::problem::Problem;

/// How many days a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) key: &'static str,
    pub(super) word: &'static str,
    days: u64,
}

pub(super) const RANGES: [Range; 4] = [
    Range {
        key: "7d",
        word: "7 days",
        days: 7,
    },
    Range {
        key: "30d",
        word: "30 days",
        days: 30,
    },
    Range {
        key: "90d",
        word: "90 days",
        days: 90,
    },
    Range {
        key: "1y",
        word: "1 year",
        days: 365,
    },
];

impl Range {
    /// The range of this key; 30 days when there is none.
    pub(super) fn of(key: Option<&str>) -> Self {
        let [_, usual, _, _] = RANGES;
        RANGES
            .into_iter()
            .find(|range| key == Some(range.key))
            .unwrap_or(usual)
    }

    /// The first of its days, when the last one is `last`.
    fn first(self, last: NaiveDate) -> NaiveDate {
        last.checked_sub_days(Days::new(self.days - 1))
            .unwrap_or(last)
    }
}

/// The followers of an account, for each day of its zone.
pub(super) async fn followers(
    monitor: &Monitor,
    user: &UserId,
    zone: Zone,
    range: Range,
) -> Result<Vec<Day>, Problem> {
    let last = zone.date(monitor.now());
    let first = range.first(last);
    let points = points(monitor, user, zone, first, Metric::Followers).await?;
    Ok(trends::daily(&points, zone, first, last))
}

/// The profile views of an account, for each Meta day.
pub(super) async fn views(
    monitor: &Monitor,
    user: &UserId,
    range: Range,
) -> Result<Vec<Day>, Problem> {
    let last = Zone::META.date(monitor.now());
    let first = range.first(last);
    let points = points(monitor, user, Zone::META, first, Metric::Views).await?;
    Ok(trends::meta_days(&points, first, last))
}

/// How followers changed in about a week, with its dates, in words.
pub(super) async fn weekly_change(
    monitor: &Monitor,
    user: &UserId,
    zone: Zone,
) -> Result<Option<String>, Problem> {
    let first = zone.date(monitor.now() - TimeDelta::days(45));
    let points = points(monitor, user, zone, first, Metric::Followers).await?;
    Ok(trends::change(&points, TimeDelta::days(7)).map(|change| {
        format!(
            "{} since {}",
            format::signed(change.by),
            format::date(zone.date(change.from.at))
        )
    }))
}

async fn points(
    monitor: &Monitor,
    user: &UserId,
    zone: Zone,
    first: NaiveDate,
    metric: Metric,
) -> Result<Vec<Point>, Problem> {
    let now = monitor.now();
    let from = zone.start_of_day(first).unwrap_or(now);
    // A Meta day is named by its end, which lies in the future while it lasts.
    let to = now + TimeDelta::days(2);
    Ok(monitor
        .series(user, Subject::Account, metric, from, to)
        .await?)
}
