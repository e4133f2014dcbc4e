-- SPDX-License-Identifier: Apache-2.0
-- PostgreSQL reads a table's CHECK constraints anew at every statement that writes it, and three of four steps of a call write the account: what
-- an account's mark of low credit must be is looked at where the mark is written instead.
ALTER TABLE billing.account DROP CONSTRAINT account_low_balance_micros_check;
CREATE FUNCTION billing.refuse_negative_mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'low_balance_micros is negative' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER low_balance_sound AFTER INSERT OR UPDATE OF low_balance_micros ON billing.account FOR EACH ROW
  WHEN (NEW.low_balance_micros < 0) EXECUTE FUNCTION billing.refuse_negative_mark();
