-- SPDX-License-Identifier: Apache-2.0
-- Billing: rate decks, prepaid ledger, holds, CDRs. Amounts are whole micro-units of the account's currency. billing/README.md tells the
-- states of a call and what a crash at each step leaves. All functions expect READ COMMITTED. Lock order: account, then hold.
CREATE SCHEMA billing;

-- ---------------------------------------------------------------------------------------------------------------- tables

CREATE TABLE billing.account (
  account_id    uuid PRIMARY KEY,
  currency      char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  country       char(2) NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  deck          text NOT NULL,
  posted_micros bigint NOT NULL DEFAULT 0,      -- = sum(entry.amount_micros)
  held_micros   bigint NOT NULL DEFAULT 0,      -- = sum(hold.amount_micros)
  last_sequence bigint NOT NULL DEFAULT 0,      -- of the newest entry; account-local, so that no sequence object is shared
  blocked       boolean NOT NULL DEFAULT false,
  last_used_on  date NOT NULL DEFAULT current_date,  -- last charged call or top-up
  opened_at     timestamptz NOT NULL DEFAULT now(),
  CHECK (held_micros >= 0),
  CHECK (posted_micros >= held_micros),
  CHECK (posted_micros <= 1000000000000000)
) WITH (fillfactor = 60);                       -- and no secondary index: its updates stay HOT

-- One row is one balanced pair: the account gets amount, the house account `contra` gets −amount.
CREATE TABLE billing.entry (
  account_id          uuid NOT NULL REFERENCES billing.account,
  sequence            bigint NOT NULL,
  kind                text NOT NULL CHECK (kind IN ('top_up', 'call', 'correction', 'subscription')),
  contra              text NOT NULL CHECK (contra IN ('cash', 'call_revenue', 'subscription_revenue')),
  amount_micros       bigint NOT NULL CHECK (amount_micros <> 0),
  posted_after_micros bigint NOT NULL CHECK (posted_after_micros >= 0),
  reference           text NOT NULL,            -- call id, payment id, or subscription id/period
  note                text NOT NULL DEFAULT '',
  at                  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (account_id, sequence),
  UNIQUE (account_id, reference, kind)
);

-- A payment is credited once, to one account: the ledger alone could not tell a doubled top-up from two.
CREATE TABLE billing.payment (
  account_id    uuid NOT NULL REFERENCES billing.account,
  payment_id    text NOT NULL CHECK (payment_id <> ''),
  amount_micros bigint NOT NULL CHECK (amount_micros > 0),
  sequence      bigint NOT NULL,                -- of its entry
  PRIMARY KEY (account_id, payment_id),
  UNIQUE (payment_id)
);

CREATE TABLE billing.subscription_term (        -- what a number costs, by currency
  currency     char(3) NOT NULL,
  months       int NOT NULL CHECK (months BETWEEN 1 AND 120),
  price_micros bigint NOT NULL CHECK (price_micros > 0),
  PRIMARY KEY (currency, months)
);
INSERT INTO billing.subscription_term VALUES ('EUR', 3, 10000000), ('EUR', 12, 30000000);

CREATE TABLE billing.subscription_charge (
  account_id      uuid NOT NULL REFERENCES billing.account,
  subscription_id uuid NOT NULL,
  period          int NOT NULL CHECK (period >= 1),
  months          int NOT NULL CHECK (months >= 1),
  price_micros    bigint NOT NULL CHECK (price_micros > 0),
  sequence        bigint NOT NULL,              -- of its entry
  PRIMARY KEY (account_id, subscription_id, period)
);

