-- SPDX-License-Identifier: Apache-2.0
-- What routing asks beyond priority and weight (pstn/trunk/trunk.hpp, router.hpp): limits of a carrier over all of its trunks, and the
-- statuses after which a carrier's trunk is followed by another one.
ALTER TABLE pstn.carrier
  ADD COLUMN capacity_calls            integer NOT NULL DEFAULT 0 CHECK (capacity_calls >= 0),             -- 0: no limit
  ADD COLUMN capacity_calls_per_second integer NOT NULL DEFAULT 0 CHECK (capacity_calls_per_second >= 0);

ALTER TABLE pstn.trunk ADD COLUMN failover_codes integer[] NOT NULL DEFAULT '{}';
