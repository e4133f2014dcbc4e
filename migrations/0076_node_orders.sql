-- SPDX-License-Identifier: Apache-2.0
-- An order to a gateway is for the run of it that was there when the order was given: the next run under that name takes calls,
-- whatever the one before was asked. And what became of an order can be seen.
ALTER TABLE gateway.node
  ADD order_instance uuid,                       -- the run that was asked
  ADD order_at       timestamptz,
  ADD order_obeyed   bigint NOT NULL DEFAULT 0;  -- the newest that was carried out
