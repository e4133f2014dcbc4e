-- SPDX-License-Identifier: Apache-2.0
-- Currencies and tax. An account keeps the currency that it was opened in; what it meets (decks, prices of terms, vouchers, the least
-- top-up) is set by currency, and nothing is ever converted. Tax on top-ups and on subscriptions is kept in the entry that it is due for.

-- ISO 4217:2015, list one as of 2024: the decimals are those of the smallest coin. Funds, metals and test codes are left out.
CREATE TABLE billing.currency (
  currency            billing.currency_code PRIMARY KEY,
  decimals            int NOT NULL CHECK (decimals BETWEEN 0 AND 4),
  least_top_up_micros bigint CHECK (least_top_up_micros BETWEEN 1 AND 1000000000000000)  -- null: as configured for the gateway
);
INSERT INTO billing.currency (currency, decimals)
  SELECT code, 0 FROM unnest(string_to_array('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF', ' ')) code
  UNION ALL SELECT code, 3 FROM unnest(string_to_array('BHD IQD JOD KWD LYD OMR TND', ' ')) code
  UNION ALL SELECT code, 2 FROM unnest(string_to_array(
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP '
    'DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL '
    'MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG '
    'SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWL', ' ')) code;

ALTER TABLE billing.deck ADD FOREIGN KEY (currency) REFERENCES billing.currency;
ALTER TABLE billing.subscription_term ADD FOREIGN KEY (currency) REFERENCES billing.currency;
ALTER TABLE billing.voucher_batch ADD FOREIGN KEY (currency) REFERENCES billing.currency;

-- AFTER and of this column alone: the ledger's steps, which write the row thousands of times a second, do not come here.
CREATE FUNCTION billing.refuse_other_currency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an account keeps its currency' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER lasting_currency AFTER UPDATE OF currency ON billing.account FOR EACH ROW WHEN (OLD.currency <> NEW.currency)
  EXECUTE FUNCTION billing.refuse_other_currency();

-- ------------------------------------------------------------------------------------------------------------------- tax

-- From a moment on, until the next row of the same country and subject; 0 ends a tax. A row that has been in force stays.
CREATE TABLE billing.tax_rate (
  country        billing.country_code,
  subject        text NOT NULL CHECK (subject IN ('top_up', 'subscription')),
  effective_from timestamptz NOT NULL CHECK (isfinite(effective_from)),
  name           text NOT NULL CHECK (name <> ''),
  rate_ppm       int NOT NULL CHECK (rate_ppm BETWEEN 0 AND 1000000),   -- 19 % are 190000
  included       boolean NOT NULL,              -- whether prices and credit contain it; else it comes on top
  PRIMARY KEY (country, subject, effective_from)
);
CREATE FUNCTION billing.refuse_change_of_tax_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.effective_from <= now() THEN
    RAISE EXCEPTION 'the tax rate is in force or was' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER in_force BEFORE UPDATE OR DELETE ON billing.tax_rate FOR EACH ROW EXECUTE FUNCTION billing.refuse_change_of_tax_in_force();

-- Of one entry; both amounts have the entry's sign, and their sum is what was paid, charged or given back.
CREATE TYPE billing.entry_tax AS (
  country    char(2),
  name       text,
  rate_ppm   int,
  included   boolean,
  net_micros bigint,
  tax_micros bigint
);
ALTER TABLE billing.entry ADD COLUMN tax billing.entry_tax;             -- null: no rate was in force

