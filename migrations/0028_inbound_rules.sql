-- SPDX-License-Identifier: Apache-2.0
-- What the owner of a number wants done with its callers before any device rings.
CREATE TABLE voicemail.inbound_rules (
  number           text COLLATE "C" PRIMARY KEY REFERENCES voicemail.number (number),
  do_not_disturb   boolean NOT NULL DEFAULT false,    -- straight to the mailbox
  refuse_anonymous boolean NOT NULL DEFAULT false,    -- who withholds their number
  time_zone        text NOT NULL DEFAULT 'UTC'        -- of the quiet periods, a name of pg_timezone_names
);
CREATE TABLE voicemail.blocked_caller (
  number  text COLLATE "C" NOT NULL REFERENCES voicemail.inbound_rules (number) ON DELETE CASCADE,
  pattern text COLLATE "C" NOT NULL CHECK (pattern ~ '^\+[1-9][0-9]{0,14}\*?$'),   -- a number, or what it begins with and *
  PRIMARY KEY (number, pattern)
);
-- On these days from one minute of the day to another, past midnight where the second is not the later one; the day is that of
-- its beginning.
CREATE TABLE voicemail.quiet_period (
  number      text COLLATE "C" NOT NULL REFERENCES voicemail.inbound_rules (number) ON DELETE CASCADE,
  place       int NOT NULL,
  days        int NOT NULL CHECK (days BETWEEN 1 AND 127),              -- bit 0: Sunday … bit 6: Saturday
  from_minute int NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
  to_minute   int NOT NULL CHECK (to_minute BETWEEN 0 AND 1439),
  PRIMARY KEY (number, place)
);

-- 'ring', 'mailbox' or 'refuse'. The caller is E.164 with its plus, or empty.
CREATE FUNCTION voicemail.judge_caller(p_number text, p_caller text, p_now timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce((
    SELECT CASE
      WHEN r.refuse_anonymous AND p_caller = '' THEN 'refuse'
      WHEN EXISTS (SELECT FROM voicemail.blocked_caller b WHERE b.number = r.number AND
                     CASE WHEN right(b.pattern, 1) = '*' THEN starts_with(p_caller, left(b.pattern, -1))
                          ELSE b.pattern = p_caller END) THEN 'refuse'
      WHEN r.do_not_disturb THEN 'mailbox'
      WHEN EXISTS (SELECT FROM voicemail.quiet_period q WHERE q.number = r.number AND CASE
                     WHEN q.from_minute < q.to_minute
                       THEN q.days >> l.day & 1 = 1 AND l.minute >= q.from_minute AND l.minute < q.to_minute
                     ELSE (q.days >> l.day & 1 = 1 AND l.minute >= q.from_minute)
                       OR (q.days >> (l.day + 6) % 7 & 1 = 1 AND l.minute < q.to_minute) END) THEN 'mailbox'
      ELSE 'ring' END
    FROM voicemail.inbound_rules r
    CROSS JOIN LATERAL (SELECT extract(dow FROM p_now AT TIME ZONE r.time_zone)::int AS day,
                               (extract(hour FROM p_now AT TIME ZONE r.time_zone) * 60 +
                                extract(minute FROM p_now AT TIME ZONE r.time_zone))::int AS minute) l
    WHERE r.number = p_number), 'ring') $$;
