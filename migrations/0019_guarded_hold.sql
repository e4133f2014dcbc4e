-- SPDX-License-Identifier: Apache-2.0
-- Holds and extensions, within the limits against fraud or without, on one shortest path and one long one: open_guarded_hold and
-- extend_guarded_hold are open_hold and extend_hold with p_guarded. The limits of all accounts together are decided at every step, not only
-- when the watch comes by. Lock order: account, then the limits of all.

-- As before, but not as an SQL function: one that is not inlined costs an executor of its own at every call, 40 us.
CREATE OR REPLACE FUNCTION billing.call_id_from(at timestamptz) RETURNS uuid LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
END $$;

-- What the limits might say to this call, in one look: false means that none of them is reached, true that billing.check_fraud must decide. The
-- caller holds the account's lock. An account is measured by the limits of both levels here, whichever is its own.
CREATE FUNCTION billing.fraud_limit_near(p_account uuid, p_call uuid, p_used_s int, p_prefix text, p_per_minute bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_scope text := p_account;
BEGIN
  RETURN (
    SELECT EXISTS (SELECT FROM billing.fraud_state s WHERE s.scope IN (v_scope, 'all')
                     AND (s.locked_at IS NOT NULL OR (s.scope <> 'all' AND s.counted_from > now() - interval '1 day')))
        OR EXISTS (SELECT FROM billing.fraud_limit f WHERE f.scope IN (v_scope, 'new', 'established', 'all')
                     AND (f.scope = 'all' OR f.most <= CASE f.measure
                       WHEN 'spend_hour' THEN x.hour
                       WHEN 'spend_day' THEN x.day
                       WHEN 'call_length' THEN p_used_s
                       WHEN 'starts_minute' THEN CASE WHEN p_used_s IS NULL THEN x.starts END
                       WHEN 'concurrent_calls' THEN CASE WHEN p_used_s IS NULL THEN x.live END
                       ELSE CASE WHEN p_used_s IS NULL AND p_per_minute >= x.dear THEN x.prefixes END END))
      FROM (SELECT coalesce(sum(c.spent) FILTER (WHERE c.live OR c.at > now() - interval '1 hour'), 0)::bigint AS hour,
                   coalesce(sum(c.spent), 0)::bigint AS day,
                   count(*) FILTER (WHERE c.begun > now() - interval '1 minute' AND c.id <> p_call) AS starts,
                   count(*) FILTER (WHERE c.live AND c.id <> p_call) AS live,
                   count(*) FILTER (WHERE c.per_minute >= p.dear AND c.prefix <> p_prefix) AS prefixes,  -- at least as many as distinct ones
                   max(p.dear) AS dear
              FROM (SELECT call_id AS id, charged_micros AS spent, written_at AS at, coalesce(started_at, written_at) AS begun, rate_prefix AS prefix,
                           price_per_minute_micros AS per_minute, false AS live
                      FROM billing.cdr WHERE account_id = p_account AND call_id >= billing.call_id_from(now() - interval '37 hours')
                        AND settled_by <> 'refused' AND rate_id IS NOT NULL AND written_at > now() - interval '1 day'
                    UNION ALL SELECT call_id, amount_micros, opened_at, opened_at, rate_prefix, price_per_minute_micros, true
                      FROM billing.hold WHERE account_id = p_account) c,
                   (SELECT dear_per_minute_micros AS dear FROM billing.fraud_policy) p) x);
END $$;

DROP FUNCTION billing.open_guarded_hold;
DROP FUNCTION billing.open_hold;
CREATE FUNCTION billing.open_hold(p_account uuid, p_call uuid, p_node text, p_instance uuid, p_direction text, p_caller text,
  p_callee text, p_currency text, p_minimum bigint, p_wanted bigint, p_lease_s int,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, p_guarded boolean, OUT status text, OUT granted bigint, OUT available bigint, OUT measure text) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  v_reason text;
  v_by text;
  v_action text := '';
  v_least bigint := greatest(p_minimum, billing.price_of(p_initial_s, p_fee, p_per_minute, p_included_s));
BEGIN
  measure := '';
  granted := greatest(p_wanted, v_least);
  -- The common case: all that is wanted is there, no limit is near, and the call id is new.
  UPDATE billing.account SET held_micros = held_micros + granted
    WHERE account_id = p_account AND posted_micros - held_micros >= granted AND NOT blocked AND currency = p_currency
    RETURNING posted_micros - held_micros INTO available;
  IF FOUND THEN
    IF NOT (p_guarded AND billing.fraud_limit_near(p_account, p_call, NULL, p_prefix, p_per_minute)) THEN
      INSERT INTO billing.hold (account_id, call_id, node, gateway_instance, direction, caller, callee, amount_micros, lease_until, rate_id,
          rate_prefix, destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s)
        SELECT p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, granted, clock_timestamp() + make_interval(secs => p_lease_s),
            p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s
          WHERE NOT EXISTS (SELECT FROM billing.cdr WHERE account_id = p_account AND call_id = p_call)
          ON CONFLICT DO NOTHING;
      IF FOUND THEN status := 'opened'; RETURN; END IF;
    END IF;
    UPDATE billing.account SET held_micros = held_micros - granted WHERE account_id = p_account;  -- not common: it is taken back
  END IF;

  granted := 0; available := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;  -- serialises one account
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  available := a.posted_micros - a.held_micros;
  SELECT amount_micros INTO granted FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF FOUND THEN status := 'repeated'; RETURN; END IF;
  granted := 0;
  SELECT settled_by, reason INTO v_by, v_reason FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
  IF FOUND THEN status := CASE v_by WHEN 'refused' THEN v_reason ELSE 'already_settled' END; RETURN; END IF;
  IF p_guarded THEN
    SELECT f.action, f.measure INTO v_action, measure FROM billing.check_fraud(p_account, p_call, NULL, p_prefix, p_per_minute) f;
  END IF;
  v_reason := CASE WHEN v_action <> '' THEN 'fraud_limit' WHEN a.blocked THEN 'account_blocked' WHEN a.currency <> p_currency THEN 'wrong_currency'
                   WHEN available < v_least THEN 'insufficient_credit' END;
  IF v_reason IS NOT NULL THEN
    -- Final for this call id: without this row a request repeated after a top-up would open a hold that nobody knows of.
    INSERT INTO billing.cdr (account_id, call_id, direction, settled_by, caller, callee, started_at, ended_at, currency, rate_id, rate_prefix,
        destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s, reason, node)
      VALUES (p_account, p_call, p_direction, 'refused', p_caller, p_callee, now(), now(), a.currency, p_rate_id, p_prefix,
        p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s, v_reason, p_node);
    status := v_reason; RETURN;
  END IF;
  granted := least(greatest(p_wanted, v_least), available);
  available := available - granted;
  UPDATE billing.account SET held_micros = held_micros + granted WHERE account_id = p_account;
  INSERT INTO billing.hold (account_id, call_id, node, gateway_instance, direction, caller, callee, amount_micros, lease_until, rate_id, rate_prefix,
      destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s)
    VALUES (p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, granted, clock_timestamp() + make_interval(secs => p_lease_s),
      p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s);
  status := 'opened';
END $$;

-- status fraud_limit: nothing was added, and the call is to be ended.
DROP FUNCTION billing.extend_guarded_hold;
DROP FUNCTION billing.extend_hold;
CREATE FUNCTION billing.extend_hold(p_account uuid, p_call uuid, p_request int, p_used_s int, p_more bigint, p_lease_s int, p_guarded boolean,
  OUT status text, OUT total bigint, OUT available bigint, OUT measure text) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  h billing.hold;
  v_add bigint;
  v_action text;
BEGIN
  measure := '';
  -- The common case: all that is asked for is there, no limit is near, and the request is new.
  UPDATE billing.account SET held_micros = held_micros + p_more
    WHERE account_id = p_account AND p_more > 0 AND posted_micros - held_micros >= p_more AND NOT blocked
    RETURNING posted_micros - held_micros INTO available;
  IF FOUND THEN
    IF NOT (p_guarded AND billing.fraud_limit_near(p_account, p_call, p_used_s, '', 0)) THEN
      UPDATE billing.hold SET amount_micros = amount_micros + p_more, request_number = p_request, used_s = greatest(used_s, p_used_s),
          reported_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
        WHERE account_id = p_account AND call_id = p_call AND request_number < p_request
        RETURNING amount_micros INTO total;
      IF FOUND THEN status := 'extended'; RETURN; END IF;
    END IF;
    UPDATE billing.account SET held_micros = held_micros - p_more WHERE account_id = p_account;  -- not common: it is taken back
  END IF;

  total := 0; available := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_hold'; RETURN; END IF;
  available := a.posted_micros - a.held_micros;
  SELECT * INTO h FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF NOT FOUND THEN status := 'no_hold'; RETURN; END IF;
  total := h.amount_micros;
  IF p_guarded THEN
    SELECT f.action, f.measure INTO v_action, measure
      FROM billing.check_fraud(p_account, p_call, p_used_s, h.rate_prefix, h.price_per_minute_micros) f;
    IF v_action = 'cut' THEN status := 'fraud_limit'; RETURN; END IF;
  END IF;
  IF p_request <= h.request_number THEN status := 'repeated'; RETURN; END IF;
  v_add := CASE WHEN a.blocked THEN 0 ELSE least(greatest(p_more, 0), available) END;
  IF v_add > 0 THEN
    UPDATE billing.account SET held_micros = held_micros + v_add WHERE account_id = p_account;
  END IF;
  UPDATE billing.hold SET amount_micros = amount_micros + v_add, request_number = p_request, used_s = greatest(used_s, p_used_s),
      reported_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
    WHERE account_id = p_account AND call_id = p_call;
  total := total + v_add; available := available - v_add;
  status := CASE WHEN v_add < p_more THEN 'final_unit' ELSE 'extended' END;
END $$;

-- ----------------------------------------------------------------------------------------------------- all accounts together
-- What CDRs say of the last hour and day, as the watch found it. The holds are added at each step, whole, so what live calls may cost counts at
-- once; a call that has ended since the watch came by is missing until it comes again.
ALTER TABLE billing.fraud_state
  ADD COLUMN charged_hour_micros bigint NOT NULL DEFAULT 0,
  ADD COLUMN charged_day_micros  bigint NOT NULL DEFAULT 0;

CREATE FUNCTION billing.figure_of_all(p_measure text, p_from timestamptz, p_charged bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE p_measure
    WHEN 'concurrent_calls' THEN (SELECT count(*) FROM billing.hold)
    WHEN 'starts_minute' THEN
      (SELECT count(*) FROM billing.hold WHERE opened_at > greatest(now() - interval '1 minute', p_from))
      + (SELECT count(*) FROM billing.cdr WHERE call_id >= billing.call_id_from(now() - interval '2 minutes') AND rate_id IS NOT NULL
           AND settled_by <> 'refused' AND coalesce(started_at, written_at) > greatest(now() - interval '1 minute', p_from))
    ELSE (SELECT coalesce(sum(amount_micros), 0) FROM billing.hold) + p_charged END;
END $$;

-- What the limits of all accounts say to a call that starts (p_used_s null) or goes on. Starts wait for each other, else many at once would pass.
CREATE FUNCTION billing.check_fraud_of_all(p_call uuid, p_used_s int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  l billing.fraud_limit;
  s billing.fraud_state;
  v_figure bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM billing.fraud_limit WHERE scope = 'all') THEN RETURN ''; END IF;
  IF p_used_s IS NULL THEN PERFORM pg_advisory_xact_lock(hashtext('billing.fraud_limit of all')); END IF;
  SELECT * INTO s FROM billing.fraud_state WHERE scope = 'all';
  FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' AND (p_used_s IS NULL OR action = 'cut') ORDER BY action LOOP
    v_figure := billing.figure_of_all(l.measure, coalesce(s.counted_from, '-infinity'),
      CASE l.measure WHEN 'spend_hour' THEN coalesce(s.charged_hour_micros, 0) ELSE coalesce(s.charged_day_micros, 0) END);
    CONTINUE WHEN v_figure < l.most;
    PERFORM billing.note_fraud('all', l.measure, v_figure, l.most, l.action, p_call);
    IF l.action <> 'event' THEN RETURN l.action; END IF;
  END LOOP;
  RETURN '';
END $$;

-- As before, and the limits of all accounts together.
CREATE OR REPLACE FUNCTION billing.check_fraud(p_account uuid, p_call uuid, p_used_s int, p_prefix text, p_per_minute bigint,
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
  action := billing.check_fraud_of_all(p_call, p_used_s);
  IF action <> '' THEN measure := 'all'; RETURN; END IF;
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

-- The hour that an event belongs to; a function of its own, so that a test can hold it still.
CREATE FUNCTION billing.fraud_hour() RETURNS timestamptz LANGUAGE sql STABLE RETURN date_trunc('hour', now(), 'UTC');
CREATE OR REPLACE FUNCTION billing.note_fraud(p_scope text, p_measure text, p_figure bigint, p_most bigint, p_action text, p_call uuid) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO billing.fraud_event AS e (scope, measure, hour, first_at, last_at, figure, most, action, call_id)
    VALUES (p_scope, p_measure, billing.fraud_hour(), now(), now(), p_figure, p_most, p_action, p_call)
    ON CONFLICT (hour, scope, measure) DO UPDATE SET last_at = now(), times = e.times + 1, figure = excluded.figure, most = excluded.most,
      action = excluded.action $$;

-- As before; what CDRs say is kept for the steps until it comes again.
CREATE OR REPLACE FUNCTION billing.watch_fraud() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  l billing.fraud_limit;
  v_figure bigint;
  v_charged bigint;
  v_from timestamptz;
  v_over text := '';
  v_action text := 'refuse';
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('billing.watch_fraud')) THEN RETURN false; END IF;
  SELECT counted_from INTO v_from FROM billing.fraud_state WHERE scope = 'all';
  v_from := coalesce(v_from, '-infinity');
  FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' LOOP
    v_charged := 0;
    IF l.measure IN ('spend_hour', 'spend_day') THEN
      SELECT coalesce(sum(charged_micros), 0) INTO v_charged FROM billing.cdr
        WHERE call_id >= billing.call_id_from(now() - CASE l.measure WHEN 'spend_hour' THEN interval '1 hour' ELSE interval '1 day' END)
          AND written_at > greatest(v_from, now() - interval '1 day');
      INSERT INTO billing.fraud_state AS f (scope) VALUES ('all') ON CONFLICT DO NOTHING;
      UPDATE billing.fraud_state SET charged_hour_micros = CASE l.measure WHEN 'spend_hour' THEN v_charged ELSE charged_hour_micros END,
          charged_day_micros = CASE l.measure WHEN 'spend_day' THEN v_charged ELSE charged_day_micros END
        WHERE scope = 'all';
    END IF;
    v_figure := billing.figure_of_all(l.measure, v_from, v_charged);
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

CREATE OR REPLACE FUNCTION billing.unlock_fraud(p_scope text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_locked boolean := EXISTS (SELECT FROM billing.fraud_state WHERE scope = p_scope AND locked_at IS NOT NULL);
BEGIN
  INSERT INTO billing.fraud_state AS f (scope, counted_from) VALUES (p_scope, now())
    ON CONFLICT (scope) DO UPDATE SET locked_at = NULL, measure = '', counted_from = now(), charged_hour_micros = 0, charged_day_micros = 0;
  RETURN v_locked;
END $$;
