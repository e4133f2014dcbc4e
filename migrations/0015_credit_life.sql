-- SPDX-License-Identifier: Apache-2.0
-- The life of credit: payments and their refunds, goodwill, adjustments, vouchers, lapse after months without use, reactivation, and the
-- events that tell the subscriber. billing/README.md has the rules. Lock order everywhere: account, then voucher, then guard.

ALTER TABLE billing.account
  ADD COLUMN inactive_micros bigint NOT NULL DEFAULT 0 CHECK (inactive_micros BETWEEN 0 AND 1000000000000000);  -- lapsed, not reactivated

-- Each kind of entry has its house account: what the operator earned, owes and gave away is a sum by `contra`.
ALTER TABLE billing.entry DROP CONSTRAINT entry_kind_check, DROP CONSTRAINT entry_contra_check;
ALTER TABLE billing.entry ADD CONSTRAINT entry_kind_check CHECK ((kind, contra) IN (
  ('top_up', 'cash'), ('call', 'call_revenue'), ('correction', 'call_revenue'), ('subscription', 'subscription_revenue'),
  ('refund', 'refunds'), ('goodwill', 'goodwill'), ('adjustment', 'adjustments'), ('voucher', 'vouchers'),
  ('lapse', 'inactive_credit'), ('reactivation', 'inactive_credit'), ('subscription_refund', 'subscription_refunds')));
ALTER TABLE billing.entry ADD CONSTRAINT entry_sign_check CHECK (CASE
  WHEN kind IN ('top_up', 'goodwill', 'voucher', 'reactivation', 'subscription_refund') THEN amount_micros > 0
  WHEN kind IN ('call', 'subscription', 'refund', 'lapse') THEN amount_micros < 0 ELSE true END);

CREATE VIEW billing.house_account AS
  SELECT e.contra, a.currency, -sum(e.amount_micros) AS balance_micros, count(*) AS entries
    FROM billing.entry e JOIN billing.account a USING (account_id) GROUP BY 1, 2;

