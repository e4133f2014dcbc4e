-- SPDX-License-Identifier: Apache-2.0
-- Names that an operator's own systems have for our resources, and the lists of numbers that were imported.

CREATE TABLE gateway.external_id (
  kind        text NOT NULL,             -- account, carrier, trunk, number, voucher_batch, webhook
  owner       uuid NOT NULL,             -- of a webhook that an account has; else nil
  name        text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 200),
  resource_id text NOT NULL,             -- of a number: its digits, with +
  PRIMARY KEY (kind, owner, name),
  UNIQUE (kind, resource_id)
);

CREATE TABLE voicemail.number_import (
  import_id     uuid PRIMARY KEY,
  import_number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  outcome       text NOT NULL CHECK (outcome IN ('valid', 'done', 'refused')),   -- valid: a dry run
  dry_run       boolean NOT NULL,
  numbers       int NOT NULL,            -- that were put into stock, or would have been
  errors_total  int NOT NULL,
  errors        json NOT NULL,           -- the first of them: line and code
  imported      text[] NOT NULL,         -- of one that was done: the numbers
  actor         text NOT NULL,           -- role and token, as in the numbers' events
  made_at       timestamptz NOT NULL DEFAULT now()
);
