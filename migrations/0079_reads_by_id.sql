-- SPDX-License-Identifier: Apache-2.0
-- Refunds, adjustments and orders are looked up by their id, and listed by account, newest first: each page reads its own rows alone.
CREATE INDEX refund_sequence ON billing.refund (account_id, sequence);
CREATE INDEX entry_adjustment ON billing.entry (account_id, sequence) WHERE kind IN ('goodwill', 'adjustment');
CREATE INDEX entry_adjustment_id ON billing.entry (reference) WHERE kind IN ('goodwill', 'adjustment');
CREATE INDEX subscription_order ON billing.subscription_charge (account_id, sequence) WHERE period = 1;
CREATE INDEX subscription_order_id ON billing.subscription_charge (subscription_id) WHERE period = 1;
CREATE INDEX event_order ON billing.event (account_id, at, event_key);
