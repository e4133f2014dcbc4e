-- SPDX-License-Identifier: Apache-2.0
-- Records of calls as a file that is made in the background, at any node, and kept for a while: a request orders it, another one asks how
-- far it is, a third one fetches it. A node that makes it has it on lease; when that runs out another one goes on behind the last part.
CREATE TABLE gateway.cdr_export (
  export_id    uuid PRIMARY KEY,
  role         text NOT NULL,             -- of who ordered it
  carrier_id   uuid,                      -- of a carrier: whose calls these are, and who may fetch it
  format       text NOT NULL CHECK (format IN ('csv', 'jsonl')),
  query        jsonb NOT NULL,            -- as it was asked for
  state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  error        text NOT NULL DEFAULT '',  -- of a failed one: a code
  last_call_id uuid,                      -- parts go so far
  parts        int NOT NULL DEFAULT 0,
  records      bigint NOT NULL DEFAULT 0,
  size_bytes   bigint NOT NULL DEFAULT 0,
  created_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  keep_hours   int NOT NULL CHECK (keep_hours BETWEEN 1 AND 168),
  expires_at   timestamptz,               -- when it has ended: so long it can be fetched
  claim        uuid,                      -- of the node that makes it
  busy_until   timestamptz,
  attempts     int NOT NULL DEFAULT 0     -- that were begun since its last part
);
CREATE INDEX cdr_export_open ON gateway.cdr_export (created_at) WHERE state IN ('waiting', 'running');
CREATE INDEX cdr_export_order ON gateway.cdr_export (created_at, export_id);
CREATE INDEX cdr_export_end ON gateway.cdr_export (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE gateway.cdr_export_part (
  export_id uuid NOT NULL REFERENCES gateway.cdr_export ON DELETE CASCADE,
  part      int NOT NULL,
  data      bytea NOT NULL,
  PRIMARY KEY (export_id, part)
);
