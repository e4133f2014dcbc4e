-- SPDX-License-Identifier: Apache-2.0
-- The audit tells more of who and what: the account or carrier of the token and its label, which go with the token's row some day, and what
-- the request set.
ALTER TABLE gateway.audit ADD account_id uuid, ADD carrier_id uuid, ADD label text,
  ADD fields jsonb;    -- the members of the request's body; of secrets the names alone
ALTER TABLE gateway.audit_begun ADD account_id uuid, ADD carrier_id uuid, ADD label text, ADD fields jsonb;

CREATE OR REPLACE FUNCTION gateway.end_lost_audits() RETURNS bigint LANGUAGE sql AS $$
  WITH lost AS (DELETE FROM gateway.audit_begun WHERE at < now() - interval '20 minutes' RETURNING *),
       kept AS (INSERT INTO gateway.audit (at, request_id, token_id, role, address, method, target, before, account_id, carrier_id, label, fields)
                SELECT at, request_id, token_id, role, address, method, target, before, account_id, carrier_id, label, fields FROM lost ORDER BY at
                ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*) FROM kept
$$;

-- Which role has shut an account: the support desk opens again what it has shut itself. Null: nobody knows, or it is open.
ALTER TABLE gateway.subscriber ADD shut_by text;

-- Sessions are made by a pass-phrase, whatever label another token bears; and a token is rotated once.
ALTER TABLE gateway.api_token ADD is_session boolean NOT NULL DEFAULT false, ADD rotated_at timestamptz;
UPDATE gateway.api_token SET is_session = true WHERE role = 'subscriber' AND label = 'session' AND expires_at IS NOT NULL;

-- Webhooks of an account that is not active hear of nothing: who had its pass-phrase once may have made them.
CREATE OR REPLACE FUNCTION gateway.webhooks_of_events(p_first bigint, p_last bigint) RETURNS TABLE (webhook_id uuid, "position" bigint, resource text)
LANGUAGE sql STABLE AS $$
  SELECT w.webhook_id, e.position, e.resource FROM gateway.event e JOIN gateway.webhook w ON w.account_id IS NULL AND w.removed_at IS NULL
    WHERE e.position BETWEEN p_first AND p_last AND (w.event_types = '{}' OR e.type = ANY (w.event_types))
  UNION ALL
  SELECT w.webhook_id, e.position, e.resource FROM gateway.event e JOIN gateway.webhook w ON w.account_id = e.account_id AND w.removed_at IS NULL
    JOIN gateway.subscriber s ON s.account_id = w.account_id AND s.status = 'active'
    WHERE e.position BETWEEN p_first AND p_last AND gateway.is_own_event(e.type) AND (w.event_types = '{}' OR e.type = ANY (w.event_types)) $$;
