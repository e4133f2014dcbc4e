-- SPDX-License-Identifier: Apache-2.0
-- Rented telephone numbers and mailboxes. Times are given by the caller; what a term costs is billing's.
-- account_id names billing.account without a foreign key: leaving a message takes no lock on the account, and the tables
-- can be spread by account.
CREATE SCHEMA voicemail;

-- The inventory: small, keyed by the number, the same on every node.
CREATE TABLE voicemail.number (
  number            text COLLATE "C" PRIMARY KEY CHECK (number ~ '^\+[1-9][0-9]{1,14}$'),
  area              text NOT NULL DEFAULT '',
  trunk_id          uuid,
  state             text NOT NULL DEFAULT 'available'
                    CHECK (state IN ('available', 'reserved', 'assigned', 'grace', 'quarantined', 'ported_out')),
  account_id        uuid,             -- in quarantine: the former owner, who alone may rent it again
  order_id          uuid,             -- the subscription in billing; kept in quarantine
  term_months       int,
  anchor            timestamptz,      -- start of the first term: term n ends at anchor + n × months, without drift
  paid_periods      int NOT NULL DEFAULT 0 CHECK (paid_periods >= 0),
  paid_until        timestamptz,
  reserved_until    timestamptz,
  grace_until       timestamptz,
  quarantined_until timestamptz,
  auto_renew        boolean NOT NULL DEFAULT true,
  voicemail_enabled boolean NOT NULL DEFAULT true,
  ring_timeout_s    int CHECK (ring_timeout_s BETWEEN 5 AND 120),
  due_at            timestamptz GENERATED ALWAYS AS (       -- when it asks for its next step; null: never by itself
                      CASE state WHEN 'reserved' THEN reserved_until WHEN 'assigned' THEN paid_until
                                 WHEN 'grace' THEN grace_until WHEN 'quarantined' THEN quarantined_until END) STORED,
  CHECK ((state IN ('available', 'ported_out')) = (account_id IS NULL)),
  CHECK (state <> 'reserved' OR reserved_until IS NOT NULL),
  CHECK (state NOT IN ('assigned', 'grace')
         OR (order_id IS NOT NULL AND term_months IS NOT NULL AND anchor IS NOT NULL AND paid_until IS NOT NULL
             AND paid_periods > 0)),
  CHECK (state <> 'grace' OR grace_until IS NOT NULL),
  CHECK (state <> 'quarantined' OR quarantined_until IS NOT NULL)
);
CREATE INDEX number_owner ON voicemail.number (account_id, number) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX number_order ON voicemail.number (order_id) WHERE order_id IS NOT NULL;

-- Calendar months from the anchor, in UTC: from 31 January the terms end on 28 February, 31 March, 30 April.
CREATE FUNCTION voicemail.term_end(anchor timestamptz, months int, periods int) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (anchor AT TIME ZONE 'UTC' + make_interval(months => months * periods)) AT TIME ZONE 'UTC' $$;

CREATE INDEX number_due ON voicemail.number (due_at) WHERE due_at IS NOT NULL;

-- Times pass as microseconds since 1970, exactly.
CREATE FUNCTION voicemail.to_time(micros bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT timestamptz 'epoch' + micros * interval '1 microsecond' $$;
CREATE FUNCTION voicemail.to_micros(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (extract(epoch FROM at) * 1000000)::bigint $$;

-- Messages hold their audio: one backup covers both, and every node sees them.
CREATE TABLE voicemail.message (
  account_id  uuid NOT NULL,
  message_id  uuid NOT NULL,          -- UUIDv7: its order is that of time
  call_id     uuid NOT NULL,
  state       text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'saved')),
  caller      text NOT NULL,
  called      text NOT NULL,
  received_at timestamptz NOT NULL,
  duration_ms bigint NOT NULL CHECK (duration_ms > 0),
  level_dbov  real NOT NULL,
  size_bytes  bigint NOT NULL CHECK (size_bytes > 0),
  sha256      bytea NOT NULL,
  audio       bytea NOT NULL,
  PRIMARY KEY (account_id, message_id)
);
ALTER TABLE voicemail.message ALTER COLUMN audio SET STORAGE EXTERNAL;   -- Opus does not compress; chunks are read without the rest

-- Status: 0 stored, 1 stored before, 2 the mailbox is full, 3 the id belongs to another message.
CREATE FUNCTION voicemail.deposit(p_account uuid, p_message uuid, p_call uuid, p_caller text, p_called text,
  p_received_at timestamptz, p_duration_ms bigint, p_level_dbov real, p_audio bytea,
  p_quota_messages int, p_quota_ms bigint, p_quota_bytes bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE v_sha bytea := sha256(p_audio); v_known bytea; v_count bigint; v_ms bigint; v_bytes bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('voicemail.mailbox:' || p_account, 0));   -- two messages at once share one quota
  SELECT sha256 INTO v_known FROM voicemail.message WHERE account_id = p_account AND message_id = p_message;
  IF FOUND THEN RETURN CASE WHEN v_known = v_sha THEN 1 ELSE 3 END; END IF;
  SELECT count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size_bytes), 0) INTO v_count, v_ms, v_bytes
    FROM voicemail.message WHERE account_id = p_account;
  IF v_count + 1 > p_quota_messages OR v_ms + p_duration_ms > p_quota_ms OR v_bytes + octet_length(p_audio) > p_quota_bytes THEN
    RETURN 2;
  END IF;
  INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov,
                                 size_bytes, sha256, audio)
    VALUES (p_account, p_message, p_call, p_caller, p_called, p_received_at, p_duration_ms, p_level_dbov,
            octet_length(p_audio), v_sha, p_audio);
  RETURN 0;
END $$;
