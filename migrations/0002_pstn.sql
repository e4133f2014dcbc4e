-- SPDX-License-Identifier: Apache-2.0
-- The telephone network: carriers and their trunks (pstn/trunk/trunk.hpp says what each field means).
CREATE SCHEMA pstn;

CREATE TABLE pstn.carrier (
  carrier_id uuid PRIMARY KEY,
  name       text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  enabled    boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pstn.trunk (
  trunk_id        uuid PRIMARY KEY,
  carrier_id      uuid NOT NULL REFERENCES pstn.carrier,
  name            text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  host            text NOT NULL CHECK (host <> ''),
  port            integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  transport       text NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
  digest_username text CHECK (digest_username <> ''),   -- null: known by address
  digest_password text,
  digest_realm    text,
  registers       boolean NOT NULL,
  from_domain     text NOT NULL,
  codecs          text[] NOT NULL CHECK (cardinality(codecs) > 0),
  dtmf            text NOT NULL CHECK (dtmf IN ('rfc4733', 'info', 'in_band')),
  caller_id       text NOT NULL CHECK (caller_id IN ('p_asserted_identity', 'remote_party_id', 'from')),
  number_format   text NOT NULL CHECK (number_format IN ('e164_plus', 'e164', 'international_00', 'national')),
  region          text NOT NULL CHECK (region ~ '^([A-Z]{2})?$'),
  default_caller  text CHECK (default_caller ~ '^\+[1-9][0-9]{4,14}$'),
  inbound_sources text[] NOT NULL,
  served_prefixes text[] NOT NULL,
  capacity_calls  integer NOT NULL CHECK (capacity_calls >= 0),              -- 0: no limit
  capacity_calls_per_second integer NOT NULL CHECK (capacity_calls_per_second >= 0),
  priority        integer NOT NULL CHECK (priority BETWEEN 0 AND 10000),     -- lower first
  weight          integer NOT NULL CHECK (weight BETWEEN 1 AND 10000),
  probes          boolean NOT NULL,
  enabled         boolean NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  CHECK ((digest_username IS NULL) = (digest_password IS NULL) AND (digest_username IS NULL) = (digest_realm IS NULL)),
  CHECK (NOT registers OR digest_username IS NOT NULL)
);
CREATE INDEX trunk_carrier ON pstn.trunk (carrier_id);
