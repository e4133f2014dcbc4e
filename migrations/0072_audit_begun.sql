-- SPDX-License-Identifier: Apache-2.0
-- A change over REST has its line before it is made, so that none is without: the line waits here until its outcome is known and
-- it is moved to gateway.audit with that. What was begun and has not ended for longer than any request can take had its gateway or
-- its database lost in between: it is moved with no status, for nobody knows.
CREATE TABLE gateway.audit_begun (
  request_id uuid PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT now(),
  token_id   uuid,
  role       text,
  address    text NOT NULL,
  method     text NOT NULL,
  target     text NOT NULL,
  before     jsonb
);
ALTER TABLE gateway.audit ALTER status DROP NOT NULL;

CREATE FUNCTION gateway.end_lost_audits() RETURNS bigint LANGUAGE sql AS $$
  WITH lost AS (DELETE FROM gateway.audit_begun WHERE at < now() - interval '20 minutes' RETURNING *),
       kept AS (INSERT INTO gateway.audit (at, request_id, token_id, role, address, method, target, before)
                SELECT at, request_id, token_id, role, address, method, target, before FROM lost ORDER BY at
                ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*) FROM kept
$$;

CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON gateway.audit FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_change();
