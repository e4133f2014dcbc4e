-- SPDX-License-Identifier: Apache-2.0
-- The ledger's tables for short steps (0032_ledger_steps.sql), and limits against fraud by currency, with their figures.

-- ------------------------------------------------------------------------------------------------------------- table pages
-- A plan that is made while a table has a page or two reads all of it, and a session keeps the plan while the table grows. So these two
-- never look that small: they have some empty pages, which VACUUM must leave (vacuum_truncate).
ALTER TABLE billing.hold SET (vacuum_truncate = off);
ALTER TABLE billing.account SET (vacuum_truncate = off);

-- What the account's row knows beyond its credit, so that a step in the common case asks no other table.
ALTER TABLE billing.account
  -- Of all its CDRs: a call with a later id has none. (Ids are in the order of time, so this is nearly every call that begins.)
  ADD COLUMN newest_call_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  -- How far the limits against fraud are, at least, in the epoch in which they were last looked at; see billing.note_fraud_room.
  ADD COLUMN fraud_epoch bigint NOT NULL DEFAULT 0,
  ADD COLUMN fraud_spend_left_micros bigint NOT NULL DEFAULT 0,
  ADD COLUMN fraud_starts_left bigint NOT NULL DEFAULT 0,
  ADD COLUMN fraud_calls_left bigint NOT NULL DEFAULT 0,
  ADD COLUMN fraud_length_s int NOT NULL DEFAULT 0,
  ADD COLUMN fraud_dear_micros bigint NOT NULL DEFAULT 0;
UPDATE billing.account a SET newest_call_id = c.newest
  FROM (SELECT account_id, max(call_id::text)::uuid AS newest FROM billing.cdr GROUP BY 1) c WHERE c.account_id = a.account_id;

CREATE FUNCTION billing.keep_pages() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_pages constant bigint := 24;                -- reading them costs more than any look-up by key
BEGIN
  IF pg_relation_size('billing.hold') < v_pages * current_setting('block_size')::bigint THEN
    INSERT INTO billing.hold (account_id, call_id, node, gateway_instance, direction, caller, callee, amount_micros, lease_until, rate_id, rate_prefix,
        destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s)
      SELECT gen_random_uuid(), gen_random_uuid(), repeat('x', 1000), gen_random_uuid(), '', '', '', 0, now(), 0, '', '', 0, 0, 1, 1, 0, 0
        FROM generate_series(1, v_pages * 6);
    DELETE FROM billing.hold WHERE node = repeat('x', 1000);
  END IF;
  IF pg_relation_size('billing.account') < v_pages * current_setting('block_size')::bigint THEN
    ALTER TABLE billing.account DISABLE TRIGGER lasting;
    INSERT INTO billing.account (account_id, currency, country, deck)
      SELECT gen_random_uuid(), 'EUR', 'DE', repeat('x', 1000) FROM generate_series(1, v_pages * 6);
    DELETE FROM billing.account WHERE deck = repeat('x', 1000);
    ALTER TABLE billing.account ENABLE TRIGGER lasting;
  END IF;
END $$;

-- ------------------------------------------------------------------------------------------------------------ constraints
-- As strict as before. PostgreSQL reads a CHECK anew, from the text of its parsed form, at every statement that writes its table, so the
-- shortest is the best. What concerns one column is a domain instead, tried only where that column is written.
CREATE DOMAIN billing.credit_micros AS bigint CHECK (VALUE BETWEEN 0 AND 1000000000000000);

-- Views stand in the way of changing the types of the columns that they read: they are put back as they were.
CREATE TEMPORARY TABLE put_back ON COMMIT DROP AS
  WITH RECURSIVE reading AS (
    SELECT r.ev_class AS view FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
      WHERE d.refobjid = 'billing.account'::regclass
    UNION SELECT r.ev_class FROM reading x JOIN pg_depend d ON d.refobjid = x.view JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
      WHERE r.ev_class <> x.view)
  SELECT DISTINCT view::oid AS id, view::regclass::text AS name, pg_get_viewdef(view::regclass) AS text FROM reading;
