-- SPDX-License-Identifier: Apache-2.0
-- What an admin gives back of a subscription's period that is not over: its unused whole days, once.
CREATE TABLE billing.subscription_refund (
  account_id      uuid NOT NULL,
  subscription_id uuid NOT NULL,
  period          int NOT NULL,
  unused_days     int NOT NULL CHECK (unused_days >= 1),
  period_days     int NOT NULL CHECK (period_days >= unused_days),
  amount_micros   bigint NOT NULL CHECK (amount_micros > 0),
  sequence        bigint NOT NULL,              -- of its entry
  PRIMARY KEY (account_id, subscription_id, period),
  FOREIGN KEY (account_id, subscription_id, period) REFERENCES billing.subscription_charge
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.subscription_refund
  FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();

-- Days × price, rounded down to the micro-unit. Asked for again, whatever the days are by then, it answers what was given.
CREATE FUNCTION billing.refund_subscription(p_account uuid, p_subscription uuid, p_period int, p_unused_days int, p_period_days int,
  p_note text, p_on date, OUT status text, OUT amount bigint, OUT balance_after bigint) LANGUAGE plpgsql AS $$
DECLARE
  a billing.account;
  c billing.subscription_charge;
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
  amount := c.price_micros * greatest(p_unused_days, 0) / p_period_days;  -- below 2^63: at most 10^15 × 3700
  IF amount = 0 THEN status := 'nothing_unused'; RETURN; END IF;
  IF a.posted_micros + amount > 1000000000000000 THEN amount := 0; status := 'invalid_amount'; RETURN; END IF;
  INSERT INTO billing.subscription_refund
    VALUES (p_account, p_subscription, p_period, p_unused_days, p_period_days, amount, a.last_sequence + 1);
  SELECT e.posted INTO balance_after FROM billing.post_entry(p_account, 'subscription_refund', 'subscription_refunds', amount,
    p_subscription::text || '/' || p_period, p_note, true, p_on) e;
  status := 'refunded';
END $$;

CREATE VIEW billing.subscription_violation AS
  SELECT 'subscription refund entry is not its refund' AS what, account_id,
         coalesce(e.amount_micros, 0) - coalesce(r.amount_micros, 0) AS difference
    FROM (SELECT account_id, sequence, amount_micros FROM billing.entry WHERE kind = 'subscription_refund') e
    FULL JOIN billing.subscription_refund r USING (account_id, sequence)
    WHERE e.amount_micros IS DISTINCT FROM r.amount_micros
  UNION ALL SELECT 'subscription refund is not its share', r.account_id, r.amount_micros
    FROM billing.subscription_refund r JOIN billing.subscription_charge c USING (account_id, subscription_id, period)
    WHERE r.amount_micros <> c.price_micros * r.unused_days / r.period_days
  UNION ALL SELECT 'gap in the periods of a subscription', account_id, max(period)
    FROM billing.subscription_charge GROUP BY account_id, subscription_id HAVING max(period) <> count(*);

CREATE OR REPLACE VIEW billing.violation AS
  SELECT * FROM billing.call_violation UNION ALL SELECT * FROM billing.credit_violation UNION ALL SELECT * FROM billing.subscription_violation;
