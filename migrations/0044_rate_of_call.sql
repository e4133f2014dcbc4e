-- SPDX-License-Identifier: Apache-2.0
-- A CDR names the deck and the version that its rate is from (billing/cdr.cpp): by the rate's id, which had no index.
CREATE UNIQUE INDEX rate_id ON billing.rate (rate_id);
