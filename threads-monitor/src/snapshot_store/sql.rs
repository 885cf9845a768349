//! Observations in a SQL database.

mod series;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use threads_client::{PostId, UserId};

use super::{Metric, Order, Reading, Snapshot, SnapshotQuery, SnapshotStore, Source, Subject};
use crate::error::StoreError;
use crate::sql::{
    Row, SqlDatabase, Statement, Transaction, Value, damaged, instant, limit, micros, signed,
    unsigned,
};

/// Observations in a [`SqlDatabase`].
///
/// Clones share the history. Dropping a future of this store loses its answer: a write
/// that was begun may still happen, whole.
#[derive(Debug, Clone)]
pub struct SqlSnapshotStore {
    database: SqlDatabase,
}

impl SqlSnapshotStore {
    /// The observations of a database; there are none in a new one.
    pub fn new(database: &SqlDatabase) -> Self {
        Self {
            database: database.clone(),
        }
    }
}

/// The columns of a point and of its series.
macro_rules! columns {
    () => {
        "SELECT series.subject, series.metric, points.at, points.captured_after, \
         CAST(points.source AS BIGINT), points.count, points.reading "
    };
}

macro_rules! query {
    ($order:literal) => {
        Statement::both(concat!(
            columns!(),
            "FROM series JOIN points ON points.series = series.id \
             WHERE series.account = $1 AND ($2 IS NULL OR series.subject = $2) \
               AND ($3 IS NULL OR series.metric = $3) \
               AND points.at >= $4 AND points.at <= $5 \
             ORDER BY points.at ",
            $order,
            ", series.subject, series.metric LIMIT $6"
        ))
    };
}

const OLDEST_FIRST: Statement = query!("ASC");
const NEWEST_FIRST: Statement = query!("DESC");

macro_rules! latest {
    ($subjects:literal) => {
        concat!(
            columns!(),
            "FROM series JOIN points ON points.series = series.id \
               AND points.at = (SELECT max(newest.at) FROM points AS newest \
                                WHERE newest.series = series.id) \
             WHERE series.account = $1 AND series.subject IN (",
            $subjects,
            ") ORDER BY series.subject, series.metric"
        )
    };
}

const LATEST: Statement = Statement::each(
    latest!("SELECT value FROM json_each($2)"),
    latest!("SELECT json_array_elements_text($2::json)"),
);

/// Series outlive their points when those are pruned.
macro_rules! accounts {
    ($where:literal) => {
        Statement::both(concat!(
            "SELECT DISTINCT account FROM series WHERE ",
            $where,
            "EXISTS (SELECT 1 FROM points WHERE points.series = series.id) \
             ORDER BY account LIMIT $1"
        ))
    };
}

const ACCOUNTS: Statement = accounts!("account > $2 AND ");
const FIRST_ACCOUNTS: Statement = accounts!("");

const COUNT: Statement = Statement::both(
    "SELECT count(*) FROM series JOIN points ON points.series = series.id \
     WHERE series.account = $1 AND series.metric = $2",
);

/// The series of a JSON array of `[account, subject, metric]`. PostgreSQL keeps them from
/// being erased until the points are in.
const FIND_SERIES: Statement = Statement::each(
    "SELECT series.id, series.account, series.subject, series.metric \
     FROM json_each($1) AS wanted JOIN series \
       ON series.account = wanted.value ->> 0 AND series.subject = wanted.value ->> 1 \
      AND series.metric = wanted.value ->> 2",
    "SELECT series.id, series.account, series.subject, series.metric \
     FROM json_array_elements($1::json) AS wanted (value) JOIN series \
       ON series.account = wanted.value ->> 0 AND series.subject = wanted.value ->> 1 \
      AND series.metric = (wanted.value ->> 2)::bigint FOR KEY SHARE OF series",
);

const ADD_SERIES: Statement = Statement::each(
    "INSERT INTO series (account, subject, metric) \
     SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) WHERE true \
     ON CONFLICT DO NOTHING",
    "INSERT INTO series (account, subject, metric) \
     SELECT value ->> 0, value ->> 1, (value ->> 2)::bigint \
     FROM json_array_elements($1::json) AS wanted (value) \
     ON CONFLICT DO NOTHING",
);

macro_rules! add_points {
    ($select:literal) => {
        concat!(
            "INSERT INTO points (series, at, captured_after, source, count, reading) ",
            $select,
            " ON CONFLICT (series, at) DO UPDATE SET \
             captured_after = excluded.captured_after, source = excluded.source, \
             count = excluded.count, reading = excluded.reading \
             WHERE excluded.captured_after > points.captured_after"
        )
    };
}

