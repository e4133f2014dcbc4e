-- SPDX-License-Identifier: Apache-2.0
-- A payment that its provider has given back already, although its credit is spent. billing/README.md tells the rules.

-- What an account owes: its credit did not cover a payment's return. Paid back by adjustments whose reference is debt/ and the refund's id.
CREATE TABLE billing.debt (
  account_id  uuid NOT NULL REFERENCES billing.account,
  refund_id   text NOT NULL,
  owed_micros bigint NOT NULL CHECK (owed_micros > 0),
  sequence    bigint NOT NULL,                    -- of the adjustment that bore it
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, refund_id),
  FOREIGN KEY (account_id, refund_id) REFERENCES billing.refund (account_id, refund_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.debt FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();

CREATE VIEW billing.debt_left AS
  SELECT d.account_id, d.refund_id, d.at, d.owed_micros,
         greatest(0, d.owed_micros + coalesce((SELECT sum(e.amount_micros)::bigint FROM billing.entry e WHERE e.account_id = d.account_id
           AND e.kind = 'adjustment' AND e.reference = 'debt/' || d.refund_id), 0)) AS left_micros
    FROM billing.debt d;

-- The refund is entered whole, with all of its tax: what the free credit lacks is given by the house before (an adjustment), and owed to it. The
-- account is locked as by a limit against fraud, until an admin unlocks it. Statuses are those of refund_payment, but never insufficient_credit.
CREATE FUNCTION billing.take_back_payment(p_refund text, p_payment text, p_amount bigint, p_currency text, p_note text, OUT status text,
  OUT account_id uuid, OUT balance_after bigint, OUT left_micros bigint, OUT debited bigint, OUT tax billing.entry_tax, OUT owed bigint)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  a billing.account;
  v_sequence bigint;
BEGIN
  owed := 0;
  SELECT * INTO r FROM billing.refund_payment(p_refund, p_payment, p_amount, p_currency, p_note);
  IF r.status = 'insufficient_credit' THEN
    SELECT * INTO a FROM billing.account b WHERE b.account_id = r.account_id;  -- it is locked since then
    owed := r.debited - (a.posted_micros - a.held_micros);
    SELECT x.sequence INTO v_sequence FROM billing.post_entry(r.account_id, 'adjustment', 'adjustments', owed, 'owed/' || p_refund,
      'owed: the payment was given back after its credit was spent', false) x;
    SELECT * INTO r FROM billing.refund_payment(p_refund, p_payment, p_amount, p_currency, p_note);
    INSERT INTO billing.debt (account_id, refund_id, owed_micros, sequence) VALUES (r.account_id, p_refund, owed, v_sequence);
    INSERT INTO billing.fraud_state AS f (scope, locked_at, measure) VALUES (r.account_id::text, now(), 'payment_taken_back')
      ON CONFLICT (scope) DO UPDATE SET locked_at = now(), measure = excluded.measure, action = 'cut';
    UPDATE billing.account b SET fraud_epoch = 0 WHERE b.account_id = r.account_id;  -- what it knows of its room is void
    PERFORM billing.note_fraud(r.account_id::text, 'payment_taken_back', a.currency::text, owed, 0, 'cut', NULL);
    PERFORM billing.add_event(r.account_id, 'credit_locked/' || p_refund, 'credit_locked',
      jsonb_build_object('owed_micros', owed, 'currency', a.currency), now());
  ELSIF r.status = 'repeated' THEN
    owed := coalesce((SELECT d.owed_micros FROM billing.debt d WHERE d.account_id = r.account_id AND d.refund_id = p_refund), 0);
  END IF;
  status := r.status; account_id := r.account_id; balance_after := r.balance_after; left_micros := r.left_micros; debited := r.debited;
  tax := r.tax;
END $$;

CREATE VIEW billing.debt_violation AS
  SELECT 'debt is not what its adjustment bore' AS what, d.account_id, d.owed_micros - coalesce(e.amount_micros, 0) AS difference
    FROM billing.debt d LEFT JOIN billing.entry e ON e.account_id = d.account_id AND e.sequence = d.sequence
      AND e.kind = 'adjustment' AND e.reference = 'owed/' || d.refund_id
    WHERE e.amount_micros IS DISTINCT FROM d.owed_micros
  UNION ALL SELECT 'more was borne than is owed', e.account_id, e.amount_micros
    FROM billing.entry e WHERE e.kind = 'adjustment' AND e.reference LIKE 'owed/%' AND NOT EXISTS (
      SELECT FROM billing.debt d WHERE d.account_id = e.account_id AND d.sequence = e.sequence);
DO $$
DECLARE v_all text;
BEGIN
  SELECT string_agg(format('SELECT * FROM billing.%I', viewname), ' UNION ALL ' ORDER BY viewname) INTO v_all
    FROM pg_views WHERE schemaname = 'billing' AND viewname LIKE '%\_violation';
  EXECUTE 'CREATE OR REPLACE VIEW billing.violation AS ' || v_all;
END $$;