DO $$
DECLARE v record;
BEGIN
  FOR v IN SELECT * FROM put_back ORDER BY id DESC LOOP EXECUTE 'DROP VIEW ' || v.name; END LOOP;
END $$;
ALTER TABLE billing.account
  DROP CONSTRAINT account_credit,
  ALTER COLUMN posted_micros TYPE billing.credit_micros, ALTER COLUMN inactive_micros TYPE billing.credit_micros,
  ALTER COLUMN held_micros TYPE billing.amount_micros, ADD CONSTRAINT account_credit CHECK (posted_micros >= held_micros);
DO $$
DECLARE v record;
BEGIN
  FOR v IN SELECT * FROM put_back ORDER BY id LOOP EXECUTE format('CREATE VIEW %s AS %s', v.name, v.text); END LOOP;
END $$;
DROP FUNCTION billing.credit_is_sound;
ALTER TABLE billing.cdr
  DROP CONSTRAINT cdr_charge,
  ADD CONSTRAINT cdr_charge CHECK (charged_micros >= 0 AND charged_micros <= price_micros AND price_micros <= held_micros);
DROP FUNCTION billing.charge_is_sound;

-- As before; what a call's entry must be stands first and alone, because PL/pgSQL sets up every expression that it comes by once a transaction.
CREATE OR REPLACE FUNCTION billing.entry_is_sound(p_kind text, p_contra text, p_amount bigint, p_after bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF p_kind = 'call' THEN RETURN coalesce(p_contra = 'call_revenue' AND p_amount < 0 AND p_after >= 0, false); END IF;
  RETURN coalesce(p_after >= 0 AND CASE p_kind
    WHEN 'correction' THEN p_contra = 'call_revenue' AND p_amount <> 0
    WHEN 'top_up' THEN p_contra = 'cash' AND p_amount > 0
    WHEN 'refund' THEN p_contra = 'refunds' AND p_amount < 0
    WHEN 'goodwill' THEN p_contra = 'goodwill' AND p_amount > 0
    WHEN 'adjustment' THEN p_contra = 'adjustments' AND p_amount <> 0
    WHEN 'voucher' THEN p_contra = 'vouchers' AND p_amount > 0
    WHEN 'subscription' THEN p_contra = 'subscription_revenue' AND p_amount < 0
    WHEN 'subscription_refund' THEN p_contra = 'subscription_refunds' AND p_amount > 0
    WHEN 'lapse' THEN p_contra = 'inactive_credit' AND p_amount < 0
    WHEN 'reactivation' THEN p_contra = 'inactive_credit' AND p_amount > 0
    ELSE false END, false);
END $$;

-- ------------------------------------------------------------------------------------------------------------ fraud's tables
-- Amounts are of one currency, nothing is converted. An account whose level has a limit of spending in other currencies, and none in its own,
-- may not call until it is set: what is not bounded is refused.
ALTER TABLE billing.fraud_limit DROP CONSTRAINT fraud_limit_pkey, ADD COLUMN currency text NOT NULL DEFAULT '';
CREATE FUNCTION billing.usual_currency() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT currency::text FROM billing.account GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1), 'EUR') $$;
UPDATE billing.fraud_limit f
  SET currency = coalesce((SELECT a.currency::text FROM billing.account a WHERE a.account_id::text = f.scope), billing.usual_currency())
  WHERE measure IN ('spend_hour', 'spend_day');
ALTER TABLE billing.fraud_limit
  ADD PRIMARY KEY (scope, measure, currency),
  ADD CHECK (CASE WHEN measure IN ('spend_hour', 'spend_day') THEN currency ~ '^[A-Z]{3}$' ELSE currency = '' END);

CREATE TABLE billing.fraud_amount (             -- what was of the policy, by currency; without a row nobody is established by payment, and nothing is dear
  currency                billing.currency_code PRIMARY KEY REFERENCES billing.currency,
  established_paid_micros bigint NOT NULL CHECK (established_paid_micros > 0),
  dear_per_minute_micros  bigint NOT NULL CHECK (dear_per_minute_micros >= 0)
);
INSERT INTO billing.fraud_amount SELECT billing.usual_currency(), established_paid_micros, dear_per_minute_micros FROM billing.fraud_policy;
ALTER TABLE billing.fraud_policy DROP COLUMN established_paid_micros, DROP COLUMN dear_per_minute_micros;

