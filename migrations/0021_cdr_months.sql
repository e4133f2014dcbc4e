-- SPDX-License-Identifier: Apache-2.0
-- CDRs by month, their export, and how long they are kept. billing/README.md tells why nothing is skipped, repeated or lost.

-- ------------------------------------------------------------------------------------------------------------- partitions
-- A call id is a UUIDv7 (RFC 9562 §5.7): its first 48 bits are the milliseconds since 1970. So a range of call ids is a range of time, the
-- month follows from the key, and the key (account_id, call_id) stays unique over all partitions: a call has one CDR, as before.

-- The least call id of a month, UTC.
CREATE FUNCTION billing.month_id(p_month date) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (lpad(to_hex((extract(epoch FROM p_month::timestamp) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;

-- Since when positions of the export count: one more whenever the server's transaction numbers began anew (check_export_era). A constant, so
-- that it costs nothing where it is used.
CREATE FUNCTION billing.export_era() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 0;

-- Of what this transaction writes; and the position before which everything is committed and visible, or will never be.
CREATE FUNCTION billing.export_position() RETURNS bigint LANGUAGE sql VOLATILE
  RETURN (billing.export_era() << 48) + pg_current_xact_id()::text::bigint;
CREATE FUNCTION billing.export_horizon() RETURNS bigint LANGUAGE sql STABLE
  RETURN (billing.export_era() << 48) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- What names the table's type or reads it is put back below.
DROP VIEW billing.violation;
DROP VIEW billing.call_violation;
ALTER TABLE billing.cdr RENAME TO cdr_before;
ALTER TABLE billing.cdr_before RENAME CONSTRAINT cdr_pkey TO cdr_before_pkey;
ALTER INDEX billing.cdr_call_id RENAME TO cdr_before_call_id;
CREATE TABLE billing.cdr (
  LIKE billing.cdr_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  export_position bigint NOT NULL DEFAULT billing.export_position(),
  PRIMARY KEY (account_id, call_id)
) PARTITION BY RANGE (call_id);
CREATE INDEX cdr_call_id ON billing.cdr (call_id);                      -- all accounts, newest first
CREATE INDEX cdr_export ON billing.cdr (export_position, call_id, account_id);

-- What has no month: an id that is no UUIDv7, a clock that is wrong by months, a month that nobody made in time. A settlement never fails for it.
CREATE TABLE billing.cdr_default PARTITION OF billing.cdr DEFAULT;

-- Makes the partition of a month, and moves there what waits in the default one. False: it is there. Settlements wait for it, for the moment
-- that it takes: one that was on its way to the default partition would be refused there once the month is known. Reading goes on.
CREATE FUNCTION billing.add_cdr_month(p_month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_name text := 'cdr_' || to_char(p_month, 'YYYY_MM');
  v_from uuid := billing.month_id(p_month);
  v_until uuid := billing.month_id((p_month + interval '1 month')::date);
BEGIN
  IF to_regclass('billing.' || v_name) IS NOT NULL THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('billing.cdr_months', 0));
  IF to_regclass('billing.' || v_name) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE billing.%I (LIKE billing.cdr INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES, '
                 'CONSTRAINT month CHECK (call_id >= %L AND call_id < %L))', v_name, v_from, v_until);
  LOCK TABLE ONLY billing.cdr IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE billing.cdr_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('WITH moved AS (DELETE FROM billing.cdr_default WHERE call_id >= %L AND call_id < %L RETURNING *) '
                 'INSERT INTO billing.%I SELECT * FROM moved', v_from, v_until, v_name);
  EXECUTE format('ALTER TABLE billing.cdr ATTACH PARTITION billing.%I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_until);
  EXECUTE format('ALTER TABLE billing.%I DROP CONSTRAINT month', v_name);  -- the bounds say the same
  RETURN true;
END $$;

-- This month and the next three, and those of the calls that there are.
SELECT billing.add_cdr_month(m::date)
  FROM (SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months',
                               interval '1 month') AS m
        UNION SELECT date_trunc('month', to_timestamp(('x' || left(replace(call_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC')
          FROM billing.cdr_before
          WHERE substr(call_id::text, 15, 1) = '7' AND call_id >= billing.month_id('2020-01-01') AND call_id < billing.month_id('2100-01-01')) x;
INSERT INTO billing.cdr SELECT b.*, 0 FROM billing.cdr_before b;
DROP TABLE billing.cdr_before;

-- These look into CDRs at every call. One plan for all months, pruned to those in question at each execution: planning for them each time takes
-- ten times as long.
DO $$
DECLARE f regproc;
BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'billing'::regnamespace
      AND proname IN ('open_hold', 'open_guarded_hold', 'extend_hold', 'extend_guarded_hold') LOOP
    EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', f);
  END LOOP;
END $$;

-- ------------------------------------------------------------------------------------------------------------- retention

-- Months whose CDRs are gone from billing.cdr. Their charges stay in the ledger.
CREATE TABLE billing.cdr_retired (
  month      date PRIMARY KEY,
  from_id    uuid NOT NULL,
  until_id   uuid NOT NULL,
  calls      bigint NOT NULL,
  charged    jsonb NOT NULL,                    -- micro-units by currency
  kept_as    text NOT NULL DEFAULT '',          -- the table that they are in by now; empty: dropped
  retired_at timestamptz NOT NULL DEFAULT now()
);

-- Who exports CDRs, and up to where it has them: nothing goes before every consumer has it.
CREATE TABLE billing.cdr_consumer (
  name            text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  export_position bigint NOT NULL,
  call_id         uuid NOT NULL,
  account_id      uuid NOT NULL,
  acknowledged_at timestamptz NOT NULL DEFAULT now()
);

CREATE SCHEMA billing_archive;

-- Takes a month out: drops it, or keeps it as a table of billing_archive. What it waits for, or 'retired'.
CREATE FUNCTION billing.retire_cdr_month(p_month date, p_detach boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_name text := 'cdr_' || to_char(p_month, 'YYYY_MM');
  v_from uuid := billing.month_id(p_month);
  v_until uuid := billing.month_id((p_month + interval '1 month')::date);
  v_wrong boolean;
BEGIN
  -- Late settlements of that month wait; readers, and everybody else's settlements, do not.
  EXECUTE format('LOCK TABLE billing.%I IN SHARE MODE', v_name);
  EXECUTE format('SELECT EXISTS (SELECT FROM billing.%I c JOIN billing.cdr_consumer k '
                 'ON (c.export_position, c.call_id, c.account_id) > (k.export_position, k.call_id, k.account_id))', v_name) INTO v_wrong;
  IF v_wrong THEN RETURN 'not_exported'; END IF;
  IF EXISTS (SELECT FROM billing.hold WHERE call_id >= v_from AND call_id < v_until) THEN RETURN 'in_use'; END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM billing.%I c LEFT JOIN LATERAL (SELECT -sum(e.amount_micros) AS total FROM billing.entry e '
                 'WHERE e.account_id = c.account_id AND e.reference = c.call_id::text AND e.kind IN (''call'', ''correction'')) l ON true '
                 'WHERE c.charged_micros <> coalesce(l.total, 0))', v_name) INTO v_wrong;
  IF v_wrong THEN RETURN 'not_balanced'; END IF;
  EXECUTE format('INSERT INTO billing.cdr_retired (month, from_id, until_id, calls, charged, kept_as) '
                 'SELECT $1, $2, $3, coalesce(sum(n), 0), coalesce(jsonb_object_agg(currency, total) FILTER (WHERE currency IS NOT NULL), ''{}''), $4 '
                 'FROM (SELECT currency, count(*) AS n, sum(charged_micros) AS total FROM billing.%I GROUP BY 1) x', v_name)
    USING p_month, v_from, v_until, CASE WHEN p_detach THEN 'billing_archive.' || v_name ELSE '' END;
  IF p_detach THEN
    EXECUTE format('ALTER TABLE billing.cdr DETACH PARTITION billing.%I', v_name);
    EXECUTE format('ALTER TABLE billing.%I SET SCHEMA billing_archive', v_name);
  ELSE
    EXECUTE format('DROP TABLE billing.%I', v_name);
  END IF;
  RETURN 'retired';
END $$;

-- Makes the months up to p_ahead from now, and retires those that ended p_keep months ago or earlier (0: none, ever). Any node may run it at
-- any time. It waits for no lock longer than half a second: what it cannot do now, the next run does. And it ends with the first thing done, so
-- that the locks of that go with the commit: to be called again while a step is 'added' or 'retired'.
CREATE FUNCTION billing.keep_cdr_months(p_now timestamptz, p_ahead int, p_keep int, p_detach boolean)
RETURNS TABLE (month date, step text) LANGUAGE plpgsql AS $$
DECLARE
  v_today date := (p_now AT TIME ZONE 'UTC')::date;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('billing.cdr_months', 0)) THEN RETURN; END IF;
  PERFORM set_config('lock_timeout', '500ms', true);
  FOR month IN SELECT (date_trunc('month', v_today) + make_interval(months => i))::date FROM generate_series(0, p_ahead) i LOOP
    BEGIN
      step := CASE WHEN billing.add_cdr_month(month) THEN 'added' END;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN step := 'postponed';
    END;
    IF step IS NOT NULL THEN RETURN NEXT; END IF;
    IF step = 'added' THEN RETURN; END IF;
  END LOOP;
  IF p_keep < 1 THEN RETURN; END IF;
  FOR month IN SELECT to_date(c.relname, '"cdr_"YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'billing.cdr'::regclass AND c.relname ~ '^cdr_\d{4}_\d\d$'
        AND to_date(c.relname, '"cdr_"YYYY_MM') + make_interval(months => 1 + p_keep) <= v_today ORDER BY 1 LOOP
    BEGIN
      step := billing.retire_cdr_month(month, p_detach);
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN step := 'postponed';
    END;
    RETURN NEXT;
    IF step = 'retired' THEN RETURN; END IF;
  END LOOP;
END $$;

-- After a restore by dump the server counts transactions from the beginning, and new CDRs would come before what was exported long ago: they
-- get an era of their own. To be called before anything is written.
CREATE FUNCTION billing.check_export_era() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_newest bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('billing.cdr_months', 0));
  SELECT greatest((SELECT max(export_position) FROM billing.cdr), (SELECT max(export_position) FROM billing.cdr_consumer)) INTO v_newest;
  IF coalesce(v_newest < (billing.export_era() << 48) + pg_snapshot_xmax(pg_current_snapshot())::text::bigint, true) THEN RETURN false; END IF;
  EXECUTE format('CREATE OR REPLACE FUNCTION billing.export_era() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s::bigint',
                 (v_newest >> 48) + 1);
  RETURN true;
END $$;

-- ------------------------------------------------------------------------------------------------------------ invariants

-- As before, but for the calls of months that are gone: their charges have no CDR any more.
CREATE VIEW billing.call_violation AS
  SELECT 'posted is not the sum of the entries' AS what, a.account_id, a.posted_micros - coalesce(e.total, 0)::bigint AS difference
    FROM billing.account a LEFT JOIN (SELECT account_id, sum(amount_micros) AS total FROM billing.entry GROUP BY 1) e USING (account_id)
    WHERE a.posted_micros <> coalesce(e.total, 0)
  UNION ALL SELECT 'held is not the sum of the holds', a.account_id, a.held_micros - coalesce(h.total, 0)::bigint
    FROM billing.account a LEFT JOIN (SELECT account_id, sum(amount_micros) AS total FROM billing.hold GROUP BY 1) h USING (account_id)
    WHERE a.held_micros <> coalesce(h.total, 0)
  UNION ALL SELECT 'held beyond posted', account_id, posted_micros - held_micros FROM billing.account
    WHERE held_micros > posted_micros OR held_micros < 0
  UNION ALL SELECT 'gap or fork in the chain of entries', account_id, sequence FROM (
      SELECT account_id, sequence, posted_after_micros - amount_micros - coalesce(lag(posted_after_micros) OVER chain, 0) AS jump,
             sequence - coalesce(lag(sequence) OVER chain, 0) AS step
        FROM billing.entry WINDOW chain AS (PARTITION BY account_id ORDER BY sequence)) x
    WHERE jump <> 0 OR step <> 1
  UNION ALL SELECT 'last sequence is not the newest entry', a.account_id, a.last_sequence
    FROM billing.account a LEFT JOIN (SELECT account_id, max(sequence) AS newest FROM billing.entry GROUP BY 1) e USING (account_id)
    WHERE a.last_sequence <> coalesce(e.newest, 0)
  UNION ALL SELECT 'charge of a call is not its entries', account_id, (coalesce(c.charged_micros, 0) - coalesce(e.total, 0))::bigint
    FROM billing.cdr c FULL JOIN (
      SELECT account_id, reference::uuid AS call_id, -sum(amount_micros) AS total FROM billing.entry
        WHERE kind IN ('call', 'correction') GROUP BY 1, 2) e
      USING (account_id, call_id)
    WHERE (coalesce(c.charged_micros, 0) <> coalesce(e.total, 0) OR c.call_id IS NULL)
      AND NOT (c.call_id IS NULL AND EXISTS (SELECT FROM billing.cdr_retired r WHERE e.call_id >= r.from_id AND e.call_id < r.until_id))
  UNION ALL SELECT 'hold and CDR of one call', h.account_id, h.amount_micros FROM billing.hold h JOIN billing.cdr c USING (account_id, call_id)
  UNION ALL SELECT 'price is not that of the rate', account_id, price_micros FROM billing.cdr
    WHERE price_micros <> billing.price_of(billed_s, connection_fee_micros, price_per_minute_micros, included_s)
       OR billed_s > billing.billed_seconds(talk_ms, initial_increment_s, next_increment_s, free_start_s)
  UNION ALL SELECT 'charge beyond price or hold', account_id, charged_micros - price_micros FROM billing.cdr
    WHERE charged_micros > price_micros OR charged_micros > held_micros OR (settled_by IN ('gateway', 'reaper') AND charged_micros <> price_micros);

DO $$
DECLARE v_all text;
BEGIN
  SELECT string_agg(format('SELECT * FROM billing.%I', viewname), ' UNION ALL ' ORDER BY viewname) INTO v_all
    FROM pg_views WHERE schemaname = 'billing' AND viewname LIKE '%\_violation';
  EXECUTE 'CREATE VIEW billing.violation AS ' || v_all;
END $$;
