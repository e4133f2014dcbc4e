-- SPDX-License-Identifier: Apache-2.0
-- The day on which a number's terms end outlives an anchor that has moved on into a shorter month (voicemail/rental.cpp).
ALTER TABLE voicemail.number ADD COLUMN anchor_day int CHECK (anchor_day BETWEEN 1 AND 31);  -- null: the anchor's own

-- The day that terms from this anchor end on, where the month has it. What is noted counts only for an anchor on the last day of a shorter
-- month: a node of before rents a number anew without writing it.
CREATE FUNCTION voicemail.anchor_day(anchor timestamptz, noted int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN extract(day FROM anchor AT TIME ZONE 'UTC' + interval '1 day') = 1
         THEN greatest(noted, extract(day FROM anchor AT TIME ZONE 'UTC')::int)
         ELSE extract(day FROM anchor AT TIME ZONE 'UTC')::int END $$;

-- As that of three, on the day of above.
CREATE FUNCTION voicemail.term_end(anchor timestamptz, months int, periods int, noted int) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (m.begin + make_interval(days => least(voicemail.anchor_day(anchor, noted),
            extract(day FROM m.begin + interval '1 month' - interval '1 day')::int) - 1) + (anchor AT TIME ZONE 'UTC')::time) AT TIME ZONE 'UTC'
    FROM (SELECT date_trunc('month', anchor AT TIME ZONE 'UTC') + make_interval(months => months * periods) AS begin) m $$;