-- Round amounts of like worth for a start, in the currencies that are met most; an admin sets what he needs.
CREATE TEMPORARY TABLE worth (currency text, times bigint) ON COMMIT DROP;
INSERT INTO worth VALUES ('EUR', 1), ('USD', 1), ('GBP', 1), ('CHF', 1), ('CAD', 2), ('AUD', 2), ('NZD', 2), ('SGD', 2), ('ILS', 4), ('PLN', 4),
  ('BRL', 5), ('RON', 5), ('CNY', 8), ('DKK', 8), ('HKD', 8), ('SEK', 10), ('NOK', 10), ('MXN', 20), ('ZAR', 20), ('CZK', 25), ('TRY', 40),
  ('INR', 80), ('JPY', 150), ('HUF', 400);
INSERT INTO billing.fraud_limit (scope, measure, most, action, currency)
  SELECT l.scope, l.measure, l.most * w.times, 'cut', w.currency
    FROM (VALUES ('new', 'spend_hour', 50000000), ('new', 'spend_day', 100000000), ('established', 'spend_hour', 200000000),
                 ('established', 'spend_day', 500000000)) l (scope, measure, most), worth w
    -- not where an admin took the limit away
    WHERE EXISTS (SELECT FROM billing.fraud_limit f WHERE f.scope = l.scope AND f.measure = l.measure)
  ON CONFLICT DO NOTHING;
INSERT INTO billing.fraud_amount SELECT currency, 50000000 * times, 500000 * times FROM worth ON CONFLICT DO NOTHING;
DROP FUNCTION billing.usual_currency;

-- The limits of all accounts have a state for the counts ('all') and one for each currency ('all/EUR').
CREATE TABLE billing.fraud_charged (            -- what CDRs said when the watch came by last
  currency    text PRIMARY KEY,
  hour_micros bigint NOT NULL DEFAULT 0,
  day_micros  bigint NOT NULL DEFAULT 0
);
ALTER TABLE billing.fraud_state DROP COLUMN charged_hour_micros, DROP COLUMN charged_day_micros;
ALTER TABLE billing.fraud_event ADD COLUMN currency text NOT NULL DEFAULT '', DROP CONSTRAINT fraud_event_pkey,
  ADD PRIMARY KEY (hour, scope, measure, currency);

-- One more with every change of a limit, of the policy, or of the state of all accounts: what accounts' rows know of their room is void then.
CREATE TABLE billing.fraud_epoch (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch bigint NOT NULL);
INSERT INTO billing.fraud_epoch (epoch) VALUES (1);
CREATE FUNCTION billing.begin_fraud_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE billing.fraud_epoch SET epoch = epoch + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER epoch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON billing.fraud_limit FOR EACH STATEMENT EXECUTE FUNCTION billing.begin_fraud_epoch();
CREATE TRIGGER epoch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON billing.fraud_policy FOR EACH STATEMENT EXECUTE FUNCTION billing.begin_fraud_epoch();
CREATE TRIGGER epoch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON billing.fraud_amount FOR EACH STATEMENT EXECUTE FUNCTION billing.begin_fraud_epoch();
CREATE TRIGGER epoch AFTER INSERT OR UPDATE ON billing.fraud_state FOR EACH ROW WHEN (NEW.scope LIKE 'all%')
  EXECUTE FUNCTION billing.begin_fraud_epoch();

-- --------------------------------------------------------------------------------------------------------- fraud's figures

