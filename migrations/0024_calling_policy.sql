-- SPDX-License-Identifier: Apache-2.0
-- What one account may call, beyond or below what the gateway's configuration lets everybody call (gateway/subscriber/calling_policy.hpp).
CREATE TABLE gateway.calling_policy (
  account_id     uuid PRIMARY KEY REFERENCES gateway.subscriber,
  premium_rate   boolean,                       -- null: as everybody
  shared_cost    boolean,
  satellite      boolean,
  high_risk      boolean,
  open_prefixes  text[] NOT NULL DEFAULT '{}',  -- digits, country code first; of open and shut ones the longer counts
  shut_prefixes  text[] NOT NULL DEFAULT '{}',
  countries      text[] NOT NULL DEFAULT '{}',  -- ISO 3166; empty: all
  shut_countries text[] NOT NULL DEFAULT '{}',
  calls          integer CHECK (calls >= 0),    -- at once on a node; null: as everybody
  country_spend_day_micros bigint CHECK (country_spend_day_micros >= 0),  -- in 24 hours for each country code; null: no limit
  changed_at     timestamptz NOT NULL DEFAULT now()
);

-- What an account has spent in the last 24 hours on numbers of one country code, with what its live calls hold. The call ids are in the
-- order of time, and no call lasts longer than 12 hours (billing.check_fraud).
CREATE FUNCTION gateway.spent_on_country(p_account uuid, p_country_code text, p_except uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT (coalesce((SELECT sum(c.charged_micros) FROM billing.cdr c
                    WHERE c.account_id = p_account AND c.call_id >= billing.call_id_from(now() - interval '37 hours')
                      AND c.written_at > now() - interval '1 day' AND c.callee LIKE '+' || p_country_code || '%'), 0)
        + coalesce((SELECT sum(h.amount_micros) FROM billing.hold h
                    WHERE h.account_id = p_account AND h.call_id <> p_except AND h.callee LIKE '+' || p_country_code || '%'), 0))::bigint $$;
