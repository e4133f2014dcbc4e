-- SPDX-License-Identifier: Apache-2.0
-- The ledger's steps on their shortest paths. What they do, their lock order and their invariants are as before (billing/README.md,
-- "What a step costs", has what was measured). Each answers in one text, its values parted by commas: a row would cost PostgreSQL as
-- much as writing one.

-- A refusal is final for its call id: without this row a request repeated after a top-up would open a hold that nobody knows of. The caller holds
-- the account's lock.
CREATE FUNCTION billing.refuse_call(p_account uuid, p_call uuid, p_node text, p_direction text, p_caller text, p_callee text, p_currency text,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, p_reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO billing.cdr (account_id, call_id, direction, settled_by, caller, callee, started_at, ended_at, currency, rate_id, rate_prefix,
      destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s, reason, node)
    VALUES (p_account, p_call, p_direction, 'refused', p_caller, p_callee, now(), now(), p_currency, p_rate_id, p_prefix,
      p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s, p_reason, p_node);
  UPDATE billing.account SET newest_call_id = p_call WHERE account_id = p_account AND newest_call_id < p_call;
END $$;

-- Answers status,granted,available,measure.
DROP FUNCTION billing.open_hold;
CREATE FUNCTION billing.open_hold(p_account uuid, p_call uuid, p_node text, p_instance uuid, p_direction text, p_caller text,
  p_callee text, p_currency text, p_minimum bigint, p_wanted bigint, p_lease_s int,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, p_guarded boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  v_reason text;
  v_by text;
  v_action text := '';
  v_measure text := '';
  v_least bigint := greatest(p_minimum, billing.price_of(p_initial_s, p_fee, p_per_minute, p_included_s));
  v_granted bigint := greatest(p_wanted, v_least);
  v_available bigint;
BEGIN
  -- The common case: all that is wanted is there, no limit is near, and the call id is new.
  UPDATE billing.account SET held_micros = held_micros + v_granted, fraud_spend_left_micros = greatest(fraud_spend_left_micros - v_granted, 0),
      fraud_starts_left = fraud_starts_left - 1, fraud_calls_left = fraud_calls_left - 1
    WHERE account_id = p_account AND posted_micros - held_micros >= v_granted AND NOT blocked AND currency = p_currency AND newest_call_id < p_call
      AND (NOT p_guarded OR (fraud_epoch = (SELECT epoch FROM billing.fraud_epoch) AND fraud_spend_left_micros > 0 AND fraud_starts_left > 0
                             AND fraud_calls_left > 0 AND fraud_dear_micros > p_per_minute))
    RETURNING posted_micros - held_micros INTO v_available;
  IF FOUND THEN
    INSERT INTO billing.hold (account_id, call_id, node, gateway_instance, direction, caller, callee, amount_micros, lease_until, rate_id,
        rate_prefix, destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s)
      VALUES (p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, v_granted, clock_timestamp() + make_interval(secs => p_lease_s),
        p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s)
      ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN 'opened,' || v_granted || ',' || v_available || ','; END IF;
    UPDATE billing.account SET held_micros = held_micros - v_granted, fraud_calls_left = fraud_calls_left + 1
      WHERE account_id = p_account;  -- not common: it is taken back
  END IF;

  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;  -- serialises one account
  IF NOT FOUND THEN RETURN 'no_account,0,0,'; END IF;
  v_available := a.posted_micros - a.held_micros;
  SELECT amount_micros INTO v_granted FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF FOUND THEN RETURN 'repeated,' || v_granted || ',' || v_available || ','; END IF;
  SELECT settled_by, reason INTO v_by, v_reason FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
  IF FOUND THEN RETURN CASE v_by WHEN 'refused' THEN v_reason ELSE 'already_settled' END || ',0,' || v_available || ','; END IF;
  IF p_guarded THEN
    SELECT f.action, f.measure INTO v_action, v_measure
      FROM billing.check_fraud(p_account, a.currency, p_call, NULL, p_prefix, p_per_minute) f;
  END IF;
  v_reason := CASE WHEN v_action <> '' THEN 'fraud_limit' WHEN a.blocked THEN 'account_blocked' WHEN a.currency <> p_currency THEN 'wrong_currency'
                   WHEN v_available < v_least THEN 'insufficient_credit' END;
  IF v_reason IS NOT NULL THEN
    PERFORM billing.refuse_call(p_account, p_call, p_node, p_direction, p_caller, p_callee, a.currency, p_rate_id, p_prefix, p_destination, p_fee,
      p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s, v_reason);
    RETURN v_reason || ',0,' || v_available || ',' || v_measure;
  END IF;
  v_granted := least(greatest(p_wanted, v_least), v_available);
  v_available := v_available - v_granted;
  UPDATE billing.account SET held_micros = held_micros + v_granted, fraud_spend_left_micros = greatest(fraud_spend_left_micros - v_granted, 0),
      fraud_starts_left = fraud_starts_left - 1, fraud_calls_left = fraud_calls_left - 1 WHERE account_id = p_account;
  INSERT INTO billing.hold (account_id, call_id, node, gateway_instance, direction, caller, callee, amount_micros, lease_until, rate_id, rate_prefix,
      destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s)
    VALUES (p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, v_granted, clock_timestamp() + make_interval(secs => p_lease_s),
      p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s);
  RETURN 'opened,' || v_granted || ',' || v_available || ',' || v_measure;
END $$;

-- Answers status,total,available,measure. status fraud_limit: nothing was added, and the call is to be ended.
DROP FUNCTION billing.extend_hold;
CREATE FUNCTION billing.extend_hold(p_account uuid, p_call uuid, p_request int, p_used_s int, p_more bigint, p_lease_s int, p_guarded boolean)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  h billing.hold;
  v_add bigint;
  v_total bigint;
  v_available bigint;
  v_action text;
  v_measure text := '';
BEGIN
  -- The common case: all that is asked for is there, no limit is near, and the request is new.
  UPDATE billing.account SET held_micros = held_micros + p_more, fraud_spend_left_micros = greatest(fraud_spend_left_micros - p_more, 0)
    WHERE account_id = p_account AND p_more > 0 AND posted_micros - held_micros >= p_more AND NOT blocked
      AND (NOT p_guarded OR (fraud_epoch = (SELECT epoch FROM billing.fraud_epoch) AND fraud_spend_left_micros > 0 AND fraud_length_s > p_used_s))
    RETURNING posted_micros - held_micros INTO v_available;
  IF FOUND THEN
    UPDATE billing.hold SET amount_micros = amount_micros + p_more, request_number = p_request, used_s = greatest(used_s, p_used_s),
        reported_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
      WHERE account_id = p_account AND call_id = p_call AND request_number < p_request
      RETURNING amount_micros INTO v_total;
    IF FOUND THEN RETURN 'extended,' || v_total || ',' || v_available || ','; END IF;
    UPDATE billing.account SET held_micros = held_micros - p_more WHERE account_id = p_account;  -- not common: it is taken back
  END IF;

  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN 'no_hold,0,0,'; END IF;
  v_available := a.posted_micros - a.held_micros;
  SELECT * INTO h FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF NOT FOUND THEN RETURN 'no_hold,0,' || v_available || ','; END IF;
  IF p_guarded THEN
    SELECT f.action, f.measure INTO v_action, v_measure
      FROM billing.check_fraud(p_account, a.currency, p_call, p_used_s, h.rate_prefix, h.price_per_minute_micros) f;
    IF v_action = 'cut' THEN RETURN 'fraud_limit,' || h.amount_micros || ',' || v_available || ',' || v_measure; END IF;
  END IF;
  IF p_request <= h.request_number THEN RETURN 'repeated,' || h.amount_micros || ',' || v_available || ',' || v_measure; END IF;
  v_add := CASE WHEN a.blocked THEN 0 ELSE least(greatest(p_more, 0), v_available) END;
  IF v_add > 0 THEN
    UPDATE billing.account SET held_micros = held_micros + v_add, fraud_spend_left_micros = greatest(fraud_spend_left_micros - v_add, 0)
      WHERE account_id = p_account;
  END IF;
  UPDATE billing.hold SET amount_micros = amount_micros + v_add, request_number = p_request, used_s = greatest(used_s, p_used_s),
      reported_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
    WHERE account_id = p_account AND call_id = p_call;
  RETURN CASE WHEN v_add < p_more THEN 'final_unit,' ELSE 'extended,' END || h.amount_micros + v_add || ',' || v_available - v_add || ',' || v_measure;
END $$;

-- open_hold, unless what the account spent in 24 hours on callees that begin with p_begins (what other live calls to them hold counts whole) has
-- reached p_most: status callee_limit, final as every refusal. Under the account's lock: calls begun at the same moment cannot pass together.
CREATE FUNCTION billing.open_bounded_hold(p_begins text, p_most bigint, p_account uuid, p_call uuid, p_node text, p_instance uuid, p_direction text,
  p_caller text, p_callee text, p_currency text, p_minimum bigint, p_wanted bigint, p_lease_s int,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, p_guarded boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_available bigint;
  v_currency text;
BEGIN
  SELECT posted_micros - held_micros, currency INTO v_available, v_currency FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM billing.hold WHERE account_id = p_account AND call_id = p_call)
     AND NOT EXISTS (SELECT FROM billing.cdr WHERE account_id = p_account AND call_id = p_call)
     AND billing.spent_on_callees(p_account, p_begins, p_call) >= p_most THEN
    PERFORM billing.refuse_call(p_account, p_call, p_node, p_direction, p_caller, p_callee, v_currency, p_rate_id, p_prefix, p_destination, p_fee,
      p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s, 'callee_limit');
    RETURN 'callee_limit,0,' || v_available || ',';
  END IF;
  RETURN billing.open_hold(p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, p_currency, p_minimum, p_wanted, p_lease_s,
    p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s, p_guarded);
END $$;

-- In the last 24 hours, with what live calls other than p_except hold.
CREATE FUNCTION billing.spent_on_callees(p_account uuid, p_begins text, p_except uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT (coalesce((SELECT sum(c.charged_micros) FROM billing.cdr c
                    WHERE c.account_id = p_account AND c.call_id >= billing.call_id_from(now() - interval '37 hours')
                      AND c.written_at > now() - interval '1 day' AND starts_with(c.callee, p_begins)), 0)
        + coalesce((SELECT sum(h.amount_micros) FROM billing.hold h
                    WHERE h.account_id = p_account AND h.call_id <> p_except AND starts_with(h.callee, p_begins)), 0))::bigint $$;
DROP FUNCTION gateway.spent_on_country;

-- Answers status,charged,billed,balance. p_provisional: the record was made up from the hold itself, because its gateway is lost.
DROP FUNCTION billing.settle;
CREATE FUNCTION billing.settle(p_account uuid, p_call uuid, p_stop billing.stop, p_provisional boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  v_posted bigint; v_held bigint; v_sequence bigint; v_currency text;
  h_amount bigint; h_rate_id bigint; h_prefix text; h_destination text; h_fee bigint; h_per_minute bigint;
  h_initial_s int; h_next_s int; h_free_start_s int; h_included_s int; h_opened_at timestamptz;
  old_by text; old_charged bigint; old_billed int;
  v_settler text := 'gateway';
  v_kind text := 'call';
  v_billed int;
  v_price bigint;
  v_charged bigint;
  v_delta bigint;
  v_cost bigint;
  v_margin bigint;
BEGIN
  SELECT posted_micros, held_micros, last_sequence, currency INTO v_posted, v_held, v_sequence, v_currency
    FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN 'unknown_call,0,0,0'; END IF;
  DELETE FROM billing.hold WHERE account_id = p_account AND call_id = p_call
    RETURNING amount_micros, rate_id, rate_prefix, destination, connection_fee_micros, price_per_minute_micros,
      initial_increment_s, next_increment_s, free_start_s, included_s, opened_at
    INTO h_amount, h_rate_id, h_prefix, h_destination, h_fee, h_per_minute, h_initial_s, h_next_s, h_free_start_s, h_included_s, h_opened_at;
  IF FOUND THEN
    IF p_provisional THEN v_settler := 'reaper'; END IF;
  ELSE
    SELECT settled_by, charged_micros, billed_s, held_micros, rate_id, rate_prefix, destination, connection_fee_micros, price_per_minute_micros,
        initial_increment_s, next_increment_s, free_start_s, included_s
      INTO old_by, old_charged, old_billed, h_amount, h_rate_id, h_prefix, h_destination, h_fee, h_per_minute,
        h_initial_s, h_next_s, h_free_start_s, h_included_s
      FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
    IF NOT FOUND THEN RETURN 'unknown_call,0,0,' || v_posted; END IF;
    IF old_by <> 'reaper' OR p_provisional THEN RETURN 'repeated,' || old_charged || ',' || old_billed || ',' || v_posted; END IF;
    -- The lost gateway came back with the true record: charge the difference, once, out of what is free.
    v_settler := 'corrected'; v_kind := 'correction';
    DELETE FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
  END IF;

  -- Talk time beyond what the hold paid for is not billed.
  v_billed := billing.billed_seconds(p_stop.talk_ms, h_initial_s, h_next_s, h_free_start_s);
  v_price := billing.price_of(v_billed, h_fee, h_per_minute, h_included_s);
  IF v_price > h_amount THEN
    v_billed := least(v_billed, billing.affordable_seconds(h_amount, h_fee, h_per_minute, h_initial_s, h_next_s, h_included_s));
    v_price := billing.price_of(v_billed, h_fee, h_per_minute, h_included_s);
  END IF;
  -- The charge and the release in one write of the row; with post_entry the only place where posted credit moves.
  IF v_kind = 'call' THEN
    v_charged := v_price; v_delta := v_price;
    v_posted := v_posted - v_delta;
    UPDATE billing.account SET posted_micros = v_posted, held_micros = v_held - h_amount,
        last_sequence = CASE v_delta WHEN 0 THEN v_sequence ELSE v_sequence + 1 END,
        last_used_on = CASE v_delta WHEN 0 THEN last_used_on ELSE greatest(last_used_on, (now() AT TIME ZONE 'UTC')::date) END,
        newest_call_id = greatest(newest_call_id, p_call), fraud_calls_left = fraud_calls_left + 1,
        fraud_starts_left = CASE WHEN p_stop.started_at > h_opened_at THEN fraud_starts_left - 1 ELSE fraud_starts_left END  -- by another clock
      WHERE account_id = p_account;
  ELSE
    v_delta := least(v_price - old_charged, v_posted - v_held);
    v_charged := old_charged + v_delta;
    v_posted := v_posted - v_delta;
    UPDATE billing.account SET posted_micros = v_posted,
        last_sequence = CASE v_delta WHEN 0 THEN v_sequence ELSE v_sequence + 1 END,
        last_used_on = CASE v_delta WHEN 0 THEN last_used_on ELSE greatest(last_used_on, (now() AT TIME ZONE 'UTC')::date) END,
        fraud_spend_left_micros = greatest(fraud_spend_left_micros - v_charged, 0), fraud_starts_left = fraud_starts_left - 1  -- it counts from now
      WHERE account_id = p_account;
  END IF;
  IF v_delta <> 0 THEN
    INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, reference, note)
      VALUES (p_account, v_sequence + 1, v_kind, 'call_revenue', -v_delta, v_posted, p_call::text, p_stop.callee);
  END IF;

  IF p_stop.cost IS NOT NULL THEN
    v_cost := billing.cost_of(p_stop.cost, p_stop.talk_ms);
    IF p_stop.cost->>'currency' = v_currency THEN v_margin := v_charged - v_cost; END IF;
  END IF;
  INSERT INTO billing.cdr (account_id, call_id, parent_call_id, direction, settled_by, caller, callee,
      started_at, ringing_at, answered_at, ended_at, ring_ms, talk_ms, post_dial_delay_ms,
      currency, rate_id, rate_prefix, destination, connection_fee_micros, price_per_minute_micros,
      initial_increment_s, next_increment_s, free_start_s, included_s, held_micros, billed_s, price_micros, charged_micros,
      trunk, attempts, sip_code, q850_cause, hung_up_by, reason, overlay_codec, trunk_codec,
      overlay_packets, overlay_lost, overlay_jitter_ms, overlay_mos,
      overlay_remote_loss, overlay_remote_jitter_ms, overlay_round_trip_ms, overlay_remote_mos,
      trunk_packets, trunk_lost, trunk_jitter_ms, trunk_mos,
      trunk_remote_loss, trunk_remote_jitter_ms, trunk_round_trip_ms, trunk_remote_mos,
      srtp_profile, node, cost, cost_micros, margin_micros)
    VALUES (p_account, p_call, p_stop.parent_call_id, p_stop.direction, v_settler, p_stop.caller, p_stop.callee,
      p_stop.started_at, p_stop.ringing_at, p_stop.answered_at, p_stop.ended_at, p_stop.ring_ms, p_stop.talk_ms, p_stop.post_dial_delay_ms,
      v_currency, h_rate_id, h_prefix, h_destination, h_fee, h_per_minute,
      h_initial_s, h_next_s, h_free_start_s, h_included_s, h_amount, v_billed, v_price, v_charged,
      p_stop.trunk, p_stop.attempts, p_stop.sip_code, p_stop.q850_cause, p_stop.hung_up_by, p_stop.reason, p_stop.overlay_codec, p_stop.trunk_codec,
      p_stop.overlay_packets, p_stop.overlay_lost, p_stop.overlay_jitter_ms, p_stop.overlay_mos,
      p_stop.overlay_remote_loss, p_stop.overlay_remote_jitter_ms, p_stop.overlay_round_trip_ms, p_stop.overlay_remote_mos,
      p_stop.trunk_packets, p_stop.trunk_lost, p_stop.trunk_jitter_ms, p_stop.trunk_mos,
      p_stop.trunk_remote_loss, p_stop.trunk_remote_jitter_ms, p_stop.trunk_round_trip_ms, p_stop.trunk_remote_mos,
      p_stop.srtp_profile, p_stop.node, p_stop.cost, v_cost, v_margin);
  RETURN CASE v_kind WHEN 'call' THEN 'settled,' ELSE 'corrected,' END || v_charged || ',' || v_billed || ',' || v_posted;
END $$;

-- As before; the account knows of the record.
CREATE OR REPLACE FUNCTION billing.record_call(p_account uuid, p_call uuid, p_stop billing.stop) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_currency text;
  v_cost bigint := billing.cost_of(p_stop.cost, p_stop.talk_ms);
BEGIN
  SELECT currency INTO v_currency FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN 'no_account'; END IF;
  PERFORM FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF FOUND THEN RETURN 'hold_exists'; END IF;
  INSERT INTO billing.cdr (account_id, call_id, settled_by, currency, cost_micros, margin_micros,
      parent_call_id, direction, caller, callee, started_at, ringing_at, answered_at, ended_at, ring_ms, talk_ms, post_dial_delay_ms,
      trunk, attempts, sip_code, q850_cause, hung_up_by, reason, overlay_codec, trunk_codec,
      overlay_packets, overlay_lost, overlay_jitter_ms, overlay_mos,
      overlay_remote_loss, overlay_remote_jitter_ms, overlay_round_trip_ms, overlay_remote_mos,
      trunk_packets, trunk_lost, trunk_jitter_ms, trunk_mos,
      trunk_remote_loss, trunk_remote_jitter_ms, trunk_round_trip_ms, trunk_remote_mos,
      srtp_profile, node, cost)
    SELECT p_account, p_call, 'gateway', v_currency, v_cost, NULL, (p_stop).*
    ON CONFLICT (account_id, call_id) DO NOTHING;
  IF NOT FOUND THEN RETURN 'repeated'; END IF;
  UPDATE billing.account SET newest_call_id = p_call WHERE account_id = p_account AND newest_call_id < p_call;
  RETURN 'recorded';
END $$;

-- As before; also what a restore by dump does not bring back.
CREATE OR REPLACE FUNCTION billing.check_export_era() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_newest bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('billing.cdr_months', 0));
  PERFORM billing.keep_pages();
  SELECT greatest((SELECT max(export_position) FROM billing.cdr), (SELECT max(export_position) FROM billing.cdr_consumer)) INTO v_newest;
  IF coalesce(v_newest < (billing.export_era() << 48) + pg_snapshot_xmax(pg_current_snapshot())::text::bigint, true) THEN RETURN false; END IF;
  EXECUTE format('CREATE OR REPLACE FUNCTION billing.export_era() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s::bigint',
                 (v_newest >> 48) + 1);
  RETURN true;
END $$;

-- ------------------------------------------------------------------------------------------------------------ invariants

CREATE VIEW billing.room_violation AS
  SELECT 'CDR later than the newest that the account knows' AS what, c.account_id, 0::bigint AS difference
    FROM billing.cdr c JOIN billing.account a USING (account_id) WHERE c.call_id > a.newest_call_id
  UNION ALL SELECT 'more room than the limits against fraud leave', a.account_id, a.fraud_spend_left_micros
    FROM billing.account a JOIN billing.fraud_epoch e ON e.epoch = a.fraud_epoch
      LEFT JOIN billing.fraud_state s ON s.scope = a.account_id::text
      CROSS JOIN LATERAL billing.fraud_figures(a.account_id, coalesce(s.counted_from, '-infinity'), NULL, '', NULL) f
      CROSS JOIN LATERAL billing.fraud_least(a.account_id, a.currency) l
    WHERE a.fraud_spend_left_micros > 0
      AND (a.fraud_spend_left_micros > least(l.spend_hour - f.spend_hour, l.spend_day - f.spend_day) OR a.fraud_starts_left > l.starts - f.starts
           OR a.fraud_calls_left > l.calls - f.live OR a.fraud_length_s > l.length_s);
DO $$
DECLARE v_all text;
BEGIN
  SELECT string_agg(format('SELECT * FROM billing.%I', viewname), ' UNION ALL ' ORDER BY viewname) INTO v_all
    FROM pg_views WHERE schemaname = 'billing' AND viewname LIKE '%\_violation';
  EXECUTE 'CREATE OR REPLACE VIEW billing.violation AS ' || v_all;
END $$;

-- At last: a change of a column's type writes the table anew.
SELECT billing.keep_pages();