-- a ÷ b in whole multiples of `unit`, half up. numeric, because the products leave 63 bits; all are whole numbers, and so is the result.
CREATE FUNCTION billing.half_up(a numeric, b numeric, unit bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (div(2 * a + b * unit, 2 * b * unit) * unit)::bigint;

CREATE FUNCTION billing.coin_micros(p_currency text) RETURNS bigint LANGUAGE sql STABLE
  RETURN (SELECT (10 ^ (6 - decimals))::bigint FROM billing.currency WHERE currency = p_currency);

-- The tax that `total` contains, and the tax that comes on top of `net`. They agree: what is on top of a net amount is contained in their sum.
CREATE FUNCTION billing.tax_within(total bigint, rate_ppm int, unit bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN billing.half_up(total::numeric * rate_ppm, 1000000 + rate_ppm, unit);
CREATE FUNCTION billing.tax_on_top(net bigint, rate_ppm int, unit bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN billing.half_up(net::numeric * rate_ppm, 1000000, unit);

-- Null: none is in force for the account at that moment. The amounts are not set.
CREATE FUNCTION billing.tax_at(p_country text, p_subject text, p_at timestamptz) RETURNS billing.entry_tax LANGUAGE sql STABLE AS $$
  SELECT (t.country, t.name, t.rate_ppm, t.included, 0, 0)::billing.entry_tax
    FROM (SELECT * FROM billing.tax_rate WHERE country = p_country AND subject = p_subject AND effective_from <= p_at
            ORDER BY effective_from DESC LIMIT 1) t WHERE t.rate_ppm > 0 $$;

-- Of a sum that was paid: what it is without the tax. Also where the tax came on top.
CREATE FUNCTION billing.tax_of_paid(a billing.account, p_subject text, p_paid bigint, p_at timestamptz) RETURNS billing.entry_tax
LANGUAGE plpgsql STABLE AS $$
DECLARE t billing.entry_tax := billing.tax_at(a.country, p_subject, p_at);
BEGIN
  IF t.country IS NULL THEN RETURN NULL; END IF;
  t.tax_micros := billing.tax_within(p_paid, t.rate_ppm, billing.coin_micros(a.currency));
  t.net_micros := p_paid - t.tax_micros;
  RETURN t;
END $$;

-- Of a price, or of credit that is to be bought: contained, or on top of it.
CREATE FUNCTION billing.tax_of_price(a billing.account, p_subject text, p_price bigint, p_at timestamptz) RETURNS billing.entry_tax
LANGUAGE plpgsql STABLE AS $$
DECLARE t billing.entry_tax := billing.tax_at(a.country, p_subject, p_at);
BEGIN
  IF t.country IS NULL THEN RETURN NULL; END IF;
  IF t.included THEN RETURN billing.tax_of_paid(a, p_subject, p_price, p_at); END IF;
  t.net_micros := p_price;
  t.tax_micros := billing.tax_on_top(p_price, t.rate_ppm, billing.coin_micros(a.currency));
  RETURN t;
END $$;

-- What moves credit: all of a sum where the tax is contained in it, else the net part.
CREATE FUNCTION billing.credit_of(p_total bigint, t billing.entry_tax) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN (t).included IS FALSE THEN (t).net_micros ELSE p_total END;

CREATE FUNCTION billing.negated(t billing.entry_tax) RETURNS billing.entry_tax LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN (t).country IS NOT NULL
         THEN ROW((t).country, (t).name, (t).rate_ppm, (t).included, -(t).net_micros, -(t).tax_micros)::billing.entry_tax END;

-- ---------------------------------------------------------------------------------------------------------------- ledger

-- As before, with the tax in the entry.
DROP FUNCTION billing.post_entry(uuid, text, text, bigint, text, text, boolean, date);
CREATE FUNCTION billing.post_entry(p_account uuid, p_kind text, p_contra text, p_amount bigint, p_reference text, p_note text,
  p_used boolean, p_on date DEFAULT (now() AT TIME ZONE 'UTC')::date, p_tax billing.entry_tax DEFAULT NULL,
  OUT sequence bigint, OUT posted bigint) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE billing.account a SET posted_micros = posted_micros + p_amount, last_sequence = last_sequence + 1,
      last_used_on = CASE WHEN p_used THEN greatest(last_used_on, p_on) ELSE last_used_on END
    WHERE account_id = p_account RETURNING a.last_sequence, a.posted_micros INTO STRICT sequence, posted;
  INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, reference, note, tax)
    VALUES (p_account, post_entry.sequence, p_kind, p_contra, p_amount, posted, p_reference, p_note, p_tax);
END $$;

-- As before. p_amount is what was paid; where the tax came on top, the credit is the net part. The least top-up is one of credit: that of the
-- currency, or p_least; none if p_least is 1.
DROP FUNCTION billing.top_up(uuid, bigint, text, text, text, bigint);
CREATE FUNCTION billing.top_up(p_account uuid, p_amount bigint, p_payment text, p_note text, p_currency text, p_least bigint, p_at timestamptz,
  OUT status text, OUT balance_after bigint, OUT sequence bigint, OUT credited bigint, OUT tax billing.entry_tax) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  p billing.payment;
  e billing.entry;
  v_least bigint;
BEGIN
  balance_after := 0; sequence := 0; credited := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  SELECT * INTO p FROM billing.payment WHERE payment_id = p_payment;
  IF FOUND THEN
    status := CASE WHEN p.account_id <> p_account THEN 'payment_account_conflict'
                   WHEN p_currency <> '' AND a.currency <> p_currency THEN 'payment_currency_conflict'
                   WHEN p.amount_micros <> p_amount THEN 'payment_amount_conflict' ELSE 'repeated' END;
    sequence := p.sequence;
    SELECT * INTO e FROM billing.entry b WHERE b.account_id = p.account_id AND b.sequence = p.sequence;
    credited := e.amount_micros; tax := e.tax;
    RETURN;
  END IF;
  tax := billing.tax_of_paid(a, 'top_up', p_amount, p_at);
  credited := billing.credit_of(p_amount, tax);
  v_least := CASE WHEN p_least <= 1 THEN 1
                  ELSE coalesce((SELECT c.least_top_up_micros FROM billing.currency c WHERE c.currency = a.currency), p_least) END;
  status := CASE WHEN p_currency <> '' AND a.currency <> p_currency THEN 'wrong_currency'
                 WHEN credited <= 0 THEN 'invalid_amount' WHEN credited < v_least THEN 'below_minimum'
                 WHEN a.posted_micros + credited > 1000000000000000 THEN 'invalid_amount' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  -- The same id on another account at this moment: the later of the two waits here and loses.
  INSERT INTO billing.payment VALUES (p_account, p_payment, p_amount, a.last_sequence + 1) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN status := 'payment_account_conflict'; RETURN; END IF;
  SELECT x.sequence, x.posted INTO sequence, balance_after
    FROM billing.post_entry(p_account, 'top_up', 'cash', credited, p_payment, p_note, true, p_tax => tax) x;
  status := 'credited';
END $$;

-- As before. p_amount is what goes back to the payer; its share of the tax is such that the parts of a payment add up to the whole: the
-- share of all that was refunded up to now, rounded half up to the coin, less what the earlier parts had of it.
DROP FUNCTION billing.refund_payment(text, text, bigint, text, text);
CREATE FUNCTION billing.refund_payment(p_refund text, p_payment text, p_amount bigint, p_currency text, p_note text,
  OUT status text, OUT account_id uuid, OUT balance_after bigint, OUT left_micros bigint, OUT debited bigint, OUT tax billing.entry_tax)
LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  p billing.payment;
  r billing.refund;
  e billing.entry;
  v_before bigint;
BEGIN
  balance_after := 0; left_micros := 0; debited := 0;
  SELECT * INTO p FROM billing.payment b WHERE b.payment_id = p_payment;
  IF NOT FOUND THEN status := 'no_payment'; RETURN; END IF;
  account_id := p.account_id;
  SELECT * INTO a FROM billing.account b WHERE b.account_id = p.account_id FOR NO KEY UPDATE;
  balance_after := a.posted_micros;
  SELECT p.amount_micros - coalesce(sum(b.amount_micros), 0), coalesce(sum(-(x.tax).tax_micros), 0) INTO left_micros, v_before
    FROM billing.refund b JOIN billing.entry x ON x.account_id = b.account_id AND x.sequence = b.sequence
    WHERE b.account_id = p.account_id AND b.payment_id = p_payment;
  SELECT * INTO r FROM billing.refund b WHERE b.refund_id = p_refund;
  IF FOUND THEN
    status := CASE WHEN r.payment_id = p_payment AND r.amount_micros = p_amount THEN 'repeated' ELSE 'refund_conflict' END;
    SELECT * INTO e FROM billing.entry b WHERE b.account_id = r.account_id AND b.sequence = r.sequence;
    debited := -e.amount_micros; tax := e.tax;
    RETURN;
  END IF;
  SELECT * INTO e FROM billing.entry b WHERE b.account_id = p.account_id AND b.sequence = p.sequence;
  debited := p_amount;
  IF (e.tax).country IS NOT NULL THEN
    tax := e.tax;
    tax.tax_micros := least(p_amount, billing.half_up(tax.tax_micros::numeric * (p.amount_micros - left_micros + p_amount), p.amount_micros,
                                                      billing.coin_micros(a.currency)) - v_before);
    tax.net_micros := p_amount - tax.tax_micros;
    debited := billing.credit_of(p_amount, tax);
    tax := billing.negated(tax);
  END IF;
  status := CASE WHEN p_currency <> '' AND a.currency <> p_currency THEN 'wrong_currency' WHEN p_amount <= 0 THEN 'invalid_amount'
                 WHEN p_amount > left_micros THEN 'refund_exceeds_payment'
                 WHEN debited <= 0 THEN 'invalid_amount'
                 WHEN debited > a.posted_micros - a.held_micros THEN 'insufficient_credit' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  INSERT INTO billing.refund VALUES (p.account_id, p_refund, p_payment, p_amount, a.last_sequence + 1) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN status := 'refund_conflict'; RETURN; END IF;
  SELECT x.posted INTO balance_after
    FROM billing.post_entry(p.account_id, 'refund', 'refunds', -debited, p_refund, p_note, false, p_tax => tax) x;
  left_micros := left_micros - p_amount;
  status := 'refunded';
END $$;

-- What a period took, with the tax that came on top of its price; null: the price alone (charged before taxes were known here).
ALTER TABLE billing.subscription_charge ADD COLUMN charged_micros bigint CHECK (charged_micros >= price_micros);

-- As before. p_price is the term's price, with or without the tax as the rate says.
DROP FUNCTION billing.charge_subscription(uuid, uuid, int, int, bigint, text);
CREATE FUNCTION billing.charge_subscription(p_account uuid, p_subscription uuid, p_period int, p_months int, p_price bigint, p_note text,
  p_at timestamptz, OUT status text, OUT balance_after bigint, OUT charged bigint, OUT tax billing.entry_tax) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  s billing.subscription_charge;
  e billing.entry;
  v_last int;
BEGIN
  balance_after := 0; charged := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  SELECT * INTO s FROM billing.subscription_charge WHERE account_id = p_account AND subscription_id = p_subscription AND period = p_period;
  IF FOUND THEN
    status := CASE WHEN s.months = p_months AND s.price_micros = p_price THEN 'repeated' ELSE 'period_conflict' END;
    SELECT * INTO e FROM billing.entry b WHERE b.account_id = p_account AND b.sequence = s.sequence;
    charged := -e.amount_micros; tax := e.tax;
    RETURN;
  END IF;
  tax := billing.tax_of_price(a, 'subscription', p_price, p_at);
  charged := p_price + CASE WHEN tax.included IS FALSE THEN tax.tax_micros ELSE 0 END;
  tax := billing.negated(tax);
  SELECT coalesce(max(period), 0) INTO v_last FROM billing.subscription_charge WHERE account_id = p_account AND subscription_id = p_subscription;
  status := CASE WHEN p_period <> v_last + 1 THEN 'period_conflict' WHEN a.blocked THEN 'account_blocked'
                 WHEN a.posted_micros - a.held_micros < charged THEN 'insufficient_credit' END;
  IF status IS NOT NULL THEN RETURN; END IF;
  INSERT INTO billing.subscription_charge (account_id, subscription_id, period, months, price_micros, sequence, charged_micros)
    VALUES (p_account, p_subscription, p_period, p_months, p_price, a.last_sequence + 1, charged);
  -- A renewal is not a use of the credit: it does not keep it from expiring.
  SELECT x.posted INTO balance_after FROM billing.post_entry(p_account, 'subscription', 'subscription_revenue', -charged,
    p_subscription::text || '/' || p_period, p_note, false, p_tax => tax) x;
  status := 'charged';
END $$;

-- As before, of all that was charged; the tax goes back with the same share, rounded half up to the coin.
CREATE OR REPLACE FUNCTION billing.refund_subscription(p_account uuid, p_subscription uuid, p_period int, p_unused_days int, p_period_days int,
  p_note text, p_on date, OUT status text, OUT amount bigint, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  c billing.subscription_charge;
  e billing.entry;
  t billing.entry_tax;
  v_charged bigint;
BEGIN
  amount := 0; balance_after := 0;
  SELECT * INTO a FROM billing.account WHERE account_id = p_account FOR NO KEY UPDATE;
  IF NOT FOUND THEN status := 'no_account'; RETURN; END IF;
  balance_after := a.posted_micros;
  SELECT r.amount_micros INTO amount FROM billing.subscription_refund r
    WHERE account_id = p_account AND subscription_id = p_subscription AND period = p_period;
  IF FOUND THEN status := 'repeated'; RETURN; END IF;
  amount := 0;
  SELECT * INTO c FROM billing.subscription_charge WHERE account_id = p_account AND subscription_id = p_subscription AND period = p_period;
  IF NOT FOUND THEN status := 'no_charge'; RETURN; END IF;
  IF p_period_days NOT BETWEEN 1 AND 3700 OR p_unused_days > p_period_days THEN status := 'invalid_amount'; RETURN; END IF;
  v_charged := coalesce(c.charged_micros, c.price_micros);
  amount := v_charged * greatest(p_unused_days, 0) / p_period_days;  -- below 2^63: at most 2 × 10^15 × 3700
  IF amount = 0 THEN status := 'nothing_unused'; RETURN; END IF;
  IF a.posted_micros + amount > 1000000000000000 THEN amount := 0; status := 'invalid_amount'; RETURN; END IF;
  SELECT * INTO e FROM billing.entry b WHERE b.account_id = p_account AND b.sequence = c.sequence;
  IF (e.tax).country IS NOT NULL THEN
    t := billing.negated(e.tax);
    t.tax_micros := least(amount, billing.half_up(t.tax_micros::numeric * amount, v_charged, billing.coin_micros(a.currency)));
    t.net_micros := amount - t.tax_micros;
  END IF;
  INSERT INTO billing.subscription_refund
    VALUES (p_account, p_subscription, p_period, p_unused_days, p_period_days, amount, a.last_sequence + 1);
  SELECT x.posted INTO balance_after FROM billing.post_entry(p_account, 'subscription_refund', 'subscription_refunds', amount,
    p_subscription::text || '/' || p_period, p_note, true, p_on, t) x;
  status := 'refunded';
END $$;

-- ------------------------------------------------------------------------------------------------------------ invariants

-- As before, less what is about payments and subscriptions: that has to look at the tax.
CREATE OR REPLACE VIEW billing.call_violation AS
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
    WHERE charged_micros > price_micros OR charged_micros > held_micros OR (settled_by IN ('gateway', 'reaper') AND charged_micros <> price_micros);

CREATE OR REPLACE VIEW billing.credit_violation AS
  SELECT 'inactive credit is not what lapsed' AS what, a.account_id, (a.inactive_micros + coalesce(e.total, 0))::bigint AS difference
    FROM billing.account a LEFT JOIN (
      SELECT account_id, sum(amount_micros) AS total FROM billing.entry WHERE contra = 'inactive_credit' GROUP BY 1) e USING (account_id)
    WHERE a.inactive_micros <> -coalesce(e.total, 0)
  UNION ALL SELECT 'top-up is not its payment', account_id, coalesce(e.paid_micros, 0) - coalesce(p.amount_micros, 0)
    FROM (SELECT account_id, sequence, reference AS payment_id, coalesce((tax).net_micros + (tax).tax_micros, amount_micros) AS paid_micros
            FROM billing.entry WHERE kind = 'top_up') e
    FULL JOIN billing.payment p USING (account_id, sequence, payment_id)
    WHERE e.paid_micros IS DISTINCT FROM p.amount_micros
  UNION ALL SELECT 'refund entry is not its refund', account_id, coalesce(e.paid_micros, 0) + coalesce(r.amount_micros, 0)
    FROM (SELECT account_id, sequence, reference AS refund_id, coalesce((tax).net_micros + (tax).tax_micros, amount_micros) AS paid_micros
            FROM billing.entry WHERE kind = 'refund') e
    FULL JOIN billing.refund r USING (account_id, sequence, refund_id)
    WHERE -e.paid_micros IS DISTINCT FROM r.amount_micros
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

CREATE OR REPLACE VIEW billing.subscription_violation AS
  SELECT 'subscription refund entry is not its refund' AS what, account_id,
         coalesce(e.amount_micros, 0) - coalesce(r.amount_micros, 0) AS difference
    FROM (SELECT account_id, sequence, amount_micros FROM billing.entry WHERE kind = 'subscription_refund') e
    FULL JOIN billing.subscription_refund r USING (account_id, sequence)
    WHERE e.amount_micros IS DISTINCT FROM r.amount_micros
  UNION ALL SELECT 'subscription refund is not its share', r.account_id, r.amount_micros
    FROM billing.subscription_refund r JOIN billing.subscription_charge c USING (account_id, subscription_id, period)
    WHERE r.amount_micros <> coalesce(c.charged_micros, c.price_micros) * r.unused_days / r.period_days
  UNION ALL SELECT 'gap in the periods of a subscription', account_id, max(period)
    FROM billing.subscription_charge GROUP BY account_id, subscription_id HAVING max(period) <> count(*)
  UNION ALL SELECT 'subscription entry is not its charge', account_id, coalesce(e.amount_micros, 0) + coalesce(s.charged_micros, 0)
    FROM (SELECT account_id, sequence, amount_micros FROM billing.entry WHERE kind = 'subscription') e
    FULL JOIN (SELECT account_id, sequence, coalesce(charged_micros, price_micros) AS charged_micros FROM billing.subscription_charge) s
      USING (account_id, sequence)
    WHERE -e.amount_micros IS DISTINCT FROM s.charged_micros;

CREATE VIEW billing.tax_violation AS
  SELECT 'tax is not that of the rate' AS what, e.account_id, (e.tax).tax_micros AS difference
    FROM billing.entry e JOIN billing.account a USING (account_id)
    WHERE e.kind IN ('top_up', 'subscription') AND (e.tax).country IS NOT NULL
      AND abs((e.tax).tax_micros) <> billing.tax_within(abs((e.tax).net_micros + (e.tax).tax_micros), (e.tax).rate_ppm, billing.coin_micros(a.currency))
      AND abs((e.tax).tax_micros) <> billing.tax_on_top(abs((e.tax).net_micros), (e.tax).rate_ppm, billing.coin_micros(a.currency))
  UNION ALL SELECT 'entry is not its net amount and tax', account_id, amount_micros FROM billing.entry
    WHERE (tax).country IS NOT NULL
      AND amount_micros <> (tax).net_micros + CASE WHEN (tax).included OR kind IN ('subscription', 'subscription_refund') THEN (tax).tax_micros ELSE 0 END
  UNION ALL SELECT 'tax of refunds is not that of the payment', p.account_id, (r.tax_micros + (e.tax).tax_micros)::bigint
    FROM billing.payment p JOIN billing.entry e USING (account_id, sequence)
    JOIN (SELECT f.account_id, f.payment_id, sum(f.amount_micros) AS total, sum((x.tax).tax_micros) AS tax_micros
            FROM billing.refund f JOIN billing.entry x USING (account_id, sequence) GROUP BY 1, 2) r USING (account_id, payment_id)
    WHERE (e.tax).country IS NOT NULL AND (-r.tax_micros > (e.tax).tax_micros OR (r.total = p.amount_micros AND -r.tax_micros <> (e.tax).tax_micros));

-- The view of broken invariants is all of their views together.
DO $$
DECLARE v_all text;
BEGIN
  SELECT string_agg(format('SELECT * FROM billing.%I', viewname), ' UNION ALL ' ORDER BY viewname) INTO v_all
    FROM pg_views WHERE schemaname = 'billing' AND viewname LIKE '%\_violation';
  EXECUTE 'CREATE OR REPLACE VIEW billing.violation AS ' || v_all;
END $$;
