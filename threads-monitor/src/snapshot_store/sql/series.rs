//! One series: the history of one number, which may be years of points.
//!
//! They come as one JSON text: a row for each of them would cost more than reading them.

use serde::Deserialize;

use super::{last, metric_code, source, subject_text};
use crate::error::StoreError;
use crate::snapshot_store::{Metric, Order, Reading, Snapshot, SnapshotQuery, Subject};
use crate::sql::{SqlDatabase, Statement, damaged, instant, limit, micros, unsigned};

/// Their points lie in the order of their instants already.
macro_rules! points {
    ($group:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $group,
            " FROM (SELECT at, captured_after, source, count, reading FROM points \
             WHERE series = (SELECT id FROM series \
                             WHERE account = $1 AND subject = $2 AND metric = $3) \
               AND at >= $4 AND at <= $5 ORDER BY at ",
            $order,
            " LIMIT $6) AS points"
        )
    };
}

macro_rules! one_series {
    ($order:literal) => {
        Statement::each(
            points!(
                "json_group_array(json_array(at, captured_after, source, count, reading))",
                $order
            ),
            points!(
                "COALESCE(json_agg(json_build_array(at, captured_after, source, count, reading)) \
                 ::text, '[]')",
                $order
            ),
        )
    };
}

const OLDEST_FIRST: Statement = one_series!("ASC");
const NEWEST_FIRST: Statement = one_series!("DESC");

/// `[at, captured_after, source, count, reading]`
#[derive(Deserialize)]
struct Point(i64, i64, i64, Option<i64>, Option<String>);

pub(super) async fn read(
    database: &SqlDatabase,
    query: &SnapshotQuery,
    subject: &Subject,
    metric: Metric,
) -> Result<Vec<Snapshot>, StoreError> {
    let statement = match query.order {
        Order::OldestFirst => OLDEST_FIRST,
        Order::NewestFirst => NEWEST_FIRST,
    };
    let values = vec![
        (&query.account).into(),
        subject_text(subject).into(),
        metric_code(metric).into(),
        query.from.map_or(i64::MIN, micros).into(),
        last(query).into(),
        limit(query.limit).into(),
    ];
    let rows = database.read("reading a series", statement, values).await?;
    let text = rows
        .first()
        .map_or(Ok("[]".to_owned()), |row| row.text(0))?;
    let points: Vec<Point> =
        serde_json::from_str(&text).map_err(|_| damaged("a series has an unreadable point"))?;
    let mut snapshots = points
        .into_iter()
        .map(|Point(at, captured_after, from, count, reading)| {
            Ok(Snapshot {
                account: query.account.clone(),
                subject: subject.clone(),
                metric,
                at: instant(at)?,
                captured_at: instant(at.wrapping_add(captured_after))?,
                source: source(from)?,
                reading: match (count, reading) {
                    (Some(count), _) => Reading::Count(unsigned(count)),
                    (None, Some(text)) => serde_json::from_str(&text)
                        .map_err(|_| damaged("a point has an unreadable value"))?,
                    (None, None) => return Err(damaged("a point has no value")),
                },
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    // Neither database promises the order in which it puts a group together.
    match query.order {
        Order::OldestFirst => snapshots.sort_by_key(|snapshot| snapshot.at),
        Order::NewestFirst => snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at)),
    }
    Ok(snapshots)
}
