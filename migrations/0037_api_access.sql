-- SPDX-License-Identifier: Apache-2.0
-- Tokens of the API get a role, what it is bound to, and an end; the audit tells what a change made of what.
ALTER TABLE gateway.admin_token RENAME TO api_token;
ALTER TABLE gateway.api_token
  ADD role       text NOT NULL DEFAULT 'admin'
                 CHECK (role IN ('admin', 'auditor', 'rates', 'numbers', 'support', 'carrier', 'subscriber')),
  ADD carrier_id uuid REFERENCES pstn.carrier ON DELETE CASCADE,
  ADD account_id uuid REFERENCES gateway.subscriber ON DELETE CASCADE,
  ADD expires_at timestamptz,
  ADD CONSTRAINT carrier_token CHECK ((role = 'carrier') = (carrier_id IS NOT NULL)),
  ADD CONSTRAINT subscriber_token CHECK ((role = 'subscriber') = (account_id IS NOT NULL));
ALTER TABLE gateway.api_token ALTER role DROP DEFAULT;
CREATE INDEX api_token_account ON gateway.api_token (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX api_token_carrier ON gateway.api_token (carrier_id) WHERE carrier_id IS NOT NULL;

ALTER TABLE gateway.audit
  ADD audit_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  ADD role     text,
  ADD before   jsonb,   -- the resource as it was and as it became, or what a POST answered; secrets left out
  ADD after    jsonb;
CREATE INDEX audit_token ON gateway.audit (token_id, audit_id);