CREATE OR REPLACE FUNCTION billing.fraud_level(p_account uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN a.opened_at <= now() - make_interval(days => p.established_days)
              OR (SELECT coalesce(sum(e.amount_micros), 0) FROM billing.entry e WHERE e.account_id = a.account_id
                    AND e.kind IN ('top_up', 'refund') AND e.at <= now() - make_interval(days => p.payment_days)) >= m.established_paid_micros
         THEN 'established' ELSE 'new' END
    FROM billing.account a LEFT JOIN billing.fraud_amount m USING (currency), billing.fraud_policy p WHERE a.account_id = p_account $$;

-- What CDRs and holds say of an account: spent in the last hour and day (what live calls hold counts whole), calls begun in the last minute and
-- live, and distinct dear prefixes; the last three without p_call and p_prefix. Before p_from nothing but live calls counts.
CREATE FUNCTION billing.fraud_figures(p_account uuid, p_from timestamptz, p_call uuid, p_prefix text, p_dear bigint,
  OUT spend_hour bigint, OUT spend_day bigint, OUT starts bigint, OUT live bigint, OUT prefixes bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- No call lasts longer than 12 hours: what was written in the last day began at most 36 h ago, and an hour is left for clocks.
  SELECT coalesce(sum(x.spent) FILTER (WHERE x.live OR x.at > now() - interval '1 hour'), 0), coalesce(sum(x.spent), 0),
         count(*) FILTER (WHERE x.begun > now() - interval '1 minute' AND x.id IS DISTINCT FROM p_call),
         count(*) FILTER (WHERE x.live AND x.id IS DISTINCT FROM p_call),
         count(DISTINCT x.prefix) FILTER (WHERE x.per_minute >= p_dear AND x.prefix <> p_prefix)
    INTO spend_hour, spend_day, starts, live, prefixes
    FROM (SELECT call_id AS id, charged_micros AS spent, written_at AS at, coalesce(started_at, written_at) AS begun, rate_prefix AS prefix,
                 price_per_minute_micros AS per_minute, false AS live
            FROM billing.cdr WHERE account_id = p_account AND call_id >= billing.call_id_from(now() - interval '37 hours')
              AND settled_by <> 'refused' AND rate_id IS NOT NULL AND written_at > greatest(now() - interval '1 day', p_from)
          UNION ALL SELECT call_id, amount_micros, opened_at, opened_at, rate_prefix, price_per_minute_micros, true
            FROM billing.hold WHERE account_id = p_account) x;
END $$;

-- The lowest limits that an account can have, whichever its level is; null: it has none. No limit in its currency, but one in another, is 0.
CREATE FUNCTION billing.fraud_least(p_account uuid, p_currency text,
  OUT spend_hour bigint, OUT spend_day bigint, OUT starts bigint, OUT calls bigint, OUT length_s bigint) LANGUAGE plpgsql STABLE AS $$
DECLARE v_scope text := p_account;
BEGIN
  SELECT min(CASE f.measure WHEN 'spend_hour' THEN f.most END), min(CASE f.measure WHEN 'spend_day' THEN f.most END),
         min(CASE f.measure WHEN 'starts_minute' THEN f.most END), min(CASE f.measure WHEN 'concurrent_calls' THEN f.most END),
         min(CASE f.measure WHEN 'call_length' THEN f.most END)
    INTO spend_hour, spend_day, starts, calls, length_s
    FROM (SELECT DISTINCT ON (x.measure, level) x.measure, CASE WHEN x.currency IN ('', p_currency) THEN x.most ELSE 0 END AS most
            FROM billing.fraud_limit x, unnest(ARRAY['new', 'established']) level
            WHERE x.scope IN (v_scope, level)
            ORDER BY x.measure, level, x.currency NOT IN ('', p_currency), x.scope <> v_scope) f;
END $$;

-- Writes into the account's row how much room the limits leave, at least. Figures grow only by the ledger's steps, which take it off as they go, and
-- shrink with time: so while room is left, no limit is reached, and a step need not look. The caller holds the account's lock.
CREATE FUNCTION billing.note_fraud_room(p_account uuid, p_currency text, p_epoch bigint, p_hour bigint, p_day bigint, p_starts bigint, p_live bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_none constant bigint := 1000000000000000000;
  l record;
BEGIN
  SELECT * INTO l FROM billing.fraud_least(p_account, p_currency);
  UPDATE billing.account SET fraud_epoch = p_epoch,
      fraud_spend_left_micros = CASE  -- the limits of all accounts are looked at in any case
        WHEN EXISTS (SELECT FROM billing.fraud_limit WHERE scope = 'all')
          OR EXISTS (SELECT FROM billing.fraud_state WHERE scope LIKE 'all%' AND locked_at IS NOT NULL) THEN 0
        ELSE greatest(0, least(coalesce(l.spend_hour - p_hour, v_none), coalesce(l.spend_day - p_day, v_none))) END,
      fraud_starts_left = coalesce(l.starts - p_starts, v_none), fraud_calls_left = coalesce(l.calls - p_live, v_none),
      fraud_length_s = least(coalesce(l.length_s, 2147483647), 2147483647),
      fraud_dear_micros = coalesce((SELECT CASE WHEN EXISTS (SELECT FROM billing.fraud_limit WHERE measure = 'dear_prefixes_day') THEN dear_per_minute_micros END
                                      FROM billing.fraud_amount WHERE currency = p_currency), v_none)
    WHERE account_id = p_account;
END $$;

DROP FUNCTION billing.fraud_limit_near;
DROP FUNCTION billing.note_fraud;
CREATE FUNCTION billing.note_fraud(p_scope text, p_measure text, p_currency text, p_figure bigint, p_most bigint, p_action text, p_call uuid)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO billing.fraud_event AS e (scope, measure, currency, hour, first_at, last_at, figure, most, action, call_id)
    VALUES (p_scope, p_measure, p_currency, billing.fraud_hour(), now(), now(), p_figure, p_most, p_action, p_call)
    ON CONFLICT (hour, scope, measure, currency) DO UPDATE SET last_at = now(), times = e.times + 1, figure = excluded.figure, most = excluded.most,
      action = excluded.action $$;

CREATE FUNCTION billing.state_of_all(p_currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE p_currency WHEN '' THEN 'all' ELSE 'all/' || p_currency END;

DROP FUNCTION billing.figure_of_all;
CREATE FUNCTION billing.figure_of_all(p_measure text, p_currency text, p_from timestamptz, p_charged bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE p_measure
    WHEN 'concurrent_calls' THEN (SELECT count(*) FROM billing.hold)
    WHEN 'starts_minute' THEN
      (SELECT count(*) FROM billing.hold WHERE opened_at > greatest(now() - interval '1 minute', p_from))
      + (SELECT count(*) FROM billing.cdr WHERE call_id >= billing.call_id_from(now() - interval '2 minutes') AND rate_id IS NOT NULL
           AND settled_by <> 'refused' AND coalesce(started_at, written_at) > greatest(now() - interval '1 minute', p_from))
    ELSE (SELECT coalesce(sum(h.amount_micros), 0) FROM billing.hold h JOIN billing.account a USING (account_id) WHERE a.currency = p_currency)
         + p_charged END;
END $$;

-- What the limits of all accounts say to a call that starts (p_used_s null) or goes on. Starts wait for each other, else many at once would pass.
DROP FUNCTION billing.check_fraud_of_all;
CREATE FUNCTION billing.check_fraud_of_all(p_call uuid, p_used_s int, p_currency text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  l billing.fraud_limit;
  v_figure bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM billing.fraud_limit WHERE scope = 'all') THEN RETURN ''; END IF;
  IF p_used_s IS NULL THEN PERFORM pg_advisory_xact_lock(hashtext('billing.fraud_limit of all')); END IF;
  FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' AND currency IN ('', p_currency) AND (p_used_s IS NULL OR action = 'cut') ORDER BY action LOOP
    v_figure := billing.figure_of_all(l.measure, l.currency,
      coalesce((SELECT counted_from FROM billing.fraud_state WHERE scope = billing.state_of_all(l.currency)), '-infinity'),
      coalesce((SELECT CASE l.measure WHEN 'spend_hour' THEN hour_micros ELSE day_micros END FROM billing.fraud_charged WHERE currency = l.currency), 0));
    CONTINUE WHEN v_figure < l.most;
    PERFORM billing.note_fraud('all', l.measure, l.currency, v_figure, l.most, l.action, p_call);
    IF l.action <> 'event' THEN RETURN l.action; END IF;
  END LOOP;
  RETURN '';
END $$;

-- As before, in the account's currency; and what room is left is noted.
DROP FUNCTION billing.check_fraud;
CREATE FUNCTION billing.check_fraud(p_account uuid, p_currency text, p_call uuid, p_used_s int, p_prefix text, p_per_minute bigint,
  OUT action text, OUT measure text) LANGUAGE plpgsql AS $$
DECLARE
  s billing.fraud_state;
  l record;
  f record;
  v_from timestamptz := '-infinity';
  v_dear bigint;
  v_figure bigint;
  v_epoch bigint := (SELECT epoch FROM billing.fraud_epoch);  -- before the limits are read: a change meanwhile makes what is noted void
  v_level text := billing.fraud_level(p_account);
BEGIN
  action := ''; measure := '';
  FOR s IN SELECT * FROM billing.fraud_state x WHERE x.scope IN (p_account::text, 'all', billing.state_of_all(p_currency)) LOOP
    IF s.locked_at IS NOT NULL AND (p_used_s IS NULL OR s.action = 'cut') THEN
      action := s.action; measure := CASE WHEN s.scope LIKE 'all%' THEN 'all' ELSE 'locked' END;
      RETURN;
    END IF;
    IF s.scope NOT LIKE 'all%' THEN v_from := s.counted_from; END IF;
  END LOOP;
  action := billing.check_fraud_of_all(p_call, p_used_s, p_currency);
  IF action <> '' THEN measure := 'all'; RETURN; END IF;
  SELECT dear_per_minute_micros INTO v_dear FROM billing.fraud_amount m WHERE m.currency = p_currency;
  SELECT * INTO f FROM billing.fraud_figures(p_account, v_from, p_call, p_prefix, v_dear);
  -- A call that goes on is one of those that the next start will find.
  PERFORM billing.note_fraud_room(p_account, p_currency, v_epoch, f.spend_hour, f.spend_day, f.starts + (p_used_s IS NOT NULL)::int,
                                  f.live + (p_used_s IS NOT NULL)::int);
  FOR l IN
    SELECT DISTINCT ON (x.measure) x.measure, x.most, x.action, x.currency FROM billing.fraud_limit x
      WHERE x.scope IN (p_account::text, v_level)
      ORDER BY x.measure, x.currency NOT IN ('', p_currency), x.scope = p_account::text DESC
  LOOP
    IF l.currency NOT IN ('', p_currency) THEN  -- spending is bounded, but not in this currency
      CONTINUE WHEN p_used_s IS NOT NULL;
      PERFORM billing.note_fraud(p_account::text, l.measure, p_currency, 0, 0, 'refuse', p_call);
      measure := l.measure; action := 'refuse';
      CONTINUE;
    END IF;
    -- A count holds with this call in it; money and time are used up when the limit is reached.
    v_figure := CASE
      WHEN l.measure = 'spend_hour' THEN f.spend_hour
      WHEN l.measure = 'spend_day' THEN f.spend_day
      WHEN l.measure = 'call_length' THEN p_used_s
      WHEN p_used_s IS NOT NULL THEN NULL
      WHEN l.measure = 'starts_minute' THEN f.starts
      WHEN l.measure = 'concurrent_calls' THEN f.live
      WHEN l.measure = 'dear_prefixes_day' AND p_per_minute >= v_dear THEN f.prefixes END;
    CONTINUE WHEN v_figure IS NULL OR v_figure < l.most;
    PERFORM billing.note_fraud(p_account::text, l.measure, l.currency, v_figure, l.most, l.action, p_call);
    IF measure = '' OR l.action = 'cut' OR (l.action = 'refuse' AND action = '') THEN
      measure := l.measure;
      action := CASE l.action WHEN 'event' THEN '' ELSE l.action END;
    END IF;
    IF l.action = 'cut' AND l.measure <> 'call_length' THEN
      INSERT INTO billing.fraud_state AS x (scope, locked_at, measure) VALUES (p_account::text, now(), l.measure)
        ON CONFLICT (scope) DO UPDATE SET locked_at = now(), measure = excluded.measure, action = 'cut';
      UPDATE billing.account SET fraud_spend_left_micros = 0 WHERE account_id = p_account;
      EXIT;
    END IF;
  END LOOP;
END $$;

-- As before, each currency by itself.
CREATE OR REPLACE FUNCTION billing.watch_fraud() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  l billing.fraud_limit;
  v_currency text;
  v_scope text;
  v_figure bigint;
  v_charged bigint;
  v_from timestamptz;
  v_over text;
  v_action text;
  v_any boolean := false;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('billing.watch_fraud')) THEN RETURN false; END IF;
  FOR v_currency IN SELECT currency FROM billing.fraud_limit WHERE scope = 'all'
                    UNION SELECT substr(scope, 5) FROM billing.fraud_state WHERE scope LIKE 'all%' ORDER BY 1 LOOP
    v_scope := billing.state_of_all(v_currency);
    v_from := coalesce((SELECT counted_from FROM billing.fraud_state WHERE scope = v_scope), '-infinity');
    v_over := ''; v_action := 'refuse';
    FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' AND currency = v_currency LOOP
      v_charged := 0;
      IF l.measure IN ('spend_hour', 'spend_day') THEN
        SELECT coalesce(sum(charged_micros), 0) INTO v_charged FROM billing.cdr
          WHERE call_id >= billing.call_id_from(now() - CASE l.measure WHEN 'spend_hour' THEN interval '1 hour' ELSE interval '1 day' END)
            AND currency = v_currency AND written_at > greatest(v_from, now() - interval '1 day');
        INSERT INTO billing.fraud_charged (currency) VALUES (v_currency) ON CONFLICT DO NOTHING;
        UPDATE billing.fraud_charged SET hour_micros = CASE l.measure WHEN 'spend_hour' THEN v_charged ELSE hour_micros END,
            day_micros = CASE l.measure WHEN 'spend_day' THEN v_charged ELSE day_micros END
          WHERE currency = v_currency;
      END IF;
      v_figure := billing.figure_of_all(l.measure, l.currency, v_from, v_charged);
      CONTINUE WHEN v_figure < l.most;
      PERFORM billing.note_fraud('all', l.measure, l.currency, v_figure, l.most, l.action, NULL);
      IF l.action <> 'event' THEN
        v_over := l.measure;
        IF l.action = 'cut' THEN v_action := 'cut'; END IF;
      END IF;
    END LOOP;
    IF v_over <> '' THEN
      v_any := true;
      INSERT INTO billing.fraud_state AS f (scope, locked_at, measure, action) VALUES (v_scope, now(), v_over, v_action)
        ON CONFLICT (scope) DO UPDATE SET locked_at = coalesce(f.locked_at, now()), measure = excluded.measure, action = excluded.action
          WHERE f.locked_at IS NULL OR f.measure <> excluded.measure OR f.action <> excluded.action;
    ELSE
      UPDATE billing.fraud_state SET locked_at = NULL WHERE scope = v_scope AND locked_at IS NOT NULL;
    END IF;
  END LOOP;
  RETURN v_any;
END $$;

CREATE OR REPLACE FUNCTION billing.unlock_fraud(p_scope text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_scope text;
  v_locked boolean := false;
BEGIN
  FOR v_scope IN SELECT p_scope UNION SELECT scope FROM billing.fraud_state WHERE p_scope = 'all' AND scope LIKE 'all%' ORDER BY 1 LOOP
    v_locked := v_locked OR EXISTS (SELECT FROM billing.fraud_state WHERE scope = v_scope AND locked_at IS NOT NULL);
    INSERT INTO billing.fraud_state AS f (scope, counted_from) VALUES (v_scope, now())
      ON CONFLICT (scope) DO UPDATE SET locked_at = NULL, measure = '', counted_from = now();
  END LOOP;
  IF p_scope = 'all' THEN UPDATE billing.fraud_charged SET hour_micros = 0, day_micros = 0; END IF;
  RETURN v_locked;
END $$;
