-- Jobs, their events and evidence, and the lanes that make claiming cheap.

CREATE TABLE jobs (
    id              BLOB    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    serial_key      TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    request         TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    -- NULL at its end.
    wake_at         INTEGER,
    version         INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    -- NULL while nobody has it; a lease that ran out stays until the next one.
    lease_worker    TEXT,
    lease_until     INTEGER,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX jobs_by_key ON jobs (account, idempotency_key);
CREATE INDEX jobs_by_account ON jobs (account, id);
CREATE INDEX jobs_by_lane ON jobs (serial_key, wake_at, id);
CREATE INDEX jobs_leased ON jobs (serial_key, lease_until) WHERE lease_until IS NOT NULL;

-- One row for each serial key that has a job: its first waiting job, and when every lease
-- of it has ended. A claim looks here only, so its cost does not grow with the jobs that
-- wait behind others or for a far day.
CREATE TABLE lanes (
    serial_key   TEXT    NOT NULL PRIMARY KEY,
    head_wake    INTEGER,
    head_id      BLOB,
    -- Before all time while nothing of it is, or was, leased.
    leased_until INTEGER NOT NULL DEFAULT -9000000000000000000,
    claimable_at INTEGER GENERATED ALWAYS AS (
        CASE WHEN head_wake IS NULL THEN NULL
             WHEN head_wake > leased_until THEN head_wake
             ELSE leased_until END) STORED
) STRICT;

CREATE INDEX lanes_waiting ON lanes (head_wake, head_id, leased_until) WHERE head_wake IS NOT NULL;
CREATE INDEX lanes_claimable ON lanes (claimable_at) WHERE claimable_at IS NOT NULL;

-- AUTOINCREMENT: a cursor is never given twice, not even after its event was erased.
CREATE TABLE events (
    cursor  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job     BLOB    NOT NULL,
    account TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    data    TEXT    NOT NULL
) STRICT;

CREATE INDEX events_by_account ON events (account);

CREATE TABLE evidence (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job    BLOB    NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    worker TEXT    NOT NULL,
    epoch  INTEGER NOT NULL,
    data   TEXT    NOT NULL
) STRICT;

CREATE INDEX evidence_by_job ON evidence (job, number);
