-- SPDX-License-Identifier: Apache-2.0
-- The ledger's three steps on their shortest paths. The common case of each writes the account's row once, and that write is what
-- serialises the account; whatever is not common is found under the same lock, taken back, and decided by the long path as before.
-- Lock order, idempotency and the invariants are those of 0001_billing.sql.

-- The table of holds is as large as there are live calls. Its two secondary indexes served only the reaper and a node's start, and made
-- every extension, report and hold write four index entries: without them reports and extensions are HOT.
DROP INDEX billing.hold_lease_until;
DROP INDEX billing.hold_node;

-- PostgreSQL reads a table's CHECK constraints anew, from text, at every statement that writes it, and tries each of them whatever the
-- statement changes: a quarter of a step's time. What concerns one column alone stands in its type instead: as strict, tried only
-- where the column is given a value, and read once a session. CHECKs are left where columns are compared.
CREATE DOMAIN billing.currency_code AS char(3) CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN billing.country_code AS char(2) CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE DOMAIN billing.price_micros AS bigint CHECK (VALUE BETWEEN 0 AND 1000000000000);
CREATE DOMAIN billing.amount_micros AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN billing.increment_s AS int CHECK (VALUE BETWEEN 1 AND 3600);
CREATE DOMAIN billing.allowance_s AS int CHECK (VALUE BETWEEN 0 AND 3600);
CREATE DOMAIN billing.duration_s AS int CHECK (VALUE >= 0);
CREATE DOMAIN billing.settler AS text CHECK (VALUE IN ('gateway', 'reaper', 'corrected', 'refused'));
CREATE DOMAIN billing.deck_name AS text CHECK (VALUE <> '');

-- The view of broken invariants stands in the way of changing its columns' types: it is put back as it was.
SELECT set_config('tollgate.violation', pg_get_viewdef('billing.violation'::regclass), false);
DROP VIEW billing.violation;
ALTER TABLE billing.account
  DROP CONSTRAINT account_currency_check, ALTER COLUMN currency TYPE billing.currency_code,
  DROP CONSTRAINT account_country_check, ALTER COLUMN country TYPE billing.country_code,
  DROP CONSTRAINT account_own_deck_check, ALTER COLUMN own_deck TYPE billing.deck_name,
  DROP CONSTRAINT account_held_micros_check, DROP CONSTRAINT account_check, DROP CONSTRAINT account_posted_micros_check,
  ADD CONSTRAINT account_credit CHECK (held_micros >= 0 AND posted_micros >= held_micros AND posted_micros <= 1000000000000000);
ALTER TABLE billing.hold
  DROP CONSTRAINT hold_amount_micros_check, ALTER COLUMN amount_micros TYPE billing.amount_micros,
  DROP CONSTRAINT hold_used_s_check, ALTER COLUMN used_s TYPE billing.duration_s,
  DROP CONSTRAINT hold_connection_fee_micros_check, ALTER COLUMN connection_fee_micros TYPE billing.price_micros,
  DROP CONSTRAINT hold_price_per_minute_micros_check, ALTER COLUMN price_per_minute_micros TYPE billing.price_micros,
  DROP CONSTRAINT hold_initial_increment_s_check, ALTER COLUMN initial_increment_s TYPE billing.increment_s,
  DROP CONSTRAINT hold_next_increment_s_check, ALTER COLUMN next_increment_s TYPE billing.increment_s,
  DROP CONSTRAINT hold_free_start_s_check, ALTER COLUMN free_start_s TYPE billing.allowance_s,
  DROP CONSTRAINT hold_included_s_check, ALTER COLUMN included_s TYPE billing.allowance_s;
ALTER TABLE billing.cdr
  DROP CONSTRAINT cdr_settled_by_check, ALTER COLUMN settled_by TYPE billing.settler,
  DROP CONSTRAINT cdr_cost_micros_check, ALTER COLUMN cost_micros TYPE billing.amount_micros,
  DROP CONSTRAINT cdr_check, DROP CONSTRAINT cdr_check1,
  ADD CONSTRAINT cdr_charge CHECK (charged_micros BETWEEN 0 AND price_micros AND (price_micros <= held_micros OR price_micros = 0));
DO $$ BEGIN EXECUTE 'CREATE VIEW billing.violation AS ' || current_setting('tollgate.violation'); END $$;

