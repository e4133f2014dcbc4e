-- SPDX-License-Identifier: Apache-2.0
-- What a call's far ends reported by RTCP of the voice that they received (RFC 3550 §6.4.1), and the quality estimated from it
-- (ITU-T G.107). NULL: no report came.
ALTER TABLE billing.cdr
  ADD COLUMN overlay_remote_loss       double precision,  -- 0..1, of all that was sent there
  ADD COLUMN overlay_remote_jitter_ms  double precision,
  ADD COLUMN overlay_round_trip_ms     double precision,
  ADD COLUMN overlay_remote_mos        double precision,  -- what the overlay's end heard of the trunk's
  ADD COLUMN trunk_remote_loss         double precision,
  ADD COLUMN trunk_remote_jitter_ms    double precision,
  ADD COLUMN trunk_round_trip_ms       double precision,
  ADD COLUMN trunk_remote_mos          double precision;
