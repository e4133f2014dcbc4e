-- SPDX-License-Identifier: Apache-2.0
-- Trunks whose far ends send an echo of the voice back (pstn/trunk/trunk.hpp).
ALTER TABLE pstn.trunk
  ADD COLUMN echo_canceller boolean NOT NULL DEFAULT false,
  ADD COLUMN echo_tail_ms   integer NOT NULL DEFAULT 64 CHECK (echo_tail_ms BETWEEN 32 AND 256);
