-- SPDX-License-Identifier: Apache-2.0
-- A webhook that is removed hears of nothing from then on, and nobody sees it; what waited for it, which may be millions of rows, goes
-- little by little, and its row last.
ALTER TABLE gateway.webhook ADD COLUMN removed_at timestamptz, ADD CONSTRAINT removed_is_off CHECK (removed_at IS NULL OR NOT enabled);
-- By which request the secret was made: the same one, sent again because its answer was lost, does not push the receiver's own out.
ALTER TABLE gateway.webhook ADD COLUMN secret_id uuid;
CREATE INDEX webhook_removed ON gateway.webhook (webhook_id) WHERE removed_at IS NOT NULL;

CREATE OR REPLACE FUNCTION gateway.webhooks_of_events(p_first bigint, p_last bigint) RETURNS TABLE (webhook_id uuid, "position" bigint, resource text)
LANGUAGE sql STABLE AS $$
  SELECT w.webhook_id, e.position, e.resource FROM gateway.event e JOIN gateway.webhook w ON w.account_id IS NULL AND w.removed_at IS NULL
    WHERE e.position BETWEEN p_first AND p_last AND (w.event_types = '{}' OR e.type = ANY (w.event_types))
  UNION ALL
  SELECT w.webhook_id, e.position, e.resource FROM gateway.event e JOIN gateway.webhook w ON w.account_id = e.account_id AND w.removed_at IS NULL
    WHERE e.position BETWEEN p_first AND p_last AND gateway.is_own_event(e.type) AND (w.event_types = '{}' OR e.type = ANY (w.event_types)) $$;
