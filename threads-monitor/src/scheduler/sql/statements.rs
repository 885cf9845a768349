//! What the scheduler says to a database.
//!
//! `$1` is the job wherever one is named. A statement without a text for one of the
//! databases is not said to it.

use crate::sql::Statement;

pub(super) const GET: Statement =
    Statement::both(concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1"));

pub(super) const BY_KEY: Statement = Statement::both(concat!(
    "SELECT ",
    columns!(),
    " FROM jobs WHERE account = $1 AND idempotency_key = $2"
));

/// Counts one version on; only SQLite keeps them in a row of its own.
pub(super) const NEXT_VERSION: Statement =
    Statement::each("UPDATE numbers SET job_version = job_version + 1", "");

/// Makes the lane of a serial key, or locks it. (SQLite has one writer, and no locks.)
pub(super) const ENTER_LANE: Statement = Statement::each(
    "INSERT INTO lanes (serial_key) VALUES ($1) ON CONFLICT (serial_key) DO NOTHING",
    "INSERT INTO lanes (serial_key) VALUES ($1) \
     ON CONFLICT (serial_key) DO UPDATE SET serial_key = excluded.serial_key",
);

macro_rules! is_alone {
    ($lock:literal) => {
        concat!(
            "SELECT CAST(CASE WHEN NOT lanes.is_shared AND COALESCE(lanes.head_id = $1, TRUE) \
             THEN 1 ELSE 0 END AS BIGINT) FROM jobs JOIN lanes \
             ON lanes.serial_key = jobs.serial_key WHERE jobs.id = $1",
            $lock
        )
    };
}

/// Locks the lane of a job, and says 1 if no other job of it is open.
pub(super) const LOCK_LANE: Statement =
    Statement::each(is_alone!(""), is_alone!(" FOR UPDATE OF lanes"));

/// Takes the jobs `$1`, a list of ids, out of those that wait, before they change.
pub(super) const LEAVE_WAITING: Statement = Statement::each(
    concat!(
        "DELETE FROM waiting WHERE (serial_key, wake_at, id) IN \
         (SELECT serial_key, wake_at, id FROM jobs WHERE jobs.id",
        ids_of_sqlite!("$1"),
        ")"
    ),
    concat!(
        "DELETE FROM waiting USING jobs WHERE jobs.id",
        ids_of_postgres!("$1"),
        " AND waiting.serial_key = jobs.serial_key AND waiting.wake_at = jobs.wake_at \
         AND waiting.id = jobs.id"
    ),
);

macro_rules! join_waiting {
    ($ids:expr, $members:expr) => {
        concat!(
            "INSERT INTO waiting (serial_key, wake_at, id) \
             SELECT member.serial_key, member.wake_at, member.id FROM jobs \
             JOIN lanes ON lanes.serial_key = jobs.serial_key \
             JOIN jobs AS member ON member.id",
            $members,
            " WHERE jobs.id",
            $ids,
            " AND (lanes.is_shared OR (lanes.head_id <> jobs.id AND jobs.wake_at IS NOT NULL)) \
             AND member.wake_at IS NOT NULL ON CONFLICT DO NOTHING"
        )
    };
}

/// Puts the jobs `$1`, a list of ids, among those that wait, if they are open and not the
/// only ones of their lanes; and the head of the lane with them.
pub(super) const JOIN_WAITING: Statement = Statement::each(
    join_waiting!(
        ids_of_sqlite!("$1"),
        among_sqlite!("jobs.id, lanes.head_id")
    ),
    join_waiting!(
        ids_of_postgres!("$1"),
        among_postgres!("jobs.id, lanes.head_id")
    ),
);

/// Takes the jobs of the account `$1` in the lanes `$2`, a list, out of those that wait.
pub(super) const ERASE_WAITING: Statement = Statement::each(
    concat!(
        "DELETE FROM waiting WHERE serial_key",
        one_of_sqlite!("$2"),
        " AND id IN (SELECT id FROM jobs WHERE account = $1)"
    ),
    concat!(
        "DELETE FROM waiting WHERE serial_key",
        one_of_postgres!("$2"),
        " AND id IN (SELECT id FROM jobs WHERE account = $1)"
    ),
);

/// Of `$1`, one serial key; `$3` is the job that changed.
pub(super) const REFRESH_LANE: Statement = Statement::each(
    refresh_lanes!(" = $1", among_sqlite!("lanes.head_id, $3")),
    refresh_lanes!(" = $1", among_postgres!("lanes.head_id, $3")),
);

/// Of `$1`, a list of serial keys, in which no other job than the head was opened.
pub(super) const REFRESH_LANES: Statement = Statement::each(
    refresh_lanes!(one_of_sqlite!("$1"), " = lanes.head_id"),
    refresh_lanes!(one_of_postgres!("$1"), " = lanes.head_id"),
);

/// Leases the lane `$1` until `$2`.
pub(super) const TAKE_LANE: Statement = Statement::each(
    concat!(
        "UPDATE lanes SET is_contended = leased_until > ",
        never!(),
        ", leased_until = $2 WHERE serial_key = $1"
    ),
    "",
);

/// Has the leases of the lanes `$1`, a list of serial keys, counted again.
pub(super) const DOUBT_LANES: Statement = Statement::each(
    concat!(
        "UPDATE lanes SET is_contended = 1 WHERE serial_key",
        one_of_sqlite!("$1")
    ),
    concat!(
        "UPDATE lanes SET is_contended = TRUE WHERE serial_key",
        one_of_postgres!("$1")
    ),
);

/// Removes the lane of a serial key that has no job.
pub(super) const LEAVE_LANE: Statement = Statement::both(
    "DELETE FROM lanes WHERE serial_key = $1 \
     AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.serial_key = $1)",
);

pub(super) const INSERT: Statement = versioned!(
    "INSERT INTO jobs (id, account, kind, serial_key, idempotency_key, request, state, wake_at, \
     created_at, epoch, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, ",
    ") ON CONFLICT DO NOTHING RETURNING ",
    columns!()
);

/// Whether anything (of the kinds `$3`) is due and free at `$1`; a look costs SQLite less
/// than a write.
pub(super) const ANY_DUE: Statement = Statement::each(heads!("1", "$3"), "");

/// Gives a version to each of the (at most `$2`) jobs (of the kinds `$3`) that are due at `$1`.
pub(super) const CLAIM_VERSIONS: Statement = Statement::each(
    concat!(
        "UPDATE numbers SET job_version = job_version + (SELECT count(*) FROM (",
        heads!("1", "$3"),
        "))"
    ),
    "",
);

/// SQLite: `$3` worker, `$4` end, `$5` kinds. PostgreSQL: `$3` worker, `$4` span, `$5` latest
/// end, `$6` kinds.
pub(super) const CLAIM: Statement = Statement::each(
    concat!(
        "UPDATE jobs SET version = (SELECT job_version FROM numbers) - heads.later, \
         epoch = epoch + 1, lease_worker = $3, lease_until = $4 \
         FROM (SELECT head_id, \
               count(*) OVER () - row_number() OVER (ORDER BY head_wake_at, head_id) AS later \
               FROM (",
        heads!("head_wake_at, head_id", "$5"),
        ")) AS heads WHERE jobs.id = heads.head_id RETURNING ",
        columns!()
    ),
    concat!(
        clock!(),
        "heads AS MATERIALIZED (SELECT head_id FROM lanes \
         WHERE head_wake_at <= (SELECT now FROM clock) AND leased_until <= (SELECT now FROM clock) AND ",
        head_kind!(),
        one_of_postgres!("$6"),
        " ORDER BY head_wake_at, head_id LIMIT $2 FOR UPDATE SKIP LOCKED), \
         claimed AS (UPDATE jobs SET version = nextval('job_versions'), epoch = epoch + 1, \
         lease_worker = $3, lease_until = ",
        lease_end!(),
        " WHERE jobs.id = ANY (ARRAY(SELECT head_id FROM heads)) AND jobs.wake_at IS NOT NULL",
        take_lanes!()
    ),
);

/// Takes the lanes of the jobs that are claimed next; before [`CLAIM`], which reads them
/// again, would be too early.
pub(super) const CLAIM_LANES: Statement = Statement::each(
    concat!(
        "UPDATE lanes SET is_contended = leased_until > ",
        never!(),
        ", leased_until = $3 WHERE serial_key IN (",
        heads!("serial_key", "$4"),
        ")"
    ),
    "",
);

/// SQLite: `$1` now, `$2` job, `$3` worker, `$4` end, `$5` kinds. PostgreSQL: as for
/// [`CLAIM`], and `$2` is the job.
pub(super) const CLAIM_JOB: Statement = Statement::each(
    concat!(
        "UPDATE jobs SET version = (SELECT job_version FROM numbers), epoch = epoch + 1, \
         lease_worker = $3, lease_until = $4 WHERE id = $2 AND wake_at IS NOT NULL \
         AND (SELECT leased_until FROM lanes WHERE lanes.serial_key = jobs.serial_key) <= $1 \
         AND kind",
        one_of_sqlite!("$5"),
        " RETURNING ",
        columns!()
    ),
    concat!(
        clock!(),
        "lane AS MATERIALIZED (SELECT lanes.serial_key AS lane_key FROM jobs JOIN lanes \
         ON lanes.serial_key = jobs.serial_key \
         WHERE jobs.id = $2 AND lanes.leased_until <= (SELECT now FROM clock) AND jobs.kind",
        one_of_postgres!("$6"),
        " FOR UPDATE OF lanes), \
         claimed AS (UPDATE jobs SET version = nextval('job_versions'), epoch = epoch + 1, \
         lease_worker = $3, lease_until = ",
        lease_end!(),
        " FROM lane WHERE jobs.id = $2 AND jobs.serial_key = lane.lane_key \
         AND jobs.wake_at IS NOT NULL",
        take_lanes!()
    ),
);

/// `$2` epoch, `$3` version, `$4` state, `$5` wake-up.
pub(super) const CHECKPOINT: Statement = versioned!(
    "UPDATE jobs SET state = $4, wake_at = $5, version = ",
    " WHERE id = $1 AND epoch = $2 AND version = $3 AND lease_until IS NOT NULL RETURNING ",
    columns!()
);

/// As [`CHECKPOINT`], and gives the lease back.
pub(super) const RELEASE: Statement = versioned!(
    "UPDATE jobs SET state = $4, wake_at = $5, lease_worker = NULL, lease_until = NULL, \
     version = ",
    " WHERE id = $1 AND epoch = $2 AND version = $3 AND lease_until IS NOT NULL RETURNING ",
    columns!()
);

/// `$2` version, `$3` state, `$4` wake-up.
pub(super) const UPDATE: Statement = versioned!(
    "UPDATE jobs SET state = $3, wake_at = $4, version = ",
    " WHERE id = $1 AND version = $2 RETURNING ",
    columns!()
);

/// Whether no other job of the lane has a lease that reaches beyond now.
macro_rules! is_free {
    ($now:literal) => {
        concat!(
            "(NOT (SELECT is_contended FROM lanes WHERE lanes.serial_key = jobs.serial_key) \
             OR NOT EXISTS (SELECT 1 FROM jobs AS other \
                 WHERE other.serial_key = jobs.serial_key AND other.id <> jobs.id \
                 AND other.lease_until > ",
            $now,
            "))"
        )
    };
}

/// SQLite: `$1` now, `$2` job, `$3` epoch, `$4` end. PostgreSQL: `$4` span, `$5` latest end.
pub(super) const RENEW: Statement = Statement::each(
    concat!(
        "UPDATE jobs SET lease_until = $4 \
         WHERE id = $2 AND epoch = $3 AND lease_until IS NOT NULL AND ",
        is_free!("$1"),
        " RETURNING ",
        columns!()
    ),
    concat!(
        clock!(),
        "renewed AS (UPDATE jobs SET lease_until = ",
        lease_end!(),
        " WHERE id = $2 AND epoch = $3 AND lease_until IS NOT NULL AND ",
        is_free!("(SELECT now FROM clock)"),
        " RETURNING ",
        columns!(),
        ") SELECT ",
        columns!(),
        " FROM renewed AS jobs"
    ),
);

pub(super) const ADD_EVENT: Statement = Statement::both(
    "INSERT INTO events (job, account, at, name, data) VALUES ($1, $2, $3, $4, $5)",
);

/// Numbers the events that were committed since the last look, one reader at a time.
pub(super) const LOCK_CURSORS: Statement = Statement::each(
    "",
    "SELECT pg_advisory_xact_lock(1416131429, 'events'::regclass::oid::bigint::bit(32)::int)",
);

pub(super) const ANY_UNSEEN: Statement = Statement::each(
    "",
    "SELECT 1::bigint FROM events WHERE cursor IS NULL LIMIT 1",
);

pub(super) const NUMBER_EVENTS: Statement = Statement::each(
    "",
    "UPDATE events SET cursor = unseen.place FROM (SELECT number, nextval('event_cursors') AS \
     place FROM (SELECT number FROM events WHERE cursor IS NULL ORDER BY number FOR UPDATE) AS \
     ordered) AS unseen WHERE events.number = unseen.number",
);

/// `$1` the last one seen, `$2` how many.
pub(super) const EVENTS: Statement = Statement::both(
    "SELECT cursor, job, account, at, name, data FROM events \
     WHERE cursor > $1 ORDER BY cursor LIMIT $2",
);

/// Keeps a job from being erased until the evidence about it is in.
pub(super) const HOLD: Statement = Statement::each(
    "SELECT id FROM jobs WHERE id = $1",
    "SELECT id FROM jobs WHERE id = $1 FOR KEY SHARE",
);

pub(super) const ADD_EVIDENCE: Statement = Statement::both(
    "INSERT INTO evidence (job, at, worker, epoch, data) VALUES ($1, $2, $3, $4, $5)",
);

pub(super) const EVIDENCE: Statement =
    Statement::both("SELECT at, worker, epoch, data FROM evidence WHERE job = $1 ORDER BY number");

/// Of jobs of an account that are at their end, from before `$2`.
pub(super) const PRUNE_EVIDENCE: Statement = Statement::both(
    "DELETE FROM evidence WHERE at < $2 \
     AND job IN (SELECT id FROM jobs WHERE account = $1 AND wake_at IS NULL)",
);

macro_rules! next_due {
    ($kinds:expr) => {
        concat!(
            "WITH first AS (SELECT head_wake_at FROM lanes \
             WHERE head_wake_at IS NOT NULL AND leased_until <= head_wake_at AND ",
            head_kind!(),
            $kinds,
            " ORDER BY head_wake_at, head_id LIMIT 1) \
             SELECT min(claimable_at) FROM (SELECT head_wake_at AS claimable_at FROM first \
             UNION ALL SELECT leased_until FROM lanes \
             WHERE head_wake_at < COALESCE((SELECT head_wake_at FROM first), 9223372036854775807) AND ",
            head_kind!(),
            $kinds,
            ") AS lane"
        )
    };
}

/// Of the kinds `$1`. Lanes in the order of their first waiting jobs: all before the first
/// free one are leased, and none after it can be claimed earlier.
pub(super) const NEXT_DUE: Statement = Statement::each(
    next_due!(one_of_sqlite!("$1")),
    next_due!(one_of_postgres!("$1")),
);

/// `$1` kinds, `$2` 1 for open jobs only, `$3` how many.
macro_rules! list {
    ($which:literal) => {
        Statement::each(
            list!(one_of_sqlite!("$1"), $which),
            list!(one_of_postgres!("$1"), $which),
        )
    };
    ($kinds:expr, $which:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE kind",
            $kinds,
            " AND ($2 = 0 OR wake_at IS NOT NULL) ",
            $which,
            " ORDER BY id LIMIT $3"
        )
    };
}