-- Live calls only.
CREATE TABLE billing.hold (
  account_id       uuid NOT NULL REFERENCES billing.account,
  call_id          uuid NOT NULL,
  node             text NOT NULL,               -- lasting name of the gateway
  gateway_instance uuid NOT NULL,               -- one run of it
  direction        text NOT NULL,
  caller           text NOT NULL,
  callee           text NOT NULL,
  request_number   int NOT NULL DEFAULT 0,      -- of the last extension
  amount_micros    bigint NOT NULL CHECK (amount_micros >= 0),
  used_s           int NOT NULL DEFAULT 0 CHECK (used_s >= 0),  -- last report
  lease_until      timestamptz NOT NULL,
  opened_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  reported_at      timestamptz,
  rate_id          bigint NOT NULL,             -- the rate, frozen
  rate_prefix      text NOT NULL,
  destination      text NOT NULL,
  connection_fee_micros   bigint NOT NULL CHECK (connection_fee_micros BETWEEN 0 AND 1000000000000),
  price_per_minute_micros bigint NOT NULL CHECK (price_per_minute_micros BETWEEN 0 AND 1000000000000),
  initial_increment_s int NOT NULL CHECK (initial_increment_s BETWEEN 1 AND 3600),
  next_increment_s    int NOT NULL CHECK (next_increment_s BETWEEN 1 AND 3600),
  free_start_s        int NOT NULL CHECK (free_start_s BETWEEN 0 AND 3600),
  included_s          int NOT NULL CHECK (included_s BETWEEN 0 AND 3600),
  PRIMARY KEY (account_id, call_id)
) WITH (fillfactor = 70);
CREATE INDEX hold_lease_until ON billing.hold (lease_until);
CREATE INDEX hold_node ON billing.hold (node);

-- One row a call, ever: the guard of "settled exactly once". Names are the keys of a stop record's JSON (billing/stop_record.cpp).
CREATE TABLE billing.cdr (
  account_id          uuid NOT NULL,
  call_id             uuid NOT NULL,            -- UUIDv7: the key is in order of time
  parent_call_id      uuid,
  direction           text NOT NULL DEFAULT 'out',
  settled_by          text NOT NULL CHECK (settled_by IN ('gateway', 'reaper', 'corrected', 'refused')),
  caller              text NOT NULL DEFAULT '',
  callee              text NOT NULL DEFAULT '',
  started_at          timestamptz,
  ringing_at          timestamptz,
  answered_at         timestamptz,
  ended_at            timestamptz,
  ring_ms             bigint NOT NULL DEFAULT 0,
  talk_ms             bigint NOT NULL DEFAULT 0,
  post_dial_delay_ms  bigint,
  currency            char(3) NOT NULL,
  rate_id             bigint,                   -- the applied rate, frozen; null: the call needed none
  rate_prefix         text NOT NULL DEFAULT '',
  destination         text NOT NULL DEFAULT '',
  connection_fee_micros   bigint NOT NULL DEFAULT 0,
  price_per_minute_micros bigint NOT NULL DEFAULT 0,
  initial_increment_s int NOT NULL DEFAULT 60,
  next_increment_s    int NOT NULL DEFAULT 60,
  free_start_s        int NOT NULL DEFAULT 0,
  included_s          int NOT NULL DEFAULT 0,
  held_micros         bigint NOT NULL DEFAULT 0,  -- the hold when it was settled
  billed_s            int NOT NULL DEFAULT 0,
  price_micros        bigint NOT NULL DEFAULT 0,  -- of billed_s by the rate
  charged_micros      bigint NOT NULL DEFAULT 0,  -- what the ledger took
  trunk               text NOT NULL DEFAULT '',
  attempts            jsonb NOT NULL DEFAULT '[]',
  sip_code            int NOT NULL DEFAULT 0,
  q850_cause          int NOT NULL DEFAULT 0,
  hung_up_by          text NOT NULL DEFAULT 'gateway',
  reason              text NOT NULL DEFAULT '',
  overlay_codec       text NOT NULL DEFAULT '',
  trunk_codec         text NOT NULL DEFAULT '',
  overlay_packets     bigint NOT NULL DEFAULT 0,  -- received from the overlay side
  overlay_lost        bigint NOT NULL DEFAULT 0,
  overlay_jitter_ms   double precision NOT NULL DEFAULT 0,
  overlay_mos         double precision NOT NULL DEFAULT 0,
  trunk_packets       bigint NOT NULL DEFAULT 0,  -- received from the trunk side
  trunk_lost          bigint NOT NULL DEFAULT 0,
  trunk_jitter_ms     double precision NOT NULL DEFAULT 0,
  trunk_mos           double precision NOT NULL DEFAULT 0,
  srtp_profile        text NOT NULL DEFAULT '',
  node                text NOT NULL DEFAULT '',
  written_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (account_id, call_id),
  CHECK (charged_micros BETWEEN 0 AND price_micros),
  CHECK (price_micros <= held_micros OR price_micros = 0)
);
CREATE INDEX cdr_call_id ON billing.cdr (call_id);  -- all accounts, newest first

