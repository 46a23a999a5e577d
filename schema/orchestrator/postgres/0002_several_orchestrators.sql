-- Several orchestrators on one database: what each has to know of the others. Times are by this server's clock.

-- Until when the lease runs; written by whichever orchestrator the worker calls. No index: it is written often.
ALTER TABLE leases ADD COLUMN expires_at bigint NOT NULL DEFAULT 0;

-- Counts the transactions that tell the others something (NOTIFY): a number that was not heard was missed.
CREATE TABLE announcements (
  one    smallint PRIMARY KEY CHECK (one = 1),
  number bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO announcements (one, number) VALUES (1, 0);

-- Who serves. Where nobody has for a while, nobody could renew a lease.
CREATE TABLE orchestrators (
  name      text PRIMARY KEY,
  artifacts text NOT NULL,
  seen_at   bigint NOT NULL
) WITH (fillfactor = 50);

-- Which workers and session stores have called which orchestrator.
CREATE TABLE sightings (
  kind          text NOT NULL CHECK (kind IN ('worker', 'session_store')),
  name          text NOT NULL,
  orchestrator  text NOT NULL,
  seen_at       bigint NOT NULL,
  present_until bigint NOT NULL,
  PRIMARY KEY (kind, name, orchestrator)
) WITH (fillfactor = 50);
