-- SPDX-License-Identifier: Apache-2.0
-- Mailboxes that their owners reach by telephone: PIN, greetings, language; messages that can be had back for a while.
ALTER TABLE voicemail.message
  ADD COLUMN deleted_at timestamptz,                       -- kept for undelete until the purge
  ADD COLUMN urgent     boolean NOT NULL DEFAULT false;    -- the caller's word
CREATE INDEX message_deleted ON voicemail.message (deleted_at) WHERE deleted_at IS NOT NULL;

-- What an owner has chosen. A mailbox without a row has no PIN and the defaults.
CREATE TABLE voicemail.mailbox (
  account_id       uuid PRIMARY KEY,
  pin_hash         text,                                   -- Argon2id; null: no telephone gets in
  pin_failures     int NOT NULL DEFAULT 0,                 -- wrong PINs since the last right one, or lock
  pin_locks        int NOT NULL DEFAULT 0,                 -- in a row: each lasts twice as long as the one before
  pin_locked_until timestamptz,
  language         text CHECK (language IN ('en', 'es', 'fr', 'it', 'ru')),   -- null: the carrier's
  time_zone        text NOT NULL DEFAULT 'UTC'             -- of the times that are told, a name of pg_timezone_names
);

-- Greetings that the owner has spoken, one for each situation; 'name' is said within the spoken default.
CREATE TABLE voicemail.greeting (
  account_id  uuid NOT NULL,
  situation   text NOT NULL CHECK (situation IN ('no_answer', 'busy', 'temporary', 'name')),
  recorded_at timestamptz NOT NULL,
  duration_ms bigint NOT NULL CHECK (duration_ms > 0),
  size_bytes  bigint NOT NULL CHECK (size_bytes > 0),
  sha256      bytea NOT NULL,
  audio       bytea NOT NULL,                              -- Ogg Opus
  PRIMARY KEY (account_id, situation)
);
ALTER TABLE voicemail.greeting ALTER COLUMN audio SET STORAGE EXTERNAL;

-- As before, with the caller's urgency, and a quota that deleted messages do not use up.
DROP FUNCTION voicemail.deposit(uuid, uuid, uuid, text, text, timestamptz, bigint, real, bytea, int, bigint, bigint);
CREATE FUNCTION voicemail.deposit(p_account uuid, p_message uuid, p_call uuid, p_caller text, p_called text,
  p_received_at timestamptz, p_duration_ms bigint, p_level_dbov real, p_urgent boolean, p_audio bytea,
  p_quota_messages int, p_quota_ms bigint, p_quota_bytes bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE v_sha bytea := sha256(p_audio); v_known bytea; v_count bigint; v_ms bigint; v_bytes bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('voicemail.mailbox:' || p_account, 0));   -- two messages at once share one quota
  SELECT sha256 INTO v_known FROM voicemail.message WHERE account_id = p_account AND message_id = p_message;
  IF FOUND THEN RETURN CASE WHEN v_known = v_sha THEN 1 ELSE 3 END; END IF;
  SELECT count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size_bytes), 0) INTO v_count, v_ms, v_bytes
    FROM voicemail.message WHERE account_id = p_account AND deleted_at IS NULL;
  IF v_count + 1 > p_quota_messages OR v_ms + p_duration_ms > p_quota_ms OR v_bytes + octet_length(p_audio) > p_quota_bytes THEN
    RETURN 2;
  END IF;
  INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov,
                                 urgent, size_bytes, sha256, audio)
    VALUES (p_account, p_message, p_call, p_caller, p_called, p_received_at, p_duration_ms, p_level_dbov,
            p_urgent, octet_length(p_audio), v_sha, p_audio);
  RETURN 0;
END $$;
