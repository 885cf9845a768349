-- Whether jobs of the lane may have leases beside the newest one, because those had run out
-- when it was claimed. Where that is not so, the lane alone says what is leased, and no index
-- has to: a claim then changes no column that an index holds, and PostgreSQL writes none.
ALTER TABLE lanes ADD COLUMN is_contended BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE lanes SET is_contended = leased_until > -9000000000000000000;

DROP INDEX jobs_leased;
DROP INDEX lanes_claimable;
ALTER TABLE lanes DROP COLUMN claimable_at;

-- Room for the next version of each row on its own page.
ALTER TABLE jobs SET (fillfactor = 50);
ALTER TABLE lanes SET (fillfactor = 50);
