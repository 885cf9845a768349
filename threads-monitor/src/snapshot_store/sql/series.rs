//! One series: the history of one number, which may be years of points.
//!
//! They come as one row, each column a JSON array: a row for each of them would cost more
//! than reading them.

use super::{last, metric_code, source, subject_text};
use crate::error::StoreError;
use crate::snapshot_store::{Metric, Order, Reading, Snapshot, SnapshotQuery, Subject};
use crate::sql::{Row, SqlDatabase, Statement, damaged, instant, limit, micros, unsigned};

/// A column of all points, as SQLite and as PostgreSQL put it together.
macro_rules! sqlite_column {
    ($column:literal) => {
        concat!("json_group_array(", $column, ")")
    };
}
macro_rules! postgres_column {
    ($column:literal) => {
        concat!("COALESCE(json_agg(", $column, "), '[]')::text")
    };
}

/// Their points lie in the order of their instants already.
macro_rules! points {
    ($column:ident, $order:literal) => {
        concat!(
            "SELECT ",
            $column!("at"),
            ", ",
            $column!("captured_after"),
            ", ",
            $column!("source"),
            ", ",
            $column!("count"),
            ", ",
            $column!("reading"),
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
            points!(sqlite_column, $order),
            points!(postgres_column, $order),
        )
    };
}

const OLDEST_FIRST: Statement = one_series!("ASC");
const NEWEST_FIRST: Statement = one_series!("DESC");

/// The columns of a series, each as long as the others.
struct Columns {
    at: Vec<i64>,
    captured_after: Vec<i64>,
    source: Vec<i64>,
    count: Vec<Option<i64>>,
    reading: Vec<Option<String>>,
}

impl Columns {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let columns = Self {
            at: row.json(0)?,
            captured_after: row.json(1)?,
            source: row.json(2)?,
            count: row.json(3)?,
            reading: row.json(4)?,
        };
        let length = columns.at.len();
        let lengths = [
            columns.captured_after.len(),
            columns.source.len(),
            columns.count.len(),
            columns.reading.len(),
        ];
        if lengths == [length; 4] {
            Ok(columns)
        } else {
            Err(damaged("a series has columns of different lengths"))
        }
    }
}

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
    let Some(row) = rows.first() else {
        return Ok(Vec::new());
    };
    let columns = Columns::read(row)?;
    let numbers = columns
        .at
        .into_iter()
        .zip(columns.captured_after)
        .zip(columns.source);
    let values = columns.count.into_iter().zip(columns.reading);
    let mut snapshots = numbers
        .zip(values)
        .map(|(((at, captured_after), from), value)| {
            Ok(Snapshot {
                account: query.account.clone(),
                subject: subject.clone(),
                metric,
                at: instant(at)?,
                captured_at: instant(at.wrapping_add(captured_after))?,
                source: source(from)?,
                reading: match value {
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
