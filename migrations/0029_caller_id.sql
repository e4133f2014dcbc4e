-- SPDX-License-Identifier: Apache-2.0
-- Identities on trunks (pstn/trunk/trunk.hpp), and which number an account shows when it calls (gateway/subscriber/caller_choice.hpp).
ALTER TABLE pstn.trunk
  ADD COLUMN user_phone       boolean NOT NULL DEFAULT false,
  ADD COLUMN trusted_identity boolean NOT NULL DEFAULT true;

CREATE TABLE gateway.caller_choice (
  account_id uuid PRIMARY KEY REFERENCES gateway.subscriber,
  verified   text[] NOT NULL DEFAULT '{}',                          -- E.164: numbers that the operator knows to be the subscriber's
  shown      text CHECK (shown ~ '^\+[1-9][0-9]{4,14}$'),           -- null: the first rented one, else the first verified one
  withheld   boolean NOT NULL DEFAULT false,                        -- asserted to the carrier alone (RFC 3323)
  changed_at timestamptz NOT NULL DEFAULT now()
);
