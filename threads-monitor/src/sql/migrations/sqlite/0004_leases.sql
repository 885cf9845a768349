-- Whether jobs of the lane may have leases beside the newest one, because those had run out
-- when it was claimed. Where that is not so, the lane alone says what is leased, and no index
-- has to.
ALTER TABLE lanes ADD COLUMN is_contended INTEGER NOT NULL DEFAULT 0;
UPDATE lanes SET is_contended = leased_until > -9000000000000000000;

DROP INDEX jobs_leased;
DROP INDEX lanes_claimable;
ALTER TABLE lanes DROP COLUMN claimable_at;