/// Points of a JSON array of `[series, at, captured_after, source, count, reading]`.
const ADD_POINTS: Statement = Statement::each(
    add_points!(
        "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
         FROM json_each($1) WHERE true"
    ),
    add_points!(
        "SELECT (value ->> 0)::bigint, (value ->> 1)::bigint, (value ->> 2)::bigint, \
         (value ->> 3)::smallint, (value ->> 4)::bigint, value ->> 5 \
         FROM json_array_elements($1::json) AS added (value)"
    ),
);

const PRUNE: Statement = Statement::both(
    "DELETE FROM points WHERE series IN (SELECT id FROM series) AND at < $1 \
     AND count IS NOT NULL",
);

const REMOVE_OLDER: Statement = Statement::both(
    "DELETE FROM points WHERE series IN (SELECT id FROM series WHERE account = $1) \
     AND at < $2 AND count IS NOT NULL",
);

/// From `$2` to `$3`, of the series that `is_by_day` does not name: all of posts, and of
/// the account followers and posts seen.
const THIN: Statement = Statement::both(
    "DELETE FROM points WHERE series IN (SELECT id FROM series WHERE account = $1 \
         AND (subject <> '' OR metric IN (10, 20))) \
     AND at >= $2 AND at < $3 AND count IS NOT NULL \
     AND at < (SELECT max(newest.at) FROM points AS newest \
               WHERE newest.series = points.series AND newest.at >= $2 AND newest.at < $3 \
                 AND newest.count IS NOT NULL)",
);

/// The series of an account. PostgreSQL locks them, and so waits for appends that found
/// them.
const LOCK_ACCOUNT: Statement = Statement::each(
    "SELECT id FROM series WHERE account = $1 ORDER BY id",
    "SELECT id FROM series WHERE account = $1 ORDER BY id FOR UPDATE",
);

/// Of a JSON array of ids.
const ERASE_POINTS: Statement = Statement::each(
    "DELETE FROM points WHERE series IN (SELECT value FROM json_each($1))",
    "DELETE FROM points \
     WHERE series = ANY (ARRAY(SELECT json_array_elements_text($1::json)::bigint))",
);

/// Of a JSON array of ids.
const ERASE_SERIES: Statement = Statement::each(
    "DELETE FROM series WHERE id IN (SELECT value FROM json_each($1))",
    "DELETE FROM series WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json)::bigint))",
);

/// How often series are looked for while others make or erase them.
const ROUNDS: usize = 100;

#[async_trait]
impl SnapshotStore for SqlSnapshotStore {
    async fn append(&self, snapshots: &[Snapshot]) -> Result<(), StoreError> {
        let points = settled(snapshots);
        if points.is_empty() {
            return Ok(());
        }
        let wanted: BTreeSet<&Series> = points.keys().map(|(series, _)| series).collect();
        let mut step = self.database.begin("appending observations").await?;
        let ids = find_or_add(&mut step, &wanted).await?;
        let rows = points
            .iter()
            .map(|((series, at), snapshot)| point_json(&ids, series, *at, snapshot))
            .collect::<Result<Vec<_>, StoreError>>()?;
        step.run(ADD_POINTS, vec![Json::Array(rows).to_string().into()])
            .await?;
        step.commit().await
    }

    async fn query(&self, query: &SnapshotQuery) -> Result<Vec<Snapshot>, StoreError> {
        if let (Some(subject), Some(metric)) = (&query.subject, query.metric) {
            return series::read(&self.database, query, subject, metric).await;
        }
        let statement = match query.order {
            Order::OldestFirst => OLDEST_FIRST,
            Order::NewestFirst => NEWEST_FIRST,
        };
        let values = vec![
            (&query.account).into(),
            query.subject.as_ref().map(subject_text).into(),
            query.metric.map(metric_code).into(),
            query.from.map_or(i64::MIN, micros).into(),
            last(query).into(),
            limit(query.limit).into(),
        ];
        let rows = self
            .database
            .read("reading observations", statement, values)
            .await?;
        rows.iter()
            .map(|row| snapshot(&query.account, row))
            .collect()
    }

    async fn latest(
        &self,
        account: &UserId,
        subjects: &[Subject],
    ) -> Result<Vec<Snapshot>, StoreError> {
        let subjects: Vec<String> = subjects.iter().map(subject_text).collect();
        let values = vec![account.into(), json!(subjects).to_string().into()];
        let rows = self
            .database
            .read("reading the newest observations", LATEST, values)
            .await?;
        rows.iter().map(|row| snapshot(account, row)).collect()
    }

    async fn accounts(
        &self,
        after: Option<&UserId>,
        page: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let page = Value::from(limit(page));
        let (statement, values) = match after {
            Some(after) => (ACCOUNTS, vec![page, after.into()]),
            None => (FIRST_ACCOUNTS, vec![page]),
        };
        let rows = self
            .database
            .read("listing accounts", statement, values)
            .await?;
        rows.iter()
            .map(|row| Ok(UserId::new(row.text(0)?)))
            .collect()
    }

