//! What is said to a database to release many jobs at one time.

#[cfg(doc)]
use super::super::statements::{ADD_EVENT, REFRESH_LANES, RELEASE};
use crate::sql::Statement;

/// Locks those lanes of `$1`, a list of serial keys, that nobody else has locked.
pub(super) const LOCK_FREE_LANES: Statement = Statement::each(
    "",
    concat!(
        "SELECT serial_key FROM lanes WHERE serial_key",
        one_of_postgres!("$1"),
        " ORDER BY serial_key FOR UPDATE SKIP LOCKED"
    ),
);

/// Whether one of the lanes `$1`, a list of serial keys, has several open jobs or several leases.
pub(super) const ANY_SHARED: Statement = Statement::each(
    concat!(
        "SELECT 1 FROM lanes WHERE serial_key",
        one_of_sqlite!("$1"),
        " AND (is_shared OR is_contended) LIMIT 1"
    ),
    "",
);

/// Counts `$1` versions on.
pub(super) const NEXT_VERSIONS: Statement =
    Statement::each("UPDATE numbers SET job_version = job_version + $1", "");

/// The lists of [`RELEASE_ALL`] as rows.
macro_rules! changes_of_postgres {
    () => {
        "WITH change AS MATERIALIZED (SELECT id, lane, epoch, version, state, wake_at \
         FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[]) \
         AS change (id, lane, epoch, version, state, wake_at))"
    };
}

macro_rules! release_all_postgres {
    ($changes:literal) => {
        concat!(
            "UPDATE jobs SET state = change.state, wake_at = change.wake_at, lease_worker = NULL, \
             lease_until = NULL, version = nextval('job_versions') FROM ",
            $changes,
            " AS change WHERE jobs.id = change.id AND jobs.serial_key = change.lane \
             AND jobs.epoch = change.epoch AND jobs.version = change.version \
             AND jobs.lease_until IS NOT NULL AND jobs.wake_at IS NOT NULL"
        )
    };
}

/// Adds events of lists of jobs, accounts, instants, names and data, in their order.
macro_rules! add_events_postgres {
    ($lists:literal, $which:literal) => {
        concat!(
            "INSERT INTO events (job, account, at, name, data) \
             SELECT job, account, at, name, data FROM unnest(",
            $lists,
            ") WITH ORDINALITY AS event (job, account, at, name, data, place)",
            $which,
            " ORDER BY place"
        )
    };
}

/// As [`RELEASE`] for many: a JSON array of objects on SQLite; lists of ids, lanes, epochs,
/// versions, states and wake-ups on PostgreSQL. Only in the lane that each names, and not of a
/// job that came to its end under its lease, which is no head.
pub(super) const RELEASE_ALL: Statement = Statement::each(
    "UPDATE jobs SET state = change.state, wake_at = change.wake_at, lease_worker = NULL, \
     lease_until = NULL, version = (SELECT job_version FROM numbers) - change.place \
     FROM (SELECT key AS place, unhex(value ->> 'id') AS id, value ->> 'lane' AS lane, \
           value ->> 'epoch' AS epoch, value ->> 'version' AS version, \
           value ->> 'state' AS state, value ->> 'wake_at' AS wake_at FROM json_each($1)) AS change \
     WHERE jobs.id = change.id AND jobs.serial_key = change.lane AND jobs.epoch = change.epoch \
     AND jobs.version = change.version AND jobs.lease_until IS NOT NULL \
     AND jobs.wake_at IS NOT NULL RETURNING id",
    concat!(
        changes_of_postgres!(),
        release_all_postgres!("change"),
        " RETURNING jobs.id"
    ),
);

/// As [`RELEASE_ALL`], in one statement with the events (as of [`ADD_EVENTS`], from `$7` on) and
/// the lanes; only in lanes that have no other open job and that nobody else has locked.
///
/// What it sees may be older than the locks that it takes. So it decides by the rows that it
/// locks and changes, whose newest versions are looked at again, and by no other row: the head
/// of such a lane is its one open job.
///
/// The joins are of lists, which the planner takes for ten rows, so it looks each up by its key.
pub(super) const RELEASE_ALONE: Statement = Statement::each(
    "",
    concat!(
        changes_of_postgres!(),
        ", free AS MATERIALIZED (SELECT serial_key FROM lanes \
         WHERE serial_key = ANY ($2::text[]) AND NOT is_shared AND NOT is_contended \
         ORDER BY serial_key FOR UPDATE SKIP LOCKED), \
         plain AS MATERIALIZED (SELECT change.* FROM change \
         JOIN free ON free.serial_key = change.lane), \
         released AS (",
        release_all_postgres!("plain"),
        " RETURNING jobs.id, jobs.serial_key, jobs.wake_at), \
         told AS (",
        add_events_postgres!(
            "$7::uuid[], $8::text[], $9::bigint[], $10::text[], $11::text[]",
            " WHERE job = ANY (ARRAY(SELECT id FROM released))"
        ),
        "), given_back AS (UPDATE lanes SET head_wake_at = released.wake_at, \
         head_id = CASE WHEN released.wake_at IS NOT NULL THEN released.id END, leased_until = ",
        never!(),
        " FROM released WHERE lanes.serial_key = released.serial_key) SELECT id FROM released"
    ),
);

/// As [`ADD_EVENT`] for many, in their order: a JSON array of objects on SQLite; lists of jobs,
/// accounts, instants, names and data on PostgreSQL.
pub(super) const ADD_EVENTS: Statement = Statement::each(
    "INSERT INTO events (job, account, at, name, data) \
     SELECT unhex(value ->> 'job'), value ->> 'account', value ->> 'at', value ->> 'name', \
     value ->> 'data' FROM json_each($1) ORDER BY key",
    add_events_postgres!(
        "$1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[]",
        ""
    ),
);

/// As [`REFRESH_LANES`], of lanes that have no other open job than their head, which is released.
pub(super) const GIVE_LANES_BACK: Statement = Statement::each(
    concat!(
        "UPDATE lanes SET (head_wake_at, head_id) = (SELECT wake_at, id FROM jobs \
         WHERE jobs.id = lanes.head_id AND wake_at IS NOT NULL), leased_until = ",
        never!(),
        " WHERE serial_key",
        one_of_sqlite!("$1")
    ),
    "",
);
