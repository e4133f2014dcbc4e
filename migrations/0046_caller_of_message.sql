-- SPDX-License-Identifier: Apache-2.0
-- Who left a message, as the call told it: the name that the network gave, and what the signature of the number amounted to.
ALTER TABLE voicemail.message
  ADD COLUMN caller_name    text NOT NULL DEFAULT '',   -- '': none
  ADD COLUMN caller_verdict text NOT NULL DEFAULT '';   -- as that of billing.cdr; '': nobody looked

-- As that of sixteen, which nodes of before use, with who it was.
CREATE FUNCTION voicemail.deposit(p_account uuid, p_message uuid, p_call uuid, p_caller text, p_called text,
  p_received_at timestamptz, p_duration_ms bigint, p_level_dbov real, p_urgent boolean, p_audio bytea, p_key_id text,
  p_sha256 bytea, p_size_bytes bigint, p_quota_messages int, p_quota_ms bigint, p_quota_bytes bigint,
  p_caller_name text, p_caller_verdict text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE v_status int := voicemail.deposit(p_account, p_message, p_call, p_caller, p_called, p_received_at, p_duration_ms,
  p_level_dbov, p_urgent, p_audio, p_key_id, p_sha256, p_size_bytes, p_quota_messages, p_quota_ms, p_quota_bytes);
BEGIN
  IF v_status = 0 AND (p_caller_name <> '' OR p_caller_verdict <> '') THEN
    UPDATE voicemail.message SET caller_name = p_caller_name, caller_verdict = p_caller_verdict
      WHERE account_id = p_account AND message_id = p_message;
  END IF;
  RETURN v_status;
END $$;
