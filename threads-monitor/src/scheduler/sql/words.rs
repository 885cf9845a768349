//! What several statements have in common.

/// The columns of a job, in the order in which they are read.
macro_rules! columns {
    () => {
        "jobs.id, jobs.account, jobs.kind, jobs.serial_key, jobs.idempotency_key, jobs.request, \
         jobs.state, jobs.wake_at, jobs.version, jobs.epoch, jobs.lease_worker, \
         jobs.lease_until, jobs.created_at"
    };
}

/// Before all time: the end of no lease.
macro_rules! never {
    () => {
        "-9000000000000000000"
    };
}

/// A statement in which the next version of a job stands between two parts.
macro_rules! versioned {
    ($before:literal, $($after:tt)*) => {
        Statement::each(
            concat!($before, "(SELECT job_version FROM numbers)", $($after)*),
            concat!($before, "nextval('job_versions')", $($after)*),
        )
    };
}

/// What is due and free on SQLite, earliest first; of these kinds.
macro_rules! heads {
    ($what:literal, $kinds:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM lanes WHERE head_wake_at <= $1 AND leased_until <= $1 AND ",
            head_kind!(),
            one_of_sqlite!($kinds),
            " ORDER BY head_wake_at, head_id LIMIT $2"
        )
    };
}

/// The kind of the first waiting job of a lane.
macro_rules! head_kind {
    () => {
        "(SELECT kind FROM jobs WHERE jobs.id = lanes.head_id)"
    };
}

/// One of a list of texts.
macro_rules! one_of_sqlite {
    ($texts:literal) => {
        concat!(" IN (SELECT value FROM json_each(", $texts, "))")
    };
}

/// One of a list of texts.
macro_rules! one_of_postgres {
    ($texts:literal) => {
        concat!(" = ANY (", $texts, "::text[])")
    };
}

/// PostgreSQL's own time, unless the caller's is used (`$1`).
macro_rules! clock {
    () => {
        "WITH clock AS MATERIALIZED (SELECT COALESCE($1::bigint, \
         (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS now), "
    };
}

/// The end of a lease of `$4` microseconds, which is at most `$5`.
macro_rules! lease_end {
    () => {
        "LEAST((SELECT now FROM clock) + $4::bigint, $5::bigint)"
    };
}

/// The end of a claim on PostgreSQL: the lanes of the claimed jobs are taken, too.
///
/// Rows are named by arrays: a join would let the planner, which does not know how few
/// they are, read whole tables.
macro_rules! take_lanes {
    () => {
        concat!(
            " RETURNING ",
            columns!(),
            "), taken AS (UPDATE lanes SET is_contended = leased_until > ",
            never!(),
            ", leased_until = ",
            lease_end!(),
            " WHERE serial_key = ANY (ARRAY(SELECT serial_key FROM claimed))) SELECT ",
            columns!(),
            " FROM claimed AS jobs ORDER BY jobs.wake_at, jobs.id"
        )
    };
}

/// Writes down what lanes have become: the first of those that wait or may be (`$heads`), and
/// `$2`, the end of the one lease of each (NULL where that stays), unless there may be others.
macro_rules! refresh_lanes {
    ($which:expr, $heads:expr) => {
        concat!(
            "UPDATE lanes SET \
             (head_wake_at, head_id) = (SELECT wake_at, id FROM (\
                 SELECT wake_at, id FROM (SELECT wake_at, id FROM waiting \
                     WHERE waiting.serial_key = lanes.serial_key \
                     ORDER BY wake_at, id LIMIT 1) AS first \
                 UNION ALL SELECT wake_at, id FROM jobs \
                     WHERE jobs.id",
            $heads,
            " AND wake_at IS NOT NULL) AS heads ORDER BY wake_at, id LIMIT 1), \
             is_shared = EXISTS (SELECT 1 FROM waiting \
                 WHERE waiting.serial_key = lanes.serial_key), \
             leased_until = CASE WHEN is_contended \
                 THEN COALESCE((SELECT max(lease_until) FROM jobs \
                                WHERE jobs.serial_key = lanes.serial_key), ",
            never!(),
            ") ELSE COALESCE($2, leased_until) END WHERE lanes.serial_key",
            $which
        )
    };
}

/// One of a list of ids.
macro_rules! ids_of_sqlite {
    ($ids:literal) => {
        concat!(" IN (SELECT unhex(value, '-') FROM json_each(", $ids, "))")
    };
}

/// One of a list of ids.
macro_rules! ids_of_postgres {
    ($ids:literal) => {
        concat!(" = ANY (", $ids, "::uuid[])")
    };
}

/// One of some columns and parameters.
macro_rules! among_sqlite {
    ($ids:literal) => {
        concat!(" IN (", $ids, ")")
    };
}

/// One of some columns and parameters. (`IN` would be taken for several conditions, of which
/// not each has an index to go by.)
macro_rules! among_postgres {
    ($ids:literal) => {
        concat!(" = ANY (ARRAY[", $ids, "])")
    };
}