    async fn count(&self, account: &UserId, metric: Metric) -> Result<u64, StoreError> {
        let values = vec![account.into(), metric_code(metric).into()];
        let rows = self
            .database
            .read("counting observations", COUNT, values)
            .await?;
        let count = rows.first().map_or(Ok(0), |row| row.integer(0))?;
        Ok(unsigned(count))
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut step = self.database.begin_long("pruning observations").await?;
        let removed = step.run(PRUNE, vec![before.into()]).await?;
        step.commit().await?;
        self.database.forget(&["points"]).await?;
        Ok(removed)
    }

    async fn thin(
        &self,
        account: &UserId,
        oldest: DateTime<Utc>,
        bounds: &[DateTime<Utc>],
    ) -> Result<u64, StoreError> {
        let mut step = self
            .database
            .begin_long("thinning out observations")
            .await?;
        let mut removed = step
            .run(REMOVE_OLDER, vec![account.into(), oldest.into()])
            .await?;
        for span in bounds.windows(2) {
            let &[from, to] = span else { continue };
            removed += step
                .run(THIN, vec![account.into(), from.into(), to.into()])
                .await?;
        }
        step.commit().await?;
        if removed > 0 {
            self.database.tidy(&["points"]).await?;
        }
        Ok(removed)
    }

    async fn erase_account(&self, account: &UserId) -> Result<u64, StoreError> {
        let mut step = self.database.begin_long("erasing observations").await?;
        let series = json!(lock_account(&mut step, account).await?).to_string();
        let removed = step.run(ERASE_POINTS, vec![series.clone().into()]).await?;
        step.run(ERASE_SERIES, vec![series.into()]).await?;
        step.commit().await?;
        self.database.forget(&["points", "series"]).await?;
        Ok(removed)
    }
}

/// What a point is about, in the order in which answers have it.
type Series = (String, String, i64);

/// The points of a batch, each once: the one that was captured later, or came first.
fn settled(snapshots: &[Snapshot]) -> BTreeMap<(Series, i64), &Snapshot> {
    let mut points: BTreeMap<(Series, i64), &Snapshot> = BTreeMap::new();
    for snapshot in snapshots {
        let series = (
            snapshot.account.as_str().to_owned(),
            subject_text(&snapshot.subject),
            metric_code(snapshot.metric),
        );
        let key = (series, micros(snapshot.at));
        let is_newer = points
            .get(&key)
            .is_none_or(|known| micros(known.captured_at) < micros(snapshot.captured_at));
        if is_newer {
            points.insert(key, snapshot);
        }
    }
    points
}

/// The ids of all these series, which are made if they are missing.
async fn find_or_add(
    step: &mut Transaction,
    wanted: &BTreeSet<&Series>,
) -> Result<BTreeMap<Series, i64>, StoreError> {
    let mut ids = BTreeMap::new();
    for round in 0..ROUNDS {
        let missing: Vec<_> = wanted
            .iter()
            .filter(|series| !ids.contains_key(**series))
            .collect();
        if missing.is_empty() {
            return Ok(ids);
        }
        let missing = json!(missing).to_string();
        if round > 0 {
            step.run(ADD_SERIES, vec![missing.clone().into()]).await?;
        }
        for row in step.rows(FIND_SERIES, vec![missing.into()]).await? {
            let series = (row.text(1)?, row.text(2)?, row.integer(3)?);
            ids.insert(series, row.integer(0)?);
        }
    }
    Err(StoreError::conflict("the account, which was being erased,"))
}

/// The series of an account, all of them locked.
///
/// Locking waits for appends that are under way, and such an append may have made other
/// series besides. So it is done again until nothing new is found: then every append is
/// either seen whole, or has nothing to do with what is locked.
async fn lock_account(step: &mut Transaction, account: &UserId) -> Result<Vec<i64>, StoreError> {
    let mut locked = Vec::new();
    for _ in 0..ROUNDS {
        let found = step
            .rows(LOCK_ACCOUNT, vec![account.into()])
            .await?
            .iter()
            .map(|row| row.integer(0))
            .collect::<Result<Vec<_>, StoreError>>()?;
        if found == locked {
            return Ok(locked);
        }
        locked = found;
    }
    Err(StoreError::conflict(
        "the account, which is being written to,",
    ))
}

