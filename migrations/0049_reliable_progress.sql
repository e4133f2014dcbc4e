-- SPDX-License-Identifier: Apache-2.0
-- Whether INVITEs over a trunk offer reliable provisional responses (RFC 3262; pstn/trunk/trunk.hpp).
ALTER TABLE pstn.trunk ADD COLUMN reliable_progress boolean NOT NULL DEFAULT false;
