-- SPDX-License-Identifier: Apache-2.0
-- What ends a number's term for good is told as an event, too: given up by its owner or unpaid to the end, and ported away.
CREATE OR REPLACE FUNCTION gateway.note_account_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_type text := CASE NEW.kind
    WHEN 'credit_lapse_notice' THEN 'credit.expiring' WHEN 'credit_lapsed' THEN 'credit.expired'
    WHEN 'credit_reactivated' THEN 'credit.reactivated' WHEN 'credit_locked' THEN 'credit.locked'
    WHEN 'number_term_notice' THEN 'number.expiring' WHEN 'number_in_grace' THEN 'number.in_grace'
    WHEN 'number_withdrawn' THEN 'number.withdrawn' WHEN 'number_given_up' THEN 'number.given_up'
    WHEN 'number_ported' THEN 'number.ported' END;
BEGIN
  IF v_type IS NOT NULL THEN
    INSERT INTO gateway.event_outbox (type, account_id, resource, data)
      VALUES (v_type, NEW.account_id, CASE WHEN NEW.body ? 'number' THEN 'number:' || (NEW.body ->> 'number') ELSE 'account:' || NEW.account_id END, NEW.body);
  END IF;
  RETURN NULL;
END $$;
