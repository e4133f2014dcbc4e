-- SPDX-License-Identifier: Apache-2.0
-- Whose call it was, of the carriers: frozen in the record when it is written, for a trunk's name may change, change hands, or be used again.
--
-- Records of before have no carrier, and get none: this tells it where it is beyond doubt, so that no table of records is written. A name is
-- that of one living trunk, whose it has been since that was made, unless the audit tells of a change by which trunk or name became another.
CREATE TABLE billing.carrier_of_trunk (
  name       text PRIMARY KEY,
  carrier_id uuid NOT NULL,
  from_id    uuid NOT NULL,   -- of calls (UUIDv7): from this one on
  until_id   uuid NOT NULL    -- and before this one
);
INSERT INTO billing.carrier_of_trunk
  SELECT t.name, t.carrier_id,
         (lpad(to_hex((extract(epoch FROM t.created_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid,
         (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
    FROM pstn.trunk t
    WHERE t.trunk_id::text NOT IN (
      SELECT left(split_part(a.target, '/', 4), 36) FROM gateway.audit a
        WHERE a.target LIKE '/v1/trunks/%' AND a.before IS NOT NULL AND a.after IS NOT NULL
          AND (a.before->>'name' IS DISTINCT FROM a.after->>'name' OR a.before->>'carrier_id' IS DISTINCT FROM a.after->>'carrier_id'));

-- The writer sets billing.carrier_id for its transaction (billing/settlement.cpp), and the column takes it from there: the ledger's steps and
-- their type billing.stop stay as they are. Neither statement rewrites a table: a default that is set after the column counts for new rows only.
ALTER TABLE billing.cdr ADD COLUMN carrier_id uuid;
ALTER TABLE billing.cdr ALTER COLUMN carrier_id SET DEFAULT nullif(current_setting('billing.carrier_id', true), '')::uuid;

-- Nodes of before the column write none, as long as they run beside newer ones; so does whoever ends a call without having placed it.
CREATE FUNCTION billing.fill_carrier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  new.carrier_id := (SELECT t.carrier_id FROM pstn.trunk t WHERE t.name = new.trunk);
  RETURN new;
END $$;
CREATE TRIGGER fill_carrier BEFORE INSERT ON billing.cdr FOR EACH ROW WHEN (new.carrier_id IS NULL AND new.trunk <> '')
  EXECUTE FUNCTION billing.fill_carrier();
