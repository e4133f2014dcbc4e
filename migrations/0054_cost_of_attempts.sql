-- An attempt that was cancelled may have been answered all the same (RFC 3261 §9.1: the 200 crosses the CANCEL), and its carrier
-- charges that. The stop record adds up what such attempts cost in its own cost's currency, as "other_attempts_micros" there
-- (billing/stop_record.cpp), and it counts in cost and margin.
CREATE OR REPLACE FUNCTION billing.cost_of(p_cost jsonb, p_talk_ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
  WHEN p_cost IS NULL OR jsonb_typeof(p_cost) <> 'object' THEN NULL
  ELSE billing.price_of(
    billing.billed_seconds(p_talk_ms, (p_cost->>'initial_increment_s')::int, (p_cost->>'next_increment_s')::int, (p_cost->>'free_start_s')::int),
    (p_cost->>'connection_fee_micros')::bigint, (p_cost->>'price_per_minute_micros')::bigint, (p_cost->>'included_s')::int)
    + coalesce((p_cost->>'other_attempts_micros')::bigint, 0)
END;
