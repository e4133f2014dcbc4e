-- SPDX-License-Identifier: Apache-2.0
-- By which headers a trunk's forwarded calls tell whom they were for before (pstn/trunk/trunk.hpp).
ALTER TABLE pstn.trunk
  ADD COLUMN redirections text NOT NULL DEFAULT 'both' CHECK (redirections IN ('diversion', 'history_info', 'both'));
