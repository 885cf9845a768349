-- Observations: what a point is about is written once in a series.

CREATE TABLE series (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    -- Empty for the account itself, otherwise `post:` and the post's id.
    subject TEXT COLLATE "C" NOT NULL,
    metric  BIGINT NOT NULL,
    UNIQUE (account, subject, metric)
);

CREATE TABLE points (
    series         BIGINT   NOT NULL REFERENCES series (id),
    at             BIGINT   NOT NULL,
    -- How much later it was captured.
    captured_after BIGINT   NOT NULL,
    -- A number, or else what is in `reading` as JSON.
    count          BIGINT,
    source         SMALLINT NOT NULL,
    reading        TEXT,
    PRIMARY KEY (series, at)
);

-- The planner's statistics are samples of values, which would outlive an erasure: none of
-- texts and bytes. What they look for is found by its index without.
ALTER TABLE series
    ALTER COLUMN account SET STATISTICS 0,
    ALTER COLUMN subject SET STATISTICS 0;

ALTER TABLE points
    ALTER COLUMN reading SET STATISTICS 0;
