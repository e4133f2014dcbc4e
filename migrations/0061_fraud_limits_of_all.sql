-- SPDX-License-Identifier: Apache-2.0
-- Every limit against fraud may be of all accounts together: distinct dear prefixes of a day and the length of any call, too.

DO $$
DECLARE v_name text;
BEGIN
  SELECT conname INTO STRICT v_name FROM pg_constraint
    WHERE conrelid = 'billing.fraud_limit'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%scope <> %';
  EXECUTE format('ALTER TABLE billing.fraud_limit DROP CONSTRAINT %I', v_name);
END $$;

-- The dear prefixes that all accounts have called in the last day, each noted at the start of the call: reading the CDRs of a day would take too
-- long. A limit counts from when it is set.
CREATE TABLE billing.fraud_prefix (
  prefix  text PRIMARY KEY,
  last_at timestamptz NOT NULL
);

-- Of live calls. What is dear is told by the account's currency.
CREATE VIEW billing.live_dear_prefix AS
  SELECT DISTINCT h.rate_prefix AS prefix
    FROM billing.hold h JOIN billing.account a USING (account_id) JOIN billing.fraud_amount m USING (currency)
    WHERE h.price_per_minute_micros >= m.dear_per_minute_micros;

-- As before; and what the limits on dear prefixes and on long calls say, which are of the call that asks: the watch refuses no other for them.
DROP FUNCTION billing.check_fraud_of_all;
CREATE FUNCTION billing.check_fraud_of_all(p_call uuid, p_used_s int, p_currency text, p_prefix text, p_per_minute bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  l billing.fraud_limit;
  v_from timestamptz;
  v_dear boolean;
  v_figure bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM billing.fraud_limit WHERE scope = 'all') THEN RETURN ''; END IF;
  -- Starts go one after the other where a limit counts them.
  IF p_used_s IS NULL AND EXISTS (SELECT FROM billing.fraud_limit WHERE scope = 'all' AND measure <> 'call_length') THEN
    PERFORM pg_advisory_xact_lock(hashtext('billing.fraud_limit of all'));
  END IF;
  v_dear := p_used_s IS NULL AND coalesce(p_per_minute >= (SELECT dear_per_minute_micros FROM billing.fraud_amount m WHERE m.currency = p_currency), false);
  FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' AND currency IN ('', p_currency)
      AND (p_used_s IS NULL OR action = 'cut' OR measure = 'call_length') ORDER BY action LOOP
    CONTINUE WHEN (l.measure = 'call_length' AND p_used_s IS NULL) OR (l.measure = 'dear_prefixes_day' AND NOT v_dear);
    v_from := coalesce((SELECT counted_from FROM billing.fraud_state WHERE scope = billing.state_of_all(l.currency)), '-infinity');
    v_figure := CASE l.measure
      WHEN 'call_length' THEN p_used_s
      WHEN 'dear_prefixes_day' THEN
        (SELECT count(*) FROM (SELECT prefix FROM billing.fraud_prefix WHERE last_at > greatest(v_from, now() - interval '1 day')
                               UNION SELECT prefix FROM billing.live_dear_prefix) x WHERE x.prefix <> p_prefix)
      ELSE billing.figure_of_all(l.measure, l.currency, v_from,
        coalesce((SELECT CASE l.measure WHEN 'spend_hour' THEN hour_micros ELSE day_micros END FROM billing.fraud_charged WHERE currency = l.currency), 0)) END;
    CONTINUE WHEN v_figure < l.most;
    PERFORM billing.note_fraud('all', l.measure, l.currency, v_figure, l.most, l.action, p_call);
    -- At an extension nothing but cut ends a call.
    IF l.action = 'cut' OR (l.action = 'refuse' AND p_used_s IS NULL) THEN RETURN l.action; END IF;
  END LOOP;
  IF v_dear AND EXISTS (SELECT FROM billing.fraud_limit WHERE scope = 'all' AND measure = 'dear_prefixes_day') THEN
    INSERT INTO billing.fraud_prefix (prefix, last_at) VALUES (p_prefix, now()) ON CONFLICT (prefix) DO UPDATE SET last_at = excluded.last_at;
  END IF;
  RETURN '';
END $$;

-- As before, but for what the limits of all are asked with.
CREATE OR REPLACE FUNCTION billing.check_fraud(p_account uuid, p_currency text, p_call uuid, p_used_s int, p_prefix text, p_per_minute bigint,
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
  action := billing.check_fraud_of_all(p_call, p_used_s, p_currency, p_prefix, p_per_minute);
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

-- As before, without the two measures that are of one call.
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
  DELETE FROM billing.fraud_prefix WHERE last_at <= now() - interval '1 day';
  FOR v_currency IN SELECT currency FROM billing.fraud_limit WHERE scope = 'all'
                    UNION SELECT substr(scope, 5) FROM billing.fraud_state WHERE scope LIKE 'all%' ORDER BY 1 LOOP
    v_scope := billing.state_of_all(v_currency);
    v_from := coalesce((SELECT counted_from FROM billing.fraud_state WHERE scope = v_scope), '-infinity');
    v_over := ''; v_action := 'refuse';
    FOR l IN SELECT * FROM billing.fraud_limit WHERE scope = 'all' AND currency = v_currency AND measure NOT IN ('dear_prefixes_day', 'call_length') LOOP
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
