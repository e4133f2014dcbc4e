-- SPDX-License-Identifier: Apache-2.0
-- The ledger's steps once more, for speed; what they do, their lock order and their invariants are as before (billing/README.md).

-- -------------------------------------------------------------------------------------------------------------- constraints
-- PostgreSQL reads a CHECK constraint anew, from the text of its parsed form, at every statement that writes its table: the few conditions on
-- an entry cost more than writing it. As one call of a compiled function each they are as strict.
CREATE FUNCTION billing.entry_is_sound(p_kind text, p_contra text, p_amount bigint, p_after bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN coalesce(p_after >= 0 AND CASE p_kind
    WHEN 'call' THEN p_contra = 'call_revenue' AND p_amount < 0
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
ALTER TABLE billing.entry
  DROP CONSTRAINT entry_kind_check, DROP CONSTRAINT entry_sign_check, DROP CONSTRAINT entry_amount_micros_check,
  DROP CONSTRAINT entry_posted_after_micros_check,
  ADD CONSTRAINT entry_sound CHECK (billing.entry_is_sound(kind, contra, amount_micros, posted_after_micros));

CREATE FUNCTION billing.credit_is_sound(p_posted bigint, p_held bigint, p_inactive bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN p_held >= 0 AND p_posted >= p_held AND p_posted <= 1000000000000000 AND p_inactive BETWEEN 0 AND 1000000000000000;
END $$;
ALTER TABLE billing.account
  DROP CONSTRAINT account_credit, DROP CONSTRAINT account_inactive_micros_check,
  ADD CONSTRAINT account_credit CHECK (billing.credit_is_sound(posted_micros, held_micros, inactive_micros));

CREATE FUNCTION billing.charge_is_sound(p_charged bigint, p_price bigint, p_held bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN p_charged BETWEEN 0 AND p_price AND (p_price <= p_held OR p_price = 0);
END $$;
ALTER TABLE billing.cdr
  DROP CONSTRAINT cdr_charge,
  ADD CONSTRAINT cdr_charge CHECK (billing.charge_is_sound(charged_micros, price_micros, held_micros));

-- The foreign keys of entries and holds asked for the account's row once more, and locked it, although whoever writes them holds its lock. An
-- account is for ever instead; billing.reference_violation finds whatever has none.
CREATE FUNCTION billing.refuse_loss_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an account is never removed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER lasting BEFORE DELETE OR TRUNCATE OR UPDATE OF account_id ON billing.account
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_loss_of_account();
ALTER TABLE billing.entry DROP CONSTRAINT entry_account_id_fkey;
ALTER TABLE billing.hold DROP CONSTRAINT hold_account_id_fkey;

CREATE VIEW billing.reference_violation AS
  SELECT 'entry without account' AS what, account_id, amount_micros AS difference FROM billing.entry e
    WHERE NOT EXISTS (SELECT FROM billing.account a WHERE a.account_id = e.account_id)
  UNION ALL SELECT 'hold without account', account_id, amount_micros FROM billing.hold h
    WHERE NOT EXISTS (SELECT FROM billing.account a WHERE a.account_id = h.account_id);
DO $$
DECLARE v_all text;
BEGIN
  SELECT string_agg(format('SELECT * FROM billing.%I', viewname), ' UNION ALL ' ORDER BY viewname) INTO v_all
    FROM pg_views WHERE schemaname = 'billing' AND viewname LIKE '%\_violation';
  EXECUTE 'CREATE OR REPLACE VIEW billing.violation AS ' || v_all;
END $$;

-- ------------------------------------------------------------------------------------------------------------- stop record
-- A row of this type is a stop record (billing/stop_record.hpp; billing/stop_row.cpp writes it): PostgreSQL reads it in a fifth of the time of JSON.
CREATE TYPE billing.stop AS (
  parent_call_id uuid, direction text, caller text, callee text,
  started_at timestamptz, ringing_at timestamptz, answered_at timestamptz, ended_at timestamptz,
  ring_ms bigint, talk_ms bigint, post_dial_delay_ms bigint,
  trunk text, attempts jsonb, sip_code int, q850_cause int, hung_up_by text, reason text, overlay_codec text, trunk_codec text,
  overlay_packets bigint, overlay_lost bigint, overlay_jitter_ms double precision, overlay_mos double precision,
  overlay_remote_loss double precision, overlay_remote_jitter_ms double precision, overlay_round_trip_ms double precision,
  overlay_remote_mos double precision,
  trunk_packets bigint, trunk_lost bigint, trunk_jitter_ms double precision, trunk_mos double precision,
  trunk_remote_loss double precision, trunk_remote_jitter_ms double precision, trunk_round_trip_ms double precision,
  trunk_remote_mos double precision,
  srtp_profile text, node text, cost jsonb);

DROP FUNCTION billing.settle_provisionally(billing.hold);
DROP FUNCTION billing.settle(uuid, uuid, jsonb, boolean);
DROP FUNCTION billing.record_call(uuid, uuid, jsonb);
DROP FUNCTION billing.cdr_of(jsonb);
DROP FUNCTION billing.priced(billing.cdr);

-- p_provisional: the record was made up from the hold itself, because its gateway is lost.
CREATE FUNCTION billing.settle(p_account uuid, p_call uuid, p_stop billing.stop, p_provisional boolean DEFAULT false,
  OUT status text, OUT charged bigint, OUT billed int, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  h billing.hold;
  old billing.cdr;
  v_posted bigint; v_held bigint; v_sequence bigint; v_currency text;
  v_price bigint;
  v_delta bigint;
  v_cost bigint;
BEGIN
  SELECT posted_micros, held_micros, last_sequence, currency INTO v_posted, v_held, v_sequence, v_currency
    FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN charged := 0; billed := 0; balance_after := 0; status := 'unknown_call'; RETURN; END IF;
  DELETE FROM billing.hold WHERE account_id = p_account AND call_id = p_call RETURNING * INTO h;
  IF FOUND THEN
    status := 'settled';
  ELSE
    charged := 0; billed := 0; balance_after := v_posted;
    SELECT * INTO old FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
    IF NOT FOUND THEN status := 'unknown_call'; RETURN; END IF;
    charged := old.charged_micros; billed := old.billed_s;
    IF old.settled_by <> 'reaper' OR p_provisional THEN status := 'repeated'; RETURN; END IF;
    -- The lost gateway came back with the true record: charge the difference, once, out of what is free.
    status := 'corrected';
    h.amount_micros := old.held_micros; h.rate_id := old.rate_id; h.rate_prefix := old.rate_prefix; h.destination := old.destination;
    h.connection_fee_micros := old.connection_fee_micros; h.price_per_minute_micros := old.price_per_minute_micros;
    h.initial_increment_s := old.initial_increment_s; h.next_increment_s := old.next_increment_s;
    h.free_start_s := old.free_start_s; h.included_s := old.included_s;
    DELETE FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
  END IF;

  -- Talk time beyond what the hold paid for is not billed.
  billed := least(
    billing.billed_seconds(p_stop.talk_ms, h.initial_increment_s, h.next_increment_s, h.free_start_s),
    billing.affordable_seconds(h.amount_micros, h.connection_fee_micros, h.price_per_minute_micros, h.initial_increment_s, h.next_increment_s,
                               h.included_s));
  v_price := billing.price_of(billed, h.connection_fee_micros, h.price_per_minute_micros, h.included_s);
  IF status = 'settled' THEN
    charged := v_price; v_delta := v_price;
  ELSE
    v_delta := least(v_price - old.charged_micros, v_posted - v_held);
    charged := old.charged_micros + v_delta;
  END IF;
  balance_after := v_posted - v_delta;

  -- The charge and the release in one write of the row; with post_entry the only place where posted credit moves.
  IF v_delta <> 0 THEN
    UPDATE billing.account SET posted_micros = balance_after, last_sequence = v_sequence + 1,
        held_micros = CASE status WHEN 'settled' THEN v_held - h.amount_micros ELSE v_held END,
        last_used_on = greatest(last_used_on, (now() AT TIME ZONE 'UTC')::date)
      WHERE account_id = p_account;
    INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, reference, note)
      VALUES (p_account, v_sequence + 1, CASE status WHEN 'settled' THEN 'call' ELSE 'correction' END, 'call_revenue', -v_delta,
        balance_after, p_call::text, p_stop.callee);
  ELSIF status = 'settled' THEN
    UPDATE billing.account SET held_micros = v_held - h.amount_micros WHERE account_id = p_account;
  END IF;

  IF p_stop.cost IS NOT NULL THEN v_cost := billing.cost_of(p_stop.cost, p_stop.talk_ms); END IF;
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
    VALUES (p_account, p_call, p_stop.parent_call_id, p_stop.direction,
      CASE WHEN status = 'corrected' THEN 'corrected' WHEN p_provisional THEN 'reaper' ELSE 'gateway' END, p_stop.caller, p_stop.callee,
      p_stop.started_at, p_stop.ringing_at, p_stop.answered_at, p_stop.ended_at, p_stop.ring_ms, p_stop.talk_ms, p_stop.post_dial_delay_ms,
      v_currency, h.rate_id, h.rate_prefix, h.destination, h.connection_fee_micros, h.price_per_minute_micros,
      h.initial_increment_s, h.next_increment_s, h.free_start_s, h.included_s, h.amount_micros, billed, v_price, charged,
      p_stop.trunk, p_stop.attempts, p_stop.sip_code, p_stop.q850_cause, p_stop.hung_up_by, p_stop.reason, p_stop.overlay_codec, p_stop.trunk_codec,
      p_stop.overlay_packets, p_stop.overlay_lost, p_stop.overlay_jitter_ms, p_stop.overlay_mos,
      p_stop.overlay_remote_loss, p_stop.overlay_remote_jitter_ms, p_stop.overlay_round_trip_ms, p_stop.overlay_remote_mos,
      p_stop.trunk_packets, p_stop.trunk_lost, p_stop.trunk_jitter_ms, p_stop.trunk_mos,
      p_stop.trunk_remote_loss, p_stop.trunk_remote_jitter_ms, p_stop.trunk_round_trip_ms, p_stop.trunk_remote_mos,
      p_stop.srtp_profile, p_stop.node, p_stop.cost, v_cost,
      CASE WHEN v_cost IS NOT NULL AND p_stop.cost->>'currency' = v_currency THEN charged - v_cost END);
END $$;

-- What is known of an abandoned call: it began at its last report's time less the talk time reported then, and ended there.
CREATE FUNCTION billing.settle_provisionally(h billing.hold) RETURNS void LANGUAGE plpgsql AS $$
DECLARE s billing.stop;
BEGIN
  s.direction := h.direction; s.caller := h.caller; s.callee := h.callee; s.node := h.node; s.started_at := h.opened_at;
  s.answered_at := CASE WHEN h.used_s > 0 THEN h.reported_at - make_interval(secs => h.used_s) END;
  s.ended_at := coalesce(h.reported_at, h.opened_at); s.talk_ms := h.used_s * 1000::bigint; s.ring_ms := 0;
  s.trunk := ''; s.attempts := '[]'; s.sip_code := 0; s.q850_cause := 0; s.hung_up_by := 'gateway'; s.reason := 'gateway_lost';
  s.overlay_codec := ''; s.trunk_codec := ''; s.srtp_profile := '';
  s.overlay_packets := 0; s.overlay_lost := 0; s.overlay_jitter_ms := 0; s.overlay_mos := 0;
  s.trunk_packets := 0; s.trunk_lost := 0; s.trunk_jitter_ms := 0; s.trunk_mos := 0;
  PERFORM billing.settle(h.account_id, h.call_id, s, true);
END $$;

CREATE FUNCTION billing.record_call(p_account uuid, p_call uuid, p_stop billing.stop) RETURNS text LANGUAGE plpgsql AS $$
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
  RETURN CASE WHEN FOUND THEN 'recorded' ELSE 'repeated' END;
END $$;
