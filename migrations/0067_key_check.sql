-- SPDX-License-Identifier: Apache-2.0
-- Secrets that every node must have alike, each by a keyed digest of its name that does not tell it: whoever comes with another one is
-- not served.
CREATE TABLE gateway.key_check (
  name    text PRIMARY KEY,      -- of the configuration's key
  digest  bytea NOT NULL,        -- HMAC-SHA-256 of the name
  made_at timestamptz NOT NULL DEFAULT now()
);