CREATE TABLE billing.deck (
  deck           text PRIMARY KEY,
  currency       char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  newest_version int NOT NULL DEFAULT 0
);

CREATE TABLE billing.deck_version (
  deck_version_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  deck           text NOT NULL REFERENCES billing.deck,
  version        int NOT NULL,
  effective_from timestamptz NOT NULL,
  imported_at    timestamptz NOT NULL DEFAULT now(),
  note           text NOT NULL DEFAULT '',
  rates          int NOT NULL DEFAULT 0,
  digest         bytea NOT NULL,                -- SHA-256 of the imported text
  sealed         boolean NOT NULL DEFAULT false,  -- set at the end of the import; nothing changes afterwards
  UNIQUE (deck, version)
);

CREATE TABLE billing.rate (
  rate_id         bigint GENERATED ALWAYS AS IDENTITY,
  deck_version_id int NOT NULL REFERENCES billing.deck_version,
  prefix          text NOT NULL CHECK (prefix ~ '^[0-9]{1,15}$'),
  destination     text NOT NULL,
  connection_fee_micros   bigint NOT NULL CHECK (connection_fee_micros BETWEEN 0 AND 1000000000000),
  price_per_minute_micros bigint NOT NULL CHECK (price_per_minute_micros BETWEEN 0 AND 1000000000000),
  initial_increment_s int NOT NULL CHECK (initial_increment_s BETWEEN 1 AND 3600),
  next_increment_s    int NOT NULL CHECK (next_increment_s BETWEEN 1 AND 3600),
  free_start_s        int NOT NULL CHECK (free_start_s BETWEEN 0 AND 3600),
  included_s          int NOT NULL CHECK (included_s BETWEEN 0 AND 3600),
  effective_from  timestamptz NOT NULL DEFAULT '-infinity',
  effective_until timestamptz NOT NULL DEFAULT 'infinity',
  PRIMARY KEY (deck_version_id, prefix, effective_from),
  CHECK (effective_from < effective_until)
);

-- ---------------------------------------------------------------------------------------------------------- immutability

CREATE FUNCTION billing.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.entry
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.payment
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.subscription_charge
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.rate
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();

CREATE FUNCTION billing.refuse_rates_of_sealed_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT deck_version_id FROM fresh) f JOIN billing.deck_version v USING (deck_version_id) WHERE v.sealed) THEN
    RAISE EXCEPTION 'a sealed deck version takes no more rates' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sealed AFTER INSERT ON billing.rate REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_rates_of_sealed_version();

CREATE FUNCTION billing.refuse_change_of_sealed_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.sealed THEN
    RAISE EXCEPTION 'deck % version % is sealed', OLD.deck, OLD.version USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER sealed BEFORE UPDATE OR DELETE ON billing.deck_version
  FOR EACH ROW EXECUTE FUNCTION billing.refuse_change_of_sealed_version();

-- ---------------------------------------------------------------------------------------------------------------- prices
-- The same as billing/rate.cpp. 31622400 s (366 days) bounds every product below 2^63; rounded up once, on the whole call.

