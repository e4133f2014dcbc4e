-- SPDX-License-Identifier: Apache-2.0
-- Imports of rate decks as records of their own: what was checked (with its text, so that exactly that can be committed later), what was
-- imported and by whom, and what was rolled back.

-- A version that was withdrawn before it came into force never does.
ALTER TABLE billing.deck_version ADD COLUMN withdrawn_at timestamptz;

CREATE OR REPLACE FUNCTION billing.refuse_change_of_sealed_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.sealed AND NOT (TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
      AND OLD.effective_from > clock_timestamp() AND to_jsonb(OLD) - 'withdrawn_at' = to_jsonb(NEW) - 'withdrawn_at') THEN
    RAISE EXCEPTION 'deck % version % is sealed', OLD.deck, OLD.version USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TABLE billing.rate_import (
  import_id        uuid PRIMARY KEY,
  import_number    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  deck             text NOT NULL,
  kind             text NOT NULL CHECK (kind IN ('sell', 'cost')),
  currency         char(3) NOT NULL REFERENCES billing.currency,
  outcome          text NOT NULL CHECK (outcome IN ('checked', 'expired', 'imported', 'unchanged', 'rolled_back')),
  version          int NOT NULL,         -- the one made; unchanged: the one that is the same; checked: the deck's newest then
  rates            int NOT NULL,
  effective_from   timestamptz,          -- null: with the import or the commit
  note             text NOT NULL,
  counts           json NOT NULL,
  report           json NOT NULL,        -- what it changes: the first of each kind
  csv              bytea,                -- of one that was checked, until it is committed or has expired
  made_at          timestamptz NOT NULL DEFAULT now(),
  made_by          uuid,                 -- the token
  made_as          text,                 -- its role
  committed_at     timestamptz,
  committed_by     uuid,
  committed_as     text,
  rolled_back_at   timestamptz,
  rolled_back_by   uuid,
  rolled_back_as   text,
  restored_version int,                  -- the version that brought the earlier rates back; null: nothing but withdrawn
  CHECK (outcome = 'checked' OR csv IS NULL)
);
CREATE INDEX rate_import_deck ON billing.rate_import (deck, import_number);
CREATE INDEX rate_import_kept ON billing.rate_import (import_number) WHERE csv IS NOT NULL;
