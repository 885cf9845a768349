-- Jobs, their events and evidence, and the lanes that make claiming cheap.

CREATE SEQUENCE job_versions;

CREATE TABLE jobs (
    id              UUID   NOT NULL PRIMARY KEY,
    account         TEXT COLLATE "C" NOT NULL,
    kind            TEXT   NOT NULL,
    serial_key      TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    -- JSON as text: `jsonb` changes numbers and refuses some texts.
    request         TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    -- NULL at its end.
    wake_at         BIGINT,
    version         BIGINT NOT NULL,
    epoch           BIGINT NOT NULL,
    -- NULL while nobody has it; a lease that ran out stays until the next one.
    lease_worker    TEXT,
    lease_until     BIGINT,
    created_at      BIGINT NOT NULL
);

CREATE UNIQUE INDEX jobs_by_key ON jobs (account, idempotency_key);
CREATE INDEX jobs_by_account ON jobs (account, id);
CREATE INDEX jobs_by_lane ON jobs (serial_key, wake_at, id);
CREATE INDEX jobs_leased ON jobs (serial_key, lease_until) WHERE lease_until IS NOT NULL;

-- One row for each serial key that has a job: its first waiting job, and when every lease
-- of it has ended. A claim looks here only, so its cost does not grow with the jobs that
-- wait behind others or for a far day. Whoever changes a job locks its lane first: that
-- lock is what keeps two jobs of one key apart.
CREATE TABLE lanes (
    serial_key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    head_wake    BIGINT,
    head_id      UUID,
    -- Before all time while nothing of it is, or was, leased.
    leased_until BIGINT NOT NULL DEFAULT -9000000000000000000,
    claimable_at BIGINT GENERATED ALWAYS AS (
        CASE WHEN head_wake IS NULL THEN NULL
             WHEN head_wake > leased_until THEN head_wake
             ELSE leased_until END) STORED
);

CREATE INDEX lanes_waiting ON lanes (head_wake, head_id) WHERE head_wake IS NOT NULL;
CREATE INDEX lanes_claimable ON lanes (claimable_at) WHERE claimable_at IS NOT NULL;

-- Writers number events in the order in which they write, readers in the order in which
-- they find them committed: a cursor that writers gave could be passed over by a reader,
-- because a transaction with a lower one may commit later.
CREATE SEQUENCE event_cursors;

CREATE TABLE events (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cursor  BIGINT UNIQUE,
    job     UUID   NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    data    TEXT   NOT NULL
);

CREATE INDEX events_by_account ON events (account);
CREATE INDEX events_unseen ON events (number) WHERE cursor IS NULL;

CREATE TABLE evidence (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job    UUID   NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at     BIGINT NOT NULL,
    worker TEXT   NOT NULL,
    epoch  BIGINT NOT NULL,
    data   TEXT   NOT NULL
);

CREATE INDEX evidence_by_job ON evidence (job, number);

-- The planner's statistics are samples of values, which would outlive an erasure: none of
-- texts and bytes. What they look for is found by its index without.
ALTER TABLE jobs
    ALTER COLUMN account SET STATISTICS 0,
    ALTER COLUMN serial_key SET STATISTICS 0,
    ALTER COLUMN idempotency_key SET STATISTICS 0,
    ALTER COLUMN request SET STATISTICS 0,
    ALTER COLUMN state SET STATISTICS 0,
    ALTER COLUMN lease_worker SET STATISTICS 0;

ALTER TABLE lanes
    ALTER COLUMN serial_key SET STATISTICS 0;

ALTER TABLE events
    ALTER COLUMN account SET STATISTICS 0,
    ALTER COLUMN name SET STATISTICS 0,
    ALTER COLUMN data SET STATISTICS 0;

ALTER TABLE evidence
    ALTER COLUMN worker SET STATISTICS 0,
    ALTER COLUMN data SET STATISTICS 0;
