-- Observations: what a point is about is written once in a series, so that a point is a
-- few bytes: two varints, the number, and the instant.

CREATE TABLE series (
    id      INTEGER NOT NULL PRIMARY KEY,
    account TEXT    NOT NULL,
    -- Empty for the account itself, otherwise `post:` and the post's id.
    subject TEXT    NOT NULL,
    metric  INTEGER NOT NULL,
    UNIQUE (account, subject, metric)
) STRICT;

CREATE TABLE points (
    series         INTEGER NOT NULL REFERENCES series (id),
    at             INTEGER NOT NULL,
    -- How much later it was captured; mostly 0, which SQLite stores in no byte.
    captured_after INTEGER NOT NULL,
    source         INTEGER NOT NULL,
    -- A number, or else what is in `reading` as JSON.
    count          INTEGER,
    reading        TEXT,
    PRIMARY KEY (series, at)
) STRICT, WITHOUT ROWID;