CREATE OR REPLACE FUNCTION billing.open_hold(p_account uuid, p_call uuid, p_node text, p_instance uuid, p_direction text, p_caller text,
  p_callee text, p_currency text, p_minimum bigint, p_wanted bigint, p_lease_s int,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, OUT status text, OUT granted bigint, OUT available bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  v_reason text;
  v_by text;
  v_least bigint := greatest(p_minimum, billing.price_of(p_initial_s, p_fee, p_per_minute, p_included_s));
BEGIN
  granted := greatest(p_wanted, v_least);
  -- The common case: all that is wanted is there, and the call id is new.
  UPDATE billing.account SET held_micros = held_micros + granted
    WHERE account_id = p_account AND posted_micros - held_micros >= granted AND NOT blocked AND currency = p_currency
    RETURNING posted_micros - held_micros INTO available;
  IF FOUND THEN
    PERFORM FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
    IF NOT FOUND THEN
      INSERT INTO billing.hold (account_id, call_id, node, gateway_instance, direction, caller, callee, amount_micros, lease_until, rate_id,
          rate_prefix, destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s)
        VALUES (p_account, p_call, p_node, p_instance, p_direction, p_caller, p_callee, granted, clock_timestamp() + make_interval(secs => p_lease_s),
          p_rate_id, p_prefix, p_destination, p_fee, p_per_minute, p_initial_s, p_next_s, p_free_start_s, p_included_s)
        ON CONFLICT DO NOTHING;
      IF FOUND THEN status := 'opened'; RETURN; END IF;
    END IF;
    UPDATE billing.account SET held_micros = held_micros - granted WHERE account_id = p_account;  -- a repeated request
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
  v_reason := CASE WHEN a.blocked THEN 'account_blocked' WHEN a.currency <> p_currency THEN 'wrong_currency'
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

CREATE OR REPLACE FUNCTION billing.extend_hold(p_account uuid, p_call uuid, p_request int, p_used_s int, p_more bigint, p_lease_s int,
  OUT status text, OUT total bigint, OUT available bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  h billing.hold;
  v_add bigint;
BEGIN
  -- The common case: all that is asked for is there, and the request is new.
  UPDATE billing.account SET held_micros = held_micros + p_more
    WHERE account_id = p_account AND p_more > 0 AND posted_micros - held_micros >= p_more AND NOT blocked
    RETURNING posted_micros - held_micros INTO available;
  IF FOUND THEN
    UPDATE billing.hold SET amount_micros = amount_micros + p_more, request_number = p_request, used_s = greatest(used_s, p_used_s),
        reported_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
      WHERE account_id = p_account AND call_id = p_call AND request_number < p_request
      RETURNING amount_micros INTO total;
    IF FOUND THEN status := 'extended'; RETURN; END IF;
    UPDATE billing.account SET held_micros = held_micros - p_more WHERE account_id = p_account;  -- a repeated request, or no hold
  END IF;

  total := 0; available := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_hold'; RETURN; END IF;
  available := a.posted_micros - a.held_micros;
  SELECT * INTO h FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF NOT FOUND THEN status := 'no_hold'; RETURN; END IF;
  total := h.amount_micros;
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

-- What the carrier asks for a call: its frozen rate over the whole talk time, also beyond what the caller paid for. Null: no rate was known.
CREATE FUNCTION billing.cost_of(p_cost jsonb, p_talk_ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
  WHEN p_cost IS NULL OR jsonb_typeof(p_cost) <> 'object' THEN NULL
  ELSE billing.price_of(
    billing.billed_seconds(p_talk_ms, (p_cost->>'initial_increment_s')::int, (p_cost->>'next_increment_s')::int, (p_cost->>'free_start_s')::int),
    (p_cost->>'connection_fee_micros')::bigint, (p_cost->>'price_per_minute_micros')::bigint, (p_cost->>'included_s')::int)
END;

-- A CDR out of a stop record's JSON; what the subscriber pays is set by the caller, after which billing.with_margin applies.
CREATE OR REPLACE FUNCTION billing.cdr_of(p_stop jsonb) RETURNS billing.cdr LANGUAGE plpgsql STABLE AS $$
DECLARE c billing.cdr;
BEGIN
  c := jsonb_populate_record(NULL::billing.cdr, p_stop);
  c.rate_id := NULL; c.rate_prefix := ''; c.destination := ''; c.connection_fee_micros := 0; c.price_per_minute_micros := 0;
  c.initial_increment_s := 60; c.next_increment_s := 60; c.free_start_s := 0; c.included_s := 0;
  c.held_micros := 0; c.billed_s := 0; c.price_micros := 0; c.charged_micros := 0;
  IF c.cost IS NOT NULL THEN
    c.cost := nullif(c.cost, 'null');
    c.cost_micros := billing.cost_of(c.cost, c.talk_ms);
  ELSE
    c.cost_micros := NULL;
  END IF;
  c.margin_micros := NULL;
  c.settled_by := 'gateway'; c.written_at := clock_timestamp();
  RETURN c;
END $$;

CREATE OR REPLACE FUNCTION billing.settle(p_account uuid, p_call uuid, p_stop jsonb, p_provisional boolean DEFAULT false,
  OUT status text, OUT charged bigint, OUT billed int, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  h billing.hold;
  c billing.cdr;
  old billing.cdr;
  v_delta bigint;
BEGIN
  SELECT posted_micros, held_micros, last_sequence, currency INTO a.posted_micros, a.held_micros, a.last_sequence, a.currency
    FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN charged := 0; billed := 0; balance_after := 0; status := 'unknown_call'; RETURN; END IF;
  DELETE FROM billing.hold WHERE account_id = p_account AND call_id = p_call RETURNING * INTO h;
  IF NOT FOUND THEN
    charged := 0; billed := 0; balance_after := a.posted_micros;
    SELECT * INTO old FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
    IF NOT FOUND THEN status := 'unknown_call'; RETURN; END IF;
    charged := old.charged_micros; billed := old.billed_s;
    IF old.settled_by <> 'reaper' OR p_provisional THEN status := 'repeated'; RETURN; END IF;
  END IF;

  c := billing.cdr_of(p_stop);
  c.account_id := p_account; c.call_id := p_call; c.currency := a.currency;
  IF h.call_id IS NOT NULL THEN
    c.direction := coalesce(c.direction, h.direction);
    c.rate_id := h.rate_id; c.rate_prefix := h.rate_prefix; c.destination := h.destination;
    c.connection_fee_micros := h.connection_fee_micros; c.price_per_minute_micros := h.price_per_minute_micros;
    c.initial_increment_s := h.initial_increment_s; c.next_increment_s := h.next_increment_s;
    c.free_start_s := h.free_start_s; c.included_s := h.included_s; c.held_micros := h.amount_micros;
    c.settled_by := CASE WHEN p_provisional THEN 'reaper' ELSE 'gateway' END;
    status := 'settled';
  ELSE  -- the lost gateway came back with the true record: charge the difference, once, out of what is free
    c.rate_id := old.rate_id; c.rate_prefix := old.rate_prefix; c.destination := old.destination;
    c.connection_fee_micros := old.connection_fee_micros; c.price_per_minute_micros := old.price_per_minute_micros;
    c.initial_increment_s := old.initial_increment_s; c.next_increment_s := old.next_increment_s;
    c.free_start_s := old.free_start_s; c.included_s := old.included_s; c.held_micros := old.held_micros;
    c.settled_by := 'corrected';
    DELETE FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
    status := 'corrected';
  END IF;
  -- The same as billing.priced(c). Talk time beyond what the hold paid for is not billed.
  c.billed_s := least(
    billing.billed_seconds(c.talk_ms, c.initial_increment_s, c.next_increment_s, c.free_start_s),
    billing.affordable_seconds(c.held_micros, c.connection_fee_micros, c.price_per_minute_micros, c.initial_increment_s, c.next_increment_s,
                               c.included_s));
  c.price_micros := billing.price_of(c.billed_s, c.connection_fee_micros, c.price_per_minute_micros, c.included_s);
  IF status = 'settled' THEN
    v_delta := c.price_micros;
    c.charged_micros := v_delta;
  ELSE
    v_delta := least(c.price_micros - old.charged_micros, a.posted_micros - a.held_micros);
    c.charged_micros := old.charged_micros + v_delta;
  END IF;
  IF c.cost_micros IS NOT NULL AND c.cost->>'currency' = c.currency THEN
    c.margin_micros := c.charged_micros - c.cost_micros;
  END IF;
  charged := c.charged_micros; billed := c.billed_s; balance_after := a.posted_micros - v_delta;

  -- The charge and the release in one write of the row; with post_entry the only place where posted credit moves.
  IF v_delta <> 0 THEN
    UPDATE billing.account SET posted_micros = posted_micros - v_delta, held_micros = held_micros - coalesce(h.amount_micros, 0),
        last_sequence = last_sequence + 1, last_used_on = greatest(last_used_on, (now() AT TIME ZONE 'UTC')::date)
      WHERE account_id = p_account;
    INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, reference, note)
      VALUES (p_account, a.last_sequence + 1, CASE status WHEN 'settled' THEN 'call' ELSE 'correction' END, 'call_revenue', -v_delta,
        balance_after, p_call::text, c.callee);
  ELSIF h.call_id IS NOT NULL THEN
    UPDATE billing.account SET held_micros = held_micros - h.amount_micros WHERE account_id = p_account;
  END IF;
  INSERT INTO billing.cdr SELECT c.*;
END $$;
