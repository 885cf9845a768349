-- Access tokens, one row an account.
--
-- Times are microseconds since 1970 in UTC, everywhere. The token itself is bytes: it is
-- text today and sealed where the store is sealed. Ids compare by their bytes.

-- Versions are never given twice, also not by a transaction that was rolled back.
CREATE SEQUENCE token_versions;

CREATE TABLE tokens (
    account                  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version                  BIGINT NOT NULL,
    access_token             BYTEA  NOT NULL,
    obtained_at              BIGINT NOT NULL,
    expires_at               BIGINT NOT NULL,
    expiry_assumed           BIGINT NOT NULL,
    candidate_token          BYTEA,
    candidate_obtained_at    BIGINT,
    candidate_expires_at     BIGINT,
    candidate_expiry_assumed BIGINT,
    scopes                   TEXT   NOT NULL,
    connected_at             BIGINT NOT NULL
);

-- The planner's statistics are samples of values, which would outlive an erasure: none of
-- texts and bytes. What they look for is found by its index without.
ALTER TABLE tokens
    ALTER COLUMN account SET STATISTICS 0,
    ALTER COLUMN access_token SET STATISTICS 0,
    ALTER COLUMN candidate_token SET STATISTICS 0,
    ALTER COLUMN scopes SET STATISTICS 0;
