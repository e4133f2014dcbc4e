-- SPDX-License-Identifier: Apache-2.0
-- The audit is kept by months, as call detail records are: lines are added and never changed, and a month that is over long enough goes as
-- a whole, by detaching or dropping its table.
ALTER TABLE gateway.audit RENAME TO audit_before;
ALTER TABLE gateway.audit_before DROP CONSTRAINT audit_pkey;
DROP INDEX gateway.audit_at, gateway.audit_token;
CREATE SEQUENCE gateway.audit_number AS bigint;
CREATE TABLE gateway.audit (
  audit_id   bigint NOT NULL DEFAULT nextval('gateway.audit_number'),
  at         timestamptz NOT NULL DEFAULT now(),
  request_id uuid NOT NULL,
  token_id   uuid,
  role       text,
  account_id uuid,
  carrier_id uuid,
  label      text,
  address    text NOT NULL,
  method     text NOT NULL,
  target     text NOT NULL,
  status     int,
  fields     jsonb,
  before     jsonb,
  after      jsonb,
  PRIMARY KEY (request_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_by_number ON gateway.audit (audit_id);
CREATE INDEX audit_by_token ON gateway.audit (token_id, audit_id);
CREATE INDEX audit_by_time ON gateway.audit (at, audit_id);
CREATE INDEX audit_by_role ON gateway.audit (role, audit_id);
CREATE INDEX audit_by_method ON gateway.audit (method, audit_id);
CREATE INDEX audit_by_target ON gateway.audit (target COLLATE "C", audit_id);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON gateway.audit FOR EACH ROW EXECUTE FUNCTION gateway.refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON gateway.audit FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_change();

-- False: it is there.
CREATE FUNCTION gateway.add_audit_month(p_month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_name text := 'audit_' || to_char(p_month, 'YYYY_MM');
BEGIN
  IF to_regclass('gateway.' || v_name) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE gateway.%I PARTITION OF gateway.audit FOR VALUES FROM (%L) TO (%L)', v_name,
                 p_month::timestamp AT TIME ZONE 'UTC', (p_month + interval '1 month') AT TIME ZONE 'UTC');
  EXECUTE format('CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON gateway.%I FOR EACH STATEMENT EXECUTE FUNCTION gateway.refuse_change()', v_name);
  RETURN true;
END $$;

-- This month and the next three, and those of the lines that there are.
SELECT gateway.add_audit_month(m::date)
  FROM (SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months',
                               interval '1 month') AS m
        UNION SELECT date_trunc('month', at AT TIME ZONE 'UTC') FROM gateway.audit_before) x;
INSERT INTO gateway.audit (audit_id, at, request_id, token_id, role, account_id, carrier_id, label, address, method, target, status, fields, before, after)
  SELECT audit_id, at, request_id, token_id, role, account_id, carrier_id, label, address, method, target, status, fields, before, after
    FROM gateway.audit_before ORDER BY audit_id;
SELECT setval('gateway.audit_number', greatest((SELECT max(audit_id) FROM gateway.audit), 1), EXISTS (SELECT FROM gateway.audit));
DROP TABLE gateway.audit_before;
ALTER SEQUENCE gateway.audit_number OWNED BY gateway.audit.audit_id;

-- What nodes that died have left is ended, in its month, which is made again if it has gone.
CREATE OR REPLACE FUNCTION gateway.end_lost_audits() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_month date;
  v_kept bigint;
BEGIN
  FOR v_month IN SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date FROM gateway.audit_begun WHERE at < now() - interval '20 minutes' LOOP
    PERFORM gateway.add_audit_month(v_month);
  END LOOP;
  WITH lost AS (DELETE FROM gateway.audit_begun WHERE at < now() - interval '20 minutes' RETURNING *),
       kept AS (INSERT INTO gateway.audit (at, request_id, token_id, role, address, method, target, before, account_id, carrier_id, label, fields)
                SELECT at, request_id, token_id, role, address, method, target, before, account_id, carrier_id, label, fields FROM lost ORDER BY at
                ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*) INTO v_kept FROM kept;
  RETURN v_kept;
END $$;

CREATE SCHEMA IF NOT EXISTS gateway_archive;

-- Makes the months up to p_ahead from now, and takes out those that ended p_keep months ago or earlier (0: none, ever): dropped, or kept as
-- tables of gateway_archive. Any node may run it at any time. It waits for no lock longer than half a second: what it cannot do now, the next
-- run does. Of months it takes out one at a time, so that its locks go with the commit.
CREATE FUNCTION gateway.keep_audit_months(p_now timestamptz, p_ahead int, p_keep int, p_detach boolean)
RETURNS TABLE (month date, step text) LANGUAGE plpgsql AS $$
DECLARE
  v_today date := (p_now AT TIME ZONE 'UTC')::date;
  v_name text;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('gateway.audit_months', 0)) THEN RETURN; END IF;
  PERFORM set_config('lock_timeout', '500ms', true);
  BEGIN
    PERFORM gateway.end_lost_audits();
  EXCEPTION WHEN lock_not_available OR deadlock_detected THEN NULL;  -- the next run does
  END;
  FOR month IN SELECT (date_trunc('month', v_today) + make_interval(months => i))::date FROM generate_series(0, p_ahead) i LOOP
    BEGIN
      step := CASE WHEN gateway.add_audit_month(month) THEN 'added' END;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN step := 'postponed';
    END;
    IF step IS NOT NULL THEN RETURN NEXT; END IF;
  END LOOP;
  IF p_keep < 1 THEN RETURN; END IF;
  SELECT min(to_date(c.relname, '"audit_"YYYY_MM')) INTO month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'gateway.audit'::regclass AND c.relname ~ '^audit_\d{4}_\d\d$'
      AND to_date(c.relname, '"audit_"YYYY_MM') + make_interval(months => 1 + p_keep) <= v_today;
  IF month IS NULL THEN RETURN; END IF;
  v_name := 'audit_' || to_char(month, 'YYYY_MM');
  BEGIN
    EXECUTE format('ALTER TABLE gateway.audit DETACH PARTITION gateway.%I', v_name);
    IF p_detach THEN
      -- The one of all months has gone with the month's place among them.
      EXECUTE format('CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON gateway.%I FOR EACH ROW EXECUTE FUNCTION gateway.refuse_change()', v_name);
      EXECUTE format('ALTER TABLE gateway.%I SET SCHEMA gateway_archive', v_name);
    ELSE
      EXECUTE format('DROP TABLE gateway.%I', v_name);
    END IF;
    step := 'retired';
  EXCEPTION WHEN lock_not_available OR deadlock_detected THEN step := 'postponed';
  END;
  RETURN NEXT;
END $$;
