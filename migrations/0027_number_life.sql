-- SPDX-License-Identifier: Apache-2.0
-- The life of numbers, kept: every change of state is an event that nobody can alter. Numbers that a supplier takes back, notices
-- before a term ends, and what numbers are searched by.
ALTER TABLE voicemail.number
  ADD COLUMN country text NOT NULL DEFAULT '',                                -- ISO 3166 alpha-2, "001" for codes of no country
  ADD COLUMN notices int NOT NULL DEFAULT 0 CHECK (notices BETWEEN 0 AND 3);  -- given in this term: 30 d, 7 d, 1 d before its end

ALTER TABLE voicemail.number DROP CONSTRAINT number_state_check, DROP CONSTRAINT number_check;
ALTER TABLE voicemail.number
  ADD CONSTRAINT number_state_check CHECK
    (state IN ('available', 'reserved', 'assigned', 'grace', 'quarantined', 'ported_out', 'withdrawn')),
  ADD CONSTRAINT number_owner_check CHECK ((state IN ('available', 'ported_out', 'withdrawn')) = (account_id IS NULL));
CREATE INDEX number_stock ON voicemail.number (country, number) WHERE state = 'available';

CREATE TABLE voicemail.number_event (
  number     text COLLATE "C" NOT NULL,
  sequence   bigint GENERATED ALWAYS AS IDENTITY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  from_state text,                       -- null: it came into stock
  to_state   text NOT NULL,
  account_id uuid,                       -- whose it is, or was until now
  order_id   uuid,
  paid_until timestamptz,
  actor      text NOT NULL,              -- "gateway" for what its dates ask for, else who asked
  PRIMARY KEY (number, sequence)
);

-- Whatever the way of a change, it is written down: with its actor, where the transaction has named one (voicemail.actor).
CREATE FUNCTION voicemail.note_number_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_old text; v_account uuid := NEW.account_id; v_order uuid := NEW.order_id;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = NEW.state AND OLD.account_id IS NOT DISTINCT FROM NEW.account_id
       AND OLD.paid_periods = NEW.paid_periods AND OLD.reserved_until IS NOT DISTINCT FROM NEW.reserved_until THEN
      RETURN NULL;
    END IF;
    v_old := OLD.state;
    v_account := coalesce(v_account, OLD.account_id);
    v_order := coalesce(v_order, OLD.order_id);
  END IF;
  INSERT INTO voicemail.number_event (number, from_state, to_state, account_id, order_id, paid_until, actor)
    VALUES (NEW.number, v_old, NEW.state, v_account, v_order, NEW.paid_until,
            coalesce(nullif(current_setting('voicemail.actor', true), ''), 'gateway'));
  RETURN NULL;
END $$;
CREATE TRIGGER number_event AFTER INSERT OR UPDATE ON voicemail.number
  FOR EACH ROW EXECUTE FUNCTION voicemail.note_number_event();

CREATE FUNCTION voicemail.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'events of numbers are not changed'; END $$;
CREATE TRIGGER number_event_kept BEFORE UPDATE OR DELETE ON voicemail.number_event
  FOR EACH ROW EXECUTE FUNCTION voicemail.refuse_change();
