-- SPDX-License-Identifier: Apache-2.0
-- Recordings encrypted at rest, messages that go after some days but not while somebody hears them, and the event of a locked PIN
-- promised in the transaction that locks it.

-- Of an encrypted recording sha256 and size_bytes are those of the plain audio.
ALTER TABLE voicemail.message
  ADD COLUMN key_id       text COLLATE "C",       -- null: plain
  ADD COLUMN played_until timestamptz;            -- somebody may be hearing it: it is not purged before
CREATE INDEX message_key ON voicemail.message (key_id, account_id, message_id);
CREATE INDEX message_received ON voicemail.message (received_at);
ALTER TABLE voicemail.greeting ADD COLUMN key_id text COLLATE "C";

-- The keys that have been used, without the keys: nothing, encrypted by each. Another key by the same name cannot open it.
CREATE TABLE voicemail.audio_key (
  key_id text COLLATE "C" PRIMARY KEY,
  proof  bytea NOT NULL,
  since  timestamptz NOT NULL DEFAULT now()
);

-- As before, with the facts of the plain audio beside what is stored. Status: 0 stored, 1 stored before, 2 the mailbox is full,
-- 3 the id belongs to another message.
DROP FUNCTION voicemail.deposit(uuid, uuid, uuid, text, text, timestamptz, bigint, real, boolean, bytea, int, bigint, bigint);
CREATE FUNCTION voicemail.deposit(p_account uuid, p_message uuid, p_call uuid, p_caller text, p_called text,
  p_received_at timestamptz, p_duration_ms bigint, p_level_dbov real, p_urgent boolean, p_audio bytea, p_key_id text,
  p_sha256 bytea, p_size_bytes bigint, p_quota_messages int, p_quota_ms bigint, p_quota_bytes bigint) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE v_known bytea; v_count bigint; v_ms bigint; v_bytes bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('voicemail.mailbox:' || p_account, 0));   -- two messages at once share one quota
  SELECT sha256 INTO v_known FROM voicemail.message WHERE account_id = p_account AND message_id = p_message;
  IF FOUND THEN RETURN CASE WHEN v_known = p_sha256 THEN 1 ELSE 3 END; END IF;
  SELECT count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size_bytes), 0) INTO v_count, v_ms, v_bytes
    FROM voicemail.message WHERE account_id = p_account AND deleted_at IS NULL;
  IF v_count + 1 > p_quota_messages OR v_ms + p_duration_ms > p_quota_ms OR v_bytes + p_size_bytes > p_quota_bytes THEN
    RETURN 2;
  END IF;
  INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov,
                                 urgent, size_bytes, sha256, audio, key_id)
    VALUES (p_account, p_message, p_call, p_caller, p_called, p_received_at, p_duration_ms, p_level_dbov,
            p_urgent, p_size_bytes, p_sha256, p_audio, p_key_id);
  RETURN 0;
END $$;

-- When the owner is to be told at the latest that the PIN is locked: right after a wrong one; by itself, should the gateway die while
-- it looks whether the PIN was wrong. Null: there is nothing to tell.
ALTER TABLE voicemail.mailbox ADD COLUMN pin_event_due timestamptz;
CREATE INDEX mailbox_pin_event ON voicemail.mailbox (pin_event_due) WHERE pin_event_due IS NOT NULL;
