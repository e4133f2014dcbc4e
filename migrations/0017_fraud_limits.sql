-- SPDX-License-Identifier: Apache-2.0
-- Limits against fraud while it happens. The figures are read from CDRs and holds under the account's lock, in the statement that opens or
-- extends a hold: nothing is counted twice, and nothing is forgotten by a restart. billing/README.md tells the rules.

-- A limit of one measure in one scope: new and established accounts, one account (its id; goes before its level's), or all together.
CREATE TABLE billing.fraud_limit (
  scope   text NOT NULL CHECK (scope IN ('new', 'established', 'all') OR scope ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  measure text NOT NULL CHECK (measure IN ('spend_hour', 'spend_day', 'starts_minute', 'concurrent_calls', 'dear_prefixes_day', 'call_length')),
  most    bigint NOT NULL CHECK (most >= 0),    -- micro-units of the account's currency, a count, or seconds
  action  text NOT NULL CHECK (action IN ('event', 'refuse', 'cut')),
  PRIMARY KEY (scope, measure),
  CHECK (scope <> 'all' OR measure NOT IN ('dear_prefixes_day', 'call_length'))
);
INSERT INTO billing.fraud_limit VALUES
  ('new', 'spend_hour', 50000000, 'cut'), ('new', 'spend_day', 100000000, 'cut'), ('new', 'starts_minute', 15, 'refuse'),
  ('new', 'concurrent_calls', 3, 'refuse'), ('new', 'dear_prefixes_day', 5, 'refuse'), ('new', 'call_length', 7200, 'cut'),
  ('established', 'spend_hour', 200000000, 'cut'), ('established', 'spend_day', 500000000, 'cut'), ('established', 'starts_minute', 30, 'refuse'),
  ('established', 'concurrent_calls', 10, 'refuse'), ('established', 'dear_prefixes_day', 20, 'refuse'), ('established', 'call_length', 21600, 'event');

-- When an account is new no more: by age, or by what it paid, as far as that is some days ago. What a dear prefix is.
CREATE TABLE billing.fraud_policy (
  one               boolean PRIMARY KEY DEFAULT true CHECK (one),
  established_days  int NOT NULL DEFAULT 60 CHECK (established_days >= 0),
  established_paid_micros bigint NOT NULL DEFAULT 50000000 CHECK (established_paid_micros > 0),
  payment_days      int NOT NULL DEFAULT 14 CHECK (payment_days >= 0),
  dear_per_minute_micros bigint NOT NULL DEFAULT 500000 CHECK (dear_per_minute_micros >= 0)
);
INSERT INTO billing.fraud_policy DEFAULT VALUES;

-- Of an account (its id) or of all ('all'): locked since when and why; from when on its figures count.
CREATE TABLE billing.fraud_state (
  scope        text PRIMARY KEY,
  locked_at    timestamptz,
  measure      text NOT NULL DEFAULT '',
  action       text NOT NULL DEFAULT 'cut' CHECK (action IN ('refuse', 'cut')),
  counted_from timestamptz NOT NULL DEFAULT '-infinity'
);

-- One row for each scope, measure and hour in which a limit was reached.
CREATE TABLE billing.fraud_event (
  scope    text NOT NULL,
  measure  text NOT NULL,
  hour     timestamptz NOT NULL,
  first_at timestamptz NOT NULL,
  last_at  timestamptz NOT NULL,
  times    bigint NOT NULL DEFAULT 1,
  figure   bigint NOT NULL,                     -- what was found, at last
  most     bigint NOT NULL,
  action   text NOT NULL,
  call_id  uuid,                                -- of the first
  PRIMARY KEY (hour, scope, measure)
);

-- The least call id (UUIDv7, RFC 9562 §5.7) made at that moment: call ids are in the order of time.
CREATE FUNCTION billing.call_id_from(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;

CREATE FUNCTION billing.fraud_level(p_account uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN a.opened_at <= now() - make_interval(days => p.established_days)
              OR (SELECT coalesce(sum(e.amount_micros), 0) FROM billing.entry e WHERE e.account_id = a.account_id
                    AND e.kind IN ('top_up', 'refund') AND e.at <= now() - make_interval(days => p.payment_days)) >= p.established_paid_micros
         THEN 'established' ELSE 'new' END
    FROM billing.account a, billing.fraud_policy p WHERE a.account_id = p_account $$;

CREATE FUNCTION billing.note_fraud(p_scope text, p_measure text, p_figure bigint, p_most bigint, p_action text, p_call uuid) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO billing.fraud_event AS e (scope, measure, hour, first_at, last_at, figure, most, action, call_id)
    VALUES (p_scope, p_measure, date_trunc('hour', now(), 'UTC'), now(), now(), p_figure, p_most, p_action, p_call)
    ON CONFLICT (hour, scope, measure) DO UPDATE SET last_at = now(), times = e.times + 1, figure = excluded.figure, most = excluded.most,
      action = excluded.action $$;

-- What the limits say to a call that starts (p_used_s null) or goes on. The caller holds the account's lock. action '' is: nothing, or an event.
CREATE FUNCTION billing.check_fraud(p_account uuid, p_call uuid, p_used_s int, p_prefix text, p_per_minute bigint,
  OUT action text, OUT measure text) LANGUAGE plpgsql AS $$
DECLARE
  s billing.fraud_state;
  l record;
  v_from timestamptz := '-infinity';
  v_dear bigint;
  v_hour bigint; v_day bigint; v_starts bigint; v_live bigint; v_prefixes bigint;
  v_figure bigint;
  v_level text := billing.fraud_level(p_account);
BEGIN
  action := ''; measure := '';
  FOR s IN SELECT * FROM billing.fraud_state f WHERE f.scope IN (p_account::text, 'all') LOOP
    IF s.locked_at IS NOT NULL AND (p_used_s IS NULL OR s.action = 'cut') THEN
      action := s.action; measure := CASE s.scope WHEN 'all' THEN 'all' ELSE 'locked' END;
      RETURN;
    END IF;
    IF s.scope <> 'all' THEN v_from := s.counted_from; END IF;
  END LOOP;
  SELECT dear_per_minute_micros INTO v_dear FROM billing.fraud_policy;
  -- No call lasts longer than 12 hours: what was written in the last day began at most 36 h ago, and an hour is left for clocks.
  SELECT coalesce(sum(x.spent) FILTER (WHERE x.live OR x.at > now() - interval '1 hour'), 0), coalesce(sum(x.spent), 0),
         count(*) FILTER (WHERE x.begun > now() - interval '1 minute' AND x.id <> p_call),
         count(*) FILTER (WHERE x.live AND x.id <> p_call),
         count(DISTINCT x.prefix) FILTER (WHERE x.per_minute >= v_dear AND x.prefix <> p_prefix)
    INTO v_hour, v_day, v_starts, v_live, v_prefixes
    FROM (SELECT call_id AS id, charged_micros AS spent, written_at AS at, coalesce(started_at, written_at) AS begun, rate_prefix AS prefix,
                 price_per_minute_micros AS per_minute, false AS live
            FROM billing.cdr WHERE account_id = p_account AND call_id >= billing.call_id_from(now() - interval '37 hours')
              AND settled_by <> 'refused' AND rate_id IS NOT NULL AND written_at > greatest(now() - interval '1 day', v_from)
          UNION ALL SELECT call_id, amount_micros, opened_at, opened_at, rate_prefix, price_per_minute_micros, true
            FROM billing.hold WHERE account_id = p_account) x;
  FOR l IN
    SELECT DISTINCT ON (f.measure) f.measure, f.most, f.action FROM billing.fraud_limit f
      WHERE f.scope IN (p_account::text, v_level)
      ORDER BY f.measure, f.scope = p_account::text DESC
  LOOP
    -- A count holds with this call in it; money and time are used up when the limit is reached.
    v_figure := CASE
      WHEN l.measure = 'spend_hour' THEN v_hour
      WHEN l.measure = 'spend_day' THEN v_day
      WHEN l.measure = 'call_length' THEN p_used_s
      WHEN p_used_s IS NOT NULL THEN NULL
      WHEN l.measure = 'starts_minute' THEN v_starts
      WHEN l.measure = 'concurrent_calls' THEN v_live
      WHEN l.measure = 'dear_prefixes_day' AND p_per_minute >= v_dear THEN v_prefixes END;
    CONTINUE WHEN v_figure IS NULL OR v_figure < l.most;
    PERFORM billing.note_fraud(p_account::text, l.measure, v_figure, l.most, l.action, p_call);
    IF measure = '' OR l.action = 'cut' OR (l.action = 'refuse' AND action = '') THEN
      measure := l.measure;
      action := CASE l.action WHEN 'event' THEN '' ELSE l.action END;
    END IF;
    IF l.action = 'cut' AND l.measure <> 'call_length' THEN
      INSERT INTO billing.fraud_state AS f (scope, locked_at, measure) VALUES (p_account::text, now(), l.measure)
        ON CONFLICT (scope) DO UPDATE SET locked_at = now(), measure = excluded.measure, action = 'cut';
      EXIT;
    END IF;
  END LOOP;
END $$;

-- open_hold within the limits. status fraud_limit is final for the call id, as every refusal; measure names the limit, also of an event.
CREATE FUNCTION billing.open_guarded_hold(p_account uuid, p_call uuid, p_node text, p_instance uuid, p_direction text, p_caller text,
  p_callee text, p_currency text, p_minimum bigint, p_wanted bigint, p_lease_s int,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, OUT status text, OUT granted bigint, OUT available bigint, OUT measure text) LANGUAGE plpgsql AS $$
DECLARE
  v_currency text;
  v_action text;
BEGIN
  measure := '';
  SELECT a.currency, a.posted_micros - a.held_micros INTO v_currency, available FROM billing.account a
    WHERE a.account_id = p_account FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM billing.hold h WHERE h.account_id = p_account AND h.call_id = p_call)
     AND NOT EXISTS (SELECT FROM billing.cdr c WHERE c.account_id = p_account AND c.call_id = p_call) THEN
    SELECT f.action, f.measure INTO v_action, measure FROM billing.check_fraud(p_account, p_call, NULL, p_prefix, p_per_minute) f;
    IF v_action <> '' THEN
      INSERT INTO billing.cdr (account_id, call_id, direction, settled_by, caller, callee, started_at, ended_at, currency, rate_id, rate_prefix,
          destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s, reason, node)
        VALUES (p_account, p_call, p_direction, 'refused', p_caller, p_callee, now(), now(), v_currency, p_rate_id, p_prefix,
          p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s, 'fraud_limit', p_node);
      status := 'fraud_limit'; granted := 0;
      RETURN;
    END IF;
  END IF;
  SELECT o.status, o.granted, o.available INTO status, granted, available
    FROM billing.open_hold(p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, p_currency, p_minimum, p_wanted, p_lease_s,
      p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s) o;
END $$;

-- extend_hold within the limits. status fraud_limit: nothing was added, and the call is to be ended.
CREATE FUNCTION billing.extend_guarded_hold(p_account uuid, p_call uuid, p_request int, p_used_s int, p_more bigint, p_lease_s int,
  OUT status text, OUT total bigint, OUT available bigint, OUT measure text) LANGUAGE plpgsql AS $$
DECLARE
  h billing.hold;
  v_action text;
BEGIN
  measure := '';
  SELECT a.posted_micros - a.held_micros INTO available FROM billing.account a WHERE a.account_id = p_account FOR NO KEY UPDATE;
  SELECT * INTO h FROM billing.hold b WHERE b.account_id = p_account AND b.call_id = p_call;
  IF FOUND THEN
    SELECT f.action, f.measure INTO v_action, measure
      FROM billing.check_fraud(p_account, p_call, p_used_s, h.rate_prefix, h.price_per_minute_micros) f;
    IF v_action = 'cut' THEN status := 'fraud_limit'; total := h.amount_micros; RETURN; END IF;
  END IF;
  SELECT o.status, o.total, o.available INTO status, total, available
    FROM billing.extend_hold(p_account, p_call, p_request, p_used_s, p_more, p_lease_s) o;
END $$;

-- All accounts together, looked at from time to time: over a limit, new calls are refused (cut: live ones end as well) until the figures are
-- below it again. Calls count from their begin. One node at a time; true: a limit is reached.
CREATE FUNCTION billing.watch_fraud() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  l billing.fraud_limit;
  v_figure bigint;
  v_from timestamptz;
  v_over text := '';
  v_action text := 'refuse';
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('billing.watch_fraud')) THEN RETURN false; END IF;
  SELECT counted_from INTO v_from FROM billing.fraud_state WHERE scope = 'all';
  v_from := coalesce(v_from, '-infinity');
  FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' LOOP
    v_figure := CASE l.measure
      WHEN 'concurrent_calls' THEN (SELECT count(*) FROM billing.hold)
      WHEN 'starts_minute' THEN
        (SELECT count(*) FROM billing.hold WHERE opened_at > greatest(now() - interval '1 minute', v_from))
        + (SELECT count(*) FROM billing.cdr WHERE call_id >= billing.call_id_from(now() - interval '2 minutes') AND rate_id IS NOT NULL
             AND settled_by <> 'refused' AND coalesce(started_at, written_at) > greatest(now() - interval '1 minute', v_from))
      ELSE (SELECT coalesce(sum(amount_micros), 0) FROM billing.hold) + (
        SELECT coalesce(sum(charged_micros), 0) FROM billing.cdr
          WHERE call_id >= billing.call_id_from(now() - CASE l.measure WHEN 'spend_hour' THEN interval '1 hour' ELSE interval '1 day' END)
            AND written_at > greatest(v_from, now() - interval '1 day')) END;
    CONTINUE WHEN v_figure < l.most;
    PERFORM billing.note_fraud('all', l.measure, v_figure, l.most, l.action, NULL);
    IF l.action <> 'event' THEN
      v_over := l.measure;
      IF l.action = 'cut' THEN v_action := 'cut'; END IF;
    END IF;
  END LOOP;
  IF v_over <> '' THEN
    INSERT INTO billing.fraud_state AS f (scope, locked_at, measure, action) VALUES ('all', now(), v_over, v_action)
      ON CONFLICT (scope) DO UPDATE SET locked_at = coalesce(f.locked_at, now()), measure = excluded.measure, action = excluded.action;
  ELSE
    UPDATE billing.fraud_state SET locked_at = NULL WHERE scope = 'all' AND locked_at IS NOT NULL;
  END IF;
  RETURN v_over <> '';
END $$;

-- Lets an account (its id) or 'all' call again; what was before counts no more.
CREATE FUNCTION billing.unlock_fraud(p_scope text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_locked boolean := EXISTS (SELECT FROM billing.fraud_state WHERE scope = p_scope AND locked_at IS NOT NULL);
BEGIN
  INSERT INTO billing.fraud_state AS f (scope, counted_from) VALUES (p_scope, now())
    ON CONFLICT (scope) DO UPDATE SET locked_at = NULL, measure = '', counted_from = now();
  RETURN v_locked;
END $$;
