-- SPDX-License-Identifier: Apache-2.0
-- What a trunk's calls in have to show, whether its voice is encrypted, and carriers that are found by DNS alone (pstn/trunk/trunk.hpp).
ALTER TABLE pstn.trunk
  ADD COLUMN inbound_proof    text NOT NULL DEFAULT 'address' CHECK (inbound_proof IN ('address', 'digest', 'both')),
  ADD COLUMN inbound_username text CHECK (inbound_username <> ''),
  ADD COLUMN inbound_password text CHECK (inbound_password <> ''),
  ADD COLUMN srtp             text NOT NULL DEFAULT 'off' CHECK (srtp IN ('off', 'optional', 'required')),
  ADD CHECK ((inbound_username IS NULL) = (inbound_password IS NULL)),
  ADD CHECK (inbound_proof = 'address' OR inbound_username IS NOT NULL),
  DROP CONSTRAINT trunk_port_check,
  ADD CONSTRAINT trunk_port_check CHECK (port BETWEEN 0 AND 65535);   -- 0: by SRV and NAPTR (RFC 3263)