CREATE TABLE billing.refund (                   -- of payments
  account_id    uuid NOT NULL,
  refund_id     text NOT NULL CHECK (refund_id <> ''),
  payment_id    text NOT NULL,
  amount_micros bigint NOT NULL CHECK (amount_micros > 0),
  sequence      bigint NOT NULL,                -- of its entry
  PRIMARY KEY (account_id, refund_id),
  UNIQUE (refund_id),
  FOREIGN KEY (account_id, payment_id) REFERENCES billing.payment
);
CREATE INDEX refund_payment ON billing.refund (account_id, payment_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.refund
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();

-- What the subscriber is told. A row is written once by its key, in the transaction of what it tells; delivered to the devices later.
CREATE TABLE billing.event (
  account_id   uuid NOT NULL,
  event_key    text NOT NULL,
  kind         text NOT NULL,
  body         jsonb NOT NULL DEFAULT '{}',
  at           timestamptz NOT NULL,
  used_on      date,                            -- a notice: the last use that it counts from. Void after a later use.
  delivered_at timestamptz,
  PRIMARY KEY (account_id, event_key)
);
CREATE INDEX event_pending ON billing.event (account_id) WHERE delivered_at IS NULL;

CREATE TABLE billing.voucher_batch (
  batch_id     uuid PRIMARY KEY,
  currency     char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  value_micros bigint NOT NULL CHECK (value_micros BETWEEN 1 AND 1000000000000000),
  vouchers     int NOT NULL CHECK (vouchers BETWEEN 1 AND 10000),
  expires_at   timestamptz NOT NULL,
  note         text NOT NULL DEFAULT '',
  made_at      timestamptz NOT NULL DEFAULT now(),
  revoked_at   timestamptz
);

-- The PIN is kept as an HMAC with a key that is not in the database: it has too few digits for a plain hash, and a salted slow hash
-- could not be looked up.
CREATE TABLE billing.voucher (
  batch_id    uuid NOT NULL REFERENCES billing.voucher_batch,
  serial      int NOT NULL CHECK (serial >= 1),
  pin_hmac    bytea NOT NULL UNIQUE CHECK (length(pin_hmac) = 32),
  account_id  uuid REFERENCES billing.account,  -- whose it became
  sequence    bigint,                           -- of its entry
  redeemed_at timestamptz,
  PRIMARY KEY (batch_id, serial),
  CHECK ((account_id IS NULL) = (sequence IS NULL) AND (account_id IS NULL) = (redeemed_at IS NULL))
);
CREATE INDEX voucher_account ON billing.voucher (account_id) WHERE account_id IS NOT NULL;

CREATE FUNCTION billing.refuse_second_redemption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.account_id IS NOT NULL OR NEW.pin_hmac <> OLD.pin_hmac THEN
    RAISE EXCEPTION 'a voucher is redeemed once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER once BEFORE UPDATE OR DELETE ON billing.voucher FOR EACH ROW EXECUTE FUNCTION billing.refuse_second_redemption();

-- Wrong PINs, by account and over all ('all'): a level that every failure raises by one and that leaks away with time.
CREATE TABLE billing.voucher_guard (
  subject      text PRIMARY KEY,
  level        double precision NOT NULL,
  at           timestamptz NOT NULL,
  locked_until timestamptz NOT NULL
);

-- No credit lapses before this moment: credit that was old when lapsing began is announced like any other.
CREATE TABLE billing.lapse_start (not_before timestamptz NOT NULL);
INSERT INTO billing.lapse_start
  SELECT CASE WHEN EXISTS (SELECT FROM billing.account) THEN now() + interval '31 days' ELSE '-infinity' END;

-- ---------------------------------------------------------------------------------------------------------------- ledger

-- As before, and days are those of UTC, whatever the session's time zone; a day of use never moves back.
DROP FUNCTION billing.post_entry(uuid, text, text, bigint, text, text, boolean);
CREATE FUNCTION billing.post_entry(p_account uuid, p_kind text, p_contra text, p_amount bigint, p_reference text, p_note text,
  p_used boolean, p_on date DEFAULT (now() AT TIME ZONE 'UTC')::date, OUT sequence bigint, OUT posted bigint) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE billing.account a SET posted_micros = posted_micros + p_amount, last_sequence = last_sequence + 1,
      last_used_on = CASE WHEN p_used THEN greatest(last_used_on, p_on) ELSE last_used_on END
    WHERE account_id = p_account RETURNING a.last_sequence, a.posted_micros INTO STRICT sequence, posted;
  INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, reference, note)
    VALUES (p_account, post_entry.sequence, p_kind, p_contra, p_amount, posted, p_reference, p_note);
END $$;
ALTER TABLE billing.account ALTER COLUMN last_used_on SET DEFAULT (now() AT TIME ZONE 'UTC')::date;

