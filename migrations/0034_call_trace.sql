-- SPDX-License-Identifier: Apache-2.0
-- What passed between the gateway and the trunks of a call, for people who look for a fault; kept for trace.keep_hours. No secrets
-- are in it, but numbers are. `messages` is as gateway/trace/call_trace.cpp writes it; json, not jsonb: nothing looks into it here.
CREATE TABLE gateway.call_trace (
  call_id  uuid PRIMARY KEY,
  node     text NOT NULL,
  began    timestamptz NOT NULL,
  ended    timestamptz NOT NULL,
  left_out int NOT NULL DEFAULT 0 CHECK (left_out >= 0),
  messages json NOT NULL
);
CREATE INDEX call_trace_ended ON gateway.call_trace (ended);
