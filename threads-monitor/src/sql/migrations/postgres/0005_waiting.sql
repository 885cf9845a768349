-- Open jobs of lanes that have several, in the order in which they come up. The one open job of
-- any other lane is its head and has no row here. So no index of `jobs` holds a column that
-- changes, and PostgreSQL writes a changed job in its place.

-- Whoever changes a job locks its lane, so nothing changes before this is done.
LOCK TABLE jobs, lanes IN ACCESS EXCLUSIVE MODE;

CREATE TABLE waiting (
    serial_key TEXT COLLATE "C" NOT NULL,
    wake_at    BIGINT NOT NULL,
    id         UUID   NOT NULL,
    PRIMARY KEY (serial_key, wake_at, id)
);

-- The planner's statistics are samples of values, which would outlive an erasure.
ALTER TABLE waiting ALTER COLUMN serial_key SET STATISTICS 0;

INSERT INTO waiting (serial_key, wake_at, id)
SELECT serial_key, wake_at, id FROM jobs
WHERE wake_at IS NOT NULL AND serial_key IN (
    SELECT serial_key FROM jobs WHERE wake_at IS NOT NULL GROUP BY serial_key HAVING count(*) > 1
);

-- Whether the lane has rows in `waiting`.
ALTER TABLE lanes ADD COLUMN is_shared BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE lanes SET is_shared = TRUE WHERE serial_key IN (SELECT serial_key FROM waiting);

DROP INDEX jobs_by_lane;
CREATE INDEX jobs_of_lane ON jobs (serial_key);

-- A program of an earlier version writes down nobody who waits. Under this name it does not
-- find the head of a lane, and changes nothing.
ALTER TABLE lanes RENAME COLUMN head_wake TO head_wake_at;
