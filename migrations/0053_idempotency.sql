-- SPDX-License-Identifier: Apache-2.0
-- Requests of the API that bear an Idempotency-Key: what they were, and what they were answered, for 24 hours. A row is made before the
-- request is carried out, with the id of what it will make: whoever carries it out again after a crash makes the same thing.
CREATE TABLE gateway.idempotent_request (
  token_id    uuid NOT NULL,         -- whose key it is
  key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),  -- of operation and body; keyed by the token's secret, so that it tells nothing of PINs in them
  request_id  uuid NOT NULL,         -- which carries it out, or did
  made_id     uuid NOT NULL,
  made_at     timestamptz NOT NULL DEFAULT now(),
  busy_until  timestamptz,           -- by then it is answered, or its node has ended; null: nobody carries it out
  status      integer CHECK (status BETWEEN 200 AND 499),
  location    text,
  body        text,                  -- without secrets
  CHECK ((status IS NULL) = (body IS NULL)),
  PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotent_request_made ON gateway.idempotent_request (made_at);
