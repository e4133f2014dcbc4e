-- SPDX-License-Identifier: Apache-2.0
-- Signatures of callers' numbers (STIR/SHAKEN): which trunks' calls are signed (pstn/trunk/trunk.hpp), and what the signature of a call in
-- amounted to (pstn/identity/verification.hpp), in its record.
ALTER TABLE pstn.trunk ADD COLUMN sign_identity boolean NOT NULL DEFAULT false;

ALTER TABLE billing.cdr ADD COLUMN caller_verdict text NOT NULL DEFAULT '';   -- 'verified_a', 'failed_stale', 'none', …; '': nobody looked

-- As that of three, with the verdict. Calls without one, and a record that is there already, take no second step.
CREATE FUNCTION billing.record_call(p_account uuid, p_call uuid, p_stop billing.stop, p_caller_verdict text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_status text := billing.record_call(p_account, p_call, p_stop);
BEGIN
  IF v_status = 'recorded' AND p_caller_verdict <> '' THEN
    UPDATE billing.cdr SET caller_verdict = p_caller_verdict WHERE account_id = p_account AND call_id = p_call;
  END IF;
  RETURN v_status;
END $$;
