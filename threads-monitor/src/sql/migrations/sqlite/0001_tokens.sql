-- Access tokens, one row an account, and the numbers that outlive their rows.
--
-- Times are microseconds since 1970 in UTC, everywhere. The token itself is a BLOB: it is
-- text today and sealed bytes where the store is sealed.

-- The newest version ever given, so that none is given twice. Always one row.
CREATE TABLE numbers (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    token_version INTEGER NOT NULL,
    job_version   INTEGER NOT NULL
) STRICT;

INSERT INTO numbers VALUES (1, 0, 0);

CREATE TABLE tokens (
    account                  TEXT    NOT NULL PRIMARY KEY,
    version                  INTEGER NOT NULL,
    access_token             BLOB    NOT NULL,
    obtained_at              INTEGER NOT NULL,
    expires_at               INTEGER NOT NULL,
    expiry_assumed           INTEGER NOT NULL,
    candidate_token          BLOB,
    candidate_obtained_at    INTEGER,
    candidate_expires_at     INTEGER,
    candidate_expiry_assumed INTEGER,
    scopes                   TEXT    NOT NULL,
    connected_at             INTEGER NOT NULL
) STRICT;