-- As before; a payment id that was used otherwise is told apart by what differs.
CREATE OR REPLACE FUNCTION billing.top_up(p_account uuid, p_amount bigint, p_payment text, p_note text, p_currency text, p_least bigint,
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
    status := CASE WHEN p.account_id <> p_account THEN 'payment_account_conflict'
                   WHEN p_currency <> '' AND a.currency <> p_currency THEN 'payment_currency_conflict'
                   WHEN p.amount_micros <> p_amount THEN 'payment_amount_conflict' ELSE 'repeated' END;
    RETURN;
  END IF;
  status := CASE WHEN p_currency <> '' AND a.currency <> p_currency THEN 'wrong_currency' WHEN p_amount < p_least THEN 'below_minimum'
                 WHEN a.posted_micros + p_amount > 1000000000000000 THEN 'invalid_amount' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  -- The same id on another account at this moment: the later of the two waits here and loses.
  INSERT INTO billing.payment VALUES (p_account, p_payment, p_amount, a.last_sequence + 1) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN status := 'payment_account_conflict'; RETURN; END IF;
  SELECT e.sequence, e.posted INTO sequence, balance_after FROM billing.post_entry(p_account, 'top_up', 'cash', p_amount, p_payment, p_note, true) e;
  status := 'credited';
END $$;

-- Gives a payment back, whole or in parts, out of the free credit. Once by its own id.
CREATE FUNCTION billing.refund_payment(p_refund text, p_payment text, p_amount bigint, p_currency text, p_note text,
  OUT status text, OUT account_id uuid, OUT balance_after bigint, OUT left_micros bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  p billing.payment;
  r billing.refund;
BEGIN
  balance_after := 0; left_micros := 0;
  SELECT * INTO p FROM billing.payment b WHERE b.payment_id = p_payment;
  IF NOT FOUND THEN status := 'no_payment'; RETURN; END IF;
  account_id := p.account_id;
  SELECT * INTO a FROM billing.account b WHERE b.account_id = p.account_id FOR NO KEY UPDATE;
  balance_after := a.posted_micros;
  SELECT p.amount_micros - coalesce(sum(b.amount_micros), 0) INTO left_micros FROM billing.refund b
    WHERE b.account_id = p.account_id AND b.payment_id = p_payment;
  SELECT * INTO r FROM billing.refund b WHERE b.refund_id = p_refund;
  IF FOUND THEN
    status := CASE WHEN r.payment_id = p_payment AND r.amount_micros = p_amount THEN 'repeated' ELSE 'refund_conflict' END;
    RETURN;
  END IF;
  status := CASE WHEN p_currency <> '' AND a.currency <> p_currency THEN 'wrong_currency' WHEN p_amount <= 0 THEN 'invalid_amount'
                 WHEN p_amount > left_micros THEN 'refund_exceeds_payment'
                 WHEN p_amount > a.posted_micros - a.held_micros THEN 'insufficient_credit' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  INSERT INTO billing.refund VALUES (p.account_id, p_refund, p_payment, p_amount, a.last_sequence + 1) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN status := 'refund_conflict'; RETURN; END IF;
  SELECT e.posted INTO balance_after FROM billing.post_entry(p.account_id, 'refund', 'refunds', -p_amount, p_refund, p_note, false) e;
  left_micros := left_micros - p_amount;
  status := 'refunded';
END $$;

-- Goodwill (always a gift) and adjustments (either way) by an admin, once by their reference. What is given has the whole period before it.
CREATE FUNCTION billing.adjust(p_account uuid, p_kind text, p_amount bigint, p_reference text, p_note text, p_currency text, p_on date,
  OUT status text, OUT balance_after bigint, OUT sequence bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  old billing.entry;
BEGIN
  balance_after := 0; sequence := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  SELECT * INTO old FROM billing.entry e WHERE e.account_id = p_account AND e.reference = p_reference AND e.kind = p_kind;
  IF FOUND THEN
    sequence := old.sequence;
    status := CASE WHEN old.amount_micros = p_amount THEN 'repeated' ELSE 'reference_conflict' END;
    RETURN;
  END IF;
  status := CASE WHEN p_currency <> '' AND a.currency <> p_currency THEN 'wrong_currency'
                 WHEN p_amount = 0 OR (p_kind = 'goodwill' AND p_amount < 0) OR a.posted_micros + p_amount > 1000000000000000 THEN 'invalid_amount'
                 WHEN -p_amount > a.posted_micros - a.held_micros THEN 'insufficient_credit' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  SELECT e.sequence, e.posted INTO sequence, balance_after FROM billing.post_entry(p_account, p_kind,
    CASE p_kind WHEN 'goodwill' THEN 'goodwill' ELSE 'adjustments' END, p_amount, p_reference, p_note, p_amount > 0, p_on) e;
  status := 'posted';
END $$;

-- ----------------------------------------------------------------------------------------------------------------- lapse

-- Calendar months after the last use, 31 August + 6 months being the last of February; the credit is good through that day, UTC.
CREATE FUNCTION billing.lapses_at(used_on date, months int) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ((used_on + make_interval(months => months))::date + 1)::timestamp AT TIME ZONE 'UTC';

-- p_periods: {"": 6, "DE": 0}: months by country, 0 never; "" is every other.
CREATE FUNCTION billing.lapse_months(p_periods jsonb, p_country text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN nullif(coalesce(p_periods ->> p_country, p_periods ->> '', '6')::int, 0);

-- When the credit of an account lapses; null: never.
CREATE FUNCTION billing.account_lapses_at(a billing.account, p_periods jsonb) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT greatest(billing.lapses_at(a.last_used_on, billing.lapse_months(p_periods, a.country)), not_before)
    FROM billing.lapse_start WHERE billing.lapse_months(p_periods, a.country) IS NOT NULL $$;

-- Writes an event unless its key is known.
CREATE FUNCTION billing.add_event(p_account uuid, p_key text, p_kind text, p_body jsonb, p_at timestamptz, p_used_on date DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO billing.event (account_id, event_key, kind, body, at, used_on) VALUES (p_account, p_key, p_kind, p_body, p_at, p_used_on)
    ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- Takes what is due at p_now for up to p_limit accounts: the nearest notice (30 days, 7 days, 72 hours), or the lapse. Any node may run it at
-- any time: it waits for no account, and acts once for each. Fewer rows than p_limit: nothing more is due.
CREATE FUNCTION billing.advance_credit(p_now timestamptz, p_periods jsonb, p_limit int)
RETURNS TABLE (acted_on uuid, step text, amount bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  v_at timestamptz;
  v_key text;
BEGIN
  FOR a IN
    SELECT c.* FROM billing.account c
      CROSS JOIN LATERAL (SELECT billing.account_lapses_at(c, p_periods) AS lapses_at) l
      WHERE c.posted_micros > 0 AND l.lapses_at <= p_now + interval '30 days'
        AND NOT EXISTS (SELECT FROM billing.hold h WHERE h.account_id = c.account_id)
        AND (l.lapses_at <= p_now OR NOT EXISTS (
          SELECT FROM billing.event e WHERE e.account_id = c.account_id AND e.event_key = 'credit_lapse_notice/' || c.last_used_on || '/' ||
            CASE WHEN l.lapses_at <= p_now + interval '72 hours' THEN '72h' WHEN l.lapses_at <= p_now + interval '7 days' THEN '7d' ELSE '30d' END))
      LIMIT p_limit FOR NO KEY UPDATE OF c SKIP LOCKED
  LOOP
    -- The lock is held now: a hold opened since the query began is seen.
    CONTINUE WHEN EXISTS (SELECT FROM billing.hold h WHERE h.account_id = a.account_id);
    v_at := billing.account_lapses_at(a, p_periods);
    IF v_at <= p_now THEN
      UPDATE billing.account c SET inactive_micros = c.inactive_micros + a.posted_micros WHERE c.account_id = a.account_id;
      PERFORM billing.post_entry(a.account_id, 'lapse', 'inactive_credit', -a.posted_micros, a.last_used_on || '/' || a.last_sequence + 1,
        'not used since ' || a.last_used_on, false);
      PERFORM billing.add_event(a.account_id, 'credit_lapsed/' || a.last_sequence + 1, 'credit_lapsed', jsonb_build_object(
        'amount_micros', a.posted_micros, 'currency', a.currency, 'last_used_on', a.last_used_on), p_now);
      acted_on := a.account_id; step := 'lapse'; amount := a.posted_micros;
      RETURN NEXT;
    ELSE
      v_key := CASE WHEN v_at <= p_now + interval '72 hours' THEN '72h' WHEN v_at <= p_now + interval '7 days' THEN '7d' ELSE '30d' END;
      IF v_at <= p_now + interval '30 days'
         AND billing.add_event(a.account_id, 'credit_lapse_notice/' || a.last_used_on || '/' || v_key, 'credit_lapse_notice', jsonb_build_object(
           'notice', v_key, 'lapses_at', billing.iso_time(v_at), 'amount_micros', a.posted_micros, 'currency', a.currency,
           'last_used_on', a.last_used_on), p_now, a.last_used_on) THEN
        acted_on := a.account_id; step := 'notice_' || v_key; amount := a.posted_micros;
        RETURN NEXT;
      END IF;
    END IF;
  END LOOP;
END $$;

-- All inactive credit becomes free credit again, with a whole period before it.
CREATE FUNCTION billing.reactivate(p_account uuid, p_by_subscriber boolean, p_now timestamptz,
  OUT status text, OUT amount bigint, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE a billing.account;
BEGIN
  amount := 0; balance_after := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  status := CASE WHEN a.blocked AND p_by_subscriber THEN 'account_blocked' WHEN a.inactive_micros = 0 THEN 'nothing_inactive'
                 WHEN a.posted_micros + a.inactive_micros > 1000000000000000 THEN 'invalid_amount' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  amount := a.inactive_micros;
  UPDATE billing.account SET inactive_micros = 0 WHERE account_id = p_account;
  SELECT e.posted INTO balance_after FROM billing.post_entry(p_account, 'reactivation', 'inactive_credit', amount,
    'lapsed/' || a.last_sequence + 1, CASE WHEN p_by_subscriber THEN 'by the subscriber' ELSE 'by an admin' END, true,
    (p_now AT TIME ZONE 'UTC')::date) e;
  PERFORM billing.add_event(p_account, 'credit_reactivated/' || a.last_sequence + 1, 'credit_reactivated', jsonb_build_object(
    'amount_micros', amount, 'currency', a.currency), p_now);
  status := 'reactivated';
END $$;

-- -------------------------------------------------------------------------------------------------------------- vouchers

-- One more failure. Beyond p_free of them within what leaks away, the next attempt waits p_base_s, then twice as long each time.
CREATE FUNCTION billing.note_voucher_failure(p_subject text, p_now timestamptz, p_free int, p_leak_s int, p_base_s int, p_most_s int)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO billing.voucher_guard AS g VALUES (p_subject, 1, p_now, p_now)
    ON CONFLICT (subject) DO UPDATE SET
      level = greatest(0, g.level - greatest(0, extract(epoch FROM p_now - g.at))::double precision / p_leak_s) + 1, at = greatest(g.at, p_now);
  UPDATE billing.voucher_guard SET locked_until = p_now + make_interval(secs => least(p_most_s, p_base_s * 2 ^ least(ceil(level) - p_free - 1, 40)))
    WHERE subject = p_subject AND ceil(level) > p_free $$;

-- One-time. A wrong PIN is remembered, so the transaction must be committed whatever the answer is.
CREATE FUNCTION billing.redeem_voucher(p_account uuid, p_pin_hmac bytea, p_now timestamptz, p_free int, p_leak_s int, p_base_s int, p_most_s int,
  p_all_free int, p_all_leak_s int, p_all_base_s int, p_all_most_s int,
  OUT status text, OUT amount bigint, OUT balance_after bigint, OUT retry_s int) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  v billing.voucher;
  b billing.voucher_batch;
  v_until timestamptz;
BEGIN
  amount := 0; balance_after := 0; retry_s := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  IF a.blocked THEN status := 'account_blocked'; RETURN; END IF;
  SELECT max(locked_until) INTO v_until FROM billing.voucher_guard WHERE subject IN ('account:' || p_account, 'all');
  IF v_until > p_now THEN
    status := 'voucher_locked'; retry_s := ceil(extract(epoch FROM v_until - p_now)); RETURN;
  END IF;
  SELECT * INTO v FROM billing.voucher WHERE pin_hmac = p_pin_hmac FOR UPDATE;
  IF NOT FOUND OR v.account_id <> p_account THEN
    PERFORM billing.note_voucher_failure('account:' || p_account, p_now, p_free, p_leak_s, p_base_s, p_most_s);
    PERFORM billing.note_voucher_failure('all', p_now, p_all_free, p_all_leak_s, p_all_base_s, p_all_most_s);
    status := CASE WHEN v.batch_id IS NULL THEN 'voucher_unknown' ELSE 'voucher_used' END;
    RETURN;
  END IF;
  SELECT * INTO b FROM billing.voucher_batch WHERE batch_id = v.batch_id FOR SHARE;  -- a revocation comes before or after
  amount := b.value_micros;
  IF v.account_id IS NOT NULL THEN status := 'repeated'; RETURN; END IF;
  status := CASE WHEN b.revoked_at IS NOT NULL THEN 'voucher_revoked' WHEN b.expires_at <= p_now THEN 'voucher_expired'
                 WHEN b.currency <> a.currency THEN 'wrong_currency'
                 WHEN a.posted_micros + b.value_micros > 1000000000000000 THEN 'invalid_amount' END;
  IF status IS NOT NULL THEN amount := 0; RETURN; END IF;
  UPDATE billing.voucher SET account_id = p_account, sequence = a.last_sequence + 1, redeemed_at = p_now
    WHERE batch_id = v.batch_id AND serial = v.serial;
  SELECT e.posted INTO balance_after FROM billing.post_entry(p_account, 'voucher', 'vouchers', b.value_micros, v.batch_id || '/' || v.serial, '',
    true, (p_now AT TIME ZONE 'UTC')::date) e;
  status := 'redeemed';
END $$;

-- ------------------------------------------------------------------------------------------------------------ invariants

CREATE VIEW billing.credit_violation AS
  SELECT 'inactive credit is not what lapsed' AS what, a.account_id, (a.inactive_micros + coalesce(e.total, 0))::bigint AS difference
    FROM billing.account a LEFT JOIN (
      SELECT account_id, sum(amount_micros) AS total FROM billing.entry WHERE contra = 'inactive_credit' GROUP BY 1) e USING (account_id)
    WHERE a.inactive_micros <> -coalesce(e.total, 0)
  UNION ALL SELECT 'refund entry is not its refund', account_id, coalesce(e.amount_micros, 0) + coalesce(r.amount_micros, 0)
    FROM (SELECT account_id, sequence, reference AS refund_id, amount_micros FROM billing.entry WHERE kind = 'refund') e
    FULL JOIN billing.refund r USING (account_id, sequence, refund_id)
    WHERE -e.amount_micros IS DISTINCT FROM r.amount_micros
  UNION ALL SELECT 'refunds beyond the payment', p.account_id, (r.total - p.amount_micros)::bigint
    FROM billing.payment p JOIN (SELECT account_id, payment_id, sum(amount_micros) AS total FROM billing.refund GROUP BY 1, 2) r
      USING (account_id, payment_id) WHERE r.total > p.amount_micros
  UNION ALL SELECT 'voucher entry is not its voucher', account_id, coalesce(e.amount_micros, 0) - coalesce(v.value_micros, 0)
    FROM (SELECT account_id, sequence, reference, amount_micros FROM billing.entry WHERE kind = 'voucher') e
    FULL JOIN (SELECT v.account_id, v.sequence, v.batch_id || '/' || v.serial AS reference, b.value_micros
                 FROM billing.voucher v JOIN billing.voucher_batch b USING (batch_id) WHERE v.account_id IS NOT NULL) v
      USING (account_id, sequence, reference)
    WHERE e.amount_micros IS DISTINCT FROM v.value_micros
  UNION ALL SELECT 'lapse without its event', e.account_id, e.sequence FROM billing.entry e
    WHERE e.kind = 'lapse' AND NOT EXISTS (
      SELECT FROM billing.event v WHERE v.account_id = e.account_id AND v.event_key = 'credit_lapsed/' || e.sequence);

ALTER VIEW billing.violation RENAME TO call_violation;
CREATE VIEW billing.violation AS
  SELECT * FROM billing.call_violation UNION ALL SELECT * FROM billing.credit_violation;
