-- SPDX-License-Identifier: Apache-2.0
-- Rates by account: an account's own deck over its plan's over the default one. What carriers charge us: decks of kind 'cost', linked to
-- the carrier, and the cost and margin of every call in its CDR. Every node is told of a change (channel tollgate_rates).

ALTER TABLE billing.deck ADD COLUMN kind text NOT NULL DEFAULT 'sell' CHECK (kind IN ('sell', 'cost'));

-- billing.account.deck is the plan: the deck that many accounts share. Null: the account has no rates of its own.
ALTER TABLE billing.account ADD COLUMN own_deck text CHECK (own_deck <> '');

-- No foreign key to the carrier: billing knows no telephony. A row whose carrier is gone does nothing.
CREATE TABLE billing.carrier_deck (
  carrier_id uuid PRIMARY KEY,
  deck       text NOT NULL REFERENCES billing.deck,
  linked_at  timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION billing.refuse_sell_deck() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT kind FROM billing.deck WHERE deck = NEW.deck) <> 'cost' THEN
    RAISE EXCEPTION 'deck % is no cost deck', NEW.deck USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cost_deck BEFORE INSERT OR UPDATE ON billing.carrier_deck FOR EACH ROW EXECUTE FUNCTION billing.refuse_sell_deck();

-- Name, currency and kind of a deck are for ever: its versions, and the accounts and carriers that name it, rely on them.
CREATE FUNCTION billing.refuse_other_deck() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'deck % keeps its name, currency and kind', OLD.deck USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER lasting BEFORE UPDATE ON billing.deck FOR EACH ROW
  WHEN (OLD.deck <> NEW.deck OR OLD.currency <> NEW.currency OR OLD.kind <> NEW.kind OR OLD.newest_version > NEW.newest_version)
  EXECUTE FUNCTION billing.refuse_other_deck();

-- ------------------------------------------------------------------------------------------------------------------- CDR
-- The buying rate, frozen when the call began and kept for the audit (keys as in billing/stop_record.cpp); null: none was known.
ALTER TABLE billing.cdr ADD COLUMN cost jsonb;
ALTER TABLE billing.cdr ADD COLUMN cost_micros bigint CHECK (cost_micros >= 0);   -- of the whole talk time, in the cost's currency
ALTER TABLE billing.cdr ADD COLUMN margin_micros bigint;                          -- charged less cost, where the currencies are one

-- ---------------------------------------------------------------------------------------------------------- notification
-- Sent with the commit, so that whoever hears of it reads what was committed. The payload is for people who listen by psql.
CREATE FUNCTION billing.notify_rates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tollgate_rates', TG_TABLE_NAME);
  RETURN NULL;
END $$;
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON billing.deck_version FOR EACH STATEMENT EXECUTE FUNCTION billing.notify_rates();
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON billing.carrier_deck FOR EACH STATEMENT EXECUTE FUNCTION billing.notify_rates();

-- Carriers and trunks change as rarely, and every node routes by them.
CREATE FUNCTION pstn.notify_trunks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tollgate_trunks', TG_TABLE_NAME);
  RETURN NULL;
END $$;
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON pstn.carrier FOR EACH STATEMENT EXECUTE FUNCTION pstn.notify_trunks();
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON pstn.trunk FOR EACH STATEMENT EXECUTE FUNCTION pstn.notify_trunks();