/// A point as a JSON array, in the order of the columns.
fn point_json(
    ids: &BTreeMap<Series, i64>,
    series: &Series,
    at: i64,
    snapshot: &Snapshot,
) -> Result<Json, StoreError> {
    let id = ids
        .get(series)
        .ok_or_else(|| damaged("a series was not found again"))?;
    // Wrapping, because the difference of two far times may be no number; it is undone in
    // the same way.
    let captured_after = micros(snapshot.captured_at).wrapping_sub(at);
    let count = snapshot.reading.count().map(signed);
    let reading = match count {
        Some(_) => None,
        None => Some(
            serde_json::to_string(&snapshot.reading)
                .map_err(|error| StoreError::backend("sql", "appending observations", error))?,
        ),
    };
    let source = source_code(snapshot.source);
    Ok(json!([id, at, captured_after, source, count, reading]))
}

/// The last instant of a query: `to` is not part of the range, and a stored time has no
/// fractions.
fn last(query: &SnapshotQuery) -> i64 {
    query.to.map_or(i64::MAX, |to| micros(to).saturating_sub(1))
}

fn snapshot(account: &UserId, row: &Row) -> Result<Snapshot, StoreError> {
    let at = row.integer(2)?;
    let reading = match row.maybe_integer(5)? {
        Some(count) => Reading::Count(unsigned(count)),
        None => row.json(6)?,
    };
    Ok(Snapshot {
        account: account.clone(),
        subject: subject(&row.text(0)?)?,
        metric: metric(row.integer(1)?)?,
        at: instant(at)?,
        captured_at: instant(at.wrapping_add(row.integer(3)?))?,
        source: source(row.integer(4)?)?,
        reading,
    })
}

const POST: &str = "post:";

fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Account => String::new(),
        Subject::Post(post) => format!("{POST}{}", post.as_str()),
    }
}

fn subject(text: &str) -> Result<Subject, StoreError> {
    match text.strip_prefix(POST) {
        Some(post) => Ok(Subject::Post(PostId::new(post))),
        None if text.is_empty() => Ok(Subject::Account),
        None => Err(damaged("a series is about something unknown")),
    }
}

/// Metrics and their numbers in a database, which never change. They ascend as metrics
/// do, because answers are ordered by them; the gaps are for metrics in between.
const METRICS: [(Metric, i64); 12] = [
    (Metric::Followers, 10),
    (Metric::PostsSeen, 20),
    (Metric::Views, 30),
    (Metric::Likes, 40),
    (Metric::Replies, 50),
    (Metric::Reposts, 60),
    (Metric::Quotes, 70),
    (Metric::Shares, 80),
    (Metric::Clicks, 90),
    (Metric::Profile, 100),
    (Metric::Post, 110),
    (Metric::TimeZone, 120),
];

const fn metric_code(metric: Metric) -> i64 {
    // A `match`, so that a new metric without a number does not compile.
    match metric {
        Metric::Followers => 10,
        Metric::PostsSeen => 20,
        Metric::Views => 30,
        Metric::Likes => 40,
        Metric::Replies => 50,
        Metric::Reposts => 60,
        Metric::Quotes => 70,
        Metric::Shares => 80,
        Metric::Clicks => 90,
        Metric::Profile => 100,
        Metric::Post => 110,
        Metric::TimeZone => 120,
    }
}

fn metric(code: i64) -> Result<Metric, StoreError> {
    METRICS
        .iter()
        .find(|(_, known)| *known == code)
        .map(|(metric, _)| *metric)
        .ok_or_else(|| damaged("a series has an unknown metric"))
}

const fn source_code(source: Source) -> i64 {
    match source {
        Source::Insights => 0,
        Source::Api => 1,
        Source::ProfileDiscovery => 2,
        Source::Monitor => 3,
        Source::Person => 4,
    }
}

fn source(code: i64) -> Result<Source, StoreError> {
    match code {
        0 => Ok(Source::Insights),
        1 => Ok(Source::Api),
        2 => Ok(Source::ProfileDiscovery),
        3 => Ok(Source::Monitor),
        4 => Ok(Source::Person),
        _ => Err(damaged("a point has an unknown source")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot_store::is_by_day;

    #[test]
    fn numbers_of_metrics_ascend_as_metrics_do() {
        assert!(METRICS.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(METRICS.windows(2).all(|pair| pair[0].1 < pair[1].1));
        for (known, code) in METRICS {
            // What the statement that thins out says in numbers.
            assert_eq!(
                is_by_day(&Subject::Account, known),
                ![10, 20].contains(&code)
            );
            assert!(!is_by_day(&Subject::Post(PostId::new("1")), known));
            assert_eq!(metric_code(known), code);
            assert_eq!(metric(code).unwrap(), known);
        }
    }

    #[test]
    fn sources_and_subjects_come_back() {
        for code in 0..5 {
            assert_eq!(source_code(source(code).unwrap()), code);
        }
        for about in [Subject::Account, Subject::Post(PostId::new("post:1"))] {
            assert_eq!(subject(&subject_text(&about)).unwrap(), about);
        }
        assert!(source(5).is_err());
        assert!(metric(15).is_err());
        assert!(subject("x").is_err());
    }
}