CREATE FUNCTION billing.billed_seconds(talk_ms bigint, initial_s int, next_s int, free_start_s int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
  WHEN talk_ms <= 0 OR talk_ms <= free_start_s * 1000::bigint THEN 0
  WHEN talk_ms <= initial_s * 1000::bigint THEN initial_s
  ELSE initial_s + ((least(talk_ms, 31622400000) - initial_s * 1000::bigint + next_s * 1000::bigint - 1) / (next_s * 1000::bigint))::int * next_s
END;

CREATE FUNCTION billing.price_of(billed_s int, fee_micros bigint, per_minute_micros bigint, included_s int) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
  WHEN billed_s <= 0 THEN 0
  ELSE fee_micros + per_minute_micros * (greatest(billed_s - included_s, 0) / 60)
                  + (per_minute_micros * (greatest(billed_s - included_s, 0) % 60) + 59) / 60
END;

CREATE FUNCTION billing.affordable_seconds(credit_micros bigint, fee_micros bigint, per_minute_micros bigint, initial_s int, next_s int,
  included_s int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  v_budget bigint := credit_micros - fee_micros;
  v_seconds bigint := 31622400;
BEGIN
  IF v_budget < 0 THEN RETURN 0; END IF;
  IF per_minute_micros > 0 THEN  -- whole minutes first: no product leaves 63 bits
    v_seconds := least(v_seconds, least(v_budget / per_minute_micros, 527040) * 60
                                  + (v_budget % per_minute_micros) * 60 / per_minute_micros + included_s);
  END IF;
  IF v_seconds < initial_s THEN RETURN 0; END IF;
  RETURN initial_s + (v_seconds - initial_s) / next_s * next_s;
END $$;

-- ---------------------------------------------------------------------------------------------------------------- ledger

-- The only place where posted credit moves. The caller holds the account's row lock. Returns the new entry's sequence.
CREATE FUNCTION billing.post_entry(p_account uuid, p_kind text, p_contra text, p_amount bigint, p_reference text, p_note text,
  p_used boolean, OUT sequence bigint, OUT posted bigint) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE billing.account a SET posted_micros = posted_micros + p_amount, last_sequence = last_sequence + 1,
      last_used_on = CASE WHEN p_used THEN current_date ELSE last_used_on END
    WHERE account_id = p_account RETURNING a.last_sequence, a.posted_micros INTO STRICT sequence, posted;
  INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, reference, note)
    VALUES (p_account, post_entry.sequence, p_kind, p_contra, p_amount, posted, p_reference, p_note);
END $$;

CREATE FUNCTION billing.open_hold(p_account uuid, p_call uuid, p_node text, p_instance uuid, p_direction text, p_caller text, p_callee text,
  p_currency text, p_minimum bigint, p_wanted bigint, p_lease_s int,
  p_rate_id bigint, p_prefix text, p_destination text, p_fee bigint, p_per_minute bigint, p_initial_s int, p_next_s int, p_free_start_s int,
  p_included_s int, OUT status text, OUT granted bigint, OUT available bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  v_reason text;
  v_by text;
  v_least bigint := greatest(p_minimum, billing.price_of(p_initial_s, p_fee, p_per_minute, p_included_s));
BEGIN
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

CREATE FUNCTION billing.extend_hold(p_account uuid, p_call uuid, p_request int, p_used_s int, p_more bigint, p_lease_s int,
  OUT status text, OUT total bigint, OUT available bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  h billing.hold;
  v_add bigint;
BEGIN
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

-- Holds that another step has locked are skipped, never waited for: this statement locks many holds without their accounts, so waiting
-- could close a circle. The next report, or that step itself, covers them.
CREATE FUNCTION billing.report_usage(p_instance uuid, p_accounts uuid[], p_calls uuid[], p_used_s int[], p_lease_s int,
  OUT renewed bigint, OUT without_hold uuid[]) LANGUAGE plpgsql AS $$
BEGIN
  WITH report AS (SELECT * FROM unnest(p_accounts, p_calls, p_used_s) AS u (account_id, call_id, used_s)),
  live AS (
    SELECT h.account_id, h.call_id, r.used_s FROM report r JOIN billing.hold h USING (account_id, call_id)
      WHERE h.gateway_instance = p_instance FOR UPDATE OF h SKIP LOCKED),
  done AS (
    UPDATE billing.hold h SET used_s = greatest(h.used_s, live.used_s), reported_at = clock_timestamp(),
        lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
      FROM live WHERE h.account_id = live.account_id AND h.call_id = live.call_id RETURNING 1)
  SELECT (SELECT count(*) FROM done),
         ARRAY(SELECT r.call_id FROM report r WHERE NOT EXISTS (
           SELECT FROM billing.hold h WHERE h.account_id = r.account_id AND h.call_id = r.call_id AND h.gateway_instance = p_instance))
    INTO renewed, without_hold;
END $$;

-- Fills the frozen rate, the billed seconds and the price of a CDR. Talk time beyond what the hold paid for is not billed.
CREATE FUNCTION billing.priced(c billing.cdr) RETURNS billing.cdr LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  c.billed_s := least(
    billing.billed_seconds(c.talk_ms, c.initial_increment_s, c.next_increment_s, c.free_start_s),
    billing.affordable_seconds(c.held_micros, c.connection_fee_micros, c.price_per_minute_micros, c.initial_increment_s, c.next_increment_s,
                               c.included_s));
  c.price_micros := billing.price_of(c.billed_s, c.connection_fee_micros, c.price_per_minute_micros, c.included_s);
  RETURN c;
END $$;

-- 2026-11-22T07:55:32.123456Z, as billing/text.cpp reads it.
CREATE FUNCTION billing.iso_time(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- A CDR out of a stop record's JSON; everything about money is set by the caller.
CREATE FUNCTION billing.cdr_of(p_stop jsonb) RETURNS billing.cdr LANGUAGE plpgsql STABLE AS $$
DECLARE c billing.cdr;
BEGIN
  c := jsonb_populate_record(NULL::billing.cdr, p_stop);
  c.rate_id := NULL; c.rate_prefix := ''; c.destination := ''; c.connection_fee_micros := 0; c.price_per_minute_micros := 0;
  c.initial_increment_s := 60; c.next_increment_s := 60; c.free_start_s := 0; c.included_s := 0;
  c.held_micros := 0; c.billed_s := 0; c.price_micros := 0; c.charged_micros := 0;
  c.settled_by := 'gateway'; c.written_at := clock_timestamp();
  RETURN c;
END $$;

-- p_provisional: the record was made up from the hold itself, because its gateway is lost.
CREATE FUNCTION billing.settle(p_account uuid, p_call uuid, p_stop jsonb, p_provisional boolean DEFAULT false,
  OUT status text, OUT charged bigint, OUT billed int, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  h billing.hold;
  c billing.cdr;
  old billing.cdr;
  v_delta bigint;
BEGIN
  charged := 0; billed := 0; balance_after := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'unknown_call'; RETURN; END IF;
  balance_after := a.posted_micros;
  DELETE FROM billing.hold WHERE account_id = p_account AND call_id = p_call RETURNING * INTO h;
  IF NOT FOUND THEN
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
    c := billing.priced(c);
    c.charged_micros := c.price_micros;
    c.settled_by := CASE WHEN p_provisional THEN 'reaper' ELSE 'gateway' END;
    UPDATE billing.account SET held_micros = held_micros - h.amount_micros WHERE account_id = p_account;
    v_delta := c.charged_micros;
    status := 'settled';
  ELSE  -- the lost gateway came back with the true record: charge the difference, once, out of what is free
    c.rate_id := old.rate_id; c.rate_prefix := old.rate_prefix; c.destination := old.destination;
    c.connection_fee_micros := old.connection_fee_micros; c.price_per_minute_micros := old.price_per_minute_micros;
    c.initial_increment_s := old.initial_increment_s; c.next_increment_s := old.next_increment_s;
    c.free_start_s := old.free_start_s; c.included_s := old.included_s; c.held_micros := old.held_micros;
    c := billing.priced(c);
    v_delta := least(c.price_micros - old.charged_micros, a.posted_micros - a.held_micros);
    c.charged_micros := old.charged_micros + v_delta;
    c.settled_by := 'corrected';
    DELETE FROM billing.cdr WHERE account_id = p_account AND call_id = p_call;
    status := 'corrected';
  END IF;
  charged := c.charged_micros; billed := c.billed_s;
  IF v_delta <> 0 THEN
    SELECT posted INTO balance_after FROM billing.post_entry(p_account, CASE status WHEN 'settled' THEN 'call' ELSE 'correction' END,
      'call_revenue', -v_delta, p_call::text, c.callee, true);
  END IF;
  INSERT INTO billing.cdr SELECT c.*;
END $$;

-- What is known of an abandoned call: it began at its last report's time less the talk time reported then, and ended there.
CREATE FUNCTION billing.settle_provisionally(h billing.hold) RETURNS void LANGUAGE sql AS $$
  SELECT billing.settle(h.account_id, h.call_id, jsonb_build_object(
    'direction', h.direction, 'caller', h.caller, 'callee', h.callee, 'node', h.node, 'started_at', h.opened_at,
    'answered_at', CASE WHEN h.used_s > 0 THEN h.reported_at - make_interval(secs => h.used_s) END,
    'ended_at', coalesce(h.reported_at, h.opened_at), 'talk_ms', h.used_s * 1000::bigint, 'ring_ms', 0, 'trunk', '', 'attempts', '[]'::jsonb,
    'sip_code', 0, 'q850_cause', 0, 'hung_up_by', 'gateway', 'reason', 'gateway_lost', 'overlay_codec', '', 'trunk_codec', '',
    'overlay_packets', 0, 'overlay_lost', 0, 'overlay_jitter_ms', 0, 'overlay_mos', 0,
    'trunk_packets', 0, 'trunk_lost', 0, 'trunk_jitter_ms', 0, 'trunk_mos', 0, 'srtp_profile', ''), true)
$$;

-- Never waits for an account: it may hold several. The lease is looked at again under the lock.
CREATE FUNCTION billing.reap_holds(p_grace_s int, p_limit int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  r record;
  h billing.hold;
  v_due timestamptz := now() - make_interval(secs => p_grace_s);
  n bigint := 0;
BEGIN
  IF pg_postmaster_start_time() > v_due THEN RETURN 0; END IF;
  FOR r IN SELECT account_id, call_id FROM billing.hold WHERE lease_until < v_due ORDER BY lease_until LIMIT p_limit LOOP
    PERFORM FROM billing.account WHERE account_id = r.account_id FOR NO KEY UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    SELECT * INTO h FROM billing.hold WHERE account_id = r.account_id AND call_id = r.call_id AND lease_until < v_due FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    PERFORM billing.settle_provisionally(h);
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;

CREATE FUNCTION billing.settle_orphans(p_node text, p_instance uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  r record;
  h billing.hold;
  n bigint := 0;
BEGIN
  FOR r IN SELECT account_id, call_id FROM billing.hold WHERE node = p_node AND gateway_instance <> p_instance ORDER BY account_id, call_id LOOP
    PERFORM FROM billing.account WHERE account_id = r.account_id FOR NO KEY UPDATE;
    SELECT * INTO h FROM billing.hold WHERE account_id = r.account_id AND call_id = r.call_id FOR UPDATE;
    CONTINUE WHEN NOT FOUND;
    PERFORM billing.settle_provisionally(h);
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;

CREATE FUNCTION billing.record_call(p_account uuid, p_call uuid, p_stop jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  c billing.cdr;
BEGIN
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN 'no_account'; END IF;
  PERFORM FROM billing.hold WHERE account_id = p_account AND call_id = p_call;
  IF FOUND THEN RETURN 'hold_exists'; END IF;
  c := billing.cdr_of(p_stop);
  c.account_id := p_account; c.call_id := p_call; c.currency := a.currency;
  INSERT INTO billing.cdr SELECT c.* ON CONFLICT (account_id, call_id) DO NOTHING;
  RETURN CASE WHEN FOUND THEN 'recorded' ELSE 'repeated' END;
END $$;

CREATE FUNCTION billing.top_up(p_account uuid, p_amount bigint, p_payment text, p_note text, p_currency text, p_least bigint,
  OUT status text, OUT balance_after bigint, OUT sequence bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  p billing.payment;
BEGIN
  balance_after := 0; sequence := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  SELECT * INTO p FROM billing.payment WHERE payment_id = p_payment;
  IF FOUND THEN
    sequence := p.sequence;
    status := CASE WHEN p.account_id = p_account AND p.amount_micros = p_amount THEN 'repeated' ELSE 'payment_conflict' END;
    RETURN;
  END IF;
  status := CASE WHEN p_currency <> '' AND a.currency <> p_currency THEN 'wrong_currency' WHEN p_amount < p_least THEN 'below_minimum'
                 WHEN a.posted_micros + p_amount > 1000000000000000 THEN 'invalid_amount' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  -- The same id on another account at this moment: the later of the two waits here and loses.
  INSERT INTO billing.payment VALUES (p_account, p_payment, p_amount, a.last_sequence + 1) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN status := 'payment_conflict'; RETURN; END IF;
  SELECT e.sequence, e.posted INTO sequence, balance_after FROM billing.post_entry(p_account, 'top_up', 'cash', p_amount, p_payment, p_note, true) e;
  status := 'credited';
END $$;

CREATE FUNCTION billing.charge_subscription(p_account uuid, p_subscription uuid, p_period int, p_months int, p_price bigint, p_note text,
  OUT status text, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  s billing.subscription_charge;
  v_last int;
BEGIN
  balance_after := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  SELECT * INTO s FROM billing.subscription_charge WHERE account_id = p_account AND subscription_id = p_subscription AND period = p_period;
  IF FOUND THEN
    status := CASE WHEN s.months = p_months AND s.price_micros = p_price THEN 'repeated' ELSE 'period_conflict' END;
    RETURN;
  END IF;
  SELECT coalesce(max(period), 0) INTO v_last FROM billing.subscription_charge WHERE account_id = p_account AND subscription_id = p_subscription;
  status := CASE WHEN p_period <> v_last + 1 THEN 'period_conflict' WHEN a.blocked THEN 'account_blocked'
                 WHEN a.posted_micros - a.held_micros < p_price THEN 'insufficient_credit' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  INSERT INTO billing.subscription_charge VALUES (p_account, p_subscription, p_period, p_months, p_price, a.last_sequence + 1);
  -- A renewal is not a use of the credit: it does not keep it from expiring.
  SELECT posted INTO balance_after FROM billing.post_entry(p_account, 'subscription', 'subscription_revenue', -p_price,
    p_subscription::text || '/' || p_period, p_note, false);
  status := 'charged';
END $$;

-- ------------------------------------------------------------------------------------------------------------ invariants
-- Every row is a broken invariant.
CREATE VIEW billing.violation AS
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
    WHERE coalesce(c.charged_micros, 0) <> coalesce(e.total, 0) OR c.call_id IS NULL
  UNION ALL SELECT 'hold and CDR of one call', h.account_id, h.amount_micros FROM billing.hold h JOIN billing.cdr c USING (account_id, call_id)
  UNION ALL SELECT 'price is not that of the rate', account_id, price_micros FROM billing.cdr
    WHERE price_micros <> billing.price_of(billed_s, connection_fee_micros, price_per_minute_micros, included_s)
       OR billed_s > billing.billed_seconds(talk_ms, initial_increment_s, next_increment_s, free_start_s)
  UNION ALL SELECT 'charge beyond price or hold', account_id, charged_micros - price_micros FROM billing.cdr
    WHERE charged_micros > price_micros OR charged_micros > held_micros OR (settled_by IN ('gateway', 'reaper') AND charged_micros <> price_micros)
  UNION ALL SELECT 'top-up is not its payment', account_id, (coalesce(e.amount_micros, 0) - coalesce(p.amount_micros, 0))
    FROM (SELECT account_id, sequence, reference AS payment_id, amount_micros FROM billing.entry WHERE kind = 'top_up') e
    FULL JOIN billing.payment p USING (account_id, sequence, payment_id)
    WHERE e.amount_micros IS DISTINCT FROM p.amount_micros
  UNION ALL SELECT 'subscription entry is not its charge', account_id, (coalesce(e.amount_micros, 0) + coalesce(s.price_micros, 0))
    FROM (SELECT account_id, sequence, amount_micros FROM billing.entry WHERE kind = 'subscription') e
    FULL JOIN billing.subscription_charge s USING (account_id, sequence)
    WHERE -e.amount_micros IS DISTINCT FROM s.price_micros;