pub(super) const LIST: Statement = list!("");
pub(super) const LIST_AFTER: Statement = list!("AND id > $4");
pub(super) const LIST_ACCOUNT: Statement = list!("AND account = $4");
pub(super) const LIST_ACCOUNT_AFTER: Statement = list!("AND account = $4 AND id > $5");

/// The lanes of an account, locked in ascending order.
pub(super) const ACCOUNT_LANES: Statement = Statement::each(
    "SELECT DISTINCT serial_key FROM jobs WHERE account = $1",
    "SELECT serial_key FROM lanes \
     WHERE serial_key IN (SELECT serial_key FROM jobs WHERE account = $1) \
     ORDER BY serial_key FOR UPDATE",
);

/// Takes the evidence about them along. On PostgreSQL only jobs of the lanes that were
/// locked (`$2`, a list): one that was enqueued since then came after the erasure.
pub(super) const ERASE_JOBS: Statement = Statement::each(
    "DELETE FROM jobs WHERE account = $1 AND $2 IS NOT NULL",
    concat!(
        "DELETE FROM jobs WHERE account = $1 AND serial_key",
        one_of_postgres!("$2")
    ),
);

/// Events of jobs that are gone.
pub(super) const ERASE_EVENTS: Statement = Statement::both(
    "DELETE FROM events WHERE account = $1 \
     AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = events.job)",
);
